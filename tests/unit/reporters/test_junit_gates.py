"""junit.xml: a reader of nothing else sees the verdict, one testcase a gate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import Measure, Mode
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_failure,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    a_waiver,
    an_evidence,
    an_unknown,
)
from support.junit import child, suite, tags


@pytest.mark.parametrize(
    "gate, mode, blocks, tag, kind",
    [
        (a_gate(a_failure()), Mode.BLOCK, True, "failure", "gates.fail"),
        (a_gate(a_failure()), Mode.BLOCK, False, "failure", "gates.fail"),
        (a_gate(a_failure()), Mode.WARN, True, "skipped", "gates.warn-fail"),
        (a_gate(an_unknown()), Mode.BLOCK, True, "error", "gates.inconclusive"),
        (a_gate(an_unknown()), Mode.BLOCK, False, "skipped", "gates.warn-inconclusive"),
        (a_gate(an_unknown()), Mode.WARN, True, "skipped", "gates.warn-inconclusive"),
        (a_gate(skipped="nothing to do"), Mode.BLOCK, True, "skipped", "gates.skipped"),
    ],
)
def test_a_gate_is_a_testcase_that_fails_where_the_gate_blocks(
    gate: Any, mode: Mode, blocks: bool, tag: str, kind: str
) -> None:
    policy = a_policy(a_gate_policy(mode=mode), block_on_inconclusive=blocks)
    case = child(suite(a_report(gate, policy=policy), 1), "testcase")
    assert (case.get("classname"), case.get("name")) == ("gates", "stub")
    assert child(case, tag).get("type") == kind
    assert tags(case) == [tag, "system-out"]


def test_a_gate_tells_what_it_found_and_what_to_do() -> None:
    gate = a_gate(
        a_failure(subject="src/a.py", remedy="use a list\nnow"), an_unknown(), summary="2 flaws"
    )
    case = child(suite(a_report(gate), 1), "testcase")
    assert child(case, "failure").get("message") == "2 flaws"
    assert child(case, "failure").text == (
        "2 flaws\nB602 src/a.py: shell=True\n  next: use a list\\nnow\nno-scan shell=True"
    )


def test_a_gate_that_warns_says_so() -> None:
    policy = a_policy(a_gate_policy(mode=Mode.WARN))
    case = child(suite(a_report(a_gate(a_failure()), policy=policy), 1), "testcase")
    assert child(case, "skipped").get("message") == "warns only (fail): looked"


def test_a_gate_tells_its_numbers_and_what_was_waived() -> None:
    measures = (
        Measure(
            name="lines", observed="91 %", required="90 %", setting="lines", origin="gates.toml"
        ),
        Measure(name="branches", observed="70 %", required="60 %", origin=None),
        Measure(name="files", observed="3"),
    )
    gate = a_gate(a_failure(), measures=measures)
    policy = a_policy(a_gate_policy(), waivers=(a_waiver(),))
    case = child(suite(a_report(gate, policy=policy), 1), "testcase")
    assert child(case, "system-out").text == (
        "looked\nlines 91 %, required 90 % [gates.toml]\nbranches 70 %, required 60 %\nfiles 3\n"
        "1 finding(s) waived"
    )


def test_a_thousand_findings_are_counted_and_not_all_listed() -> None:
    gate = a_gate(*(a_failure(f"R{number}") for number in range(1000)))
    text = child(child(suite(a_report(gate), 1), "testcase"), "failure").text or ""
    assert text.splitlines()[-2:] == ["R199 shell=True", "800 more in report.json"]


@pytest.mark.parametrize(
    "finished, skipped, message",
    [
        (False, None, "inconclusive: the run did not finish"),
        (True, "nothing to do", "inconclusive: no gate has judged this change"),
    ],
)
def test_a_decision_that_no_gate_shows_is_a_testcase_of_its_own(
    finished: bool, skipped: str | None, message: str
) -> None:
    run = a_run() if finished else a_run(finished=None)
    report = a_report(a_gate(skipped=skipped), evidence=an_evidence(run=run))
    *_, last = suite(report, 1).iter("testcase")
    assert last.get("name") == "decision"
    assert child(last, "error").get("message") == message


def test_a_block_that_no_gate_shows_is_a_failure() -> None:
    *_, last = suite(a_report(decision=Decision.BLOCKED), 1).iter("testcase")
    assert child(last, "failure").get("type") == "gates.decision"


@given(reports(HOSTILE))
@settings(max_examples=60)
def test_the_suite_of_the_gates_is_red_exactly_when_the_decision_blocks(report: Report) -> None:
    found = suite(report, 1)
    red = found.get("failures") != "0" or found.get("errors") != "0"
    assert red is bool(report.decision.exit_status)
