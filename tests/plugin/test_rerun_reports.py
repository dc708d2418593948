"""What pytest, its options and other plugins see of a test that was tried again."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from pytest_gates.model.case import FlakeClass, Standing
from support.flaking import FLAKY, ONCE, case_of, kinds, run
from support.projects import Project
from support.runs import standings

FLAKY_AND_GREEN = {
    "conftest.py": ONCE,
    "test_it.py": """
        import conftest as once

        def test_before(): pass

        def test_flaky():
            print("printed by the attempt")
            assert not once.first_time("a"), "once"

        def test_after(): pass
    """,
}


def test_the_screen_says_that_a_test_was_flaky_while_the_run_goes_on(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY).write(FLAKY_AND_GREEN)
    done = project.run("--gates-profile", "ci", "-v", *workers)
    screen = "\n".join(done.outlines)
    assert "RERUN" in screen
    assert "FLAKY 2/" in screen
    assert done.parseoutcomes() == {"passed": 2, "rerun": 1, "flaky": 1}


def test_every_attempt_is_kept_with_what_it_printed(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY).write(FLAKY_AND_GREEN)
    run(project, *workers)
    first, *further = case_of(project, "test_flaky").attempts
    assert first.failure is not None
    assert first.failure.stdout == "printed by the attempt\n"
    assert first.failure.kind == "AssertionError"
    assert "once" in first.failure.text
    assert all(one.failure is None for one in further)


def test_junitxml_has_one_testcase_a_test(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(FLAKY).write(FLAKY_AND_GREEN)
    run(project, *workers, "--junitxml=out.xml")
    suite = ET.parse(project.root / "out.xml").getroot()[0]
    assert [one.get("name") for one in suite.iter("testcase")].count("test_flaky") == 1
    assert suite.get("failures") == "0"


def test_the_own_junit_report_holds_the_failed_attempt(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY.replace("history", 'reports = ["json", "junit"]\nhistory'))
    project.write(FLAKY_AND_GREEN)
    run(project, *workers)
    root = ET.parse(project.root / "gates-report" / "junit.xml").getroot()
    flaky = [one for one in root.iter("testcase") if one.get("name") == "test_flaky"]
    assert len(flaky) == 1
    assert len(flaky[0].findall("flakyFailure")) == 1


@pytest.mark.parametrize("option", ["-x", "--maxfail=1", "--stepwise"])
def test_a_flaky_test_does_not_stop_a_run_that_stops_at_failures(
    project: Project, workers: tuple[str, ...], option: str
) -> None:
    project.policy(FLAKY).write(FLAKY_AND_GREEN)
    run(project, *workers, option)
    assert standings(project)["test_after"] is Standing.PASSED


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_regression_stops_a_run_that_stops_at_failures(project: Project, option: str) -> None:
    project.policy(FLAKY).write(
        {"test_it.py": "def test_wrong(): assert 0\ndef test_after(): pass\n"}
    )
    assert run(project, option) == 1
    assert standings(project)["test_after"] is Standing.NOT_RUN
    assert kinds(project) == {"test_wrong": FlakeClass.REGRESSION}


def test_with_maxfail_the_last_test_tears_everything_down(project: Project) -> None:
    """An error there belongs to that test, as pytest has it since #11706."""
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import pytest

            @pytest.fixture(scope="module")
            def wide():
                yield
                raise ValueError("torn")

            def test_wrong(wide): assert 0
            def test_after(wide): pass
        """
        }
    )
    done = project.run("--gates-profile", "ci", "-x")
    done.assert_outcomes(failed=1, errors=1)


def test_last_failed_remembers_a_regression_and_not_a_flake(
    project: Project, workers: tuple[str, ...]
) -> None:
    files = dict(FLAKY_AND_GREEN)
    files["test_it.py"] += "\n        def test_wrong(): assert 0\n"
    project.policy(FLAKY).write(files)
    run(project, *workers)
    again = project.run("--gates-profile", "ci", "--lf")
    again.assert_outcomes(failed=1)


def test_the_debugger_sees_the_first_failure_and_nothing_is_tried_again(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": "def test_wrong(): assert 0\n",
            "debugger.py": """
            class Quiet:
                def __init__(self, *args, **kwargs): pass
                def reset(self): pass
                def interaction(self, frame, traceback): print("INTERACTION")
                def __getattr__(self, name): return lambda *a, **k: None
            """,
        }
    )
    run(project, "--pdb", "--pdbcls=debugger:Quiet", "-o", "pythonpath=.")
    assert len(case_of(project, "test_wrong").attempts) == 1


def test_another_owner_of_reruns_is_a_usage_error_that_says_what_to_remove(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY).write({"test_it.py": "def test_ok(): pass\n"})
    done = project.run("--reruns=2", *workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--reruns*remove*"])


def test_in_a_partial_run_on_a_laptop_a_failure_is_told_at_once(project: Project) -> None:
    project.policy(FLAKY).write(
        {"test_it.py": "def test_wrong(): assert 0\ndef test_other(): pass\n"}
    )
    assert run(project, "-k", "wrong", profile="local") == 1
    assert len(case_of(project, "test_wrong").attempts) == 1


def test_a_marker_asks_for_attempts_in_a_partial_run_too(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import pytest
            @pytest.mark.flaky(reruns=1, reason="the clock")
            def test_wrong(): assert 0
            def test_other(): pass
        """
        }
    )
    run(project, "-k", "wrong", "--strict-markers", profile="local")
    assert len(case_of(project, "test_wrong").attempts) > 1


@pytest.mark.parametrize(
    "table, marker, tried",
    [
        ("reruns = 0", "", False),
        ("", "@pytest.mark.flaky(reruns=0)", False),
        ('only-rerun = ["OSError"]', "", False),
        ('only-rerun = ["ValueError: bad"]', "", True),
        ('rerun-except = ["bad day"]', "", False),
        ("", "@pytest.mark.flaky(only_rerun=OSError)", False),
        ("", "@pytest.mark.flaky(rerun_except='bad')", False),
        ("reruns = 0", "@pytest.mark.flaky", True),
        ("reruns = 0", "@pytest.mark.flaky(max_runs=3)", True),
        ("reruns = 0", "@pytest.mark.flaky(reruns=2, condition=False)", False),
        ('[tool.pytest-gates.flaky.tests]\n"test_it.py::*" = 0', "", False),
        (
            'reruns = 0\n[tool.pytest-gates.flaky.tests]\n"test_*.py::test_wr*" = { reruns = 1 }',
            "",
            True,
        ),
    ],
)
def test_what_is_tried_again_is_for_policy_and_marker_to_say(
    project: Project, table: str, marker: str, tried: bool
) -> None:
    project.policy(f"{FLAKY}{table}\n").write(
        {"test_it.py": f"import pytest\n{marker}\ndef test_wrong(): raise ValueError('bad day')\n"}
    )
    run(project)
    assert (len(case_of(project, "test_wrong").attempts) > 1) is tried


def test_when_half_of_the_suite_fails_nothing_is_tried_again(project: Project) -> None:
    bodies = "\n".join(f"def test_{number}(): assert {number} == -1" for number in range(20))
    project.policy(FLAKY).write({"test_it.py": bodies})
    assert run(project) == 1
    record = project.report().evidence.reruns
    assert record is not None
    assert "20 of 20 tests failed" in (record.mass_failure or "")
    assert record.tried < 10


def test_failures_of_one_cause_are_tried_in_full_only_once(project: Project) -> None:
    project.policy(FLAKY + "mass-failure = 100\n").write(
        {
            "test_it.py": """
            def connect(): raise ConnectionError("refused")
            def test_a(): connect()
            def test_b(): connect()
        """
        }
    )
    run(project)
    assert set(kinds(project).values()) == {FlakeClass.REGRESSION}
    first, second = (len(case_of(project, name).attempts) for name in ("test_a", "test_b"))
    assert second < first


def test_a_spent_budget_is_said_and_nothing_is_excused(project: Project) -> None:
    project.policy(FLAKY + 'rerun-budget = "1s"\n').write(
        {
            "test_it.py": """
            import time
            def test_slow():
                time.sleep(1)
                assert 0
            def test_wrong(): assert 1 == 2
        """
        }
    )
    assert run(project) == 1
    record = project.report().evidence.reruns
    assert record is not None
    assert any("rerun-budget" in one for one in record.cut_short)
    assert case_of(project, "test_wrong").standing is Standing.FAILED
