"""Shows what a database must be like to be believed, and what of it is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.advisories.record import Unreadable
from pytest_gates.advisories.sieve import Sieve
from pytest_gates.errors import ToolError
from support.advisories import RECORDED, a_range, a_record, between, line_of

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
AFFECTED: dict[str, Any] = {"versions": ["1.0"]}


def sieved(
    *records: object, names: frozenset[str] | None = None, keep_lines: bool = False
) -> Sieve:
    sieve = Sieve(names, NOW, keep_lines=keep_lines)
    for number, record in enumerate(records, 1):
        sieve.add(f"line {number}", record if isinstance(record, bytes) else line_of(record))
    return sieve


def test_records_are_counted_and_only_those_of_wanted_packages_kept() -> None:
    sieve = sieved(
        a_record("A-1", "shop", **AFFECTED, modified="2026-02-01T00:00:00Z"),
        a_record("A-2", "other", **AFFECTED),
        a_record("A-3", "shop", **AFFECTED, withdrawn="2026-01-01T00:00:00Z"),
        a_record("A-4", "shop", ecosystem="npm"),
        names=frozenset({"shop"}),
    )
    assert (sieve.records, sieve.withdrawn, sieve.elsewhere) == (3, 1, 1)
    assert [one.id for one in sieve.of("shop")] == ["A-1"]
    assert sieve.of("other") == ()
    assert sieve.prove() == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def test_a_date_in_the_future_does_not_make_a_database_new() -> None:
    sieve = sieved(
        a_record(**AFFECTED),
        a_record("A-2", modified="2036-01-01T00:00:00Z"),
        a_record("A-3", modified="2026-06-01T12:00:00Z"),  # the clocks of two machines may differ
        a_record("A-4", modified=None),
    )
    assert sieve.prove() == dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    assert sieve.future == 1


@pytest.mark.parametrize(
    "records,why",
    [
        ([], "no advisory about a Python package"),
        ([a_record(ecosystem="npm")], r"no advisory about a Python package \(1 about others\)"),
        ([a_record(modified=None, **AFFECTED)], "when it was modified"),
        ([a_record(modified="2036-01-01", **AFFECTED)], "when it was modified"),
        ([a_record(**AFFECTED, withdrawn="2026-01-01")], "failed its self-test"),
        ([a_record(versions=["final"])], "failed its self-test"),
        ([a_record(ranges="broken")], "failed its self-test"),
    ],
)
def test_a_database_that_proves_nothing_is_refused(records: list[object], why: str) -> None:
    with pytest.raises(ToolError, match=why):
        sieved(*records).prove()


@pytest.mark.parametrize(
    "ranges",
    [[between("1", fixed="2")], [[{"introduced": "0"}]], [a_range({"fixed": "1"}), between("1")]],
)
def test_the_self_test_also_asks_for_where_a_range_begins(ranges: list[object]) -> None:
    assert sieved(a_record(ranges=ranges)).prove().year == 2026


@pytest.mark.parametrize(
    "line,why",
    [
        (b"<!doctype html>", "line 1 is no advisory .it is a page of the web"),
        (b"version https://git-lfs", "line 1 is no advisory .JSON is malformed"),
        (b'{"message": "not found"}', "missing required field `id`"),
    ],
)
def test_a_record_that_might_be_about_anything_makes_the_database_useless(
    line: bytes, why: str
) -> None:
    with pytest.raises(ToolError, match=why) as caught:
        sieved(line)
    assert "gates advisories update" in caught.value.remedy


@pytest.mark.parametrize("keep_lines", [False, True])
def test_a_broken_body_is_a_doubt_about_its_packages_alone(keep_lines: bool) -> None:
    broken = line_of(a_record("A-2", "shop", ranges=[{"type": 7}])).replace(b",", b",\n")
    sieve = sieved(a_record("A-1", "other", **AFFECTED), broken, keep_lines=keep_lines)
    assert [one.id for one in sieve.of("other")] == ["A-1"]
    with pytest.raises(Unreadable, match=r"advisory A-2 cannot be read: .*type"):
        sieve.of("shop")
    assert sieve.names == ("other", "shop")
    assert all(b"\n" not in line for line in sieve.lines)


def test_the_recorded_database_is_one() -> None:
    sieve = sieved(*RECORDED.read_bytes().splitlines())
    assert (sieve.records, sieve.withdrawn) == (45, 2)
    assert sieve.prove().year == 2024


def test_the_self_test_gives_up_after_some_records() -> None:
    silent = [a_record(f"A-{number}") for number in range(50)]
    with pytest.raises(ToolError, match="failed its self-test"):
        sieved(*silent, a_record(**AFFECTED)).prove()
    assert sieved(*silent[1:], a_record(**AFFECTED)).prove().year == 2026
