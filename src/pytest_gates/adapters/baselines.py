"""Find coverage to compare with in reports, and what git knows of commits. Effects: starts git, files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from pytest_gates.adapters.baseline_file import read_bytes
from pytest_gates.adapters.git import ask, output
from pytest_gates.errors import GatesError
from pytest_gates.model.baseline import baseline_of, origin_of, refusal_of
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.ratchet import Baseline, Origin
from pytest_gates.model.report import Report

REPORT_NAME = "report.json"
_MOST_REPORTS = 200
_MOST_COMMITS = 20_000
_REGULAR = (b"100644 blob ", b"100755 blob ")

Parse = Callable[[bytes], Report]
"""From text to a whole report; raises GatesError."""


class Known(msgspec.Struct, frozen=True):
    """A run whose coverage can be had: `load` brings it, and raises GatesError."""

    origin: Origin
    load: Callable[[], Baseline]


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at one place; `refused` (name, why) are runs that no baseline can be made of."""

    known: tuple[Known, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def reports_below(root: Path, place: Path, parse: Parse) -> Shelf:
    """The report at `place`, or all in that folder and below. Raises GatesError when there is nothing."""
    if place.is_file():
        found = [place]
    elif place.is_dir():
        found = sorted(place.rglob(REPORT_NAME))
    else:
        raise GatesError("it is not there")
    known: list[Known] = []
    refused: list[tuple[str, str]] = []
    for path in found:
        name = path.name if path == place else path.relative_to(place).as_posix()
        if len(known) == _MOST_REPORTS:
            refused.append((name, f"more than {_MOST_REPORTS} reports lie there"))
            continue
        try:
            report = parse(read_bytes(path))
        except GatesError as why:
            refused.append((name, str(why)))
            continue
        objection = refusal_of(report)
        if objection is None:
            known.append(_known(root, report, name))
        else:
            refused.append((name, objection))
    return Shelf(known=tuple(known), refused=tuple(refused))


def _known(root: Path, report: Report, name: str) -> Known:
    coverage = report.evidence.coverage
    if not isinstance(coverage, CoverageFacts):  # pragma: no cover - such a report is refused
        raise TypeError(name)
    origin = origin_of(report.evidence.run, coverage)

    def load() -> Baseline:
        return baseline_of(report, blobs_at(root, origin.commit), f"the report {name}")

    return Known(origin, load)


def blobs_at(root: Path, commit: str) -> dict[str, str]:
    """Git's id of each regular file in `commit`, by path relative to `root`. Raises GatesError."""
    listed = output(root, "ls-tree", "-r", "-z", commit)
    if listed is None:
        raise GatesError(f"git cannot list the files of {commit[:12]}")
    found: dict[str, str] = {}
    for entry in listed.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        if head.startswith(_REGULAR):
            found[os.fsdecode(name)] = head.rpartition(b" ")[2].decode("ascii", "replace")
    return found


def ancestors(root: Path, commit: str, *, mainline: bool = False) -> dict[str, int]:
    """`commit` and its ancestors with their distance in git's own order, 0 for itself; at most 20,000.

    On the `mainline` only first parents are followed. Raises GatesError.
    """
    words = ("--first-parent",) if mainline else ("--topo-order",)
    said = ask(root, "rev-list", f"--max-count={_MOST_COMMITS}", *words, commit, "--")
    if said is None:
        raise GatesError(f"git cannot list the ancestors of {commit[:12]}")
    return {one: at for at, one in enumerate(said.split())}


def is_shallow(root: Path) -> bool:
    return ask(root, "rev-parse", "--is-shallow-repository") == "true"
