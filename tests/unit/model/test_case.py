"""Where a test stands follows from its attempts, what they were told to mean, and who excuses them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    Diagnosis,
    FlakeClass,
    Outcome,
    Setting,
    Standing,
)
from support.evidence import a_case

PASSED, FAILED, ERROR = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR
SKIPPED, XFAILED, XPASSED = Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED
CRASHED, INTERRUPTED = Outcome.CRASHED, Outcome.INTERRUPTED


@pytest.mark.parametrize(
    "outcomes, standing",
    [
        ((PASSED,), Standing.PASSED),
        ((FAILED,), Standing.FAILED),
        ((ERROR,), Standing.ERROR),
        ((CRASHED,), Standing.CRASHED),
        ((INTERRUPTED,), Standing.NOT_RUN),
        ((SKIPPED,), Standing.SKIPPED),
        ((XFAILED,), Standing.XFAILED),
        ((XPASSED,), Standing.XPASSED),
        ((FAILED, PASSED), Standing.FLAKY),
        ((ERROR, PASSED), Standing.FLAKY),
        ((CRASHED, PASSED), Standing.FLAKY),
        ((INTERRUPTED, PASSED), Standing.FLAKY),
        ((FAILED, FAILED, PASSED), Standing.FLAKY),
        ((FAILED, PASSED, PASSED), Standing.FLAKY),
        ((PASSED, PASSED), Standing.PASSED),
        ((PASSED, FAILED), Standing.FAILED),
        ((FAILED, ERROR), Standing.ERROR),
        ((FAILED, CRASHED), Standing.CRASHED),
        ((PASSED, INTERRUPTED), Standing.NOT_RUN),
    ],
)
def test_the_last_attempt_decides_and_an_earlier_failure_is_remembered(
    outcomes: tuple[Outcome, ...], standing: Standing
) -> None:
    assert a_case("t.py::test_a", *outcomes).standing is standing


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_standing(outcome: Outcome) -> None:
    assert isinstance(a_case("t.py::test_a", outcome).standing, Standing)


@pytest.mark.parametrize("last", [SKIPPED, XFAILED])
def test_a_test_that_failed_and_never_passed_is_not_flaky(last: Outcome) -> None:
    assert a_case("t.py::test_a", FAILED, last).standing is not Standing.FLAKY


def test_a_test_without_attempt_was_not_run() -> None:
    assert CaseRecord(nodeid="t.py::test_a").standing is Standing.NOT_RUN


def test_a_deselected_test_is_told_from_one_that_was_forgotten() -> None:
    assert CaseRecord(nodeid="t.py::test_a", deselected=True).standing is Standing.DESELECTED


def test_a_test_that_ran_was_not_deselected() -> None:
    assert a_case("t.py::test_a", PASSED, deselected=True).standing is Standing.PASSED


@pytest.mark.parametrize(
    "nodeid, path",
    [
        ("tests/t.py::TestA::test_b[x::y]", "tests/t.py"),
        ("docs/index.md", "docs/index.md"),
        ("", ""),
    ],
)
def test_the_path_ends_at_the_first_double_colon(nodeid: str, path: str) -> None:
    assert CaseRecord(nodeid=nodeid).path == path


BAD = (FAILED, ERROR, CRASHED, INTERRUPTED)
FLAKES = (
    FlakeClass.FLAKY,
    FlakeClass.ORDER_DEPENDENT,
    FlakeClass.ACCUMULATING,
    FlakeClass.IMPORT_POLLUTED,
)
NO_FLAKES = (FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE)
EXCUSABLE = {Standing.FLAKY, Standing.FAILED, Standing.ERROR}
SEVERAL = st.lists(st.sampled_from(Outcome), min_size=2, max_size=5)
ANY = st.lists(st.sampled_from(Outcome), max_size=5)
KINDS = st.none() | st.sampled_from(FlakeClass)


def told(kind: FlakeClass | None, *outcomes: Outcome, excused: str | None = None) -> CaseRecord:
    """A test with these attempts, and what they were told to mean."""
    diagnosis = None if kind is None else Diagnosis(kind=kind, why="as told")
    attempts = tuple(Attempt(outcome=one) for one in outcomes)
    return CaseRecord(nodeid="t.py::t", attempts=attempts, diagnosis=diagnosis, excused=excused)


@pytest.mark.parametrize("kind", FLAKES)
@pytest.mark.parametrize(
    "outcomes",
    [(FAILED, PASSED), (ERROR, XPASSED), (FAILED, PASSED, FAILED), (PASSED, FAILED)],
)
def test_a_test_that_was_told_to_be_flaky_and_passed_is(
    kind: FlakeClass, outcomes: tuple[Outcome, ...]
) -> None:
    assert told(kind, *outcomes).standing is Standing.FLAKY


@pytest.mark.parametrize("kind", FLAKES)
@pytest.mark.parametrize(
    "outcomes, standing",
    [
        ((FAILED, FAILED, FAILED), Standing.FAILED),
        ((ERROR, FAILED), Standing.ERROR),
        ((FAILED, SKIPPED), Standing.FAILED),
        ((FAILED, XFAILED), Standing.FAILED),
    ],
)
def test_a_test_that_never_passed_is_not_flaky_whatever_it_was_told_to_be(
    kind: FlakeClass, outcomes: tuple[Outcome, ...], standing: Standing
) -> None:
    assert told(kind, *outcomes).standing is standing


@pytest.mark.parametrize("kind", FLAKES)
@pytest.mark.parametrize("setting", list(Setting))
def test_a_pass_in_the_process_of_the_failure_does_not_speak_for_a_test(
    kind: FlakeClass, setting: Setting
) -> None:
    attempts = (Attempt(outcome=FAILED), Attempt(outcome=PASSED, setting=setting))
    case = CaseRecord(
        nodeid="t.py::t", attempts=attempts, diagnosis=Diagnosis(kind=kind, why="as told")
    )
    heals_itself = setting is Setting.IN_PROCESS
    assert case.standing is (Standing.FAILED if heals_itself else Standing.FLAKY)


@pytest.mark.parametrize("kind", NO_FLAKES)
@pytest.mark.parametrize(
    "outcomes, standing",
    [
        ((FAILED, FAILED), Standing.FAILED),
        ((FAILED, ERROR), Standing.FAILED),
        ((ERROR, FAILED), Standing.ERROR),
        ((CRASHED, FAILED), Standing.CRASHED),
        ((INTERRUPTED, FAILED), Standing.NOT_RUN),
        ((FAILED, PASSED), Standing.FAILED),
        ((FAILED, PASSED, PASSED), Standing.FAILED),
        ((PASSED, FAILED, PASSED), Standing.FAILED),
    ],
)
def test_a_regression_and_an_unknown_stand_where_they_first_failed(
    kind: FlakeClass, outcomes: tuple[Outcome, ...], standing: Standing
) -> None:
    assert told(kind, *outcomes).standing is standing


@pytest.mark.parametrize("kind", list(FlakeClass))
@pytest.mark.parametrize("last", [PASSED, XPASSED, SKIPPED, XFAILED])
def test_a_test_that_never_failed_stands_where_it_ended(kind: FlakeClass, last: Outcome) -> None:
    assert told(kind, PASSED, last).standing is Standing(last.value)


@pytest.mark.parametrize("kind", list(FlakeClass))
@pytest.mark.parametrize("only", list(Outcome))
def test_a_single_attempt_speaks_for_itself(kind: FlakeClass, only: Outcome) -> None:
    assert told(kind, only).standing is told(None, only).standing


@given(KINDS, SEVERAL)
def test_whatever_failed_once_does_not_stand_as_if_it_never_had(
    kind: FlakeClass | None, outcomes: list[Outcome]
) -> None:
    standing = told(kind, *outcomes).standing
    clean = {Standing.PASSED, Standing.XPASSED, Standing.SKIPPED, Standing.XFAILED}
    assert (standing in clean) is not any(one in BAD for one in outcomes)


@given(st.sampled_from(NO_FLAKES), SEVERAL)
def test_a_regression_and_an_unknown_are_never_called_flaky(
    kind: FlakeClass, outcomes: list[Outcome]
) -> None:
    assert told(kind, *outcomes).standing is not Standing.FLAKY


@pytest.mark.parametrize("outcome", [FAILED, ERROR])
def test_a_failure_that_is_excused_is_quarantined(outcome: Outcome) -> None:
    assert told(None, outcome, excused="@ana").standing is Standing.QUARANTINED


@pytest.mark.parametrize(
    "outcome, standing",
    [
        (CRASHED, Standing.CRASHED),
        (INTERRUPTED, Standing.NOT_RUN),
        (PASSED, Standing.PASSED),
        (SKIPPED, Standing.SKIPPED),
        (XPASSED, Standing.XPASSED),
    ],
)
def test_nobody_can_excuse_a_crash_or_needs_to_excuse_a_pass(
    outcome: Outcome, standing: Standing
) -> None:
    assert told(None, outcome, excused="@ana").standing is standing


def test_a_test_without_an_attempt_is_not_quarantined() -> None:
    assert told(None, excused="@ana").standing is Standing.NOT_RUN


@given(KINDS, ANY)
def test_an_excuse_changes_failures_and_nothing_else(
    kind: FlakeClass | None, outcomes: list[Outcome]
) -> None:
    own = told(kind, *outcomes).standing
    excused = told(kind, *outcomes, excused="@ana").standing
    assert excused is (Standing.QUARANTINED if own in EXCUSABLE else own)


@given(KINDS, ANY)
def test_an_excuse_without_an_owner_is_none(
    kind: FlakeClass | None, outcomes: list[Outcome]
) -> None:
    assert told(kind, *outcomes, excused="").standing is told(kind, *outcomes).standing


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_attempt_is_bad_or_passed_or_neither(outcome: Outcome) -> None:
    attempt = Attempt(outcome=outcome)
    assert attempt.passed is (outcome in {PASSED, XPASSED})
    assert attempt.bad is (outcome in BAD)
