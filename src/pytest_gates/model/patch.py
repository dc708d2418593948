"""The statements that a change wrote, and which of them the tests executed. Pure."""

from __future__ import annotations

import enum

import msgspec

from pytest_gates.model.coverage import LineRange


class Newness(enum.StrEnum):
    """Whether a changed statement is news: written, only laid out otherwise, or brought from elsewhere."""

    NEW = "new"
    REFORMATTED = "reformatted"
    MOVED = "moved"


class ChangedStatement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement, `first` to `last` line inclusive; of a compound one the header alone.

    `scope` is the qualified name of the function or class around it, empty at module level. `excluded`
    when coverage was told not to count it. `missing_branches` are the targets that were not reached; a
    negative one leaves the code object. `follows`: no unchanged statement stands between it and the
    changed one before.
    """

    first: int
    last: int
    scope: str = ""
    newness: Newness = Newness.NEW
    executed: bool = False
    excluded: bool = False
    branches: int = 0
    missing_branches: tuple[int, ...] = ()
    follows: bool = False


class PatchFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One changed file in scope. Not `measured`: no process of the run executed a line of it.

    `new_pragmas` are lines on which this change told coverage not to count something.
    """

    path: str
    measured: bool = True
    statements: tuple[ChangedStatement, ...] = ()
    new_pragmas: tuple[int, ...] = ()


class PatchFacts(msgspec.Struct, frozen=True, kw_only=True, tag="patch", tag_field="kind"):
    """What was measured of the change, files in order of path.

    `out_of_scope` (path, why) are changed files that nobody wants measured, `unread` (path, why) those
    that could not be compared or measured. `lower_bound` and `upper_bound` as in `CoverageFacts`.
    """

    files: tuple[PatchFile, ...]
    branch: bool
    out_of_scope: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    lower_bound: str | None = None
    upper_bound: str | None = None


class CoveredLines(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines that are executed by the same tests; `tests` are places in the `tests` of what it belongs to.

    `outside` when they also run while no test does: modules are imported, fixtures of a wider scope
    than one test set up or torn down.
    """

    lines: tuple[LineRange, ...]
    tests: tuple[int, ...] = ()
    outside: bool = False


class CoveringRecord(msgspec.Struct, frozen=True, kw_only=True, tag="record", tag_field="kind"):
    """What one test process saw of the changed files; of a file that it never saw there is no path.

    The same line may stand in several groups of a file. `how` is the means, in words.
    """

    how: str
    tests: tuple[str, ...]
    files: dict[str, tuple[CoveredLines, ...]]


class CoveringFacts(msgspec.Struct, frozen=True, kw_only=True, tag="covering", tag_field="kind"):
    """Which tests execute the lines of this change; no line stands in two groups of its file.

    `tests` are all tests in contact with the change: what they execute is changed, or stands beside
    lines that are gone. A test of the run that is not among them executes nothing of it. `files` holds
    changed lines alone, by path. `unseen` are changed files of which no test process ran a line.
    """

    how: str
    tests: tuple[str, ...]
    files: dict[str, tuple[CoveredLines, ...]]
    unseen: tuple[str, ...] = ()
