"""Planted failures of every class are told to be what they are."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import FlakeClass, Role, Setting, Standing
from support.flaking import FLAKY, ONCE, case_of, diagnosis_of, kinds, outcomes, run
from support.planted import PlantedSuite
from support.projects import Project


@pytest.mark.timeout(300)
def test_a_suite_with_failures_of_every_class_is_told_apart(
    project: Project, workers: tuple[str, ...]
) -> None:
    suite = PlantedSuite(7, tests=40, files=5)
    project.policy(FLAKY + 'rerun-budget = "10m"\nmass-failure = 100\n')
    suite.write(project.root)
    run(project, *workers)
    told = {}
    for case in project.report().evidence.cases:
        if case.attempts[0].bad:
            assert case.diagnosis is not None
            because = tuple(one.rpartition("::")[2] for one in case.diagnosis.because)
            name = case.nodeid.rpartition("::")[2].partition("[")[0]
            told[name] = (case.diagnosis.kind, case.diagnosis.role, because)
    # A coin falls now and then as a rule would, five times in a row too: one suite can claim nothing of
    # it. benchmarks/planted.py counts how often.
    certain = {name: what for name, what in told.items() if not name.startswith("test_random")}
    assert suite.wrong(certain) == []
    assert {"test_regression_0", "test_regression_1", "test_selfset_0"} <= told.keys()


def test_a_regression_fails_the_run_and_is_never_excused(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY).write({"test_it.py": "def test_wrong(): assert 1 == 2\n"})
    assert run(project, *workers) == 1
    assert kinds(project) == {"test_wrong": FlakeClass.REGRESSION}
    assert case_of(project, "test_wrong").standing is Standing.FAILED


def test_a_failure_that_never_comes_back_is_flaky_and_blocks_as_new(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.flaky]\n").write(
        {
            "conftest.py": ONCE,
            "test_it.py": "import conftest\ndef test_flaky(): assert not conftest.first_time('a')\n",
        }
    )
    assert run(project, *workers) == 10
    case = case_of(project, "test_flaky")
    assert case.standing is Standing.FLAKY
    assert outcomes(case, Setting.IN_RUN) == ["failed"]
    assert set(outcomes(case, Setting.ISOLATED)) == {"passed"}
    assert project.result("flaky").verdict == "fail"
    assert project.result("tests").verdict == "pass"


def test_a_victim_of_two_polluters_gets_both_of_them_and_a_command(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            STATE = set()
            def test_nothing(): pass
            def test_one(): STATE.add(1)
            def test_else(): pass
            def test_two(): STATE.add(2)
            def test_more(): pass
            def test_victim(): assert not STATE >= {1, 2}
        """
        }
    )
    assert run(project) == 10
    diagnosis = diagnosis_of(project, "test_victim")
    assert (diagnosis.kind, diagnosis.role) == (FlakeClass.ORDER_DEPENDENT, Role.VICTIM)
    assert diagnosis.because == ("test_it.py::test_one", "test_it.py::test_two")
    assert diagnosis.minimal
    assert diagnosis.command == (
        "pytest test_it.py::test_one test_it.py::test_two test_it.py::test_victim"
    )


def test_a_brittle_test_without_its_setter_is_told_which_it_needs(project: Project) -> None:
    """Its setter runs after it here, as a random order may have it."""
    project.policy(FLAKY).write(
        {
            "conftest.py": """
            import pytest

            @pytest.hookimpl(tryfirst=True)
            def pytest_runtestloop(session):
                # Run in another order than collected, as xdist or a work queue does.
                by_name = {item.name: item for item in session.items}
                order = [by_name[name] for name in ("test_brittle", "test_setter", "test_else")]
                for item, following in zip(order, [*order[1:], None]):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                return True
            """,
            "test_it.py": """
            STATE = set()
            def test_setter(): STATE.add(1)
            def test_else(): pass
            def test_brittle(): assert STATE
        """,
        }
    )
    assert run(project) == 10
    diagnosis = diagnosis_of(project, "test_brittle")
    assert (diagnosis.kind, diagnosis.role) == (FlakeClass.ORDER_DEPENDENT, Role.BRITTLE)
    assert diagnosis.because == ("test_it.py::test_setter",)


def test_a_test_that_an_import_breaks_is_told_which_file(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "shared.py": "FLAG = []\n",
            "test_a.py": "import shared\ndef test_imported(): assert not shared.FLAG\n",
            "test_b.py": "def test_b(): pass\n",
            "test_c.py": "import shared\nshared.FLAG.append(1)\ndef test_c(): pass\n",
        }
    )
    assert run(project) == 10
    diagnosis = diagnosis_of(project, "test_imported")
    assert diagnosis.kind is FlakeClass.IMPORT_POLLUTED
    assert diagnosis.because == ("test_c.py",)
    assert diagnosis.command == "pytest test_c.py test_a.py::test_imported --deselect test_c.py"


def test_a_test_that_heals_itself_is_never_called_flaky(
    project: Project, workers: tuple[str, ...]
) -> None:
    """In one process it passes from the second time on; every plugin that reruns there calls it green."""
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            CACHE = {}
            def test_heals():
                known = "x" in CACHE
                CACHE["x"] = 1
                assert known
        """
        }
    )
    assert run(project, *workers) == 1
    assert kinds(project) == {"test_heals": FlakeClass.ORDER_DEPENDENT}
    assert diagnosis_of(project, "test_heals").role is Role.BRITTLE
    assert case_of(project, "test_heals").standing is Standing.FAILED


def test_a_test_seeded_at_import_is_judged_by_its_own_seed(project: Project) -> None:
    """In a fork Python seeds `random` anew; a stable failure would become a coin flip there.

    The second number of that seed would pass, so it depends on what was drawn before it.
    """
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import random
            random.seed(3)  # the first number is 0.23…
            def test_seeded(): assert random.random() > 0.5
        """
        }
    )
    assert run(project) == 1
    assert kinds(project) == {"test_seeded": FlakeClass.ORDER_DEPENDENT}
    assert outcomes(case_of(project, "test_seeded"), Setting.ISOLATED) == ["failed", "failed"]
