"""Runs that break: a dead worker, an interruption, an uncollectable file. Nothing is lost."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import Standing
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import lean, rules, standings

_FOUR = """
    import os

    def test_a(): pass
    def test_b(): {how}
    def test_c(): pass
    def test_d(): pass
"""
_NAMES = {"test_a", "test_b", "test_c", "test_d"}


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.mark.parametrize("status", [0, 1])
def test_the_tests_of_a_crashed_worker_are_not_lost(project: Project, status: int) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how=f"os._exit({status})")})
    done = project.run("-n2")
    assert done.ret == 1
    found = standings(project)
    assert set(found) == _NAMES
    assert found["test_b"] is Standing.CRASHED
    assert project.report().decision is Decision.BLOCKED


def test_a_crashed_worker_is_named(project: Project) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="os._exit(1)")})
    project.run("-n2")
    crashed = [one.id for one in project.report().evidence.run.workers if not one.finished]
    assert len(crashed) == 1
    finding = next(one for one in project.result("tests").findings if one.rule == "crashed-test")
    assert f"took its process down on worker {crashed[0]}" in finding.message


def test_a_crash_without_replacement_leaves_the_other_tests_without_result(
    project: Project,
) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="os._exit(1)")})
    done = project.run("-n1", "--max-worker-restart=0")
    assert done.ret != 0
    found = standings(project)
    assert found == {
        "test_a": Standing.PASSED,
        "test_b": Standing.CRASHED,
        "test_c": Standing.NOT_RUN,
        "test_d": Standing.NOT_RUN,
    }
    assert project.report().decision is Decision.BLOCKED


def test_a_crash_between_two_tests_is_not_a_pass(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": _FOUR.format(how="pass"),
            "conftest.py": """
            import os

            def pytest_runtest_logfinish(nodeid):
                if nodeid.endswith("test_d") and "PYTEST_XDIST_WORKER" in os.environ:
                    os._exit(0)
        """,
        }
    )
    done = project.run("-n2", "--gates-profile=ci")
    assert done.ret != 0
    assert set(standings(project)) == _NAMES
    assert project.report().decision is not Decision.PASS
    assert "lost-worker" in rules(project.result("tests"))


def test_a_worker_that_dies_at_the_end_of_its_session_is_not_a_pass(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": _FOUR.format(how="pass"),
            "conftest.py": """
            import os

            def pytest_unconfigure():
                if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
                    os._exit(0)

            def pytest_sessionfinish():
                if os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
                    os._exit(0)
        """,
        }
    )
    done = project.run("-n2", "--gates-profile=ci")
    assert done.ret != 0
    assert project.report().decision is not Decision.PASS


def test_an_interrupted_run_tells_what_was_not_run(project: Project) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="raise KeyboardInterrupt")})
    done = project.run()
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert standings(project) == {
        "test_a": Standing.PASSED,
        "test_b": Standing.NOT_RUN,
        "test_c": Standing.NOT_RUN,
        "test_d": Standing.NOT_RUN,
    }
    assert project.report().finished
    assert project.result("tests").verdict is Verdict.INCONCLUSIVE
    assert project.report().evidence.run.stopped_early


def test_an_interruption_in_a_worker_is_never_a_pass(project: Project) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="raise KeyboardInterrupt")})
    done = project.run("-n2", "--gates-profile=ci")
    assert done.ret != 0
    assert set(standings(project)) == _NAMES
    assert project.report().decision is not Decision.PASS


@pytest.mark.parametrize("how", ["import pytest; pytest.exit('enough', returncode=0)"])
def test_a_test_that_ends_the_session_with_status_zero_is_not_a_pass(
    project: Project, how: str
) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how=how)})
    done = project.run("--gates-profile=ci")
    assert done.ret == 11
    assert set(standings(project)) == _NAMES
    assert project.report().decision is Decision.INCONCLUSIVE


def test_a_module_that_exits_with_status_zero_is_not_a_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_a.py": "def test_a(): pass",
            "test_b.py": "import sys\nsys.exit(0)\n",
        }
    )
    done = project.run(*workers, "--gates-profile=ci")
    assert done.ret != 0
    assert project.report().decision is not Decision.PASS


@pytest.mark.parametrize("words", [("-x",), ("--maxfail=1",)], ids=" ".join)
def test_what_came_after_the_first_failure_was_not_run(
    project: Project, words: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="assert False")})
    done = project.run(*words)
    assert done.ret == 1
    assert standings(project) == {
        "test_a": Standing.PASSED,
        "test_b": Standing.FAILED,
        "test_c": Standing.NOT_RUN,
        "test_d": Standing.NOT_RUN,
    }
    assert project.report().decision is Decision.BLOCKED
    assert rules(project.result("tests")) == ["failed-test", "stopped-early"]


def test_no_test_is_lost_when_workers_stop_at_the_first_failure(project: Project) -> None:
    project.policy().write({"test_it.py": _FOUR.format(how="assert False")})
    done = project.run("-x", "-n2")
    assert done.ret != 0
    found = standings(project)
    assert set(found) == _NAMES
    assert found["test_b"] is Standing.FAILED
    assert project.report().decision is Decision.BLOCKED


@pytest.mark.parametrize(
    "text",
    ["import nothing_of_that_name", "def test_b(:", "raise ValueError('no')"],
    ids=["import", "syntax", "raise"],
)
def test_a_file_that_cannot_be_collected_blocks(
    project: Project, workers: tuple[str, ...], text: str
) -> None:
    project.policy().write({"test_a.py": "def test_a(): pass", "test_b.py": text})
    done = project.run(*workers)
    # pytest's own status; xdist ends with 1 where it stops at the errors of its workers.
    assert done.ret in {1, 2}
    assert project.report().decision is Decision.BLOCKED
    assert [one.nodeid for one in project.report().evidence.collection_errors] == ["test_b.py"]
    finding = next(
        one for one in project.result("tests").findings if one.rule == "collection-error"
    )
    assert finding.subject == "test_b.py"
    assert finding.remedy == "reproduce: pytest --collect-only test_b.py"


def test_a_file_that_cannot_be_collected_blocks_although_the_others_ran(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({"test_a.py": "def test_a(): pass", "test_b.py": "raise ValueError"})
    done = project.run("--continue-on-collection-errors", *workers)
    assert done.ret == 1
    assert standings(project) == {"test_a": Standing.PASSED}
    assert project.report().decision is Decision.BLOCKED


def test_a_conftest_that_resets_the_exit_status_does_not_change_the_decision(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": "def test_it(): assert False",
            "conftest.py": """
            import pytest

            @pytest.hookimpl(wrapper=True, tryfirst=True)
            def pytest_sessionfinish(session):
                yield
                session.exitstatus = 0
        """,
        }
    )
    project.commit()
    assert project.run(*workers).ret == 1
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10


def test_an_internal_error_of_a_plugin_is_not_a_pass(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": "def test_it(): pass",
            "conftest.py": "def pytest_runtestloop(session): raise ValueError('broken plugin')\n",
        }
    )
    done = project.run()
    assert done.ret != 0
    assert project.report().decision is not Decision.PASS
