"""`gates init` writes a policy that can be read, and never over another one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.projects import Project

GREEN = {"test_it.py": "def test_it(): pass\n"}


def init(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_gates", "init", *words],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_policy_that_is_written_is_the_default_one(project: Project) -> None:
    project.write(GREEN).commit()
    assert project.run("-k", "it").ret == 0
    assert project.report().policy.source == "the default policy"
    before = project.report().policy.digest
    assert init(project).returncode == 0
    assert project.run("-k", "it").ret == 0
    assert project.report().policy.source == "gates.toml"
    assert project.report().policy.digest == before


@pytest.mark.parametrize(
    "name, text",
    [("gates.toml", "[tests]\n"), ("pyproject.toml", "[tool.pytest-gates]\n"), ("gates.toml", "")],
)
def test_a_policy_that_is_there_is_left_alone(project: Project, name: str, text: str) -> None:
    project.write({name: text})
    before = sorted(path.name for path in project.root.iterdir())
    done = init(project)
    assert done.returncode == 1
    assert name in done.stderr
    assert (project.root / name).read_text(encoding="utf-8") == text
    assert sorted(path.name for path in project.root.iterdir()) == before


def test_a_pyproject_without_a_policy_does_not_stand_in_the_way(project: Project) -> None:
    project.policy("[project]\nname = 'shop'\n")
    assert init(project).returncode == 0
    assert (project.root / "gates.toml").exists()


def test_another_folder_can_be_named(project: Project) -> None:
    (project.root / "inner").mkdir()
    assert init(project, "--root", "inner").returncode == 0
    assert (project.root / "inner/gates.toml").exists()
    assert not (project.root / "gates.toml").exists()
    assert init(project, "--root", "no/such/folder").returncode == 2


def test_a_folder_that_cannot_be_written_is_told_without_a_traceback(project: Project) -> None:
    (project.root / "gates.toml").mkdir()
    done = init(project)
    assert done.returncode not in {0, None}
    assert "Traceback" not in done.stderr
