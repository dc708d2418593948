"""What only a failed attempt executed does not count as covered."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.model.coverage import CoverageFacts
from support.flaking import ONCE, run
from support.projects import Project
from support.runs import lean, rules

POLICY = """
[tool.pytest-gates]
history = "off"
[tool.pytest-gates.flaky]
new-flaky = 5
[tool.pytest-gates.coverage]
lines = 60
[tool.coverage.run]
source_pkgs = ["shop"]
[tool.pytest.ini_options]
pythonpath = ["."]
"""
SHOP = """
    def price(lucky):
        if lucky:
            return 1
        first = 2
        second = 3
        third = 4
        return first + second + third
"""
TESTS = """
    import conftest, pytest, shop
    {marker}
    def test_flaky():
        assert shop.price(not conftest.first_time("a")) == 1
    def test_steady(): pass
"""
MARKED = TESTS.format(marker="@pytest.mark.flaky")


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def a_project(project: Project, tests: str, policy: str = POLICY) -> Project:
    return project.policy(policy).write(
        {"conftest.py": ONCE, "shop/__init__.py": SHOP, "test_it.py": tests}
    )


def missing(project: Project) -> tuple[tuple[int, int], ...]:
    facts = project.report().evidence.coverage
    assert isinstance(facts, CoverageFacts)
    return facts.files[0].missing


@pytest.mark.parametrize("branch", [False, True], ids=["lines", "branches"])
def test_lines_of_a_failed_attempt_are_missing_where_a_failure_was_to_be_expected(
    project: Project, workers: tuple[str, ...], branch: bool
) -> None:
    """Elsewhere the module goes from 43 to 100 % because the first attempt took another branch."""
    extra = POLICY.replace('["shop"]\n', f'["shop"]\nbranch = {str(branch).lower()}\n')
    a_project(project, MARKED, extra)
    assert run(project, *workers) == 10
    assert missing(project) == ((4, 7),)
    assert "lines-below-floor" in rules(project.result("coverage"))


def test_an_attempt_that_passed_counts(project: Project, workers: tuple[str, ...]) -> None:
    a_project(project, MARKED)
    (project.root / "a.seen").touch()
    run(project, *workers)
    assert missing(project) == ((4, 7),)


def test_lines_that_another_test_ran_too_still_count(
    project: Project, workers: tuple[str, ...]
) -> None:
    a_project(project, MARKED + "    def test_more(): assert shop.price(False) == 9\n")
    assert run(project, *workers) == 0
    assert missing(project) == ()


def test_a_failed_test_in_quarantine_covers_nothing(project: Project) -> None:
    a_project(project, TESTS.format(marker=""))
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=3)
    (project.root / "gates-exceptions.toml").write_text(
        '[[quarantine]]\ntest = "test_it.py::test_flaky"\nreason = "r"\nowner = "@ana"\n'
        f"expires = {day}\n"
    )
    assert run(project) == 10
    assert missing(project) == ((4, 7),)


def test_where_nobody_expected_a_failure_the_number_proves_no_floor(
    project: Project, workers: tuple[str, ...]
) -> None:
    a_project(project, TESTS.format(marker=""))
    assert run(project, *workers) == 11
    assert rules(project.result("coverage")) == ["coverage-of-failed-attempts"]
    assert "test_flaky" in project.result("coverage").findings[0].message


def test_where_it_is_below_the_floor_all_the_same_it_fails(project: Project) -> None:
    a_project(project, TESTS.format(marker=""), POLICY.replace("lines = 60", "lines = 100"))
    project.write({"shop/more.py": "never = 1\n"})
    assert run(project) == 10
    assert rules(project.result("coverage")) == ["lines-below-floor"]
