"""Record which test executes which lines of a few files, through sys.monitoring. Effects: tracing.

A tool of our own watches the code of those files and nothing else: whoever else measures, by whatever
means, is not disturbed. Only this process is seen, all its threads included.
"""

from __future__ import annotations

import os
import platform
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import CodeType
from typing import Any

from pytest_gates.model.coverage import LineRange
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveredLines, CoveringRecord

TOOL = "pytest-gates covering tests"
_IDS = (4, 3, 5)
"""Not 0, 1 and 2: debuggers, coverage and profilers ask for their own number and no other."""
_NO_MONITORING = Unavailable(
    why=f"Python {platform.python_version()} has no sys.monitoring, which came with 3.12",
    remedy='run the tests on Python 3.12 or later, or set covering-tests = "contexts"',
)


def start_recorder(root: Path, paths: Iterable[str]) -> LineRecorder | Unavailable:
    """Watches the files at `paths` (POSIX, relative to `root`) from now on."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return _NO_MONITORING
    for tool in _IDS:
        try:
            monitoring.use_tool_id(tool, TOOL)
        except ValueError:  # taken
            continue
        return LineRecorder(monitoring, tool, root, paths)
    names = ", ".join(str(monitoring.get_tool(tool)) for tool in _IDS)
    return Unavailable(
        why=f"all numbers for tools of sys.monitoring are taken: {names}",
        remedy='end one of these tools, or set covering-tests = "contexts"',
    )


class LineRecorder:
    """Each line tells once that it runs, and falls silent until the next test begins."""

    def __init__(self, monitoring: Any, tool: int, root: Path, paths: Iterable[str]) -> None:
        """`tool` is a number of `monitoring` that is ours."""
        self._monitoring = monitoring
        self._tool = tool
        self._root = root
        self._path_of = {os.path.realpath(root / path): path for path in paths}
        self._base_names = {os.path.basename(path) for path in self._path_of}  # noqa: PTH119
        # By the name that a code object gives for its file; None for files that did not change.
        self._known: dict[str, str | None] = {}
        self._told: list[tuple[CodeType, int]] = []
        self._armed: list[weakref.ref[CodeType]] = []
        self._tests: dict[str, int] = {}
        self._current: int | None = None
        # By path, then by a set of lines (bit n is line n): the tests that executed just these.
        self._seen: dict[str, dict[int, list[int]]] = {}
        self._outside: dict[str, int] = {}
        self._broken: str | None = None
        self._listen()

    def begin(self, test: str | None) -> None:
        """What runs from here on is this test's; None: no test's."""
        self._collect(rearm=True)
        self._current = None if test is None else self._tests.setdefault(test, len(self._tests))

    def end(self) -> CoveringRecord | Unavailable:
        """Stop, and tell all that was seen."""
        if self._broken is None and self._monitoring.get_tool(self._tool) != TOOL:
            self._broken = "its number was freed"
        self._collect(rearm=False)
        self._stop()
        if self._broken is not None:
            return Unavailable(
                why=f"somebody took our tool of sys.monitoring away: {self._broken}",
                remedy="see which test or plugin uses sys.monitoring",
            )
        return CoveringRecord(
            how=f"sys.monitoring of Python {platform.python_version()}; subprocesses are not seen",
            tests=tuple(self._tests),
            files={path: self._groups(path) for path in sorted(self._files())},
        )

    def _listen(self) -> None:
        monitoring, tool = self._monitoring, self._tool
        silence, line_event = monitoring.DISABLE, monitoring.events.LINE
        watch, known, resolve = monitoring.set_local_events, self._known, self._resolve
        tell, armed = self._told.append, self._armed.append

        def on_start(code: CodeType, _offset: int) -> Any:
            name = code.co_filename
            path = known[name] if name in known else resolve(name)
            if path is not None:
                watch(tool, code, line_event)
                armed(weakref.ref(code))
            return silence

        def on_line(code: CodeType, line: int) -> Any:
            tell((code, line))
            return silence

        monitoring.register_callback(tool, monitoring.events.PY_START, on_start)
        monitoring.register_callback(tool, line_event, on_line)
        monitoring.set_events(tool, monitoring.events.PY_START)

    def _resolve(self, name: str) -> str | None:
        """The changed file that a code object was compiled from, as far as its name tells."""
        found = None
        if os.path.basename(name) in self._base_names:  # noqa: PTH119 - on the way of each import
            # A relative name is meant from where Python was started; a test may have left that folder.
            for place in (name, self._root / name):
                found = found or self._path_of.get(os.path.realpath(place))
        self._known[name] = found
        return found

    def _collect(self, *, rearm: bool) -> None:
        """Give what was told to whom it belongs; other threads may go on telling meanwhile."""
        told = self._told
        count = len(told)
        if not count:
            return
        batch = told[:count]
        del told[:count]
        # By identity: equal code objects of two files, or of one that was loaded twice, are two.
        silent: dict[int, CodeType] = {}
        lines: dict[str, set[int]] = {}
        for code, line in batch:
            if id(code) not in silent:
                silent[id(code)] = code
                lines.setdefault(code.co_filename, set())
            lines[code.co_filename].add(line)
        for name, found in lines.items():
            path = self._known[name]
            if path is not None:
                self._keep(path, found)
        if rearm:
            self._arm(silent.values())

    def _keep(self, path: str, lines: set[int]) -> None:
        bits = 0
        for line in lines:
            bits |= 1 << line
        if self._current is None:
            self._outside[path] = self._outside.get(path, 0) | bits
        else:
            self._seen.setdefault(path, {}).setdefault(bits, []).append(self._current)

    def _arm(self, codes: Iterable[CodeType]) -> None:
        """Let these speak again. `restart_events` would wake the lines of every tool there is."""
        watch, tool, line_event = (
            self._monitoring.set_local_events,
            self._tool,
            self._monitoring.events.LINE,
        )
        try:
            for code in codes:
                watch(tool, code, 0)
                watch(tool, code, line_event)
        except ValueError as why:
            self._broken = self._broken or str(why)

    def _stop(self) -> None:
        monitoring, tool = self._monitoring, self._tool
        if monitoring.get_tool(tool) != TOOL:
            return
        monitoring.set_events(tool, 0)
        # The next owner of the number must not hear of our code.
        for code in [one for ref in self._armed if (one := ref()) is not None]:
            monitoring.set_local_events(tool, code, 0)
        monitoring.register_callback(tool, monitoring.events.PY_START, None)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)

    def _files(self) -> set[str]:
        return {path for path in self._known.values() if path is not None}

    def _groups(self, path: str) -> tuple[CoveredLines, ...]:
        groups = [
            CoveredLines(lines=_ranges(bits), tests=tuple(dict.fromkeys(tests)))
            for bits, tests in self._seen.get(path, {}).items()
        ]
        if path in self._outside:
            groups.append(CoveredLines(lines=_ranges(self._outside[path]), outside=True))
        return tuple(groups)


def _ranges(bits: int) -> tuple[LineRange, ...]:
    """The places of the bits that are set, drawn together."""
    found: list[LineRange] = []
    at = 0
    while bits:
        skip = (bits & -bits).bit_length() - 1
        bits >>= skip
        length = (~bits & (bits + 1)).bit_length() - 1
        found.append((at + skip, at + skip + length - 1))
        bits >>= length
        at += skip + length
    return tuple(found)
