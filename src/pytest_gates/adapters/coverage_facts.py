"""Keep the coverage data of one run together and turn it into facts. Effects: files.

All data lies in a private folder, so neither a left-over `.coverage` nor another run in the same
directory can add to it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import coverage
import msgspec
from coverage.exceptions import NoDataError

from pytest_gates.model.coverage import CoverageFacts, FileCoverage, ranges_of
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.text import well_formed

# "Couldn't parse Python file '/x/y.py' (couldn't-parse)". (coverage 7.17)
# Only what is named like Python: templates compile their text under its own name, and that is no code.
_UNPARSED = re.compile(r"Couldn't parse .*'(?P<path>.+\.pyw?)'")

_ATTEMPT = re.compile(r"(?:^|\|)gates-attempt-\d+-\d+$")


class FileReport(msgspec.Struct, frozen=True):
    """What coverage's JSON report says of one file."""

    executed_lines: list[int]
    missing_lines: list[int]
    excluded_lines: list[int] = []
    executed_branches: list[tuple[int, int]] = []
    missing_branches: list[tuple[int, int]] = []


class _Meta(msgspec.Struct, frozen=True):
    version: str
    branch_coverage: bool


class JsonReport(msgspec.Struct, frozen=True):
    """coverage's JSON report, as far as we read it."""

    meta: _Meta
    files: dict[str, FileReport]


class DataFolder:
    """Coverage data files of one process and of those that report to it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-gates-coverage-"))
        self.data_file = self._folder / "data"
        self._opened: list[coverage.Coverage] = []

    def add(self, data: coverage.CoverageData, name: str) -> None:
        """A copy of somebody's data. Raises CoverageException."""
        self._named(name).update(data)

    def add_packed(self, packed: bytes, name: str) -> None:
        """What `packed` of another process returned. Raises CoverageException."""
        self._named(name).loads(packed)

    def replace_if_other_kind(self, theirs: coverage.CoverageData) -> None:
        """Data with and without branches cannot be combined: theirs is the later and larger part."""
        for path in self._parts():
            ours = coverage.CoverageData(basename=str(path), suffix=None)
            ours.read()
            if ours.has_arcs() != theirs.has_arcs():
                path.unlink()

    def packed(self) -> bytes:
        """All data as one value. Raises CoverageException."""
        return self.combined().get_data().dumps()

    def analysed(self, without: tuple[str, ...] = ()) -> Analysis:
        """All data, combined and compared with the source files. Raises CoverageException.

        What was recorded in the contexts `without` is left out.
        """
        combined = self.combined()
        return Analysis(combined, self.report(combined, without=without))

    def report(
        self,
        combined: coverage.Coverage,
        *,
        without: tuple[str, ...],
        paths: list[str] | None = None,
        include: list[str] | None = None,
        omit: list[str] | None = None,
    ) -> JsonReport | None:
        """coverage's own, of these `paths` alone or of all; None when none is left. Raises CoverageException.

        `include` and `omit` replace those of the report's settings.
        """
        # A context of the project's settings stands before ours, with a bar between them.
        labels = "|".join(re.escape(one) for one in without)
        contexts = [rf"^(?!(?:.*\|)?(?:{labels})$)"] if without else None
        outfile = self._folder / "facts.json"
        try:
            combined.json_report(
                morfs=paths,
                outfile=str(outfile),
                ignore_errors=True,
                pretty_print=False,
                show_contexts=False,
                contexts=contexts,
                include=include,
                omit=omit,
            )
        except NoDataError:
            return None
        return msgspec.json.decode(outfile.read_bytes(), type=JsonReport)

    def lines_by_context(
        self, root: Path, paths: Iterable[str], fixed: str
    ) -> dict[str, dict[int, tuple[str, ...]]]:
        """By path, then by line: contexts, without the `fixed` one of the settings and our own attempts'.

        Raises CoverageException.
        """
        data = self.combined().get_data()
        names = {relative_path(name, root): name for name in data.measured_files()}
        return {
            path: {
                line: tuple(sorted({_own_context(one, fixed) for one in contexts}))
                for line, contexts in data.contexts_by_lineno(names[path]).items()
            }
            for path in paths
            if path in names
        }

    def combined_bytes(self) -> bytes | None:
        return self.data_file.read_bytes() if self.data_file.is_file() else None

    def remove(self) -> None:
        for one in self._opened:
            # With `[paths]` it reports from a data base in memory, which it never closes. (7.17)
            one.get_data().close(force=True)
        self._opened.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _named(self, name: str) -> coverage.CoverageData:
        return coverage.CoverageData(basename=str(self.data_file), suffix=f"{name}.{os.getpid()}")

    def _parts(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self.data_file.name}.*"))

    def combined(self) -> coverage.Coverage:
        """Everything in the folder as one, with the project's `[paths]` applied.

        The result is a part of its own: combining twice loses nothing.
        """
        combined = coverage.Coverage(data_file=str(self.data_file))
        self._opened.append(combined)
        combined.set_option("run:disable_warnings", [])
        parts = self._parts()
        combined.load()
        if parts:
            combined.combine([str(part) for part in parts], keep=False)
            combined.save()
        return combined


def _own_context(context: str, fixed: str) -> str:
    """The name that a test was given: coverage puts its fixed context before it, we an attempt's behind."""
    own = "" if context == fixed else context.removeprefix(f"{fixed}|" if fixed else "")
    return _ATTEMPT.sub("", own)


class Analysis:
    """coverage's own report of the combined data; None when there was nothing to report."""

    def __init__(self, combined: coverage.Coverage, report: JsonReport | None) -> None:
        self._combined = combined
        self._report = report

    def facts(
        self,
        root: Path,
        *,
        measured_by: str,
        core: str,
        notes: tuple[str, ...],
        lower_bound: str | None,
    ) -> CoverageFacts | Unavailable:
        """What was executed, in our own nouns. `notes` are what coverage had to say on the way."""
        combined, report = self._combined, self._report
        if report is None or not any(one.executed_lines for one in report.files.values()):
            return Unavailable(
                why="no line of the measured code was executed",
                remedy="do the tests import an installed copy? set `source` to the package, or install "
                "the project in editable mode",
            )
        unparsed = [found["path"] for note in notes if (found := _UNPARSED.search(note))]
        if unparsed:
            return Unavailable(
                why=f"coverage cannot parse {', '.join(sorted(unparsed))}",
                remedy="correct the file, or leave it out with `omit` in the coverage settings",
            )
        absent = never_imported(combined, report.files, root)
        if absent:
            return Unavailable(
                why=f"no process imported {', '.join(absent)}, which the coverage settings name",
                remedy="correct `source`, or test that package",
            )
        files = (_file(relative_path(path, root), one) for path, one in report.files.items())
        return CoverageFacts(
            files=tuple(sorted(files, key=lambda one: one.path)),
            measured_by=measured_by,
            core=core,
            coverage_version=report.meta.version,
            branch=report.meta.branch_coverage,
            source=_source(combined, root),
            project_floor=_floor(combined),
            notes=tuple(well_formed(note) for note in notes),
            lower_bound=lower_bound,
        )


def _file(path: str, report: FileReport) -> FileCoverage:
    return FileCoverage(
        path=well_formed(path),
        executable=ranges_of((*report.executed_lines, *report.missing_lines)),
        missing=ranges_of(tuple(report.missing_lines)),
        branch_count=len(report.executed_branches) + len(report.missing_branches),
        missing_branches=tuple(sorted(report.missing_branches)),
    )


def relative_path(name: str, root: Path) -> str:
    """POSIX, relative to `root` where it lies below; coverage, run at `root`, names files from there."""
    path = Path(os.path.normpath(root / name))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _source(combined: coverage.Coverage, root: Path) -> tuple[str, ...]:
    named = [combined.get_option(f"run:{key}") for key in ("source", "source_pkgs")]
    found = [one for option in named if isinstance(option, list) for one in option]
    return tuple(relative_path(one, root) if os.sep in one else one for one in found)


def never_imported(combined: coverage.Coverage, files: Iterable[str], root: Path) -> list[str]:
    """Packages that are to be measured and of which no file was seen: coverage leaves them out."""
    named = [
        one
        for key in ("source", "source_pkgs")
        for one in _option_list(combined, f"run:{key}")
        if key == "source_pkgs" or not (root / one).is_dir()
    ]
    paths = [f"/{path.replace(os.sep, '/')}" for path in files]
    return [
        one
        for one in named
        if not any(
            f"/{one.replace('.', '/')}/" in path or path.endswith(f"/{one.replace('.', '/')}.py")
            for path in paths
        )
    ]


def _option_list(combined: coverage.Coverage, name: str) -> list[str]:
    value = combined.get_option(name)
    return [str(one) for one in value] if isinstance(value, list) else []


def _floor(combined: coverage.Coverage) -> Decimal | None:
    """`[report] fail_under`, as it was written: 94.9 and not its nearest binary number."""
    value = combined.get_option("report:fail_under")
    return Decimal(str(value)) if isinstance(value, int | float) and value > 0 else None
