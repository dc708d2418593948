"""The findings alone make a verdict, and the decision alone makes an exit status."""

from __future__ import annotations

import pytest

from pytest_gates.errors import ConfigError, ToolError
from pytest_gates.model.finding import Finding
from pytest_gates.model.report import Decision
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.verdict import GateResult, Mode, Verdict, verdict_of
from support.evidence import a_case, a_failure, a_finding, a_report, a_run, an_evidence, an_unknown

FAILURE, UNKNOWN, NOTE = a_failure(), an_unknown(), a_finding()


@pytest.mark.parametrize(
    "findings, verdict",
    [
        ((), Verdict.PASS),
        ((NOTE,), Verdict.PASS),
        ((NOTE, UNKNOWN), Verdict.INCONCLUSIVE),
        ((UNKNOWN, FAILURE), Verdict.FAIL),
        ((FAILURE, UNKNOWN, NOTE), Verdict.FAIL),
    ],
)
def test_a_failure_outweighs_an_unknown_and_a_note_counts_nothing(
    findings: tuple[Finding, ...], verdict: Verdict
) -> None:
    assert verdict_of(findings) is verdict


def test_a_result_tells_its_failures_from_its_unknowns() -> None:
    result = GateResult(
        gate="stub",
        mode=Mode.BLOCK,
        verdict=Verdict.FAIL,
        summary="",
        findings=(NOTE, UNKNOWN, FAILURE),
    )
    assert result.failures == (FAILURE,)
    assert result.unknowns == (UNKNOWN,)


@pytest.mark.parametrize(
    "decision, status",
    [
        (Decision.PASS, 0),
        (Decision.WARN, 0),
        (Decision.BLOCKED, 10),
        (Decision.INCONCLUSIVE, 11),
    ],
)
def test_only_a_decision_that_blocks_has_an_exit_status(decision: Decision, status: int) -> None:
    assert decision.exit_status == status


def test_a_report_of_a_run_without_end_is_not_finished() -> None:
    unfinished = an_evidence(tests=(a_case(),), run=a_run(finished=None))
    assert not a_report(evidence=unfinished).finished
    assert a_report().finished


def test_what_a_tool_did_not_read_is_accepted_by_nobody_unless_a_tool_says_so() -> None:
    assert not ScanSettings().accepts_unread("src/shop/pay.py")


def test_a_config_error_tells_every_problem_on_a_line() -> None:
    assert str(ConfigError(("one", "two"))) == "one\ntwo"


def test_a_tool_error_keeps_its_remedy() -> None:
    error = ToolError("no whole report", "run it by hand")
    assert (str(error), error.why, error.remedy) == (
        "no whole report",
        "no whole report",
        "run it by hand",
    )
