"""What was executed of the changed files alone: no report of the whole is made. Effects: files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import coverage
from coverage.exceptions import CoverageException

from pytest_gates.adapters.coverage_facts import (
    DataFolder,
    FileReport,
    JsonReport,
    never_imported,
    relative_path,
)
from pytest_gates.adapters.coverage_scope import Scope, lies_in, why_not_code
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.measured import MeasuredFiles, MeasuredLines

_NOTHING_RAN = Unavailable(
    why="no line of the measured code was executed",
    remedy="do the tests import an installed copy? set `source` to the package, or install the project "
    "in editable mode",
)
_OTHER_PATHS = Unavailable(
    why="paths do not match: no measured file lies in this project, and no changed file was executed",
    remedy="map the paths with `[tool.coverage.paths]`, or measure where the change is",
)


def measured_files(
    folder: DataFolder, scope: Scope, root: Path, paths: Iterable[str], without: tuple[str, ...]
) -> MeasuredFiles | Unavailable:
    """Of `paths`, relative to `root`, those that are to be measured. Raises CoverageException.

    What was recorded in the contexts `without` is left out.
    """
    combined = folder.combined()
    data = combined.get_data()
    names = [os.path.normpath(root / one) for one in data.measured_files()]
    sorting = _Sorting(root, scope, names)
    wanted = sorting.wanted(paths)
    if not wanted:
        # Nothing is to be measured, so it does not matter whether anything was.
        return sorting.found({}, branch=data.has_arcs())
    absent = never_imported(combined, names, root)
    if absent:
        return Unavailable(
            why=f"no process imported {', '.join(absent)}, which the coverage settings name",
            remedy="correct `source`, or test that package",
        )
    report = folder.report(
        combined,
        without=without,
        paths=sorted(wanted.values()),
        include=list(scope.include) or None,
        omit=[*scope.omit, *_words(combined, "report:omit")] or None,
    )
    files = _by_path(report, wanted, root)
    trouble = _trouble(data, files, root)
    if trouble is not None:
        return trouble
    sorting.explain_absent(combined, {path: wanted[path] for path in wanted if path not in files})
    patterns = (
        *_words(combined, "report:exclude_lines"),
        *_words(combined, "report:partial_branches"),
    )
    return sorting.found(files, branch=data.has_arcs(), exclusions=patterns)


class _Sorting:
    """Which of the paths are to be measured, and why not the others."""

    def __init__(self, root: Path, scope: Scope, names: list[str]) -> None:
        self._root = root
        self._scope = scope
        self._names = frozenset(names)
        self._locations = scope.locations(names)
        self._out: list[tuple[str, str]] = []
        self._unread: list[tuple[str, str]] = []

    def wanted(self, paths: Iterable[str]) -> dict[str, str]:
        """Real path by path, of all that nothing but `omit` may still leave out."""
        found: dict[str, str] = {}
        for path in paths:
            real = os.path.realpath(self._root / path)
            why = why_not_code(path)
            if not Path(path).suffix:
                if real not in self._names:
                    continue  # a licence, a Makefile: nobody took it for Python
                why = None
            if why is None and self._locations is not None and not lies_in(real, self._locations):
                why = f"outside what is measured ({self._scope.named(self._root)})"
            if why is None:
                found[path] = real
            else:
                self._out.append((path, why))
        return found

    def explain_absent(self, combined: coverage.Coverage, absent: dict[str, str]) -> None:
        """Files of which coverage reported nothing: left out on purpose, or no Python."""
        for path, real in absent.items():
            try:
                combined.analysis2(real)
            except CoverageException as why:
                self._unread.append((path, f"coverage cannot parse it: {why}"))
            else:
                told = "left out by `omit` or `include` of the coverage settings"
                self._out.append((path, told))

    def found(
        self, files: dict[str, MeasuredLines], *, branch: bool, exclusions: tuple[str, ...] = ()
    ) -> MeasuredFiles:
        kept = dict(files)
        for path, lines in files.items():
            if not lines.executed and self._scope.looks_like_no_product(path):
                self._out.append((path, "not executed, and no code of the product by its place"))
                del kept[path]
        return MeasuredFiles(
            files=kept,
            branch=branch,
            out_of_scope=tuple(sorted(self._out)),
            unread=tuple(sorted(self._unread)),
            exclusions=exclusions,
        )


def _by_path(
    report: JsonReport | None, wanted: dict[str, str], root: Path
) -> dict[str, MeasuredLines]:
    """In the words of `wanted`: coverage may know a file by another name, through a link."""
    reports = {} if report is None else report.files
    real = {os.path.realpath(root / name): one for name, one in reports.items()}
    return {path: _lines(real[name]) for path, name in wanted.items() if name in real}


def _lines(report: FileReport) -> MeasuredLines:
    return MeasuredLines(
        executable=tuple(sorted((*report.executed_lines, *report.missing_lines))),
        missing=tuple(sorted(report.missing_lines)),
        excluded=tuple(sorted(report.excluded_lines)),
        branches=tuple(sorted((*report.executed_branches, *report.missing_branches))),
        missing_branches=tuple(sorted(report.missing_branches)),
        executed=bool(report.executed_lines),
    )


def _trouble(
    data: coverage.CoverageData, files: dict[str, MeasuredLines], root: Path
) -> Unavailable | None:
    """Why a file that was not executed cannot be called uncovered: the data are not of this project."""
    if not files or any(one.executed for one in files.values()):
        return None
    executed = False
    for name in data.measured_files():
        if not data.lines(name):
            continue
        executed = True
        path = relative_path(name, root)
        if not Path(path).is_absolute() and (root / path).is_file():
            return None
    return _OTHER_PATHS if executed else _NOTHING_RAN


def _words(measuring: coverage.Coverage, name: str) -> list[str]:
    value = measuring.get_option(name)
    return [str(one) for one in value] if isinstance(value, list) else []
