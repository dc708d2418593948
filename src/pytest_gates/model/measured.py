"""What was executed of chosen files, line by line, before anybody asks what changed in them. Pure."""

from __future__ import annotations

import msgspec


class MeasuredLines(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `executable` are the first lines of its statements, `missing` those that did not run.

    `excluded` are lines that coverage was told not to count. `branches` are (from line, to line), a
    negative target leaves the code object. Not `executed`: no process of the run ran a line of it.
    """

    executable: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    branches: tuple[tuple[int, int], ...] = ()
    missing_branches: tuple[tuple[int, int], ...] = ()
    executed: bool = True


class MeasuredFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files that somebody asked for, by path as it was named.

    `out_of_scope` (path, why) are not to be measured, `unread` (path, why) could not be analysed.
    `exclusions` are the regular expressions by which lines are left out. `notes` and `lower_bound` as
    in `CoverageFacts`.
    """

    files: dict[str, MeasuredLines]
    branch: bool
    out_of_scope: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    exclusions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lower_bound: str | None = None
