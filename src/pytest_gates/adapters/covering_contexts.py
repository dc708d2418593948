"""Record which test executes which lines by the contexts of our own coverage measurement. Effects: tracing.

Works on any Python, and costs about twice as much as measuring alone. Importing this file does not
import coverage: a run that does not ask for contexts does not pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_gates.model.coverage import ranges_of
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveredLines, CoveringRecord


class Contexts(Protocol):
    """The part of a measurement that can tell its contexts apart."""

    def why_no_contexts(self) -> str | None:
        """None where it can."""

    def begin_context(self, name: str) -> None:
        """What runs from here on is recorded under this name; empty for none."""

    def lines_by_context(
        self, paths: Sequence[str]
    ) -> dict[str, dict[int, tuple[str, ...]]] | Unavailable:
        """By path, then by line: names of contexts. Only measured files are there. Ends it."""


def start_contexts(
    measurement: Contexts | None, paths: Sequence[str]
) -> ContextRecorder | Unavailable:
    """`paths` are POSIX, relative to the root."""
    why = "no gate measures coverage" if measurement is None else measurement.why_no_contexts()
    if measurement is None or why is not None:
        return Unavailable(
            why=f"coverage cannot tell tests apart by contexts: {why}",
            remedy='set covering-tests = "auto" and run the tests on Python 3.12 or later',
        )
    return ContextRecorder(measurement, paths)


class ContextRecorder:
    """The same questions and answers as `LineRecorder`."""

    def __init__(self, measurement: Contexts, paths: Sequence[str]) -> None:
        self._measurement = measurement
        self._paths = tuple(paths)
        self._tests: dict[str, int] = {}
        self._test_of: dict[str, int] = {}

    def begin(self, test: str | None) -> None:
        name = ""
        if test is not None:
            number = self._tests.setdefault(test, len(self._tests))
            # Those who look for contexts do so by regular expressions, which go line by line.
            name = test if test.isprintable() else f"gates-test-{number}"
            self._test_of[name] = number
        self._measurement.begin_context(name)

    def end(self) -> CoveringRecord | Unavailable:
        """Stop the measurement, and tell all that was seen of the files."""
        found = self._measurement.lines_by_context(self._paths)
        if isinstance(found, Unavailable):
            return found
        return CoveringRecord(
            how="contexts of coverage",
            tests=tuple(self._tests),
            files={path: self._groups(lines) for path, lines in sorted(found.items())},
        )

    def _groups(self, lines: dict[int, tuple[str, ...]]) -> tuple[CoveredLines, ...]:
        together: dict[tuple[str, ...], list[int]] = {}
        for line, names in lines.items():
            together.setdefault(names, []).append(line)
        return tuple(
            CoveredLines(
                lines=ranges_of(tuple(found)),
                tests=tuple(sorted(self._test_of[one] for one in names if one in self._test_of)),
                outside=any(one not in self._test_of for one in names),
            )
            for names, found in together.items()
        )
