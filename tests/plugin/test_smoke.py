from __future__ import annotations

from pytest_gates.model.report import Decision
from support.projects import Project


def test_a_green_suite_passes_with_one_line(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"}).commit()
    done = project.run(*workers)
    assert done.ret == 0
    assert project.report().decision is Decision.PASS
    assert sum("gates: " in line for line in done.outlines) == 2  # the header, and the verdict
