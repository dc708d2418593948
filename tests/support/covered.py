"""A module of which the tests execute exactly so many statements, and what the gates measured of it."""

from __future__ import annotations

from pytest_gates.model.coverage import CoverageFacts, FileCoverage
from support.projects import Project

TEST = """
    import shop

    def test_shop(): assert shop
"""


def statements(hit: int, total: int) -> str:
    """Python text with `total` statements, of which an import executes `hit` (at least 1)."""
    executed = ["x = 1"] * (hit - 1)
    missed = ["    y = 1"] * (total - hit)
    return "\n".join([*executed, "def never():", *(missed or ["    '''Nothing.'''"]), ""])


def facts(project: Project) -> CoverageFacts:
    """The measurement of the last run; it must have been made."""
    found = project.report().evidence.coverage
    assert isinstance(found, CoverageFacts), found
    return found


def measured(project: Project, path: str) -> FileCoverage:
    return next(one for one in facts(project).files if one.path == path)


def lines(project: Project) -> dict[str, tuple[int, int]]:
    """Executed and all statements of each file that has any, by path."""
    return {
        one.path: (one.lines.hit, one.lines.total)
        for one in facts(project).files
        if one.lines.total
    }
