"""Which way each kind of setting loosens."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from pytest_gates.model.direction import Direction, Shift, directions, shift_of, table_shifts
from pytest_gates.model.finding import Severity

LOOSER, STRICTER, UNKNOWN = Shift.LOOSER, Shift.STRICTER, Shift.UNKNOWN
ORDER = ("block", "warn")


class Limits(msgspec.Struct, frozen=True):
    lines: Annotated[int | None, msgspec.Meta(extra={"looser": "lower"})] = None
    note: Annotated[str, msgspec.Meta(extra={"looser": "never"})] = ""


class Settings(msgspec.Struct, rename="kebab"):
    most_lines: Annotated[
        Annotated[int, msgspec.Meta(extra={"quantity": "count"})],
        msgspec.Meta(extra={"looser": "higher", "judged_later": True, "names_files": True}),
    ]
    paths: Annotated[
        dict[str, Limits], msgspec.Meta(extra={"looser": ["fewer", "x"], "unset": "other"})
    ] = {}
    words: dict[str, int] = {}
    plain: int = 0


def a_direction(looser: Any, **changes: Any) -> Direction:
    return Direction(key="key", name="name", looser=looser, **changes)


@pytest.mark.parametrize(
    "looser, was, now, shift",
    [
        ("lower", 90, 90, Shift.SAME),
        ("lower", Decimal("90.0"), Decimal(90), Shift.SAME),
        ("lower", Decimal(90), Decimal("89.99"), LOOSER),
        ("lower", 90, 91, STRICTER),
        ("lower", 90, None, LOOSER),
        ("lower", None, 90, STRICTER),
        ("lower", True, False, LOOSER),
        ("lower", 1, True, Shift.SAME),
        ("lower", "90", "80", UNKNOWN),
        ("lower", 90, object(), UNKNOWN),
        ("higher", 0, 1, LOOSER),
        ("higher", 1, 0, STRICTER),
        ("higher", 1, None, LOOSER),
        ("higher", None, 5, STRICTER),
        ("higher", False, True, LOOSER),
        ("higher", Severity.LOW, Severity.CRITICAL, LOOSER),
        ("higher", Severity.HIGH, Severity.MEDIUM, STRICTER),
        ("more", (), ("a",), LOOSER),
        ("more", ("a",), ("b",), LOOSER),
        ("more", ("a", "b"), ("a",), STRICTER),
        ("more", ("a", "b"), ("b", "a", "a"), Shift.SAME),
        ("more", ("a",), "a", UNKNOWN),
        ("fewer", ("a",), (), LOOSER),
        ("fewer", ("a",), ("b",), LOOSER),
        ("fewer", ("a",), ("a", "b"), STRICTER),
        (ORDER, "block", "warn", LOOSER),
        (ORDER, "warn", "block", STRICTER),
        (ORDER, "block", "shout", UNKNOWN),
        (("block", None), "block", None, UNKNOWN),
        ("never", 1, 2, Shift.HARMLESS),
        ("other", 1, 2, UNKNOWN),
        (None, 1, 2, UNKNOWN),
        ("misspelt", 1, 2, UNKNOWN),
        (None, 1, 1, Shift.SAME),
    ],
)
def test_a_value_that_became_another(looser: Any, was: Any, now: Any, shift: Shift) -> None:
    assert shift_of(a_direction(looser), was, now) is shift


@pytest.mark.parametrize("was, now", [(None, 90), (90, None), ((), ("a",)), (("a",), ())])
def test_where_no_value_stands_for_something_else_nobody_can_tell(was: Any, now: Any) -> None:
    assert shift_of(a_direction("lower", unset_is_other=True), was, now) is UNKNOWN


@pytest.mark.parametrize(
    "looser, was, now, shift",
    [
        ("fewer", {"a": Limits(lines=90)}, {"a": Limits(lines=80)}, LOOSER),
        ("fewer", {"a": Limits(lines=80)}, {"a": Limits(lines=90)}, STRICTER),
        ("fewer", {"a": Limits(note="x")}, {"a": Limits(note="y")}, Shift.HARMLESS),
        ("fewer", {"a": Limits(lines=90)}, {}, LOOSER),
        ("fewer", {}, {"a": Limits(lines=90)}, STRICTER),
        ("fewer", {"a": Limits()}, {"a": Limits(), "b": Limits()}, UNKNOWN),
        ("fewer", {"a": Limits()}, {"a": 5}, UNKNOWN),
        ("more", {}, {"a": Limits()}, LOOSER),
        ("more", {"a": Limits()}, {}, STRICTER),
        ("other", {"a": Limits()}, {"a": Limits(lines=1)}, UNKNOWN),
    ],
)
def test_an_entry_of_a_table(looser: str, was: Any, now: Any, shift: Shift) -> None:
    assert shift_of(a_direction(looser, entries=Limits), was, now) is shift


def test_each_entry_is_told_by_its_key() -> None:
    was, now = {"a": 1, "b": 2}, {"a": 1, "c": 3}
    shifts = table_shifts(a_direction("other"), was, now)
    assert shifts == {"a": Shift.SAME, "b": UNKNOWN, "c": UNKNOWN}


def test_only_what_may_have_loosened_counts() -> None:
    assert {one for one in Shift if one.counts} == {LOOSER, UNKNOWN}


def test_the_marks_of_a_field_are_read() -> None:
    most, paths, words, plain = directions(Settings)
    assert most == Direction(
        key="most-lines", name="most_lines", looser="higher", judged_later=True, names_files=True
    )
    assert (paths.looser, paths.entries, paths.unset_is_other) == (("fewer", "x"), Limits, True)
    assert words.entries is None
    assert plain == Direction(key="plain", name="plain")
