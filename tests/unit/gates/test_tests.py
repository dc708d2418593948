"""The gate `tests`: every collected test ran, none failed, and pytest itself agrees."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.gates.tests import GATE, TestsSettings, evaluate
from pytest_gates.model.case import Attempt, CaseRecord, CollectionError, Outcome
from pytest_gates.model.evidence import Evidence, WorkerRecord
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.verdict import Verdict, verdict_of
from support.evidence import NODEID, a_case, a_run, an_evidence, cases, rules

SETTINGS = TestsSettings()
BROKEN = CollectionError(nodeid="tests/test_pay.py", message="SyntaxError")
PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED


def findings(evidence: Evidence, settings: TestsSettings = SETTINGS) -> tuple[Finding, ...]:
    return evaluate(evidence, settings).findings


def verdict(evidence: Evidence, settings: TestsSettings = SETTINGS) -> Verdict:
    return verdict_of(findings(evidence, settings))


def test_a_green_suite_has_nothing_to_say() -> None:
    judgement = evaluate(an_evidence(tests=cases(PASSED, PASSED, SKIPPED)), SETTINGS)
    assert judgement.findings == ()
    assert judgement.summary == "2 passed, 1 skipped"


@pytest.mark.parametrize(
    "outcome, rule, word",
    [
        (Outcome.FAILED, "failed-test", "failed"),
        (Outcome.ERROR, "errored-test", "could not be set up or torn down"),
        (Outcome.CRASHED, "crashed-test", "took its process down"),
    ],
)
def test_a_bad_test_fails_the_gate_under_a_rule_of_its_own(
    outcome: Outcome, rule: str, word: str
) -> None:
    (found,) = findings(an_evidence(tests=(a_case(NODEID, outcome),), run=a_run(exit_status=1)))
    assert (found.rule, found.message, found.effect) == (rule, word, Effect.FAIL)
    assert found.subject == NODEID
    assert found.remedy == f"reproduce: pytest {NODEID}"


def test_a_failure_is_told_with_its_message_and_line() -> None:
    attempt = Attempt(outcome=FAILED, message="assert 1 == 2", line=7)
    case = CaseRecord(nodeid=NODEID, attempts=(attempt,))
    (found,) = findings(an_evidence(tests=(case,), run=a_run(exit_status=1)))
    assert found.message == "failed: assert 1 == 2"
    assert found.where == "tests/test_pay.py:7"


def test_a_crash_is_told_with_its_worker() -> None:
    attempt = Attempt(outcome=Outcome.CRASHED, worker="gw1")
    case = CaseRecord(nodeid=NODEID, attempts=(attempt,))
    (found,) = findings(an_evidence(tests=(case,), run=a_run(exit_status=1)))
    assert found.message == "took its process down on worker gw1"


def test_a_test_that_passed_on_a_rerun_is_a_note_and_not_hidden() -> None:
    evidence = an_evidence(tests=(a_case(NODEID, FAILED, FAILED, PASSED),))
    (found,) = findings(evidence)
    assert (found.rule, found.effect) == ("flaky-test", Effect.NOTE)
    assert found.message == "passed only on attempt 3"
    assert verdict(evidence) is Verdict.PASS


@pytest.mark.parametrize("last", [SKIPPED, Outcome.XFAILED])
def test_a_test_that_failed_and_did_not_pass_afterwards_does_not_pass_the_gate(
    last: Outcome,
) -> None:
    evidence = an_evidence(tests=(*cases(PASSED), a_case(NODEID, FAILED, last)))
    assert verdict(evidence) is not Verdict.PASS


@pytest.mark.parametrize("outcome", [Outcome.XFAILED, Outcome.XPASSED])
def test_an_expected_failure_is_a_test_that_ran(outcome: Outcome) -> None:
    assert verdict(an_evidence(tests=cases(outcome))) is Verdict.PASS


def test_a_file_that_cannot_be_collected_fails_the_gate() -> None:
    evidence = an_evidence(errors=(BROKEN,), run=a_run(exit_status=1))
    (found,) = findings(evidence)
    assert (found.rule, found.effect) == ("collection-error", Effect.FAIL)
    assert found.message == "could not be collected, so its tests are unknown: SyntaxError"
    assert found.remedy == "reproduce: pytest --collect-only tests/test_pay.py"
    assert evaluate(evidence, SETTINGS).summary == "1 passed, 1 not collectable"


def test_a_collection_error_of_the_root_has_a_place() -> None:
    error = CollectionError(nodeid="", message="no such folder")
    (found,) = findings(an_evidence(errors=(error,), run=a_run(exit_status=1)))
    assert found.subject == "."


def test_the_status_with_which_pytest_ends_after_a_collection_error_is_explained_by_it() -> None:
    evidence = an_evidence(errors=(BROKEN,), run=a_run(exit_status=2))
    assert rules(findings(evidence)) == ["collection-error"]


@pytest.mark.parametrize(
    "changes, rule, said",
    [
        ({"stopped_early": "-x"}, "stopped-early", "-x"),
        ({"selection": ("-k pay", "1 file")}, "partial-run", "(-k pay, 1 file)"),
        ({"workers": (WorkerRecord(id="gw1", finished=False),)}, "lost-worker", "worker gw1 died"),
        ({"exit_status": None}, "unfinished-run", "did not finish"),
    ],
)
def test_a_run_that_was_not_whole_is_inconclusive(
    changes: dict[str, Any], rule: str, said: str
) -> None:
    (found,) = findings(an_evidence(run=a_run(**changes)))
    assert (found.rule, found.effect) == (rule, Effect.UNKNOWN)
    assert said in found.message
    assert found.remedy


def test_a_partial_run_is_judged_where_the_policy_allows_it() -> None:
    evidence = an_evidence(run=a_run(selection=("-k pay",)))
    assert verdict(evidence, TestsSettings(allow_partial=True)) is Verdict.PASS


def test_a_worker_that_came_home_is_not_lost() -> None:
    workers = (WorkerRecord(id="gw0", finished=True), WorkerRecord(id="gw1", finished=True))
    assert findings(an_evidence(run=a_run(workers=workers))) == ()


def test_tests_without_a_result_are_named_three_of_them() -> None:
    forgotten = tuple(CaseRecord(nodeid=f"t.py::test_{number}") for number in range(5))
    (found,) = findings(an_evidence(tests=(a_case(), *forgotten)))
    assert (found.rule, found.effect) == ("not-run", Effect.UNKNOWN)
    assert found.message == (
        "5 collected test(s) have no result: t.py::test_0, t.py::test_1, t.py::test_2 and 2 more"
    )


def test_one_test_without_a_result_is_enough() -> None:
    evidence = an_evidence(tests=(a_case(), CaseRecord(nodeid="t.py::test_a")))
    (found,) = findings(evidence)
    assert found.message == "1 collected test(s) have no result: t.py::test_a"


def test_a_test_that_began_and_never_ended_has_no_result() -> None:
    evidence = an_evidence(tests=(a_case(), a_case("t.py::test_a", Outcome.INTERRUPTED)))
    assert rules(findings(evidence)) == ["not-run"]


def test_a_run_that_stopped_early_does_not_list_what_it_did_not_reach() -> None:
    evidence = an_evidence(
        tests=(CaseRecord(nodeid="t.py::test_a"),),
        run=a_run(stopped_early="interrupted", exit_status=2),
    )
    assert rules(findings(evidence)) == ["stopped-early"]


@pytest.mark.parametrize(
    "tests, said",
    [
        ((), "no test was collected"),
        (cases(SKIPPED), "no test was executed: 1 skipped"),
        (
            (CaseRecord(nodeid="t.py::test_a", deselected=True), *cases(SKIPPED)),
            "no test was executed: 1 skipped, 1 deselected",
        ),
    ],
)
@pytest.mark.parametrize("status", [0, 5])
def test_a_run_without_an_executed_test_is_inconclusive(
    tests: tuple[CaseRecord, ...], said: str, status: int
) -> None:
    (found,) = findings(an_evidence(tests=tests, run=a_run(exit_status=status)))
    assert (found.rule, found.effect, found.message) == ("no-tests", Effect.UNKNOWN, said)


def test_a_suite_without_tests_says_so_in_its_summary() -> None:
    assert evaluate(an_evidence(tests=()), SETTINGS).summary == "no tests"


@pytest.mark.parametrize(
    "status, why",
    [
        (1, "no test failed, so a plugin or a setting of pytest objected"),
        (2, "the run was interrupted"),
        (3, "pytest had an internal error"),
        (4, "pytest was used wrongly"),
        (5, "no test failed, so a plugin or a setting of pytest objected"),
        (6, "pytest counted more warnings than max-warnings allows"),
        (77, "no test failed, so a plugin or a setting of pytest objected"),
        (-9, "no test failed, so a plugin or a setting of pytest objected"),
    ],
)
def test_a_status_that_no_test_explains_fails_the_gate(status: int, why: str) -> None:
    (found,) = findings(an_evidence(run=a_run(exit_status=status)))
    assert (found.rule, found.effect) == ("pytest-exit-status", Effect.FAIL)
    assert found.message == f"pytest ended with status {status}: {why}"


@pytest.mark.parametrize("status", [2, 3, 4, 6, 77])
def test_a_failed_test_does_not_explain_every_status(status: int) -> None:
    evidence = an_evidence(tests=cases(FAILED), run=a_run(exit_status=status))
    assert rules(findings(evidence)) == ["failed-test", "pytest-exit-status"]


def test_a_failed_test_counts_although_somebody_reset_the_status() -> None:
    evidence = an_evidence(tests=cases(FAILED), run=a_run(exit_status=0))
    assert verdict(evidence) is Verdict.FAIL


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("status", [None, 0, 1, 2, 3, 4, 5, 6])
def test_only_status_zero_can_pass(outcome: Outcome, status: int | None) -> None:
    evidence = an_evidence(tests=cases(PASSED, outcome), run=a_run(exit_status=status))
    assert verdict(evidence) is not Verdict.PASS or status == 0


def test_each_standing_is_counted_and_none_that_does_not_occur() -> None:
    measures = evaluate(an_evidence(tests=cases(PASSED, SKIPPED, PASSED)), SETTINGS).measures
    assert [(one.name, one.observed) for one in measures] == [("passed", "2"), ("skipped", "1")]


@given(st.text(max_size=60))
def test_the_line_that_reproduces_a_failure_is_one_word_for_a_shell(name: str) -> None:
    nodeid = f"tests/t.py::test_a[{name}]"
    evidence = an_evidence(tests=(a_case(nodeid, FAILED),), run=a_run(exit_status=1))
    remedy = findings(evidence)[0].remedy
    assert remedy is not None
    assert remedy.isprintable() or not nodeid.isprintable()
    words = shlex.split(remedy)
    assert words[:2] == ["reproduce:", "pytest"]
    assert len(words) == 3
    assert words[2] == nodeid or not nodeid.isprintable()


def test_the_gate_is_known_by_the_name_of_its_table() -> None:
    assert (GATE.name, GATE.settings) == ("tests", TestsSettings)
