"""Measure which code the tests execute, through coverage's public API. Effects: tracing, files.

Three ways in, one way out: start our own measurement; attach to one that already runs (a second tracer
would ruin the first); or hand over to pytest-cov when `--cov` asks for it. Importing this file imports
coverage, so only a run with a coverage gate does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import coverage
import msgspec
from coverage.exceptions import CoverageException

from pytest_gates.adapters.coverage_facts import DataFolder
from pytest_gates.adapters.coverage_patch import measured_files
from pytest_gates.adapters.coverage_scope import Scope, default_source, lies_in, scope_of
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.measured import MeasuredFiles
from pytest_gates.model.text import well_formed

_SYSMON_SINCE = (3, 12)
_SYSMON_DEFAULT_SINCE = (3, 14)
_CORES_WITHOUT_CONTEXTS = frozenset({"SysMonitor", "unknown core"})


class Measurement:
    """The measurement of this process, from start to the data that leaves it."""

    def __init__(
        self, root: Path, *, branches: bool, source: tuple[str, ...], contexts: bool = False
    ) -> None:
        """Starts at once. `branches` and `source` are what the policy adds to the project's settings.

        `contexts` when what runs will be told apart by `begin_context`.
        """
        self._root = root
        self._folder = DataFolder()
        self._notes: list[str] = []
        self._problem: Unavailable | None = None
        self._lower_bound: str | None = None
        self._own: coverage.Coverage | None = None
        self._outer: coverage.Coverage | None = None
        self._measured_by = "pytest-gates"
        self._scope = Scope()
        self._core = "unknown core"
        self._attempts = 0
        self._context = ""
        try:
            with self._heard():
                self._begin(branches=branches, source=source, contexts=contexts)
        except Exception as why:  # of coverage, or of a plugin that the project names
            self._fail(f"coverage could not start: {type(why).__name__}: {why}")

    def hand_over(self) -> None:
        """pytest-cov is about to start: keep what we have, and leave the rest to it."""
        if self._own is not None:
            self._stop_own()
            self._measured_by = "pytest-cov"

    def take_over(self, theirs: coverage.Coverage) -> None:
        """Add what pytest-cov measured, once it has ended."""
        try:
            with self._heard():
                data = theirs.get_data()
                self._scope = scope_of(theirs)
                self._folder.replace_if_other_kind(data)
                self._folder.add(data, "pytest-cov")
        except CoverageException as why:
            self._fail(f"the data of pytest-cov cannot be read: {why}")

    def stop(self) -> None:
        """End our own measurement; one of somebody else goes on. Does nothing the second time."""
        self._stop_own()
        if self._outer is None:
            return
        outer, self._outer = self._outer, None
        try:
            with self._heard():
                self._folder.add(outer.get_data(), "outer")
        except CoverageException as why:
            self._fail(f"the data of `coverage run` cannot be read: {why}")

    def packed(self) -> bytes | str:
        """All data of this process and its children for another process, or why there is none."""
        if self._problem is not None:
            return self._problem.why
        try:
            with self._heard():
                return self._folder.packed()
        except CoverageException as why:
            return str(why)

    def add_packed(self, data: bytes, name: str) -> None:
        """Data that a worker packed."""
        try:
            self._folder.add_packed(data, name)
        except (CoverageException, zlib.error, UnicodeDecodeError) as why:  # all of them of loads()
            self._fail(f"the coverage data of {name} cannot be read: {why}")

    def set_apart(self) -> str | None:
        """What runs from here on may come to nothing: its label, None where it cannot be kept apart."""
        if self._own is None or self._own.get_option("run:dynamic_context"):
            return None  # somebody else measures, or names contexts
        self._attempts += 1
        label = f"gates-attempt-{os.getpid()}-{self._attempts}"
        with self._heard():
            self._own.switch_context(f"{self._context}|{label}" if self._context else label)
        return label

    def end_apart(self, *, counts: bool) -> None:
        """The end of what `set_apart` began. What does not count must be left out of `facts` by its label."""
        if self._own is None:
            return
        with self._heard():
            self._own.switch_context(self._context)
        monitoring = getattr(sys, "monitoring", None)
        if not counts and monitoring is not None:
            # The sysmon core tells each line once: what only this attempt ran must be told again.
            monitoring.restart_events()

    def why_no_contexts(self) -> str | None:
        """None where `begin_context` tells apart what runs."""
        if self._own is None:
            return f"{self._measured_by} measures" if self._problem is None else self._problem.why
        if self._own.get_option("run:dynamic_context"):
            return "the coverage settings name contexts (dynamic_context)"
        if self._core in _CORES_WITHOUT_CONTEXTS:
            return "its core sysmon has none"
        return None

    def begin_context(self, name: str) -> None:
        """What runs from here on is recorded under this name; empty for none."""
        if self._own is not None:
            self._context = name
            with self._heard():
                self._own.switch_context(name)

    def lines_by_context(
        self, paths: Sequence[str]
    ) -> dict[str, dict[int, tuple[str, ...]]] | Unavailable:
        """By path, then by line: names of contexts, of `paths` that were measured. Ends the measurement."""
        fixed = self._own.get_option("run:context") if self._own is not None else None
        self.stop()
        if self._problem is not None:
            return self._problem
        try:
            with self._heard():
                return self._folder.lines_by_context(self._root, paths, str(fixed or ""))
        except CoverageException as why:
            return Unavailable(
                why=f"the contexts of coverage cannot be read: {why}", remedy=_REMEDY
            )

    def keep_fork(self) -> None:
        """In a fork of this process: what it has executed counts as well."""
        if self._own is None:
            return
        with contextlib.suppress(CoverageException), self._heard():
            self._own.save()

    def facts(self, *, without: tuple[str, ...] = ()) -> CoverageFacts | Unavailable:
        """What was executed, by all processes whose data came here; nothing of the labels in `without`."""
        if self._problem is not None:
            return self._problem
        try:
            with self._heard():
                analysis = self._folder.analysed(without)
            return analysis.facts(
                self._root,
                measured_by=self._measured_by,
                core=self._core,
                notes=tuple(self._notes),
                lower_bound=self._lower_bound,
            )
        except Exception as why:  # of coverage, its data base, its JSON: nothing is known then
            return Unavailable(why=f"coverage could not analyse its data: {why}", remedy=_REMEDY)

    def of_files(
        self, paths: Sequence[str], *, without: tuple[str, ...] = ()
    ) -> MeasuredFiles | Unavailable:
        """What was executed of these files, relative to the root, and of no others; else as `facts`."""
        if self._problem is not None:
            return self._problem
        try:
            with self._heard():
                found = measured_files(self._folder, self._scope, self._root, paths, without)
        except Exception as why:  # of coverage, its data base, its JSON: nothing is known then
            return Unavailable(why=f"coverage could not analyse its data: {why}", remedy=_REMEDY)
        if isinstance(found, Unavailable):
            return found
        notes = tuple(well_formed(one) for one in self._notes)
        return msgspec.structs.replace(found, notes=notes, lower_bound=self._lower_bound)

    def measures(self, folder: str) -> bool:
        """Whether somebody named this folder, or one below it, as code to be measured."""
        place = os.path.realpath(self._root / folder)
        return any(lies_in(one, [place]) for one in self._scope.folders) and not self._scope.guessed

    def export(self) -> bytes | None:
        """The combined data file, after `facts`; None when there is none."""
        return self._folder.combined_bytes()

    def close(self) -> None:
        """Forget all data."""
        self._folder.remove()

    def _begin(self, *, branches: bool, source: tuple[str, ...], contexts: bool) -> None:
        current = coverage.Coverage.current()
        if current is not None:
            self._outer = current
            self._scope = scope_of(current)
            self._measured_by = "coverage run"
            self._core = _core_of(current)
            if branches and not current.get_option("run:branch"):
                self._notes.append("the measurement that was already running has no branches")
            return
        own = coverage.Coverage(
            data_file=str(self._folder.data_file), data_suffix=True, check_preimported=True
        )
        # What coverage has to say decides whether its number can be believed.
        own.set_option("run:disable_warnings", [])
        guessed = False
        if branches:
            own.set_option("run:branch", value=True)
        if not any(
            own.get_option(f"run:{key}")
            for key in ("source", "source_pkgs", "source_dirs", "include")
        ):
            chosen = source or default_source(self._root)
            own.set_option("run:source", list(chosen))
            guessed = not source
            if not source:
                named = ", ".join(_relative(one, self._root) for one in chosen)
                self._notes.append(
                    f"measured {named}, since neither coverage's settings nor `source` name any"
                )
        self._scope = scope_of(own, guessed=guessed)
        if contexts and not own.get_option("run:core"):
            own.set_option(
                "run:core", "ctrace"
            )  # from Python 3.14 on, sysmon is coverage's own choice
        if may_use_sysmon(own):
            own.set_option("run:core", "sysmon")
            self._notes.append("lines only, so the faster sysmon core of coverage was chosen")
        own.start()
        self._core = _core_of(own)
        self._own = own

    def _stop_own(self) -> None:
        if self._own is None:
            return
        own, self._own = self._own, None
        try:
            with self._heard():
                own.stop()
                own.save()
        except CoverageException as why:
            self._fail(f"coverage could not save its data: {why}")

    def _fail(self, why: str) -> None:
        if self._problem is None:
            self._problem = Unavailable(why=why, remedy=_REMEDY)

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        """coverage's warnings become notes: a suite with `filterwarnings = error` must not die of ours."""
        with warnings.catch_warnings(record=True) as said, _at(self._root):
            warnings.simplefilter("always")
            yield
        for one in said:
            self._note(str(one.message))

    def _note(self, text: str) -> None:
        if "(already-imported)" in text:
            # Lines that ran at import were not seen: more was executed than the number will say.
            self._lower_bound = (
                "some of the code was imported before the measurement began; "
                "name gates before other plugins with -p, or use `coverage run -m pytest -p gates`"
            )
        elif text not in self._notes and not _is_expected(text):
            self._notes.append(text)


@contextlib.contextmanager
def _at(root: Path) -> Iterator[None]:
    """coverage finds its settings and names its files from the current folder; tests may leave it."""
    try:
        before = str(Path.cwd())
    except FileNotFoundError:  # a test removed the folder that it was in
        before = str(root)
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(before)


_REMEDY = "check the project's coverage settings with `coverage debug config`"


def may_use_sysmon(measuring: coverage.Coverage) -> bool:
    """Lines only, on a Python that has sys.monitoring but does not use it by itself, and no objection.

    Not with branches (before 3.14), plugins, contexts or greenlets: that core cannot do them. Nor when
    the settings or COVERAGE_CORE name a core: that was somebody's choice. (coverage 7.17)
    """
    wants_else = (
        measuring.get_option("run:branch")
        or measuring.get_option("run:core")
        or measuring.get_option("run:plugins")
        or measuring.get_option("run:dynamic_context")
        or measuring.get_option("run:timid")
        or os.environ.get("COVERAGE_CORE")
    )
    concurrency = measuring.get_option("run:concurrency")
    names = concurrency if isinstance(concurrency, list) else []
    fitting = _SYSMON_SINCE <= sys.version_info < _SYSMON_DEFAULT_SINCE
    return fitting and not wants_else and set(names) <= {"thread", "multiprocessing"}


def _core_of(measuring: coverage.Coverage) -> str:
    found: Any = dict(measuring.sys_info()).get("core")
    return str(found) if found else "unknown core"


def _relative(name: str, root: Path) -> str:
    path = Path(name)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else name


def _is_expected(text: str) -> bool:
    # Each process of a run sees only a part: a worker without a line of the source is no news.
    return any(
        f"({slug})" in text
        for slug in ("no-data-collected", "module-not-imported", "no-sysmon-context")
    )
