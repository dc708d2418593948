"""Builders of changes, patches and records of who executes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.coverage import LineRange
from pytest_gates.model.patch import (
    ChangedStatement,
    CoveredLines,
    CoveringFacts,
    CoveringRecord,
    Newness,
    PatchFacts,
    PatchFile,
)


def a_change(*files: FileChange) -> Change:
    """Of these files, compared with some commit."""
    return Change(base="0" * 40, reference="origin/main", how="origin/HEAD", files=files)


def stated(first: int, last: int | None = None, **changes: Any) -> ChangedStatement:
    """An executed statement of a change, of one line unless more is said."""
    values = {"executed": True, **changes, "newness": Newness(changes.get("newness", "new"))}
    return ChangedStatement(first=first, last=last or first, **values)


def a_patch(**files: tuple[ChangedStatement, ...]) -> PatchFacts:
    """Statements by path."""
    return PatchFacts(
        files=tuple(PatchFile(path=path, statements=found) for path, found in files.items()),
        branch=False,
    )


def group(
    *lines: LineRange, tests: tuple[int, ...] = (), outside: bool | None = None
) -> CoveredLines:
    """Lines that these tests execute; without any, they ran outside of tests."""
    return CoveredLines(lines=lines, tests=tests, outside=not tests if outside is None else outside)


def a_record(
    *tests: str, files: Mapping[str, tuple[CoveredLines, ...]] | None = None
) -> CoveringRecord:
    return CoveringRecord(how="watched", tests=tests, files=dict(files or {}))


def covering(
    *tests: str, groups: tuple[CoveredLines, ...], path: str = "src/a.py"
) -> CoveringFacts:
    """What is known of one file."""
    return CoveringFacts(how="watched", tests=tests, files={path: groups})
