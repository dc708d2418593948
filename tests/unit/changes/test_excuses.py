"""Waivers and quarantine that came, were extended or widened."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.changes.excuses import more_excused
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.finding import Effect, Finding
from support.evidence import TODAY, a_policy, a_quarantine, a_waiver

DAY = dt.timedelta(days=1)
LAST = TODAY + 10 * DAY


def waived(was: tuple[Waiver, ...], now: tuple[Waiver, ...]) -> tuple[Finding, ...]:
    return more_excused(a_policy(waivers=was), a_policy(waivers=now), TODAY)


def quarantined(was: tuple[Quarantine, ...], now: tuple[Quarantine, ...]) -> tuple[Finding, ...]:
    return more_excused(a_policy(quarantine=was), a_policy(quarantine=now), TODAY)


def only(found: tuple[Finding, ...]) -> str:
    (finding,) = found
    assert finding.effect is Effect.FAIL
    return finding.message


def test_what_was_there_is_no_news() -> None:
    assert waived((a_waiver(),), (a_waiver(),)) == ()
    assert quarantined((a_quarantine(),), (a_quarantine(),)) == ()


def test_what_is_gone_or_shorter_excuses_less() -> None:
    assert waived((a_waiver(),), ()) == ()
    assert waived((a_waiver(),), (a_waiver(expires=LAST - DAY),)) == ()
    assert quarantined((a_quarantine(),), (a_quarantine(expires=LAST - DAY),)) == ()


def test_a_new_entry_is_told_with_its_owner_and_its_end() -> None:
    assert only(waived((), (a_waiver(),))) == f"waiver of B602 in stub: new, until {LAST}, by @ana"
    assert only(waived((a_waiver(gate="other"),), (a_waiver(),))).startswith(
        "waiver of B602 in stub"
    )
    assert only(quarantined((), (a_quarantine("t.py::test_*"),))).startswith(
        "quarantine of t.py::test_*: new"
    )


def test_a_new_entry_that_is_over_excuses_nothing() -> None:
    assert waived((), (a_waiver(expires=TODAY - DAY),)) == ()
    assert quarantined((), (a_quarantine(expires=TODAY - DAY),)) == ()


def test_an_extension_is_told() -> None:
    longer = LAST + DAY
    said = f"waiver of B602 in stub: extended, {LAST} -> {longer}"
    assert only(waived((a_waiver(),), (a_waiver(expires=longer),))) == said
    assert "extended" in only(quarantined((a_quarantine(),), (a_quarantine(expires=longer),)))


def test_of_several_for_one_thing_the_last_to_end_counts() -> None:
    short, long = a_waiver(), a_waiver(expires=LAST + DAY)
    assert waived((short, long), (long,)) == ()
    assert waived((long, short), (short, long)) == ()
    assert "extended" in only(waived((short,), (long, short)))


EITHER_WAY = a_waiver()
UNTIL_FIXED = a_waiver(until_fixed=True)
LONGER = a_waiver(until_fixed=True, expires=LAST + DAY)


@pytest.mark.parametrize(
    "was, now, said",
    [
        ((EITHER_WAY,), (UNTIL_FIXED,), ()),
        ((UNTIL_FIXED,), (EITHER_WAY,), ("has a fix",)),
        ((LONGER,), (LONGER, EITHER_WAY), ("has a fix",)),
        ((LONGER, EITHER_WAY), (LONGER, a_waiver(expires=LAST + DAY)), ("has a fix",)),
        ((UNTIL_FIXED,), (a_waiver(expires=LAST + DAY),), ("extended", "has a fix")),
        ((EITHER_WAY,), (a_waiver(expires=LAST + DAY),), ("extended",)),
        ((UNTIL_FIXED,), (UNTIL_FIXED, a_waiver(expires=TODAY - DAY)), ()),
        ((), (EITHER_WAY,), ("new",)),
    ],
)
def test_a_waiver_that_no_longer_ends_with_a_fix_excuses_more(
    was: tuple[Waiver, ...], now: tuple[Waiver, ...], said: tuple[str, ...]
) -> None:
    found = waived(was, now)
    assert len(found) == len(said)
    assert all(word in one.message for word, one in zip(said, found, strict=True))
    assert {one.effect for one in found} <= {Effect.FAIL}


@pytest.mark.parametrize("changes", [{"owner": "@eve"}, {"reason": "because"}], ids=str)
def test_another_owner_or_reason_is_a_note(changes: dict[str, Any]) -> None:
    (finding,) = waived((a_waiver(),), (a_waiver(**changes),))
    assert finding.effect is Effect.NOTE
    (finding,) = quarantined((a_quarantine(),), (a_quarantine(**changes),))
    assert finding.effect is Effect.NOTE


@pytest.mark.parametrize(
    "was, now, message",
    [
        ({"signature": ("a", "b")}, {"signature": ("a",)}, None),
        ({}, {"signature": ("a",)}, None),
        ({"signature": ("a",)}, {"signature": ("a", "b")}, 'signature +"b"'),
        ({"signature": ("a",)}, {}, 'signature -"a"'),
        ({}, {"category": FlakeClass.FLAKY}, None),
        ({"category": FlakeClass.FLAKY}, {}, 'category "flaky" -> none'),
        ({"after": ("a",)}, {"after": ("b",)}, 'after -"a" +"b"'),
    ],
    ids=str,
)
def test_a_wider_entry_is_told(
    was: dict[str, Any], now: dict[str, Any], message: str | None
) -> None:
    found = quarantined((a_quarantine(**was),), (a_quarantine(**now),))
    if message is None:
        assert found == ()
    else:
        assert only(found).endswith(message)
