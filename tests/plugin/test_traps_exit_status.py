"""Runs that end with status 0, or too early, without having earned it: the report says so."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import Standing
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import rules, standings

CI = ("--gates-profile", "ci")
RESETS_AFTERWARDS = """
    import pytest

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(session):
        yield
        session.exitstatus = 0
    """
RESETS_BEFOREHAND = """
    def pytest_sessionfinish(session):
        session.exitstatus = 0
    """
LEAVES_EARLY = """
    import pytest

    def pytest_sessionfinish(session):
        pytest.exit("all is well", returncode=0)
    """


def test_a_test_that_leaves_with_status_0_leaves_a_report_that_blocks(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import os
            def test_one(): pass
            def test_two(): os._exit(0)
            def test_three(): assert False
            """
        }
    ).commit()
    done = project.run()
    assert done.ret == 0  # nobody can keep a process from leaving
    report = project.report()
    assert not report.finished
    assert report.decision is Decision.INCONCLUSIVE
    verified = project.verify()
    assert verified.returncode == 11
    assert "did not finish" in verified.stdout


def test_a_green_report_of_the_same_commit_does_not_outlive_a_run_that_was_killed(
    project: Project,
) -> None:
    files = {"test_it.py": "import os\ndef test_it():\n    if os.environ.get('GO'): os._exit(0)\n"}
    project.policy().write(files).commit()
    assert project.run().ret == 0
    assert project.verify().returncode == 0
    project.pytester._monkeypatch.setenv("GO", "1")
    assert project.run().ret == 0
    assert project.verify().returncode == 11


def test_a_worker_that_leaves_with_status_0_fails_the_run(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import os
            def test_one(): pass
            def test_two(): os._exit(0)
            def test_three(): pass
            """
        }
    ).commit()
    done = project.run("-n2")
    assert done.ret == 1
    assert standings(project)["test_two"] is Standing.CRASHED
    assert project.result("tests").verdict is Verdict.FAIL
    assert {"crashed-test", "lost-worker"} <= set(rules(project.result("tests")))
    assert project.verify().returncode == 10


def test_every_test_of_a_crashed_worker_is_accounted_for(project: Project) -> None:
    count = 12
    project.policy().write(
        {
            "test_it.py": f"""
            import os, signal, pytest
            @pytest.mark.parametrize("number", range({count}))
            def test_it(number):
                if number == 5:
                    os.kill(os.getpid(), signal.SIGKILL)
            """
        }
    ).commit()
    assert project.run("-n2", "--max-worker-restart=0").ret != 0
    found = standings(project)
    assert len(found) == count
    assert Standing.CRASHED in found.values()
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10


def test_pytest_exit_with_status_0_leaves_tests_without_a_result(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pytest
            def test_one(): pass
            def test_two(): pytest.exit("enough", returncode=0)
            def test_three(): assert False
            """
        }
    ).commit()
    done = project.run(*workers, *CI)
    assert done.ret != 0
    assert project.result("tests").verdict is not Verdict.PASS
    assert project.verify().returncode in {10, 11}


def test_pytest_exit_in_the_last_test_is_no_pass(project: Project) -> None:
    project.policy().write(
        {"test_it.py": "import pytest\ndef test_it(): pytest.exit('enough', returncode=0)\n"}
    ).commit()
    assert project.run(*CI).ret == 11
    assert standings(project) == {"test_it": Standing.NOT_RUN}
    assert project.verify().returncode == 11


def test_a_conftest_that_resets_the_status_does_not_reset_the_report(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {"conftest.py": RESETS_AFTERWARDS, "test_it.py": "def test_it(): assert False"}
    ).commit()
    assert project.run(*workers).ret == 1
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10


def test_a_status_that_was_reset_before_the_decision_is_set_by_the_decision(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {"conftest.py": RESETS_BEFOREHAND, "test_it.py": "def test_it(): assert False"}
    ).commit()
    done = project.run(*workers)
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10
    assert done.ret in {1, 10}


def test_a_conftest_that_ends_the_session_before_the_decision_leaves_no_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {"conftest.py": LEAVES_EARLY, "test_it.py": "def test_it(): assert False"}
    ).commit()
    project.run(*workers)
    assert project.report().decision.exit_status
    assert project.verify().returncode in {10, 11}


def test_an_interrupted_run_is_not_judged_as_a_whole_one(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            def test_one(): pass
            def test_two(): raise KeyboardInterrupt
            def test_three(): pass
            """
        }
    ).commit()
    done = project.run(*workers, *CI)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    report = project.report()
    # xdist reports an interrupted worker as a crashed one.
    assert report.decision is (Decision.BLOCKED if workers else Decision.INCONCLUSIVE)
    assert report.evidence.run.stopped_early
    assert len(report.evidence.cases) == 3
    assert project.verify().returncode == report.decision.exit_status


def test_a_run_that_stops_at_the_first_failure_is_a_failed_part_of_the_suite(
    project: Project,
) -> None:
    project.policy().write(
        {"test_it.py": "def test_one(): assert False\ndef test_two(): pass\n"}
    ).commit()
    assert project.run("-x").ret == 1
    assert standings(project) == {"test_one": Standing.FAILED, "test_two": Standing.NOT_RUN}
    assert rules(project.result("tests")) == ["failed-test", "stopped-early"]
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10


def test_stopping_at_the_first_failure_under_xdist_blocks(project: Project) -> None:
    project.policy().write(
        {"test_it.py": "def test_one(): assert False\ndef test_two(): pass\n"}
    ).commit()
    assert project.run("-x", "-n2").ret != 0
    assert "failed-test" in rules(project.result("tests"))
    assert project.verify().returncode == 10


def test_a_suite_that_is_green_with_x_is_whole(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": "def test_one(): pass\n"}).commit()
    assert project.run(*workers, "-x", *CI).ret == 0
    assert project.verify().returncode == 0
