"""Tests that ran more than once: each attempt is recorded, and a failure is not forgotten."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import Outcome, Standing
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import lean, said


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_a_rerun_that_passes_is_recorded_with_both_attempts(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pathlib

            def test_flaky():
                seen = pathlib.Path(__file__).with_name("seen")
                if not seen.exists():
                    seen.touch()
                    raise ValueError("the first time")

            def test_steady(): pass
        """
        }
    )
    done = project.run("--reruns=2", *workers)
    assert done.ret == 0
    flaky, steady = project.report().evidence.cases
    assert [one.outcome for one in flaky.attempts] == [Outcome.FAILED, Outcome.PASSED]
    assert "the first time" in (flaky.attempts[0].message or "")
    assert flaky.standing is Standing.FLAKY
    assert steady.standing is Standing.PASSED
    assert "1 flaky" in said(done)[0]


def test_a_rerun_that_fails_again_is_a_failure_with_all_attempts(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": "def test_fails(): assert False"})
    done = project.run("--reruns=2", *workers)
    assert done.ret == 1
    (case,) = project.report().evidence.cases
    assert [one.outcome for one in case.attempts] == [Outcome.FAILED] * 3
    assert project.result("tests").verdict is Verdict.FAIL


def test_a_rerun_of_a_broken_set_up_is_an_attempt(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pathlib
            import pytest

            @pytest.fixture
            def database():
                seen = pathlib.Path(__file__).with_name("seen")
                if not seen.exists():
                    seen.touch()
                    raise ValueError("not up yet")

            def test_flaky(database): pass
        """
        }
    )
    done = project.run("--reruns=1", *workers)
    assert done.ret == 0
    (case,) = project.report().evidence.cases
    assert [one.outcome for one in case.attempts] == [Outcome.ERROR, Outcome.PASSED]


def test_a_test_that_is_collected_twice_and_failed_once_does_not_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pathlib

            def test_it():
                seen = pathlib.Path(__file__).with_name("seen")
                if not seen.exists():
                    seen.touch()
                    raise ValueError("the first time")
        """,
            "conftest.py": "def pytest_collection_modifyitems(items): items[:] = items * 2\n",
        }
    )
    done = project.run(*workers)
    assert done.ret == 1
    assert project.report().decision is Decision.BLOCKED
