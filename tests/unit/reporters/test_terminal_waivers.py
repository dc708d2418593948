"""What the screen says of waivers: who excused what, why, and until when."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Mode
from pytest_gates.reporters.terminal import Detail, lines
from pytest_gates.reporters.terminal_excuses import to_mind
from support.evidence import TODAY, a_failure, a_gate, a_gate_policy, a_policy, a_report, a_waiver

PATH = "gates-report/report.json"


def screen(report: Report) -> list[str]:
    return [line.text for line in lines(report, Detail.NORMAL, PATH)]


def test_the_one_line_tells_what_was_waived() -> None:
    policy = a_policy(waivers=(a_waiver(expires=TODAY + dt.timedelta(days=15)),))
    (text,) = screen(a_report(a_gate(a_failure(), summary="1 finding"), policy=policy))
    assert text == f"gates: pass · stub 1 finding (1 waived) · report {PATH}"


def test_the_one_line_tells_which_excuses_need_a_hand() -> None:
    waivers = (
        a_waiver(),
        a_waiver(subject="B1"),
        a_waiver(subject="B2", expires=TODAY - dt.timedelta(days=1)),
    )
    report = a_report(a_gate(a_failure()), policy=a_policy(waivers=waivers))
    (text,) = screen(report)
    assert "2 waiver(s) to remove" in text
    assert "1 waiver(s) end by 2026-11-30" in text


def test_an_expired_waiver_that_matches_nothing_is_to_be_removed() -> None:
    over = a_waiver(subject="B1", expires=TODAY - dt.timedelta(days=1))
    text = screen(a_report(a_gate(a_failure()), policy=a_policy(waivers=(over,))))
    assert any("ended 2026-11-19: remove it" in one for one in text)


@pytest.mark.parametrize(
    "days, said",
    [
        (-1, " EXPIRED stub B602 (@ana: the command is a literal) ended 2026-11-19"),
        (0, " WAIVED stub B602 (@ana: the command is a literal) until 2026-11-20, 0 day(s) left"),
        (14, "until 2026-12-04, 14 day(s) left"),
        (15, "until 2026-12-05"),
    ],
)
def test_a_waiver_is_told_with_its_owner_reason_and_end(days: int, said: str) -> None:
    waiver = a_waiver(expires=TODAY + dt.timedelta(days=days))
    gates = (a_gate(a_failure()), a_gate(a_failure(), name="other"))
    policy = a_policy(a_gate_policy(), a_gate_policy("other"), waivers=(waiver,))
    found = [text for text in screen(a_report(*gates, policy=policy)) if "stub B602" in text]
    assert len(found) == 1
    assert said in found[0]
    assert ("left" in found[0]) is (0 <= days <= 14)


def test_a_stale_waiver_is_told_and_an_untried_one_is_not() -> None:
    stale, untried = a_waiver(subject="B1"), a_waiver(gate="off", subject="B2")
    policy = a_policy(waivers=(stale, untried))
    text = "\n".join(screen(a_report(a_gate(a_failure()), policy=policy)))
    assert " STALE  stub B1 (@ana: the command is a literal) matches nothing: remove it" in text
    assert "B2" not in text


def test_a_lapsed_waiver_is_told_with_the_version_to_go_to() -> None:
    lapsed = a_waiver(subject="CVE-1", until_fixed=True)
    finding = a_failure("X-1", aliases=("CVE-1",), subject="pip 26.3", fixed_in=("26.4",))
    report = a_report(a_gate(finding), policy=a_policy(waivers=(a_waiver(subject="B1"), lapsed)))
    told = [one for one in screen(report) if one.startswith((" LAPSED", " STALE"))]
    assert told[0] == (
        " LAPSED stub CVE-1 (@ana: the command is a literal) has a fix, it counts again: "
        "pip 26.3 -> 26.4"
    )


def test_the_one_line_counts_a_waiver_that_is_fixed_for_all_it_speaks_of() -> None:
    other = a_failure("Y-1", aliases=("CVE-2",), subject="b 1")
    fixed = (
        a_failure("X-1", aliases=("CVE-1",), fixed_in=("2",)),
        a_failure("Y-1", aliases=("CVE-2",), subject="a 1", fixed_in=("2",)),
    )
    waivers = tuple(a_waiver(subject=one, until_fixed=True) for one in ("CVE-1", "CVE-2"))
    policy = a_policy(a_gate_policy(mode=Mode.WARN), waivers=waivers)
    report = a_report(a_gate(*fixed, other), policy=policy)
    assert to_mind(report)[0] == "1 waiver(s) to remove"


def test_a_long_file_of_waivers_takes_three_lines() -> None:
    waivers = tuple(a_waiver(subject=f"B{number}") for number in range(9))
    text = screen(a_report(a_gate(a_failure()), policy=a_policy(waivers=waivers)))
    assert sum("STALE" in one for one in text) == 2
    assert " WAIVED 7 more exceptions in the report" in text
