"""Beside pytest-cov and under `coverage run`: both numbers are right, and theirs are as without us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import lean, plain

_SHOP = {
    "src/shop/__init__.py": "",
    "src/shop/cart.py": """
        def total(prices):
            if not prices:
                return 0
            return sum(prices)

        def refund():
            return 1
    """,
    "tests/test_cart.py": """
        from shop.cart import total

        def test_total():
            assert total([1, 2]) == 3

        def test_more():
            assert total([1]) == 1
    """,
}
_POLICY = """
    [tool.pytest-gates.coverage]
    lines = 60
    [tool.pytest.ini_options]
    pythonpath = ["src"]
"""
_LINES = (4, 6)  # of six statements, `return 0` and `return 1` are not reached


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.fixture
def shop(project: Project) -> Project:
    return project.policy(_POLICY).write(_SHOP)


def test_pytest_cov_reports_the_same_beside_the_gates(
    shop: Project, workers: tuple[str, ...]
) -> None:
    words = ("--cov=shop", "--cov-branch", "--cov-report=json", *workers)
    assert plain(shop, *words).ret == 0
    without = _files(shop.root / "coverage.json")
    assert shop.run(*words).ret == 0
    assert _files(shop.root / "coverage.json") == without
    assert without["src/shop/cart.py"]["summary"]["covered_lines"] == _LINES[0]


def test_the_gates_report_the_numbers_of_pytest_cov(
    shop: Project, workers: tuple[str, ...]
) -> None:
    done = shop.run("--cov=shop", *workers)
    assert done.ret == 0
    assert _own_lines(shop) == _LINES
    assert _facts(shop).measured_by == "pytest-cov"


def test_a_suite_measured_by_pytest_cov_is_blocked_by_our_floor(
    shop: Project, workers: tuple[str, ...]
) -> None:
    shop.policy(_POLICY.replace("60", "66.67"))
    done = shop.run("--cov=shop", *workers)
    assert done.ret == 10
    assert shop.result("coverage").verdict is Verdict.FAIL


def test_branches_of_pytest_cov_are_judged_by_a_policy_of_lines(
    shop: Project, workers: tuple[str, ...]
) -> None:
    done = shop.run("--cov=shop", "--cov-branch", *workers)
    assert done.ret == 0
    assert _own_lines(shop) == _LINES
    assert _facts(shop).branch


def test_no_cov_leaves_the_measurement_to_the_gates(
    shop: Project, workers: tuple[str, ...]
) -> None:
    done = shop.run("--cov=shop", "--no-cov", *workers)
    assert done.ret == 0
    assert _own_lines(shop) == _LINES
    assert _facts(shop).measured_by == "pytest-gates"


def test_a_floor_of_branches_that_pytest_cov_does_not_measure_is_not_reached(
    shop: Project,
) -> None:
    shop.policy(_POLICY.replace("lines = 60", "branches = 50"))
    done = shop.run("--cov=shop", "--gates-profile=ci")
    assert done.ret == 11
    assert shop.result("coverage").verdict is Verdict.INCONCLUSIVE


def test_coverage_run_counts_the_same_with_the_gates(shop: Project) -> None:
    assert _coverage_run(shop) == 0
    without = _outer(shop)
    assert _coverage_run(shop, "-p", "gates") == 0
    assert _outer(shop) == without


def test_the_gates_count_as_the_coverage_run_around_them(shop: Project) -> None:
    assert _coverage_run(shop, "-p", "gates") == 0
    theirs = _outer(shop)["src/shop/cart.py"]["summary"]
    assert _own_lines(shop) == (theirs["covered_lines"], theirs["num_statements"]) == _LINES
    assert _facts(shop).measured_by == "coverage run"


def test_a_suite_under_coverage_run_is_blocked_by_our_floor(shop: Project) -> None:
    shop.policy(_POLICY.replace("60", "66.67"))
    assert _coverage_run(shop, "-p", "gates") == 10


def _coverage_run(project: Project, *args: str) -> int:
    """Exit status of `coverage run -m pytest …`; the data file is left to `_outer`."""
    argv = [sys.executable, "-m", "coverage", "run", "--source=src", "-m", "pytest", *args]
    return subprocess.run(argv, cwd=project.root, check=False, capture_output=True).returncode


def _outer(project: Project) -> dict[str, dict[str, dict[str, int]]]:
    argv = [sys.executable, "-m", "coverage", "json", "-q", "-o", "outer.json"]
    subprocess.run(argv, cwd=project.root, check=True)
    return _files(project.root / "outer.json")


def _files(path: Path) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = json.loads(path.read_text())["files"]
    return found


def _facts(project: Project) -> CoverageFacts:
    facts = project.report().evidence.coverage
    assert isinstance(facts, CoverageFacts)
    return facts


def _own_lines(project: Project) -> tuple[int, int]:
    """Executed and all lines of the one file with statements."""
    found = next(one for one in _facts(project).files if one.path == "src/shop/cart.py")
    return found.lines.hit, found.lines.total
