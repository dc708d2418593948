"""Numbers that look like enough, and data that somebody else left behind."""

from __future__ import annotations

import sys

import pytest

from pytest_gates.model.coverage import CoverageFacts, Ratio
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import rules

BLOCKED = 10


def lines_of(hit: int, total: int) -> dict[str, str]:
    """A module of `total` statements, of which its test executes `hit`."""
    executed = "\n".join(f"a{number} = {number}" for number in range(hit - 2))
    missed = "\n".join(f"    b{number} = {number}" for number in range(total - hit))
    # Two more statements run: `def` and the body's first line is never reached.
    module = f"{executed}\nlast = 0\ndef never():\n{missed}\n"
    return {"src/shop.py": module, "tests/test_shop.py": "import shop\ndef test_it(): pass\n"}


def policy(floor: str) -> str:
    return (
        "[tool.pytest.ini_options]\npythonpath = ['src']\ntestpaths = ['tests']\n"
        f"[tool.coverage.run]\nsource = ['src']\n"
        f"[tool.pytest-gates.coverage]\nlines = {floor}\n"
    )


def measured(project: Project) -> Ratio:
    facts = project.report().evidence.coverage
    assert isinstance(facts, CoverageFacts)
    return sum((one.lines for one in facts.files), Ratio(0, 0))


def test_79_55_does_not_reach_80(project: Project, workers: tuple[str, ...]) -> None:
    """35 of 44 is 79.5454…, which other tools round to 80 and let pass."""
    project.policy(policy("80")).write(lines_of(35, 44)).commit()
    done = project.run(*workers)
    assert measured(project) == Ratio(35, 44)
    assert done.ret == BLOCKED
    result = project.result("coverage")
    assert result.verdict is Verdict.FAIL
    assert rules(result) == ["lines-below-floor"]
    assert "79.54" in result.measures[0].observed
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == BLOCKED


@pytest.mark.parametrize(
    "hit, total, floor, status",
    [
        (44, 55, "80", 0),
        (79, 80, "98.75", 0),
        (79, 80, "99", BLOCKED),
        (79, 80, "98.76", BLOCKED),
        (949, 1000, "94.9", 0),
        (1999, 2000, "100", BLOCKED),
    ],
)
def test_the_share_is_compared_exactly(
    project: Project, hit: int, total: int, floor: str, status: int
) -> None:
    project.policy(policy(floor)).write(lines_of(hit, total)).commit()
    assert project.run().ret == status
    assert measured(project) == Ratio(hit, total)
    assert project.verify().returncode == status


def test_nothing_measured_is_not_everything_covered(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(policy("80")).write(
        {"src/empty.py": "", "tests/test_it.py": "def test_it(): pass"}
    ).commit()
    assert project.run(*workers, "--gates-profile", "ci").ret == 11
    assert project.result("coverage").verdict is Verdict.INCONCLUSIVE
    assert project.verify().returncode == 11


def test_a_left_over_data_file_of_another_run_adds_nothing(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(policy("80")).write(lines_of(35, 44)).commit()
    whole = "import shop\nshop.never()\n"
    project.write({"all.py": whole})
    project.pytester._monkeypatch.setenv("PYTHONPATH", "src")
    for suffix in ((), ("-p",)):
        done = project.pytester.run(sys.executable, "-m", "coverage", "run", *suffix, "all.py")
        assert done.ret == 0
    project.pytester._monkeypatch.delenv("PYTHONPATH")
    left = sorted(path.name for path in project.root.glob(".coverage*"))
    assert len(left) == 2
    assert project.run(*workers).ret == BLOCKED
    assert measured(project) == Ratio(35, 44)
    # What somebody else left is theirs: neither read nor removed.
    assert sorted(path.name for path in project.root.glob(".coverage*")) == left


def test_a_worker_that_died_makes_the_number_unknown_not_lower(project: Project) -> None:
    project.policy(policy("10")).write(lines_of(35, 44)).write(
        {"tests/test_dies.py": "import os\ndef test_it(): os._exit(1)\n"}
    ).commit()
    assert project.run("-n2").ret == 1
    assert project.result("coverage").verdict is Verdict.INCONCLUSIVE
    assert project.verify().returncode == BLOCKED
