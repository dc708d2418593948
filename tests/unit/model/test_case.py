"""Where a test stands follows from its attempts alone."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import CaseRecord, Outcome, Standing
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
