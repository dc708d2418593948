"""What was executed at an earlier commit, and which lines lost that cover. Pure."""

from __future__ import annotations

import datetime as dt

import msgspec

from pytest_gates.model.coverage import LineRange
from pytest_gates.model.moment import Moment


class Lowered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A baseline that somebody loosened on purpose: `count` lines of `path` need no cover any more.

    `is_new` when the base does not hold this entry: it came with the change that is judged.
    """

    date: dt.date
    path: str
    count: int
    reason: str
    is_new: bool = False


class BaselineFile(msgspec.Struct, frozen=True, array_like=True):
    """Lines that were executed, and those that were not, of one content of one file.

    `blob` is git's id of that content, None where git does not track the file. A baseline file does not
    hold what was missing.
    """

    blob: str | None
    executed: tuple[LineRange, ...]
    missing: tuple[LineRange, ...] = ()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Of which run a coverage is. `variant` and `shard` tell apart runs that cannot be compared whole."""

    commit: str
    coverage_version: str
    variant: str
    shard: str | None = None
    started: Moment | None = None
    upper_bound: str | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage to compare with, by path. `source` says where it was found."""

    origin: Origin
    source: str
    files: dict[str, BaselineFile]
    lowered: tuple[Lowered, ...] = ()


class RatchetFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file in which a line that was executed at the base, and is still there, is not executed now.

    Line numbers are those of now. `unstable` lines differ between runs of the same code: they prove
    nothing. `uncounted` ones coverage does not count any more. Not `measured`: no line of the file is
    counted in this run.
    """

    path: str
    base_path: str
    lost: tuple[LineRange, ...] = ()
    unstable: tuple[LineRange, ...] = ()
    uncounted: tuple[LineRange, ...] = ()
    measured: bool = True


class RatchetFacts(msgspec.Struct, frozen=True, kw_only=True, tag="ratchet", tag_field="kind"):
    """The comparison with one baseline.

    `commit` is the baseline's, `source` where it was found, in words. `compared` counts the lines that
    were executed there and are still here. `not_comparable` (path, why) could not be compared. `doubt`
    is the reason why a line that seems lost may never have been covered here. `lowered` are the
    baseline's own loosenings. `is_first` when this run is of the base itself, and nothing earlier is known.
    """

    commit: str
    source: str
    compared: int
    files: tuple[RatchetFile, ...] = ()
    not_comparable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    doubt: str | None = None
    lowered: tuple[Lowered, ...] = ()
    is_first: bool = False
