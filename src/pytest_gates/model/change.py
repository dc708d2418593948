"""What a change did to the files of a project, line by line. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

import msgspec

from pytest_gates.model.coverage import LineRange


class Hunk(msgspec.Struct, frozen=True, array_like=True):
    """`@@ -old_start,old_count +new_start,new_count @@` of a diff without context lines.

    Lines count from 1. Where a count is 0, its start is the line *before* the place, 0 at the top.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int


class FileChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file that differs from the base. `hunks` are in order and do not overlap.

    `path` is where it is now, `base_path` where it was, None when it is new; both POSIX, relative to the
    root. A file that was only renamed, or whose mode changed, has no hunks.
    """

    path: str
    base_path: str | None = None
    hunks: tuple[Hunk, ...] = ()

    @property
    def new_lines(self) -> tuple[LineRange, ...]:
        """Lines that this change wrote, as they are numbered now."""
        return tuple(
            (one.new_start, one.new_start + one.new_count - 1)
            for one in self.hunks
            if one.new_count
        )

    @property
    def gone_lines(self) -> tuple[LineRange, ...]:
        """Lines of the base that are no more, as they were numbered there."""
        return tuple(
            (one.old_start, one.old_start + one.old_count - 1)
            for one in self.hunks
            if one.old_count
        )

    def line_now(self, base_line: int) -> int | None:
        """Where a line of the base is now; None when this change took it away."""
        return _shifted(base_line, [(h.old_start, h.old_count, h.new_end) for h in _ends(self)])

    def line_at_base(self, line: int) -> int | None:
        """Where a line was at the base; None when this change wrote it."""
        if self.base_path is None:
            return None
        return _shifted(line, [(h.new_start, h.new_count, h.old_end) for h in _ends(self)])


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change", tag_field="kind"):
    """The work tree compared with the base: committed, staged, unstaged and untracked at once.

    `base` is the commit compared with, `reference` what was named, `how` how that was found, in words.
    `files` are in order of path, `deleted` are the base's paths. `left_out` (path, why) holds no code of
    this repository: links, submodules. `unread` (path, why) may, and could not be looked at.
    """

    base: str
    reference: str
    how: str
    files: tuple[FileChange, ...] = ()
    deleted: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def file(self, path: str) -> FileChange | None:
        """The change of the file that is now called `path`, None when it did not change."""
        at = bisect.bisect_left(self.files, path, key=lambda one: one.path)
        return self.files[at] if at < len(self.files) and self.files[at].path == path else None


class _Ends(msgspec.Struct, frozen=True):
    """A hunk whose four numbers mean the same with a count of 0: first line, and line after the last."""

    old_start: int
    old_count: int
    old_end: int
    new_start: int
    new_count: int
    new_end: int


def _ends(file: FileChange) -> Iterator[_Ends]:
    for hunk in file.hunks:
        old = hunk.old_start if hunk.old_count else hunk.old_start + 1
        new = hunk.new_start if hunk.new_count else hunk.new_start + 1
        yield _Ends(
            old, hunk.old_count, old + hunk.old_count, new, hunk.new_count, new + hunk.new_count
        )


def _shifted(line: int, hunks: list[tuple[int, int, int]]) -> int | None:
    """`hunks` are (first line here, how many, line after the last one there)."""
    last: tuple[int, int, int] | None = None
    for one in hunks:
        if one[0] > line:
            break
        last = one
    if last is None:
        return line
    start, count, end_there = last
    return None if line < start + count else line - (start + count) + end_there
