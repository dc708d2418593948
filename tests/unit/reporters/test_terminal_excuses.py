"""What the screen says of quarantine and of known flaky tests: who, why, until when, what to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.model.case import Outcome
from pytest_gates.model.exceptions import QuarantineState, QuarantineUse, Refusal
from pytest_gates.model.finding import Location
from pytest_gates.model.report import Report
from pytest_gates.reporters.terminal import Detail, lines
from support.evidence import (
    NODEID,
    TODAY,
    a_case,
    a_failure,
    a_finding,
    a_gate,
    a_quarantine,
    a_report,
    an_evidence,
    an_excuse,
)

PATH = "gates-report/report.json"
PROMISE = "(@ana: races with the clock)"
RED = a_gate(a_failure())


def screen(report: Report) -> list[str]:
    return [line.text for line in lines(report, Detail.NORMAL, PATH)]


def a_use(
    state: QuarantineState, test: str = NODEID, days: int = 10, **changes: Any
) -> QuarantineUse:
    entry = a_quarantine(test, expires=TODAY + dt.timedelta(days=days))
    return QuarantineUse(entry=entry, state=state, **changes)


def foot(*uses: QuarantineUse) -> list[str]:
    """Lines about these entries, of a report that something else blocks."""
    return screen(a_report(RED, quarantine=uses))[3:-1]


def shown(*uses: QuarantineUse) -> str:
    """The one line of a green report."""
    (text,) = screen(a_report(quarantine=uses))
    return text.removeprefix("gates: pass · stub looked").removesuffix(f" · report {PATH}")


@pytest.mark.parametrize(
    "use, line",
    [
        (
            a_use(QuarantineState.USED, excused=(NODEID,)),
            f" QUARANT {NODEID} failed {PROMISE} until 2026-11-30, 10 days left",
        ),
        (
            a_use(QuarantineState.USED, days=1, excused=(NODEID,)),
            f" QUARANT {NODEID} failed {PROMISE} until 2026-11-21, 1 day left",
        ),
        (
            a_use(QuarantineState.EXPIRED, days=-1, refused=(Refusal(test=NODEID, why="over"),)),
            (
                f" EXPIRED {NODEID} quarantine ended 2026-11-19 {PROMISE}: "
                "repair it and remove the entry"
            ),
        ),
        (
            a_use(QuarantineState.USED, refused=(Refusal(test=NODEID, why="a new\nway"),)),
            f" REFUSED {NODEID} is not excused {PROMISE}: a new\\nway",
        ),
        (
            a_use(QuarantineState.IDLE, releasable=True),
            f" OVER   {NODEID} can leave quarantine: gates quarantine sync",
        ),
        (
            a_use(QuarantineState.STALE),
            f" STALE  {NODEID} is in quarantine and does not exist: gates quarantine sync",
        ),
    ],
)
def test_an_entry_is_told_with_owner_reason_end_and_next_step(
    use: QuarantineUse, line: str
) -> None:
    assert foot(use) == [line]


@pytest.mark.parametrize("state", [QuarantineState.IDLE, QuarantineState.UNTRIED])
def test_an_entry_that_did_nothing_is_not_told(state: QuarantineState) -> None:
    assert foot(a_use(state)) == []


def test_what_is_not_excused_comes_first_and_what_can_go_last() -> None:
    told = foot(
        a_use(QuarantineState.IDLE, "a", releasable=True),
        a_use(QuarantineState.USED, "b", excused=("b",)),
        a_use(QuarantineState.USED, "c", refused=(Refusal(test="c", why="new"),)),
    )
    assert [text.split()[:2] for text in told] == [
        ["REFUSED", "c"],
        ["QUARANT", "b"],
        ["OVER", "a"],
    ]


def test_a_long_quarantine_takes_three_lines() -> None:
    tests = tuple(f"t.py::test_{number}" for number in range(9))
    told = foot(a_use(QuarantineState.USED, "t.py", excused=tests))
    assert [text.split()[1] for text in told] == ["t.py::test_0", "t.py::test_1", "7"]
    assert told[2] == " QUARANT 7 more about quarantine in the report"


def test_tests_that_failed_in_quarantine_are_not_passed_over() -> None:
    uses = (an_excuse(), an_excuse())  # one test, of which two entries speak
    report = a_report(a_gate(name="tests"), RED, quarantine=uses)
    assert screen(report)[-1] == (
        f" Tests pass (1 in quarantine failed), but 1 gate(s) block this change. Report {PATH}"
    )


def test_the_one_line_says_which_entries_need_a_hand() -> None:
    assert shown(
        a_use(QuarantineState.STALE),
        a_use(QuarantineState.EXPIRED, days=-1),
        a_use(QuarantineState.IDLE, releasable=True),
        a_use(QuarantineState.USED, days=3),
        a_use(QuarantineState.UNTRIED, days=14),
        a_use(QuarantineState.IDLE, days=15),
    ) == (" · quarantine: 2 to remove, 1 can leave, 2 end by 2026-12-04")


def test_the_one_line_is_silent_about_a_quarantine_in_order() -> None:
    assert shown(a_use(QuarantineState.IDLE, days=15)) == ""


def a_flake(name: str = "test_known", **changes: Any) -> Any:
    subject = f"tests/test_pay.py::{name}"
    values = {"subject": subject, "message": "flaky: alone it passes", **changes}
    return a_finding(**{"rule": "flaky-test", **values})


PAST = "3 of 214 on the base (1.4 %, between 0.4 % and 3.7 %)"


@pytest.mark.parametrize(
    "finding, line",
    [
        (a_flake(detail=PAST), f"tests/test_pay.py::test_known known: {PAST}"),
        (
            a_flake(rule="new-flaky-test", detail="never seen on the base"),
            "tests/test_pay.py::test_known new: never seen on the base",
        ),
        (
            a_flake(rule="order-dependent-test", message="order-dependent: needs p", detail=PAST),
            "tests/test_pay.py::test_known order-dependent: needs p",
        ),
        (
            a_flake(message="passed only on attempt 2"),
            "tests/test_pay.py::test_known passed only on attempt 2",
        ),
        (
            a_flake(subject=None, location=Location(path="t.py", line=3), detail="a\nb"),
            "t.py:3 known: a\\nb",
        ),
    ],
)
def test_a_flaky_test_that_does_not_block_is_told_with_its_past(finding: Any, line: str) -> None:
    text = screen(a_report(a_gate(finding, name="flaky"), RED))
    assert [one for one in text if "FLAKY" in one] == [f" FLAKY  {line}"]


def test_many_known_flaky_tests_take_three_lines() -> None:
    gate = a_gate(*(a_flake(f"test_{number}", detail=PAST) for number in range(5)), name="flaky")
    text = [one for one in screen(a_report(gate, RED)) if "FLAKY" in one]
    assert len(text) == 3
    assert text[2] == " FLAKY  3 more flaky tests in the report"


@pytest.mark.parametrize("order", [1, -1])
def test_a_flaky_test_of_two_gates_is_told_once_by_the_one_that_knows_more(order: int) -> None:
    gates = (a_gate(a_flake(), name="tests"), a_gate(a_flake(detail=PAST), name="flaky"))
    text = screen(a_report(*gates[::order], RED))
    assert [one for one in text if "FLAKY" in one] == [
        f" FLAKY  tests/test_pay.py::test_known known: {PAST}"
    ]


def test_a_flaky_test_that_blocks_is_not_said_to_be_let_pass() -> None:
    blocking = a_failure("new-flaky-test", subject="tests/test_pay.py::test_known")
    text = screen(a_report(a_gate(a_flake(), name="tests"), a_gate(blocking, name="flaky")))
    assert not any("FLAKY" in one for one in text)


def test_a_green_report_stays_one_line_whatever_is_excused() -> None:
    report = a_report(
        a_gate(a_flake(detail=PAST)),
        evidence=an_evidence(tests=(a_case(NODEID, Outcome.FAILED),)),
        quarantine=(an_excuse(), a_use(QuarantineState.EXPIRED)),
    )
    assert len(screen(report)) == 1
