"""What a quarantine entry excuses, what it does not, and when it can go."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_gates.flakes.quarantine import excused, ruling_on
from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    Diagnosis,
    Failure,
    FlakeClass,
    Outcome,
    Setting,
    Standing,
)
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse
from pytest_gates.model.history import HistoryFacts, Tally, TestHistory
from support.evidence import NODEID, TODAY, an_evidence

KNOWN = "a" * 16
NEW = "b" * 16


def an_entry(**changes: Any) -> Quarantine:
    values: dict[str, Any] = {
        "test": NODEID,
        "reason": "races with the clock",
        "owner": "@ana",
        "expires": TODAY + dt.timedelta(days=9),
    }
    return Quarantine(**{**values, **changes})


def failed(signature: str = KNOWN, **changes: Any) -> Attempt:
    failure = Failure(signature=signature, kind="AssertionError", phase="call")
    return Attempt(**{"outcome": Outcome.FAILED, "failure": failure, **changes})


def a_case(*attempts: Attempt, kind: FlakeClass | None = None, nodeid: str = NODEID) -> CaseRecord:
    diagnosis = None if kind is None else Diagnosis(kind=kind, why="seen")
    return CaseRecord(nodeid=nodeid, attempts=attempts, diagnosis=diagnosis)


def a_past(**changes: Any) -> TestHistory:
    values: dict[str, Any] = {
        "nodeid": NODEID,
        "base": Tally(runs=100, failures=10, weighted_runs=100, weighted_failures=10),
        "change": Tally(),
        "signatures": (KNOWN,),
        "passes_since": 3,
    }
    return TestHistory(**{**values, **changes})


def with_past(past: TestHistory, *cases: CaseRecord) -> Evidence:
    facts = HistoryFacts(source="sqlite", base_runs=100, tests={NODEID: past})
    base = an_evidence(tests=cases)
    return Evidence(
        run=base.run, cases=cases, collection_errors=(), coverage=base.coverage, scans={}, history=facts
    )  # fmt: skip


def use_of(evidence: Evidence, entry: Quarantine) -> QuarantineUse:
    return excused(evidence, (entry,), TODAY)[1][0]


def why_not(case: CaseRecord, entry: Quarantine, past: TestHistory | None = None) -> str | None:
    ruling = ruling_on(case, (entry,), past, TODAY)
    assert ruling is not None
    return ruling.why_not


def test_a_failure_in_quarantine_is_excused_and_its_owner_named() -> None:
    judged, (use,) = excused(an_evidence(tests=(a_case(failed()),)), (an_entry(),), TODAY)
    assert judged.cases[0].excused == "@ana"
    assert judged.cases[0].standing is Standing.QUARANTINED
    assert use.state is QuarantineState.USED
    assert use.excused == (NODEID,)


def test_a_flaky_test_in_quarantine_is_quarantined() -> None:
    case = a_case(failed(), Attempt(outcome=Outcome.PASSED), kind=FlakeClass.FLAKY)
    judged, _ = excused(an_evidence(tests=(case,)), (an_entry(),), TODAY)
    assert judged.cases[0].standing is Standing.QUARANTINED


@pytest.mark.parametrize(
    "case, entry, past, words",
    [
        (a_case(failed()), an_entry(expires=TODAY - dt.timedelta(days=1)), None, "ended on"),
        (a_case(failed(), kind=FlakeClass.REGRESSION), an_entry(), None, "broken, not flaky"),
        (
            a_case(failed(), kind=FlakeClass.ORDER_DEPENDENT),
            an_entry(category=FlakeClass.FLAKY),
            None,
            "this time it is order-dependent",
        ),
        (a_case(failed(NEW)), an_entry(signature=(KNOWN,)), None, "new way"),
        (a_case(failed(NEW)), an_entry(), a_past(), "new way"),
        (
            a_case(failed()),
            an_entry(),
            a_past(base=Tally(runs=6, failures=6, weighted_runs=6, weighted_failures=6)),
            "all of its 6 runs",
        ),
        (a_case(Attempt(outcome=Outcome.CRASHED)), an_entry(), None, "took its process down"),
        (a_case(failed(outcome=Outcome.ERROR)), an_entry(), None, "set-up or tear-down"),
    ],
)
def test_what_is_not_excused(
    case: CaseRecord, entry: Quarantine, past: TestHistory | None, words: str
) -> None:
    assert words in (why_not(case, entry, past) or "")


@pytest.mark.parametrize(
    "case, entry, past",
    [
        (a_case(failed()), an_entry(signature=(KNOWN, NEW)), a_past(signatures=())),
        (a_case(failed()), an_entry(), a_past()),
        (a_case(failed(NEW)), an_entry(), None),
        (a_case(failed(outcome=Outcome.ERROR)), an_entry(signature=(KNOWN,)), None),
        (a_case(failed(), kind=FlakeClass.INCONCLUSIVE), an_entry(category=FlakeClass.FLAKY), None),
        (
            a_case(failed(), failed(NEW, setting=Setting.ISOLATED)),
            an_entry(signature=(KNOWN,)),
            None,
        ),
    ],
    ids=["listed", "known", "no-past", "known-error", "not-told-apart", "only-elsewhere-new"],
)
def test_what_is_excused(case: CaseRecord, entry: Quarantine, past: TestHistory | None) -> None:
    assert why_not(case, entry, past) is None


def test_the_last_day_still_counts() -> None:
    assert why_not(a_case(failed()), an_entry(expires=TODAY)) is None


def test_an_entry_that_excuses_is_preferred_to_one_that_does_not() -> None:
    over = an_entry(expires=TODAY - dt.timedelta(days=1), test="tests/**")
    ruling = ruling_on(a_case(failed()), (over, an_entry()), None, TODAY)
    assert ruling is not None
    assert ruling.entry == an_entry()


def test_nothing_is_ruled_on_a_test_that_passed_or_that_no_entry_names() -> None:
    assert ruling_on(a_case(Attempt(outcome=Outcome.PASSED)), (an_entry(),), None, TODAY) is None
    assert ruling_on(a_case(failed()), (an_entry(test="other.py::x"),), None, TODAY) is None


def test_an_excuse_that_the_evidence_brings_along_is_not_believed() -> None:
    forged = CaseRecord(nodeid=NODEID, attempts=(failed(),), excused="@mallory")
    judged, _ = excused(an_evidence(tests=(forged,)), (), TODAY)
    assert judged.cases[0].standing is Standing.FAILED


@pytest.mark.parametrize(
    "cases, state",
    [
        ((a_case(Attempt(outcome=Outcome.PASSED)),), QuarantineState.IDLE),
        ((CaseRecord(nodeid=NODEID, deselected=True),), QuarantineState.UNTRIED),
        ((a_case(Attempt(outcome=Outcome.SKIPPED)),), QuarantineState.UNTRIED),
        ((a_case(failed(), nodeid="other.py::x"),), QuarantineState.STALE),
        ((a_case(failed()),), QuarantineState.USED),
    ],
)
def test_what_becomes_of_an_entry(cases: tuple[CaseRecord, ...], state: QuarantineState) -> None:
    assert use_of(an_evidence(tests=cases), an_entry()).state is state


def test_an_expired_entry_is_expired_whatever_its_test_did() -> None:
    entry = an_entry(expires=TODAY - dt.timedelta(days=1))
    use = use_of(an_evidence(tests=(a_case(failed()),)), entry)
    assert use.state is QuarantineState.EXPIRED
    assert use.refused[0].test == NODEID


PASSED = a_case(Attempt(outcome=Outcome.PASSED))


def test_a_test_is_released_by_as_many_passes_as_its_old_rate_demands() -> None:
    few = use_of(with_past(a_past(passes_since=3), PASSED), an_entry())
    assert not few.releasable
    assert "4 of " in (few.release or "")
    many = use_of(with_past(a_past(passes_since=60), PASSED), an_entry())
    assert many.releasable


def test_a_rare_flake_must_pass_more_often_than_a_frequent_one() -> None:
    rare = a_past(
        base=Tally(runs=400, failures=2, weighted_runs=400, weighted_failures=2), passes_since=60
    )
    assert not use_of(with_past(rare, PASSED), an_entry()).releasable


def test_without_a_history_nothing_is_released() -> None:
    use = use_of(an_evidence(tests=(PASSED,)), an_entry())
    assert (use.release, use.releasable) == (None, False)
    unknown = with_past(a_past(passes_since=None), PASSED)
    assert not use_of(unknown, an_entry()).releasable


def test_an_order_dependent_test_is_released_only_behind_the_tests_it_depends_on() -> None:
    entry = an_entry(category=FlakeClass.ORDER_DEPENDENT, after=("a.py::polluter",))
    past = a_past(passes_since=60)
    assert not use_of(with_past(past, PASSED), entry).releasable
    behind = Attempt(outcome=Outcome.PASSED, setting=Setting.AFTER)
    tried = a_case(Attempt(outcome=Outcome.PASSED), behind)
    assert use_of(with_past(past, tried), entry).releasable


def test_a_failure_behind_those_tests_keeps_it_in_quarantine() -> None:
    entry = an_entry(category=FlakeClass.ORDER_DEPENDENT, after=("a.py::polluter",))
    tried = a_case(Attempt(outcome=Outcome.PASSED), failed(setting=Setting.AFTER))
    use = use_of(with_past(a_past(passes_since=60), tried), entry)
    assert not use.releasable
    assert use.state is QuarantineState.USED


def test_no_history_is_an_unavailable_fact() -> None:
    assert isinstance(an_evidence().history, Unavailable)
