"""A finding says how bad, where, and stays itself when lines move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.finding import Location, Severity, fingerprint_of
from support.evidence import a_finding


def test_severities_are_ordered_from_info_to_critical() -> None:
    assert sorted(Severity, key=lambda one: one.rank) == [
        Severity.INFO,
        Severity.LOW,
        Severity.MEDIUM,
        Severity.HIGH,
        Severity.CRITICAL,
    ]


@pytest.mark.parametrize(
    "severity, reached",
    [(Severity.LOW, False), (Severity.MEDIUM, True), (Severity.HIGH, True)],
)
def test_the_floor_itself_counts(severity: Severity, reached: bool) -> None:
    assert severity.at_least(Severity.MEDIUM) is reached


@pytest.mark.parametrize(
    "location, shown",
    [
        (Location(path="a.py"), "a.py"),
        (Location(path="a.py", line=3), "a.py:3"),
        (Location(path="a.py", line=3, end_line=3), "a.py:3"),
        (Location(path="a.py", line=3, end_line=5, column=2), "a.py:3-5"),
    ],
)
def test_a_location_is_shown_as_editors_read_it(location: Location, shown: str) -> None:
    assert str(location) == shown


@pytest.mark.parametrize(
    "location, subject, where",
    [
        (Location(path="a.py", line=3), "urllib3", "a.py:3"),
        (None, "urllib3 1.26.4", "urllib3 1.26.4"),
        (None, None, ""),
    ],
)
def test_the_place_is_told_before_the_subject(
    location: Location | None, subject: str | None, where: str
) -> None:
    assert a_finding(location=location, subject=subject).where == where


def test_white_space_does_not_change_a_fingerprint() -> None:
    assert fingerprint_of("B602", "a.py", "run( x )\n") == fingerprint_of("B602", "a.py", "run(x)")


@pytest.mark.parametrize(
    "other", [("B603", "a.py", "run"), ("B602", "b.py", "run"), ("B602", "a.py", "ran")]
)
def test_each_part_changes_a_fingerprint(other: tuple[str, str, str]) -> None:
    assert fingerprint_of(*other) != fingerprint_of("B602", "a.py", "run")


@given(st.text(), st.text(st.characters()), st.text())
def test_a_fingerprint_is_sixteen_hex_digits_of_any_text(rule: str, where: str, text: str) -> None:
    found = fingerprint_of(rule, where, text)
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")


def test_a_fingerprint_does_not_change_between_versions() -> None:
    assert fingerprint_of("B602", "src/pay.py", "run(cmd, shell=True)") == "f3fb87f0d798ee31"
