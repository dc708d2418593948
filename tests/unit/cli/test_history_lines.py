"""What is remembered is told in words and columns."""

from __future__ import annotations

import msgspec
import pytest

from pytest_gates.adapters.history_import import Imported
from pytest_gates.adapters.junit_archive import Skipped
from pytest_gates.cli.history_lines import (
    lines_of_import,
    lines_of_test,
    lines_of_top,
    lines_of_trend,
)
from pytest_gates.model.case import Outcome
from pytest_gates.model.history import (
    BranchKind,
    PastAttempt,
    RunSummary,
    Sighting,
    Tally,
    TestHistory,
)
from support.evidence import NOW

RUN = RunSummary(
    id="run-1",
    started=NOW,
    branch="main",
    branch_kind=BranchKind.BASE,
    commit="0123456789abcdef",
    tests=10,
    passed=7,
    flaky=1,
    failed=1,
    skipped=1,
    seconds=12.34,
)
TEST = TestHistory(
    nodeid="t.py::test_a",
    base=Tally(runs=30, weighted_runs=20.0),
    change=Tally(),
)
NOTHING = Imported(written=0, known=0, too_old=0, results=0, undated=0, skipped=(), left_out={})


def lines(told: TestHistory = TEST, *seen: Sighting) -> list[str]:
    return list(lines_of_test(told, seen))


def test_a_steady_test_is_told_by_what_its_passes_rule_out() -> None:
    first, lately, head = lines()
    assert first == (
        "  on the base: 0 failures in 30 runs: fails less than 9.5 % of the time, 95 % sure"
    )
    assert lately.startswith("  lately: fails 2.4 % of the time, between 0.0")
    assert head.split() == ["began", "branch", "commit", "seconds", "what", "happened"]


def test_a_test_that_never_ran_on_the_base_is_not_judged() -> None:
    told = msgspec.structs.replace(TEST, base=Tally(), change=Tally(runs=4, failures=1))
    assert lines(told)[:-1] == [
        "  on the base: no runs: nothing is known of how often it fails",
        "  on changes: failed 1 of 4",
    ]


@pytest.mark.parametrize(
    "attempt, cells",
    [
        (PastAttempt(outcome=Outcome.PASSED, seconds=0.123456), "0.123  passed"),
        (PastAttempt(outcome=Outcome.SKIPPED), "-      skipped"),
    ],
)
def test_a_run_of_a_test_is_one_line(attempt: PastAttempt, cells: str) -> None:
    line = lines(TEST, Sighting(run=RUN, attempts=(attempt,)))[-1]
    assert line.startswith("  2026-11-20 12:00  main    0123456789  ")
    assert " ".join(line.split()).endswith(" ".join(cells.split()))


def test_a_run_without_branch_and_commit_is_told_by_its_kind() -> None:
    bare = msgspec.structs.replace(RUN, branch=None, commit=None)
    (line,) = list(lines_of_trend([bare]))[1:-1]
    assert line.split() == ["2026-11-20", "12:00", "base", "-", "10", "7", "1", "1", "1", "12.3"]


def test_runs_of_changes_are_listed_and_not_counted() -> None:
    change = msgspec.structs.replace(RUN, branch_kind=BranchKind.CHANGE)
    *_, last = lines_of_trend([RUN, change, RUN])
    assert last == "  2 runs on the base: 2 with flaky tests, 2 with failed ones"


def test_the_worst_tests_are_told_with_their_kind() -> None:
    told = msgspec.structs.replace(
        TEST,
        base=Tally(runs=30, failures=3, weighted_runs=20.0, weighted_failures=2.0),
        unsteady=3,
        kinds=("flaky",),
        last_failed=NOW,
    )
    head, line = lines_of_top([told], 30)
    assert head.split() == ["unsteady", "failed", "rate", "lately", "last", "failed", "test"]
    assert " ".join(line.split()) == "3 runs 3 of 30 11.9 % 2026-11-20 t.py::test_a (flaky)"


def test_a_test_that_failed_on_no_first_attempt_never_failed() -> None:
    told = msgspec.structs.replace(TEST, unsteady=1)
    assert "never" in list(lines_of_top([told], 30))[1]


def test_only_what_happened_in_an_import_is_told() -> None:
    assert list(lines_of_import(NOTHING)) == ["imported 0 runs with 0 results"]
    told = msgspec.structs.replace(
        NOTHING,
        written=1,
        results=2,
        known=1,
        too_old=2,
        undated=1,
        left_out={"without a name": 2},
        skipped=(Skipped(place="a.xml", why="it is no XML"),),
    )
    assert list(lines_of_import(told)) == [
        "imported 1 run with 2 results",
        "1 run known already",
        "2 runs older than the history goes back",
        "1 document without a time: took that of the file",
        "2 test cases left out: without a name",
        "skipped a.xml: it is no XML",
    ]


def test_columns_hold_no_control_characters() -> None:
    hostile = msgspec.structs.replace(RUN, branch="\x1b[2J", commit="\x1b]0;")
    assert not any("\x1b" in line for line in lines_of_trend([hostile]))
