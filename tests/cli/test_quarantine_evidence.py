"""Beside a new entry stands what the last report and the history say of its test."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pytest_gates.model.case import Outcome
from pytest_gates.model.history import HistoryFacts, Tally, TestHistory
from support.evidence import NODEID, a_case, a_report, an_evidence
from support.excused import POLICY, Excused, a_failed, runs_on_base

P, F = Outcome.PASSED, Outcome.FAILED
ADD = ("quarantine", "add", NODEID, "--reason", "races", "--owner", "@ana")


@pytest.fixture
def failed(tmp_path: Path) -> Excused:
    return Excused(tmp_path).saw(a_failed())


def evidence(project: Excused) -> str:
    (line,) = [one for one in project.text.splitlines() if one.startswith("#")]
    return line


def test_report_and_history_stand_above_the_entry_and_on_the_screen(failed: Excused) -> None:
    failed.remembers(*runs_on_base(failed.root, P, F, P, P))
    done = failed.gates(*ADD)
    assert done.exit_code == 0
    assert evidence(failed).startswith("# evidence: failed 1 of 4 on the base (25.0 %, between ")
    assert "failed in the run of 2026-11-20, flaky: passed 2 of 3 attempts alone" in evidence(
        failed
    )
    assert done.output.startswith("failed 1 of 4 on the base")
    assert failed.text.splitlines()[1] == "[[quarantine]]"


def test_a_test_that_never_failed_on_the_base_is_said_to_be_new_to_it(failed: Excused) -> None:
    failed.remembers(*runs_on_base(failed.root, P, P))
    assert failed.gates(*ADD).exit_code == 0
    assert "on the base 0 failures in 2 runs" in evidence(failed)


def test_a_test_that_was_never_on_the_base_is_said_to_be(failed: Excused) -> None:
    failed.remembers(*runs_on_base(failed.root, P, nodeid="other.py::test_other"))
    assert failed.gates(*ADD).exit_code == 0
    assert evidence(failed).startswith("# evidence: never seen on the base; failed in the run")


def test_a_test_that_always_fails_is_broken_and_needs_force(failed: Excused) -> None:
    failed.remembers(*runs_on_base(failed.root, F, F, F, F, F))
    done = failed.gates(*ADD)
    assert done.exit_code == 1
    assert "failed in all of its 5 runs on the base: broken, not flaky" in done.output
    assert failed.text == ""
    assert failed.gates(*ADD, "--force").exit_code == 0
    assert "added by force" in evidence(failed)


def test_no_history_is_said_in_a_line_and_stops_nobody(failed: Excused) -> None:
    done = failed.gates(*ADD)
    assert done.exit_code == 0
    assert [one for one in done.output.splitlines() if one.startswith("no history: ")]
    assert not (failed.root / ".pytest_cache").exists()
    assert evidence(failed).startswith("# evidence: failed in the run of")


def test_a_broken_history_is_said_in_a_line_and_stops_nobody(failed: Excused) -> None:
    folder = failed.root / ".pytest_cache/d/gates"
    folder.mkdir(parents=True)
    (folder / "history.sqlite3").write_bytes(b"no database at all" * 100)
    done = failed.gates(*ADD)
    assert done.exit_code == 0
    assert len([one for one in done.output.splitlines() if one.startswith("no history: ")]) == 1


@pytest.mark.parametrize(
    "history, told",
    [
        ("off", "no history: the policy keeps no history"),
        ("env:GATES_HISTORY", "the variable GATES_HISTORY says, and it is not set"),
    ],
)
def test_a_history_that_the_policy_does_not_give_is_said(
    tmp_path: Path, history: str, told: str
) -> None:
    project = Excused(tmp_path, f'[tool.pytest-gates]\nhistory = "{history}"\n{POLICY}')
    done = project.saw(a_failed()).gates(*ADD)
    assert done.exit_code == 0
    assert told in done.output


def test_a_variable_may_say_where_the_history_is(tmp_path: Path) -> None:
    project = Excused(tmp_path, f'[tool.pytest-gates]\nhistory = "env:GATES_HISTORY"\n{POLICY}')
    project.saw(a_failed()).remembers(*runs_on_base(tmp_path, P, F), folder="shared")
    place = f"sqlite:{tmp_path}/shared/history.sqlite3"
    assert project.gates(*ADD, env={"GATES_HISTORY": place}).exit_code == 0
    assert "failed 1 of 2 on the base" in evidence(project)


def test_another_repository_in_the_same_history_is_not_asked(failed: Excused) -> None:
    failed.remembers(*runs_on_base(Path("another"), P, F))
    assert failed.gates(*ADD).exit_code == 0
    assert "never seen on the base" in evidence(failed)


@pytest.mark.parametrize("worse", ["cpython-3.11-linux", "cpython-3.14-linux"])
def test_of_several_pythons_the_one_in_which_it_fails_most_is_told(
    failed: Excused, worse: str
) -> None:
    for variant in ("cpython-3.11-linux", "cpython-3.14-linux"):
        outcomes = (F, F, P) if variant == worse else (F, P, P, P)
        failed.remembers(*runs_on_base(failed.root, *outcomes, variant=variant))
    assert failed.gates(*ADD).exit_code == 0
    assert "failed 2 of 3 on the base" in evidence(failed)


def test_what_the_report_remembers_stands_in_for_the_history(tmp_path: Path) -> None:
    known = TestHistory(nodeid=NODEID, base=Tally(runs=214, failures=3), change=Tally())
    facts = HistoryFacts(source="sqlite", base_runs=214, tests={NODEID: known})
    found = msgspec.structs.replace(an_evidence(tests=(a_failed(),)), history=facts)
    project = Excused(tmp_path).report(a_report(evidence=found))
    done = project.gates(*ADD)
    assert done.exit_code == 0
    assert evidence(project).startswith("# evidence: failed 3 of 214 on the base")
    assert "no history: " in done.output


def test_a_test_that_passed_in_the_last_report_is_narrowed_to_no_failure(tmp_path: Path) -> None:
    project = Excused(tmp_path).saw(a_case())
    done = project.gates(*ADD)
    assert done.exit_code == 0
    assert "passed in the run of 2026-11-20" in evidence(project)
    assert "narrowed to no failure" in done.output


def test_a_glob_says_how_many_tests_it_covers(tmp_path: Path) -> None:
    other = a_failed("tests/test_pay.py::test_pay")
    project = Excused(tmp_path).saw(a_failed(), other, a_case("tests/test_pay.py::test_x"))
    words = ("quarantine", "add", "tests/test_pay.py::*", *ADD[3:])
    assert project.gates(*words).exit_code == 0
    assert "covers 3 tests, 2 of them failed" in evidence(project)
