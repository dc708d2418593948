"""Every collected test is accounted for, with the outcome that pytest gave it."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pytest_gates.model.case import Standing
from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import lean, rules, standings

_ALL_OUTCOMES = """
    import sys
    import unittest

    import pytest

    @pytest.fixture
    def broken_setup():
        raise ValueError("no database")

    @pytest.fixture
    def broken_teardown():
        yield
        raise ValueError("no goodbye")

    @pytest.fixture
    def skipping():
        pytest.skip("no printer")

    def test_passes(): pass
    def test_fails(): assert 1 == 2
    def test_setup(broken_setup): pass
    def test_teardown(broken_teardown): pass
    def test_both(broken_teardown): assert False
    def test_skips(): pytest.skip("not today")
    def test_skips_in_setup(skipping): pass

    @pytest.mark.skip(reason="never")
    def test_marked_skip(): pass

    @pytest.mark.xfail
    def test_xfails(): assert False

    @pytest.mark.xfail(run=False)
    def test_xfails_without_running(): assert False

    @pytest.mark.xfail
    def test_xpasses(): pass

    @pytest.mark.xfail(strict=True)
    def test_xpasses_strictly(): pass

    @pytest.mark.xfail(raises=KeyError)
    def test_fails_otherwise(): raise ValueError

    @pytest.mark.parametrize("number", [1, 2])
    def test_numbers(number): assert number == 1

    def test_exits(): sys.exit(0)

    class TestUnits(unittest.TestCase):
        def test_unit_passes(self): pass
        def test_unit_fails(self): self.fail("no")
        @unittest.expectedFailure
        def test_unit_xfails(self): self.fail("no")
        @unittest.expectedFailure
        def test_unit_xpasses(self): pass
        @unittest.skip("no")
        def test_unit_skips(self): pass

    class TestClass:
        def test_method(self): pass
"""
_EXPECTED = {
    "test_passes": Standing.PASSED,
    "test_fails": Standing.FAILED,
    "test_setup": Standing.ERROR,
    "test_teardown": Standing.ERROR,
    "test_both": Standing.FAILED,
    "test_skips": Standing.SKIPPED,
    "test_skips_in_setup": Standing.SKIPPED,
    "test_marked_skip": Standing.SKIPPED,
    "test_xfails": Standing.XFAILED,
    "test_xfails_without_running": Standing.XFAILED,
    "test_xpasses": Standing.XPASSED,
    "test_xpasses_strictly": Standing.FAILED,
    "test_fails_otherwise": Standing.FAILED,
    "test_numbers[1]": Standing.PASSED,
    "test_numbers[2]": Standing.FAILED,
    "test_exits": Standing.FAILED,
    "test_unit_passes": Standing.PASSED,
    "test_unit_fails": Standing.FAILED,
    "test_unit_xfails": Standing.XFAILED,
    "test_unit_xpasses": Standing.FAILED,
    "test_unit_skips": Standing.SKIPPED,
    "test_method": Standing.PASSED,
}
_SUBTESTS = """
    import unittest

    def test_all_pass(subtests):
        for number in range(3):
            with subtests.test(number=number):
                pass

    def test_one_fails(subtests):
        for number in range(3):
            with subtests.test(number=number):
                assert number != 1

    def test_skips_one(subtests):
        import pytest
        with subtests.test():
            pytest.skip("no")

    class TestUnits(unittest.TestCase):
        def test_unit_passes(self):
            for number in range(3):
                with self.subTest(number=number):
                    pass

        def test_unit_fails(self):
            for number in range(3):
                with self.subTest(number=number):
                    self.assertNotEqual(number, 1)
"""


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_each_outcome_is_recorded_as_pytest_calls_it(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": _ALL_OUTCOMES})
    done = project.run(*workers)
    assert done.ret == 1
    assert standings(project) == _EXPECTED
    assert project.report().decision is Decision.BLOCKED


def test_each_failed_test_is_a_finding(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": _ALL_OUTCOMES})
    project.run(*workers)
    found = rules(project.result("tests"))
    assert found.count("failed-test") == sum(one is Standing.FAILED for one in _EXPECTED.values())
    assert found.count("errored-test") == 2
    assert set(found) == {"failed-test", "errored-test"}


@pytest.mark.skipif(
    Version(pytest.__version__) < Version("9.0"), reason="pytest 9.0 brought subtests"
)
def test_a_failed_subtest_fails_its_test(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": _SUBTESTS})
    done = project.run(*workers)
    assert done.ret == 1
    assert standings(project) == {
        "test_all_pass": Standing.PASSED,
        "test_one_fails": Standing.FAILED,
        "test_skips_one": Standing.PASSED,
        "test_unit_passes": Standing.PASSED,
        "test_unit_fails": Standing.FAILED,
    }


def test_a_test_with_subtests_has_one_attempt(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": _SUBTESTS})
    project.run(*workers)
    assert {len(case.attempts) for case in project.report().evidence.cases} == {1}


def test_a_failure_is_told_with_its_message_and_its_line(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "tests/test_it.py": """
            def test_fails():
                price = 3
                assert price == 4, "wrong price"
        """
        }
    )
    project.run(*workers)
    (finding,) = project.result("tests").findings
    assert "wrong price" in finding.message
    assert str(finding.location) == "tests/test_it.py:3"
    assert finding.remedy == "reproduce: pytest tests/test_it.py::test_fails"


def test_deselected_tests_are_kept_apart(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": "def test_a(): pass\ndef test_b(): pass\n"})
    done = project.run("-k", "test_a", *workers)
    assert done.ret == 0
    assert standings(project) == {"test_a": Standing.PASSED, "test_b": Standing.DESELECTED}


def test_a_deselection_by_the_conftest_is_told_and_does_not_make_the_run_partial(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": "def test_a(): pass\ndef test_b(): pass\n",
            "conftest.py": """
            def pytest_collection_modifyitems(config, items):
                config.hook.pytest_deselected(items=items[1:])
                del items[1:]
        """,
        }
    )
    done = project.run(*workers)
    assert done.ret == 0
    assert standings(project) == {"test_a": Standing.PASSED, "test_b": Standing.DESELECTED}
    assert project.report().evidence.run.selection == ()


@pytest.mark.parametrize(
    "files, words, why",
    [
        ({}, (), "no test was collected"),
        ({"test_it.py": "x = 1"}, (), "no test was collected"),
        (
            {"test_it.py": "import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n"},
            (),
            "no test was executed: 1 skipped",
        ),
        (
            {"test_it.py": "def test_a(): pass\n"},
            ("-k", "nothing", "--gates-profile=ci"),
            "no test was executed: 1 deselected",
        ),
    ],
    ids=["no-files", "no-tests", "all-skipped", "all-deselected"],
)
def test_a_run_that_executed_no_test_is_inconclusive(
    project: Project,
    workers: tuple[str, ...],
    files: dict[str, str],
    words: tuple[str, ...],
    why: str,
) -> None:
    project.policy().write(files)
    done = project.run("--gates-profile=ci", *words, *workers)
    assert done.ret == (11 if "skipped" in why else pytest.ExitCode.NO_TESTS_COLLECTED)
    assert project.report().decision is Decision.INCONCLUSIVE
    finding = next(one for one in project.result("tests").findings if one.rule == "no-tests")
    assert finding.message == why


def test_an_exit_status_that_another_hook_set_is_not_hidden_by_green_tests(
    project: Project,
) -> None:
    project.policy().write(
        {
            "test_it.py": "def test_a(): pass",
            "conftest.py": """
            import pytest

            @pytest.hookimpl(tryfirst=True)
            def pytest_sessionfinish(session):
                session.exitstatus = 7
        """,
        }
    )
    done = project.run()
    assert done.ret != 0
    assert project.report().decision is not Decision.PASS


@pytest.mark.parametrize("mode", ["load", "loadscope", "loadfile", "loadgroup", "worksteal"])
def test_each_way_to_distribute_counts_the_same(project: Project, mode: str) -> None:
    project.policy().write({"test_it.py": _ALL_OUTCOMES})
    done = project.run("-n2", f"--dist={mode}")
    assert done.ret == 1
    assert standings(project) == _EXPECTED


def test_every_worker_that_runs_the_whole_suite_counts_for_itself(project: Project) -> None:
    project.policy().write(
        {
            "test_it.py": """
            def test_passes(): pass
            def test_fails_on_one(worker_id): assert worker_id == "gw0"
        """
        }
    )
    done = project.run("--dist=each", "--tx=2*popen")
    assert done.ret == 1
    assert standings(project) == {
        "test_passes@gw0": Standing.PASSED,
        "test_passes@gw1": Standing.PASSED,
        "test_fails_on_one@gw0": Standing.PASSED,
        "test_fails_on_one@gw1": Standing.FAILED,
    }


def test_a_group_of_tests_keeps_the_names_of_its_tests(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pytest

            @pytest.mark.xdist_group("database")
            def test_a(): pass
        """
        }
    )
    dist = ("--dist=loadgroup",) if workers else ()
    assert project.run(*workers, *dist).ret == 0
    assert standings(project) == {"test_a": Standing.PASSED}


def test_the_worker_of_each_attempt_is_told(project: Project) -> None:
    project.policy().write({"test_it.py": "def test_a(): pass\ndef test_b(): pass\n"})
    project.run("-n2")
    report = project.report()
    ids = {worker.id for worker in report.evidence.run.workers}
    assert ids == {"gw0", "gw1"}
    assert all(case.attempts[0].worker in ids for case in report.evidence.cases)
    assert all(worker.finished for worker in report.evidence.run.workers)


@pytest.mark.skipif(
    Version(pytest.__version__) < Version("9.1"), reason="pytest 9.1 brought max_warnings"
)
def test_too_many_warnings_are_not_hidden_by_green_tests(project: Project) -> None:
    project.policy(ONLY_TESTS + "[tool.pytest.ini_options]\nmax_warnings = '0'\n")
    project.write({"test_it.py": "import warnings\ndef test_a(): warnings.warn('old')\n"})
    done = project.run()
    assert done.ret == 6  # pytest's own status for it
    assert project.report().decision is not Decision.PASS
