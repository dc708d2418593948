"""What a report says of the tests that an entry would cover."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gates.cli.suspect import (
    Suspect,
    nearest_tests,
    past_evidence,
    past_objections,
    suspect_of,
)
from pytest_gates.model.case import Attempt, CaseRecord, FlakeClass, Novelty, Outcome, Role, Setting
from pytest_gates.model.history import Tally, TestHistory
from support.evidence import NODEID, a_case, a_report, an_evidence
from support.excused import a_failed, a_failure

OTHER = "tests/test_pay.py::test_pay"
BOTH = "tests/test_pay.py::*"


def suspect(test: str, *cases: CaseRecord) -> Suspect:
    return suspect_of(test, a_report(evidence=an_evidence(tests=cases)))


def an_attempt(outcome: Outcome, setting: Setting) -> Attempt:
    return Attempt(outcome=outcome, setting=setting, failure=a_failure("elsewhere").failure)


def past(runs: int, failures: int, nodeid: str = NODEID) -> dict[str, TestHistory]:
    tally = Tally(runs=runs, failures=failures)
    return {nodeid: TestHistory(nodeid=nodeid, base=tally, change=Tally())}


def test_signatures_are_those_of_the_run_itself_each_once_in_their_order() -> None:
    attempts = (
        a_failure("bb"),
        a_failure("aa", Outcome.ERROR),
        a_failure("bb"),
        an_attempt(Outcome.FAILED, Setting.ISOLATED),
    )
    assert suspect(NODEID, a_failed(attempts=attempts)).signatures == ("bb", "aa")


def test_a_failure_without_a_signature_is_narrowed_by_none() -> None:
    attempts = (a_failure("bb"), a_failure(None))
    assert suspect(NODEID, a_failed(attempts=attempts)).signatures == ()


def test_a_test_that_failed_only_elsewhere_did_not_fail_in_the_run() -> None:
    attempts = (
        Attempt(outcome=Outcome.PASSED),
        an_attempt(Outcome.FAILED, Setting.ISOLATED),
    )
    found = suspect(NODEID, a_case(attempts=attempts))
    assert (found.tests, found.failed) == ((NODEID,), ())
    assert found.evidence == ("passed in the run of 2026-11-20",)


def test_a_test_that_was_not_run_is_not_said_to_have_passed() -> None:
    found = suspect(NODEID, a_case(attempts=(), deselected=True))
    assert found.evidence == ("was not run in the run of 2026-11-20",)


@pytest.mark.parametrize(
    "kinds, category",
    [
        ((FlakeClass.FLAKY, FlakeClass.FLAKY), FlakeClass.FLAKY),
        ((FlakeClass.FLAKY, FlakeClass.ACCUMULATING), None),
        ((FlakeClass.FLAKY, FlakeClass.INCONCLUSIVE), None),
        ((FlakeClass.INCONCLUSIVE, FlakeClass.INCONCLUSIVE), None),
        ((FlakeClass.REGRESSION, FlakeClass.REGRESSION), None),
        ((None, None), None),
        ((FlakeClass.FLAKY, None), FlakeClass.FLAKY),
    ],
)
def test_the_category_is_the_one_kind_of_all_failures(
    kinds: tuple[FlakeClass | None, ...], category: FlakeClass | None
) -> None:
    cases = (a_failed(name, kind) for name, kind in zip((NODEID, OTHER), kinds, strict=True))
    assert suspect(BOTH, *cases).category is category


@pytest.mark.parametrize(
    "kind, told, after",
    [
        (FlakeClass.ORDER_DEPENDENT, {"because": ("b", "a"), "role": Role.VICTIM}, ("b", "a")),
        (FlakeClass.ORDER_DEPENDENT, {"because": ("b", "a")}, ("b", "a")),
        (FlakeClass.ORDER_DEPENDENT, {"because": ("b",), "role": Role.BRITTLE}, ()),
        (FlakeClass.IMPORT_POLLUTED, {"because": ("b.py",)}, ()),
        (FlakeClass.FLAKY, {}, ()),
    ],
)
def test_only_a_test_that_fails_behind_others_is_tried_behind_them(
    kind: FlakeClass, told: dict[str, Any], after: tuple[str, ...]
) -> None:
    assert suspect(NODEID, a_failed(kind=kind, **told)).after == after


def test_tests_that_fail_behind_different_others_share_no_order() -> None:
    kind = FlakeClass.ORDER_DEPENDENT
    cases = a_failed(kind=kind, because=("a",)), a_failed(OTHER, kind, because=("b",))
    assert suspect(BOTH, *cases).after == ()


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.INTERRUPTED])
def test_a_test_that_took_its_process_down_is_objected_to(outcome: Outcome) -> None:
    attempts = (a_failure("aa", outcome),)
    (why,) = suspect(NODEID, a_failed(attempts=attempts)).objections
    assert why == f"{NODEID} took its process down, which no quarantine excuses"


def test_a_regression_among_several_tests_is_objected_to() -> None:
    (why,) = suspect(BOTH, a_failed(), a_failed(OTHER, FlakeClass.REGRESSION)).objections
    assert why.startswith(f"{OTHER} is broken, not flaky")


@pytest.mark.parametrize("novelty", [Novelty.NEW, Novelty.CHANGED])
def test_a_test_that_the_change_itself_brings_is_said_to_be(novelty: Novelty) -> None:
    found = suspect(NODEID, a_failed(novelty=novelty))
    assert found.evidence[-1] == f"{NODEID} is {novelty} in this change"


def test_a_test_of_the_same_name_is_nearer_than_one_of_the_same_letters() -> None:
    known = ("a/test_pay.py::test_refund[1]", "tests/test_pay.py::test_refunds", "zzz.py::test_q")
    assert nearest_tests(NODEID, known) == (known[1], known[0])


def test_nothing_near_is_nothing() -> None:
    assert nearest_tests(NODEID, ("zzz.py::test_q",)) == ()
    (why,) = suspect(NODEID, a_case("zzz.py::test_q")).objections
    assert why == f"no test of the last report fits {NODEID}"


def test_the_past_of_one_test_needs_no_name() -> None:
    (told,) = past_evidence(past(214, 3), (NODEID,))
    assert told.startswith("failed 3 of 214 on the base (1.4 %")


def test_the_worst_of_many_are_told_and_the_others_counted() -> None:
    tests = tuple(f"t{number}" for number in range(5))
    known = {name: one for name in tests for one in past(9, int(name[1]), name).values()}
    told = past_evidence({**known, **past(0, 0, "t0")}, tests)
    assert [one.split()[0] for one in told] == ["t4", "t3", "t2", "1"]
    assert told[-1] == "1 more ran on the base"


@pytest.mark.parametrize(
    "runs, failures, broken", [(5, 5, True), (4, 4, False), (6, 5, False), (0, 0, False)]
)
def test_five_failures_without_a_pass_are_no_flakiness(
    runs: int, failures: int, broken: bool
) -> None:
    assert bool(past_objections(past(runs, failures), (NODEID, OTHER))) is broken
