"""A waiver or a quarantine entry speaks of what it names, until its last day."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.model.exceptions import latest_end
from pytest_gates.model.finding import Finding, Location
from support.evidence import NODEID, TODAY, a_finding, a_quarantine, a_waiver

FINDING = a_finding(
    "PYSEC-2021-108",
    aliases=("CVE-2021-33503", "GHSA-q2q7-5pp4-w6pg"),
    subject="urllib3 1.26.4",
    location=Location(path="src/shop/pay.py", line=3),
    fingerprint="0011223344556677",
)
TEST = a_finding("failed-test", subject="tests/test_pay.py::test_refund[a:b]")


@pytest.mark.parametrize(
    "subject, finding, covered",
    [
        ("PYSEC-2021-108", FINDING, True),
        ("CVE-2021-33503", FINDING, True),
        ("GHSA-q2q7-5pp4-w6pg", FINDING, True),
        ("0011223344556677", FINDING, True),
        ("urllib3 1.26.4", FINDING, True),
        ("PYSEC-2021-1", FINDING, False),
        ("pysec-2021-108", FINDING, True),
        ("ghsa-Q2Q7-5pp4-w6pg", FINDING, True),
        ("src/**:cve-2021-33503", FINDING, True),
        ("b602", a_finding("B602"), False),
        ("urllib3", FINDING, False),
        ("src/shop/pay.py", FINDING, False),
        ("src/**:PYSEC-2021-108", FINDING, True),
        ("src/**:CVE-2021-33503", FINDING, True),
        ("urllib3 *:PYSEC-2021-108", FINDING, True),
        ("lib/**:PYSEC-2021-108", FINDING, False),
        ("src/**:PYSEC-2021-1", FINDING, False),
        ("src/*:PYSEC-2021-108", FINDING, False),
        ("src/**:", FINDING, False),
        (":PYSEC-2021-108", FINDING, False),
        ("tests/test_pay.py::*:failed-test", TEST, True),
        ("tests/test_pay.py::test_refund[a:b]", TEST, True),
        ("tests/test_cart.py::*:failed-test", TEST, False),
        ("**:failed-test", TEST, True),
        ("**:B602", a_finding("B602"), False),
        ("None", a_finding("B602"), False),
    ],
)
def test_a_waiver_covers_what_its_subject_names(
    subject: str, finding: Finding, covered: bool
) -> None:
    assert a_waiver(subject=subject).covers("stub", finding) is covered


def test_a_waiver_of_another_gate_covers_nothing() -> None:
    assert not a_waiver(gate="bandit", subject="PYSEC-2021-108").covers("stub", FINDING)


def test_the_node_id_of_a_parametrized_test_is_not_read_as_a_set_of_characters_that_breaks() -> (
    None
):
    waiver = a_waiver(subject="tests/test_pay.py::test_refund[z-a]:failed-test")
    assert not waiver.covers("stub", TEST)


@pytest.mark.parametrize("days, expired", [(-1, False), (0, False), (1, True), (400, True)])
def test_the_day_of_expiry_is_the_last_valid_one(days: int, expired: bool) -> None:
    assert a_waiver(expires=TODAY).expired(TODAY + dt.timedelta(days=days)) is expired


def test_a_waiver_covers_after_its_end_too_so_that_it_is_over_and_not_stale() -> None:
    assert a_waiver(expires=dt.date(2020, 1, 1)).covers("stub", a_finding("B602"))


@pytest.mark.parametrize(
    "until_fixed, fixed_in, lapsed",
    [(True, ("1.26.5",), True), (True, (), False), (False, ("1.26.5",), False)],
)
def test_a_waiver_until_there_is_a_fix_lapses_when_there_is_one(
    until_fixed: bool, fixed_in: tuple[str, ...], lapsed: bool
) -> None:
    waiver = a_waiver(subject="PYSEC-2021-108", until_fixed=until_fixed)
    assert waiver.lapsed(a_finding("PYSEC-2021-108", fixed_in=fixed_in)) is lapsed


@pytest.mark.parametrize(
    "seconds, days",
    [
        (90 * 86400, 90),
        (86399, 0),
        (86400, 1),
        (10**12, (dt.date.max - dt.date(2026, 11, 20)).days),
    ],
)
def test_the_latest_end_counts_whole_days_and_stays_in_the_calendar(
    seconds: int, days: int
) -> None:
    assert latest_end(dt.date(2026, 11, 20), seconds) == dt.date(2026, 11, 20) + dt.timedelta(days)


@pytest.mark.parametrize(
    "test, covered",
    [
        (NODEID, True),
        (f"{NODEID}[1]", False),
        ("tests/test_pay.py::test_*", True),
        ("tests/test_pay.py::test_refun?", True),
        ("tests/test_pay.py", True),
        ("tests/**", True),
        ("tests/test_cart.py::*", False),
        ("test_refund", False),
    ],
)
def test_an_entry_covers_the_tests_that_its_glob_fits(test: str, covered: bool) -> None:
    assert a_quarantine(test).covers(NODEID) is covered


def test_an_entry_covers_one_set_of_parameters() -> None:
    entry = a_quarantine(f"{NODEID}[eur]")
    assert entry.covers(f"{NODEID}[eur]")
    assert not entry.covers(f"{NODEID}e")
    assert not entry.covers(f"{NODEID}[usd]")


@pytest.mark.parametrize("days, expired", [(-1, False), (0, False), (1, True), (400, True)])
def test_the_day_of_expiry_is_the_last_day_in_quarantine(days: int, expired: bool) -> None:
    entry = a_quarantine(expires=TODAY)
    assert entry.expired(TODAY + dt.timedelta(days=days)) is expired


def test_an_entry_covers_after_its_end_too_so_that_it_is_over_and_not_stale() -> None:
    assert a_quarantine(expires=dt.date(2020, 1, 1)).covers(NODEID)
