"""A test in quarantine runs, is counted and does not fail the run; what its entry leaves open does."""

from __future__ import annotations

import datetime as dt

from pytest_gates.model.case import Setting, Standing
from pytest_gates.model.exceptions import QuarantineState
from support.flaking import FLAKY, ONCE, case_of, outcomes, run
from support.projects import Project
from support.runs import rules

TODAY = dt.datetime.now(dt.UTC).date()

COIN = """
    import conftest
    def test_flaky(): assert not conftest.first_time("a"), "lost the race"
    def test_other(): pass
"""
SAME_FAILURE = """
    def test_flaky(): assert 0, "lost the race"
    def test_other(): pass
"""


def entry(days: int = 9, test: str = "test_it.py::test_flaky", **more: str) -> str:
    lines = {
        "test": f'"{test}"',
        "reason": '"races with the clock"',
        "owner": '"@ana"',
        "expires": str(TODAY + dt.timedelta(days=days)),
        **dict(more.items()),
    }
    return "[[quarantine]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def a_project(project: Project, text: str, *entries: str, policy: str = FLAKY) -> Project:
    project.policy(policy)
    project.write({"conftest.py": ONCE, "test_it.py": text})
    (project.root / "gates-exceptions.toml").write_text("\n".join(entries), encoding="utf-8")
    return project


def test_a_failure_in_quarantine_leaves_the_run_green(
    project: Project, workers: tuple[str, ...]
) -> None:
    a_project(project, COIN, entry())
    done = project.run("--gates-profile", "ci", "-v", *workers)
    assert done.ret == 0
    assert done.parseoutcomes() == {"passed": 1, "quarantined": 1}
    assert case_of(project, "test_flaky").standing is Standing.FLAKY  # as it was: judged apart
    (use,) = project.report().quarantine
    assert (use.state, use.excused) == (QuarantineState.USED, ("test_it.py::test_flaky",))
    assert "quarantined-test" in rules(project.result("flaky"))
    assert "1 quarantined" in project.result("tests").summary


def test_a_quarantined_test_runs_and_is_counted_when_it_passes(project: Project) -> None:
    a_project(project, "def test_flaky(): pass\n", entry())
    assert run(project) == 0
    (use,) = project.report().quarantine
    assert (use.state, use.tests) == (QuarantineState.IDLE, 1)


def test_a_test_that_fails_every_time_is_broken_and_blocks(
    project: Project, workers: tuple[str, ...]
) -> None:
    a_project(project, SAME_FAILURE, entry())
    assert run(project, *workers) == 1
    (use,) = project.report().quarantine
    assert "broken" in use.refused[0].why
    assert "quarantine-refused" in rules(project.result("flaky"))


def test_a_failure_of_another_kind_blocks(project: Project, workers: tuple[str, ...]) -> None:
    a_project(project, COIN, entry(signature='"0123456789abcdef"'))
    assert run(project, *workers) == 10
    (use,) = project.report().quarantine
    assert "new way" in use.refused[0].why


def test_a_known_failure_is_excused_by_its_signature(project: Project) -> None:
    a_project(project, COIN)
    run(project)
    failure = case_of(project, "test_flaky").attempts[0].failure
    assert failure is not None
    (project.root / "a.seen").unlink()
    a_project(project, COIN, entry(signature=f'"{failure.signature}"'))
    assert run(project) == 0


def test_an_expired_entry_blocks_and_names_its_owner(project: Project) -> None:
    a_project(project, "def test_flaky(): pass\n", entry(days=-1))
    done = project.run("--gates-profile", "ci")
    assert done.ret == 10
    assert "@ana" in "\n".join(done.outlines)


def test_an_entry_that_expired_since_blocks_at_verify_time(project: Project) -> None:
    a_project(project, COIN, entry())
    project.commit()
    assert run(project) == 0
    assert project.verify().returncode == 0
    a_project(project, COIN, entry(days=-1))
    done = project.verify()
    assert done.returncode == 10
    assert "ended on" in done.stdout


def test_an_entry_that_was_added_since_clears_the_same_report(project: Project) -> None:
    a_project(project, COIN)
    project.commit()
    assert run(project) == 11
    a_project(project, COIN, entry())
    done = project.verify()
    assert done.returncode == 0, done.stdout
    assert "1 test(s) in quarantine, 1 of them failed" in done.stdout


def test_an_entry_for_no_test_is_stale_and_said(project: Project) -> None:
    a_project(project, "def test_other(): pass\n", entry())
    assert run(project) == 0
    (use,) = project.report().quarantine
    assert use.state is QuarantineState.STALE
    assert "quarantine-stale" in rules(project.result("flaky"))


def test_more_tests_in_quarantine_than_allowed_block(project: Project) -> None:
    text = "def test_a(): pass\ndef test_b(): pass\n"
    a_project(project, text, entry(test="test_it.py::*"), policy=FLAKY + "max-quarantined = 1\n")
    assert run(project) == 10
    assert "too-many-quarantined" in rules(project.result("flaky"))


def test_a_collection_error_is_never_excused(project: Project) -> None:
    a_project(project, "import nothing_there\n", entry(test="test_it.py"))
    assert run(project) not in {0, 5}


def test_without_the_gate_flaky_nothing_is_excused(project: Project) -> None:
    a_project(project, SAME_FAILURE, entry())
    assert run(project, "--no-gate", "flaky") == 1


def test_an_order_dependent_test_is_tried_where_it_is_known_to_fail(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Under xdist it may never meet its polluter; alone it would pass for ever."""
    text = """
        STATE = []
        def test_polluter(): STATE.append(1)
        def test_flaky(): assert not STATE
    """
    one = entry(category='"order-dependent"', after='["test_it.py::test_polluter"]')
    a_project(project, text, one)
    assert run(project, *workers) == 0
    case = case_of(project, "test_flaky")
    assert outcomes(case, Setting.AFTER)[-1] == "failed"
    (use,) = project.report().quarantine
    assert use.state is QuarantineState.USED


def test_the_waiver_file_may_hold_both(project: Project) -> None:
    waiver = (
        '[[waiver]]\ngate = "tests"\nsubject = "nothing"\nreason = "r"\nowner = "@ana"\n'
        f"expires = {TODAY + dt.timedelta(days=3)}\n"
    )
    a_project(project, COIN, waiver, entry())
    assert run(project) == 0
