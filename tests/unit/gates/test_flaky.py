"""The flaky gate: what counts against which limit, and what a line says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.gates.flaky import evaluate
from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    Diagnosis,
    Failure,
    FlakeClass,
    Novelty,
    Outcome,
    Role,
)
from pytest_gates.model.evidence import Evidence, RerunRecord, Unavailable
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Refusal
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import HistoryFacts, Tally, TestHistory
from pytest_gates.model.verdict import verdict_of
from support.evidence import TODAY, an_evidence, rules

FAILED = Attempt(outcome=Outcome.FAILED, failure=Failure(signature="s", kind="E", phase="call"))
PASSED = Attempt(outcome=Outcome.PASSED)
LOST = Unavailable(why="the database is locked", remedy="wait")
STRICT = FlakySettings()


def a_flake(name: str = "a", kind: FlakeClass = FlakeClass.FLAKY, **changes: Any) -> CaseRecord:
    diagnosis = Diagnosis(kind=kind, why="seen to", command="pytest t.py::a")
    return CaseRecord(
        **{
            "nodeid": f"t.py::{name}",
            "attempts": (FAILED, PASSED),
            "diagnosis": diagnosis,
            **changes,
        }
    )


def a_tally(failures: int, runs: int) -> Tally:
    return Tally(runs=runs, failures=failures, weighted_runs=runs, weighted_failures=failures)


def a_past(name: str = "a", failures: int = 3, runs: int = 100, **changes: Any) -> TestHistory:
    values: dict[str, Any] = {
        "nodeid": f"t.py::{name}", "base": a_tally(failures, runs), "change": Tally(), "flaked": failures,
    }  # fmt: skip
    return TestHistory(**{**values, **changes})


def seen(
    *cases: CaseRecord,
    past: tuple[TestHistory, ...] | Unavailable = (),
    failing_on_base: tuple[str, ...] = (),
    **changes: Any,
) -> Evidence:
    base = an_evidence(tests=cases)
    history = past if isinstance(past, Unavailable) else HistoryFacts(
        source="sqlite", base_runs=9, tests={one.nodeid: one for one in past}, failing_on_base=failing_on_base
    )  # fmt: skip
    return Evidence(
        run=base.run, cases=cases, collection_errors=(), coverage=base.coverage, scans={},
        history=history, **changes,
    )  # fmt: skip


def only(evidence: Evidence, settings: FlakySettings = STRICT) -> Finding:
    (finding,) = evaluate(evidence, settings).findings
    return finding


def test_no_flaky_test_is_a_pass_that_says_so() -> None:
    judgement = evaluate(an_evidence(), STRICT)
    assert judgement.findings == ()
    assert judgement.summary == "none"


def test_a_flaky_test_that_was_never_seen_to_flake_is_new_and_blocks() -> None:
    finding = only(seen(a_flake()))
    assert (finding.rule, finding.effect) == ("new-flaky-test", Effect.FAIL)
    assert "never seen on the base" in finding.message
    assert finding.remedy == "reproduce: pytest t.py::a"
    assert finding.excuse == "quarantine it for a time: gates quarantine add t.py::a"


def test_where_nobody_can_reproduce_it_quarantine_is_the_next_step() -> None:
    finding = only(seen(a_flake(diagnosis=None)))
    assert finding.remedy == "quarantine it for a time: gates quarantine add t.py::a"
    assert finding.excuse is None


def test_a_pass_on_rerun_does_not_excuse_a_test_with_a_clean_history() -> None:
    finding = only(seen(a_flake(), past=(a_past(failures=0, runs=200),)))
    assert (finding.rule, finding.effect) == ("new-flaky-test", Effect.FAIL)
    assert "0 failures in 200 runs" in finding.message


def test_a_known_flake_does_not_block() -> None:
    finding = only(seen(a_flake(), past=(a_past(failures=10, runs=200),)))
    assert (finding.rule, finding.effect) == ("flaky-test", Effect.NOTE)
    assert "10 of 200 on the base" in finding.message


@pytest.mark.parametrize("novelty", [Novelty.NEW, Novelty.CHANGED])
def test_a_test_of_this_change_answers_for_itself_whatever_its_past(novelty: Novelty) -> None:
    case = a_flake(novelty=novelty)
    finding = only(seen(case, past=(a_past(failures=10, runs=200),)))
    assert (finding.rule, finding.effect) == ("new-flaky-test", Effect.FAIL)
    assert f"the test is {novelty}" in finding.message


@pytest.mark.parametrize(
    "same_content, past, worse",
    [
        ((0, 0), (2, 200), False),  # one failure says nothing
        ((0, 1), (2, 200), True),
        ((1, 1), (10, 200), True),
        ((4, 1), (20, 200), False),
        ((2, 3), (20, 200), True),
        ((0, 1), (50, 100), False),
    ],
)
def test_a_known_flake_that_got_worse_blocks(
    same_content: tuple[int, int], past: tuple[int, int], worse: bool
) -> None:
    history = a_past(failures=past[0], runs=past[1], same_content=same_content)
    finding = only(seen(a_flake(), past=(history,)))
    assert (finding.rule == "flaky-test-got-worse") is worse
    assert (finding.effect is Effect.FAIL) is worse


def test_where_the_history_is_lost_nobody_knows_whether_a_flake_is_new() -> None:
    finding = only(seen(a_flake(), past=LOST))
    assert finding.effect is Effect.UNKNOWN
    assert "the database is locked" in finding.message


def test_where_the_history_is_lost_the_source_may_still_say_that_a_test_is_new() -> None:
    assert only(seen(a_flake(novelty=Novelty.NEW), past=LOST)).effect is Effect.FAIL


def test_as_many_new_flakes_as_the_policy_allows_are_notes() -> None:
    two = seen(a_flake("a"), a_flake("b"))
    allowed = evaluate(two, FlakySettings(new_flaky=2))
    assert {one.effect for one in allowed.findings} == {Effect.NOTE}
    assert {one.effect for one in evaluate(two, FlakySettings(new_flaky=1)).findings} == {
        Effect.FAIL
    }


def test_a_limit_on_all_flaky_tests_counts_known_ones_too() -> None:
    evidence = seen(a_flake(), past=(a_past(),))
    assert only(evidence, FlakySettings(flaky=1)).effect is Effect.NOTE
    assert only(evidence, FlakySettings(flaky=0)).effect is Effect.FAIL


@pytest.mark.parametrize(
    "kind", [FlakeClass.ORDER_DEPENDENT, FlakeClass.ACCUMULATING, FlakeClass.IMPORT_POLLUTED]
)
def test_a_test_that_depends_on_others_has_a_limit_of_its_own(kind: FlakeClass) -> None:
    evidence = seen(a_flake(kind=kind), past=(a_past(),))
    finding = only(evidence)
    assert (finding.rule, finding.effect) == ("order-dependent-test", Effect.FAIL)
    assert only(evidence, FlakySettings(order_dependent=1)).effect is Effect.NOTE


@pytest.mark.parametrize(
    "role, words", [(Role.VICTIM, "because of p, other.py::q"), (Role.BRITTLE, "needs p")]
)
def test_what_it_depends_on_is_named_first(role: Role, words: str) -> None:
    diagnosis = Diagnosis(
        kind=FlakeClass.ORDER_DEPENDENT, why="w", role=role, because=("t.py::p", "other.py::q")
    )
    assert words in only(seen(a_flake(diagnosis=diagnosis))).message


def test_failures_that_differ_are_said() -> None:
    other = Attempt(outcome=Outcome.FAILED, failure=Failure(signature="t", kind="F", phase="call"))
    case = a_flake(attempts=(FAILED, other, PASSED))
    assert "2 different failures" in only(seen(case)).message


def test_a_failure_on_the_base_too_is_said() -> None:
    finding = only(seen(a_flake(), past=(a_past(),), failing_on_base=("t.py::a",)))
    assert "latest run on the base failed too" in finding.message


def test_a_rerun_of_another_plugin_is_a_flake_that_nobody_told_apart() -> None:
    finding = only(seen(a_flake(diagnosis=None)))
    assert finding.rule == "new-flaky-test"
    assert "another plugin" in finding.message


@pytest.mark.parametrize("kind", [FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE])
def test_what_failed_for_good_is_only_a_note_here(kind: FlakeClass) -> None:
    case = a_flake(kind=kind, attempts=(FAILED, FAILED))
    finding = only(seen(case))
    assert (finding.rule, finding.effect) == (f"told-{kind}", Effect.NOTE)


def a_use(state: QuarantineState, **changes: Any) -> QuarantineUse:
    entry = Quarantine(
        test="t.py::q", reason="clock", owner="@ana", expires=TODAY + dt.timedelta(days=3)
    )
    return QuarantineUse(entry=entry, state=state, **changes)


@pytest.mark.parametrize(
    "use, rule, effect",
    [
        (a_use(QuarantineState.EXPIRED), "quarantine-expired", Effect.FAIL),
        (a_use(QuarantineState.STALE), "quarantine-stale", Effect.NOTE),
        (
            a_use(QuarantineState.USED, refused=(Refusal(test="t.py::q", why="a new way: x"),)),
            "quarantine-refused",
            Effect.FAIL,
        ),
        (a_use(QuarantineState.USED, excused=("t.py::q",)), "quarantined-test", Effect.NOTE),
        (a_use(QuarantineState.IDLE, releasable=True, release="9 of 9"), "quarantine-over", Effect.NOTE),
    ],
)  # fmt: skip
def test_what_an_entry_comes_to(use: QuarantineUse, rule: str, effect: Effect) -> None:
    finding = only(seen(quarantine=(use,)))
    assert (finding.rule, finding.effect) == (rule, effect)


def test_an_expired_entry_names_its_owner() -> None:
    assert "@ana" in only(seen(quarantine=(a_use(QuarantineState.EXPIRED),))).message


def test_more_tests_in_quarantine_than_allowed_block() -> None:
    evidence = seen(quarantine=(a_use(QuarantineState.IDLE, tests=3),))
    assert only(evidence, FlakySettings(max_quarantined=2)).effect is Effect.FAIL
    assert evaluate(evidence, FlakySettings(max_quarantined=3)).findings == ()


def test_what_was_not_tried_again_is_said() -> None:
    record = RerunRecord(tried=2, mass_failure="half of them failed", cut_short=("too long",))
    judgement = evaluate(seen(reruns=record), STRICT)
    assert rules(judgement.findings) == ["not-tried-again", "not-tried-again"]
    assert verdict_of(judgement.findings) == "pass"
    assert "2 tried again" in judgement.summary


def test_the_summary_counts_what_the_findings_tell() -> None:
    evidence = seen(
        a_flake("a"),
        a_flake("b"),
        a_flake("c", kind=FlakeClass.ORDER_DEPENDENT),
        past=(a_past("b"),),
        quarantine=(a_use(QuarantineState.USED, tests=2, excused=("t.py::q",)),),
    )
    assert evaluate(evidence, STRICT).summary == (
        "2 found (1 new), 1 order-dependent, 1 of 2 in quarantine failed"
    )


def test_a_summary_without_a_flaky_test_reads_well_behind_the_name_of_the_gate() -> None:
    uses = (a_use(QuarantineState.USED, tests=2, excused=("t.py::q",)),)
    evidence = seen(quarantine=uses, reruns=RerunRecord(tried=5))
    assert evaluate(evidence, STRICT).summary == "none, 1 of 2 in quarantine failed, 5 tried again"


def test_only_order_dependent_tests_are_not_said_to_be_none() -> None:
    evidence = seen(a_flake(kind=FlakeClass.ORDER_DEPENDENT))
    assert evaluate(evidence, STRICT).summary == "1 order-dependent"


def test_a_failure_that_no_entry_excuses_is_a_failure_in_quarantine_too() -> None:
    refused = (Refusal(test="t.py::q", why="a new way: x"),)
    evidence = seen(quarantine=(a_use(QuarantineState.USED, tests=1, refused=refused),))
    assert evaluate(evidence, STRICT).summary == "none, 1 of 1 in quarantine failed"


@pytest.mark.parametrize(
    "evidence, settings, setting",
    [
        (seen(a_flake()), STRICT, "new-flaky"),
        (seen(a_flake(), past=(a_past(),)), FlakySettings(flaky=0), "flaky"),
        (seen(a_flake(kind=FlakeClass.ORDER_DEPENDENT)), STRICT, "order-dependent"),
        (
            seen(quarantine=(a_use(QuarantineState.IDLE, tests=3),)),
            FlakySettings(max_quarantined=2),
            "max-quarantined",
        ),
        (seen(quarantine=(a_use(QuarantineState.EXPIRED),)), STRICT, None),
    ],
)
def test_a_finding_names_the_limit_that_it_exceeds(
    evidence: Evidence, settings: FlakySettings, setting: str | None
) -> None:
    judgement = evaluate(evidence, settings)
    assert only(evidence, settings).setting == setting
    assert setting is None or setting in {one.setting for one in judgement.measures}


@pytest.mark.parametrize(
    "novelty, past, detail",
    [
        (Novelty.UNCHANGED, (a_past(failures=10, runs=200),), "10 of 200 on the base"),
        (Novelty.CHANGED, (), "the test is changed in this change; never seen on the base"),
        (Novelty.UNCHANGED, (), "itself unchanged; never seen on the base"),
    ],
)
def test_its_past_is_told_apart_from_what_it_is(
    novelty: Novelty, past: tuple[TestHistory, ...], detail: str
) -> None:
    assert (only(seen(a_flake(novelty=novelty), past=past)).detail or "").startswith(detail)
