"""Suites in which nothing ran: no test, none selected, none executed, none collectable."""

from __future__ import annotations

import pytest

from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import rules

CI = ("--gates-profile", "ci")
NO_TESTS = pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_suite_without_tests_is_inconclusive(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"shop.py": "x = 1"}).commit()
    assert project.run(*workers, *CI).ret == NO_TESTS
    assert rules(project.result("tests")) == ["no-tests"]
    assert project.report().decision is Decision.INCONCLUSIVE
    assert project.verify().returncode == 11


def test_a_conftest_that_calls_an_empty_suite_a_success_gets_no_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    conftest = """
        def pytest_sessionfinish(session, exitstatus):
            if exitstatus == 5:
                session.exitstatus = 0
        """
    project.policy().write({"conftest.py": conftest}).commit()
    done = project.run(*workers, *CI)
    assert project.report().decision is Decision.INCONCLUSIVE
    assert project.verify().returncode == 11
    assert done.ret != 0


@pytest.mark.parametrize(
    "words", [("-k", "nothing"), ("-m", "not slow"), ("--deselect", "test_it.py")]
)
def test_a_suite_of_which_all_was_deselected_is_inconclusive(
    project: Project, workers: tuple[str, ...], words: tuple[str, ...]
) -> None:
    project.pytester.makeini("[pytest]\nmarkers = slow\n")
    project.policy().write(
        {"test_it.py": "import pytest\npytestmark = pytest.mark.slow\ndef test_it(): pass\n"}
    ).commit()
    assert project.run(*workers, *words, *CI).ret == NO_TESTS
    assert {"no-tests", "partial-run"} <= set(rules(project.result("tests")))
    assert project.report().decision is Decision.INCONCLUSIVE
    assert project.verify().returncode == 11


def test_a_hook_that_deselects_everything_is_no_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    conftest = """
        def pytest_collection_modifyitems(config, items):
            config.hook.pytest_deselected(items=list(items))
            items[:] = []
        """
    project.policy().write(
        {"conftest.py": conftest, "test_it.py": "def test_it(): assert False"}
    ).commit()
    assert project.run(*workers, *CI).ret == NO_TESTS
    assert rules(project.result("tests")) == ["no-tests"]
    assert [case.deselected for case in project.report().evidence.cases] == [True]
    assert project.verify().returncode == 11


def test_a_suite_of_skipped_tests_is_inconclusive(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {"test_it.py": "import pytest\n@pytest.mark.skip\ndef test_it(): pass\n"}
    ).commit()
    assert project.run(*workers, *CI).ret == 11
    assert rules(project.result("tests")) == ["no-tests"]
    assert project.verify().returncode == 11


def test_a_file_that_cannot_be_collected_blocks(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write(
        {"test_it.py": "def test_it(): pass", "test_broken.py": "import no_such_module_anywhere"}
    ).commit()
    done = project.run(*workers)
    assert done.ret in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED}
    assert rules(project.result("tests"))[0] == "collection-error"
    assert project.result("tests").verdict is Verdict.FAIL
    (error,) = project.report().evidence.collection_errors
    assert error.nodeid == "test_broken.py"
    assert "no_such_module_anywhere" in error.message
    assert project.verify().returncode == 10


def test_going_on_after_collection_errors_does_not_hide_them(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {"test_it.py": "def test_it(): pass", "test_broken.py": "def test_it(:"}
    ).commit()
    assert project.run(*workers, "--continue-on-collection-errors").ret == 1
    assert rules(project.result("tests")) == ["collection-error"]
    assert project.verify().returncode == 10


def test_collect_only_is_no_run(project: Project) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"}).commit()
    assert project.run("--collect-only", *CI).ret == 11
    assert project.verify().returncode == 11
