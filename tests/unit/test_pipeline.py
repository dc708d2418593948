"""The one place where a verdict is reached: waivers, crashes, modes and every row of the decision."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.exceptions import Waiver, WaiverState
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.policy import Policy
from pytest_gates.model.report import SCHEMA_VERSION, Decision, Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import GateResult, Judgement, Measure, Mode, Verdict
from pytest_gates.pipeline import decide, evaluate
from support.evidence import (
    NOW,
    TODAY,
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_run,
    a_waiver,
    an_evidence,
    an_unknown,
    by_name,
    rules,
)

BLOCK, WARN = Mode.BLOCK, Mode.WARN
YESTERDAY = TODAY - dt.timedelta(days=1)


def judged(*gates: Gate, policy: Policy | None = None, evidence: Evidence | None = None) -> Report:
    return evaluate(
        policy or a_policy(*(a_gate_policy(gate.name) for gate in gates)),
        evidence or an_evidence(),
        gates=by_name(*gates),
        now=NOW,
        generator="pytest-gates 0.1.0",
    )


def waived(*findings: Finding, waivers: tuple[Waiver, ...]) -> Report:
    return judged(a_gate(*findings), policy=a_policy(waivers=waivers))


def states(report: Report) -> list[WaiverState]:
    return [use.state for use in report.waivers]


def a_result(verdict: Verdict, mode: Mode) -> GateResult:
    return GateResult(gate="stub", mode=mode, verdict=verdict, summary="")


PASS, FAIL = Verdict.PASS, Verdict.FAIL
UNKNOWN, SKIPPED = Verdict.INCONCLUSIVE, Verdict.SKIPPED


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize(
    "results, strict, lenient, unfinished",
    [
        ((), Decision.INCONCLUSIVE, Decision.INCONCLUSIVE, Decision.INCONCLUSIVE),
        (((PASS, BLOCK),), Decision.PASS, Decision.PASS, Decision.INCONCLUSIVE),
        (((PASS, WARN),), Decision.PASS, Decision.PASS, Decision.INCONCLUSIVE),
        (((SKIPPED, BLOCK),), Decision.INCONCLUSIVE, Decision.INCONCLUSIVE, Decision.INCONCLUSIVE),
        (((FAIL, BLOCK),), Decision.BLOCKED, Decision.BLOCKED, Decision.BLOCKED),
        (((FAIL, WARN),), Decision.WARN, Decision.WARN, Decision.INCONCLUSIVE),
        (((UNKNOWN, BLOCK),), Decision.INCONCLUSIVE, Decision.WARN, Decision.INCONCLUSIVE),
        (((UNKNOWN, WARN),), Decision.WARN, Decision.WARN, Decision.INCONCLUSIVE),
        (
            ((UNKNOWN, BLOCK), (FAIL, BLOCK), (PASS, BLOCK)),
            Decision.BLOCKED,
            Decision.BLOCKED,
            Decision.BLOCKED,
        ),
        (
            ((UNKNOWN, BLOCK), (FAIL, WARN)),
            Decision.INCONCLUSIVE,
            Decision.WARN,
            Decision.INCONCLUSIVE,
        ),
        (((FAIL, WARN), (PASS, BLOCK)), Decision.WARN, Decision.WARN, Decision.INCONCLUSIVE),
    ],
)
def test_the_decision(
    results: tuple[tuple[Verdict, Mode], ...],
    strict: Decision,
    lenient: Decision,
    unfinished: Decision,
    blocks: bool,
    finished: bool,
) -> None:
    judged_gates = tuple(a_result(*one) for one in results)
    found = decide(judged_gates, block_on_inconclusive=blocks, finished=finished)
    assert found is (unfinished if not finished else strict if blocks else lenient)


def test_a_report_holds_everything_that_led_to_it() -> None:
    policy, evidence = a_policy(), an_evidence()
    report = judged(a_gate(), policy=policy, evidence=evidence)
    assert report.schema == SCHEMA_VERSION
    assert report.judged == NOW
    assert report.generator == "pytest-gates 0.1.0"
    assert report.policy == policy.record()
    assert report.evidence is evidence
    assert report.decision is Decision.PASS


def test_a_green_run_that_did_not_finish_is_inconclusive_under_every_policy() -> None:
    for blocks in (True, False):
        policy = a_policy(block_on_inconclusive=blocks)
        report = judged(a_gate(), policy=policy, evidence=an_evidence(run=a_run(finished=None)))
        assert report.decision is Decision.INCONCLUSIVE


def test_gates_are_judged_in_the_order_of_the_policy_and_no_others() -> None:
    policy = a_policy(a_gate_policy("two"), a_gate_policy("one"))
    report = judged(a_gate(name="one"), a_gate(name="two"), a_gate(name="three"), policy=policy)
    assert [one.gate for one in report.results] == ["two", "one"]


def test_the_mode_of_the_policy_is_the_mode_of_the_result() -> None:
    policy = a_policy(a_gate_policy(mode=WARN))
    report = judged(a_gate(a_failure()), policy=policy)
    assert report.results[0].mode is WARN
    assert report.results[0].verdict is FAIL
    assert report.decision is Decision.WARN


def test_a_gate_that_does_not_apply_is_skipped_with_the_reason() -> None:
    result = judged(a_gate(skipped="no Python file changed")).results[0]
    assert (result.verdict, result.summary) == (SKIPPED, "no Python file changed")


def test_a_gate_that_skips_for_no_reason_at_all_is_skipped_all_the_same() -> None:
    result = judged(a_gate(a_finding(), skipped="", summary="nothing to do")).results[0]
    assert (result.verdict, result.summary) == (SKIPPED, "nothing to do")


def test_a_measure_with_a_setting_says_where_it_is_written() -> None:
    gate = a_gate(
        measures=(
            Measure(name="lines", observed="91", required=">= 90", setting="lines"),
            Measure(name="passed", observed="3"),
        )
    )
    place = "pyproject.toml [tool.pytest-gates.stub]"
    policy = a_policy(a_gate_policy(origins={"lines": place}))
    lines, passed = judged(gate, policy=policy).results[0].measures
    assert lines.origin == f"{place} lines"
    assert passed.origin is None


def test_a_waiver_excuses_what_it_covers_and_nothing_else() -> None:
    waiver = a_waiver()
    report = waived(a_failure("B602"), a_failure("B105"), waivers=(waiver,))
    (result,) = report.results
    assert rules(result.findings) == ["B105"]
    assert [(one.finding.rule, one.waiver) for one in result.waived] == [("B602", waiver)]
    assert result.verdict is FAIL


def test_a_gate_all_of_whose_findings_are_waived_passes() -> None:
    report = waived(a_failure("B602"), an_unknown("B602"), waivers=(a_waiver(),))
    assert report.results[0].verdict is PASS
    assert len(report.results[0].waived) == 2
    assert (states(report), report.waivers[0].matched) == ([WaiverState.USED], 2)


def test_a_waiver_is_valid_on_its_last_day_and_blocks_again_on_the_next() -> None:
    assert waived(a_failure(), waivers=(a_waiver(expires=TODAY),)).decision is Decision.PASS
    over = waived(a_failure(), waivers=(a_waiver(expires=YESTERDAY),))
    assert over.decision is Decision.BLOCKED
    assert (states(over), over.waivers[0].matched) == ([WaiverState.EXPIRED], 1)


@pytest.mark.parametrize(
    "now, decision",
    [
        (dt.datetime(2026, 11, 20, 23, 59, tzinfo=dt.UTC), Decision.PASS),
        (dt.datetime(2026, 11, 21, 0, 0, tzinfo=dt.UTC), Decision.BLOCKED),
        (
            dt.datetime(2026, 11, 21, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=9))),
            Decision.PASS,
        ),
    ],
)
def test_a_day_ends_everywhere_at_midnight_utc(now: dt.datetime, decision: Decision) -> None:
    policy = a_policy(waivers=(a_waiver(expires=dt.date(2026, 11, 20)),))
    gates = by_name(a_gate(a_failure()))
    report = evaluate(policy, an_evidence(), gates=gates, now=now, generator="g")
    assert report.decision is decision


def test_a_valid_waiver_excuses_although_an_expired_one_speaks_of_the_same() -> None:
    over, valid = a_waiver(expires=YESTERDAY, reason="old"), a_waiver(reason="new")
    report = waived(a_failure(), waivers=(over, valid))
    assert report.results[0].waived[0].waiver is valid
    assert states(report) == [WaiverState.EXPIRED, WaiverState.USED]


def test_a_waiver_matched_by_an_alias_alone_is_used() -> None:
    """Not stale, as in osv-scanner#2455."""
    finding = a_failure("PYSEC-2026-1", aliases=("CVE-2026-1", "GHSA-aaaa-bbbb-cccc"))
    for subject in ("CVE-2026-1", "ghsa-aaaa-bbbb-cccc"):
        assert states(waived(finding, waivers=(a_waiver(subject=subject),))) == [WaiverState.USED]


def test_a_waiver_until_there_is_a_fix_is_over_for_what_has_one() -> None:
    waiver = a_waiver(subject="CVE-1", until_fixed=True)
    fixed = a_failure("X-1", aliases=("CVE-1",), subject="a 1.0", fixed_in=("1.1", "2.0"))
    open_ = a_failure("X-1", aliases=("CVE-1",), subject="b 1.0")
    note = a_finding("X-1", aliases=("CVE-1",), subject="c 1.0", fixed_in=("2",))
    report = waived(fixed, open_, note, waivers=(waiver,))
    (use,) = report.waivers
    assert (use.state, use.matched) == (WaiverState.LAPSED, 3)
    assert use.fixed_in == ("a 1.0 -> 1.1, 2.0",)
    assert report.results[0].failures == (fixed,)
    assert [one.finding for one in report.results[0].waived] == [open_]
    assert report.decision is Decision.BLOCKED


def test_a_plain_waiver_excuses_what_has_a_fix_and_one_without_a_fix_is_used() -> None:
    fixed, plain = a_failure(fixed_in=("2",)), a_waiver(reason="later")
    both = waived(fixed, waivers=(a_waiver(until_fixed=True), plain))
    assert both.results[0].waived[0].waiver == plain
    assert states(waived(a_failure(), waivers=(a_waiver(until_fixed=True),))) == [WaiverState.USED]


def test_a_waiver_that_has_expired_is_called_so_also_where_there_is_a_fix() -> None:
    over = a_waiver(until_fixed=True, expires=YESTERDAY)
    assert states(waived(a_failure(fixed_in=("2",)), waivers=(over,))) == [WaiverState.EXPIRED]


def test_a_waiver_that_matches_nothing_is_stale() -> None:
    assert states(waived(waivers=(a_waiver(),))) == [WaiverState.STALE]
    assert states(waived(a_failure("B105"), waivers=(a_waiver(),))) == [WaiverState.STALE]


@pytest.mark.parametrize("gate", [a_gate(an_unknown("no-scan")), a_gate(skipped="nothing changed")])
def test_a_waiver_of_a_gate_that_came_to_no_conclusion_is_not_called_stale(gate: Gate) -> None:
    report = judged(gate, policy=a_policy(waivers=(a_waiver(),)))
    assert states(report) == [WaiverState.UNTRIED]


def test_a_waiver_of_a_gate_that_is_off_is_not_called_stale() -> None:
    assert states(waived(waivers=(a_waiver(gate="bandit"),))) == [WaiverState.UNTRIED]


def test_a_note_needs_no_excuse_and_stays_where_it_is() -> None:
    report = waived(a_finding("B602"), waivers=(a_waiver(),))
    assert rules(report.results[0].findings) == ["B602"]
    assert report.results[0].waived == ()
    assert states(report) == [WaiverState.USED]


def a_crashing_gate(error: BaseException) -> Gate:
    def crash(evidence: Evidence, settings: GateSettings) -> Judgement:
        raise error

    return Gate(name="stub", doc="", settings=GateSettings, evaluate=crash)


@pytest.mark.parametrize(
    "error", [ValueError("bad\nthing"), RecursionError(), AssertionError(), SystemExit(0)]
)
def test_a_gate_that_crashes_is_inconclusive_with_its_traceback(error: BaseException) -> None:
    try:
        report = judged(a_crashing_gate(error), a_gate(name="other"))
    except SystemExit:
        pytest.fail("a gate ended the process that judges")
    result = report.results[0]
    (found,) = result.findings
    assert result.verdict is UNKNOWN
    assert (found.rule, found.effect, found.subject) == ("gate-crashed", Effect.UNKNOWN, "stub")
    assert type(error).__name__ in found.message
    assert "Traceback" in (found.detail or "")
    assert found.remedy
    assert report.results[1].verdict is PASS


def test_somebody_who_presses_control_c_is_obeyed() -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(a_crashing_gate(KeyboardInterrupt()))


def a_gate_returning(answer: Any) -> Gate:
    return Gate(
        name="stub", doc="", settings=GateSettings, evaluate=lambda evidence, settings: answer
    )


RUBBISH: list[Any] = [
    None,
    True,
    "pass",
    Verdict.PASS,
    Judgement(summary="", findings=None),  # type: ignore[arg-type]
    Judgement(summary="", findings=("all good",)),  # type: ignore[arg-type]
    Judgement(summary="", findings=(a_finding(effect="fial"),)),
    Judgement(summary="", measures=("90 %",)),  # type: ignore[arg-type]
    Judgement(summary=None),  # type: ignore[arg-type]
    Judgement(summary="", findings=(a_finding(message=None),)),
]


@pytest.mark.parametrize("answer", RUBBISH, ids=repr)
@pytest.mark.parametrize("waivers", [(), (a_waiver(),)], ids=["no waiver", "a waiver"])
def test_a_gate_that_returns_rubbish_is_inconclusive(
    answer: Any, waivers: tuple[Waiver, ...]
) -> None:
    report = judged(a_gate_returning(answer), policy=a_policy(waivers=waivers))
    assert rules(report.results[0].findings) == ["gate-crashed"]
    assert report.decision is Decision.INCONCLUSIVE


def test_a_gate_that_is_not_installed_is_inconclusive() -> None:
    report = judged(policy=a_policy(a_gate_policy("mypy")))
    (found,) = report.results[0].findings
    assert (found.rule, found.effect, found.subject) == ("gate-missing", Effect.UNKNOWN, "mypy")
    assert found.message == "the gate `mypy` is not installed here"
    assert report.decision is Decision.INCONCLUSIVE


def test_the_same_policy_and_evidence_give_the_same_report() -> None:
    gates = (a_gate(a_failure(), an_unknown()), a_gate(name="other"))
    policy = a_policy(a_gate_policy(), a_gate_policy("other"), waivers=(a_waiver(),))
    assert judged(*gates, policy=policy) == judged(*gates, policy=policy)
