"""Write archived runs into a history, oldest first. Effects: reads files, a temporary file, a history."""

from __future__ import annotations

import datetime as dt
import tempfile
import zlib
from collections.abc import Iterable
from typing import IO

import msgspec

from pytest_gates.adapters.junit_archive import Found, Skipped
from pytest_gates.model.case import BAD_OUTCOMES
from pytest_gates.model.history import (
    BranchKind,
    HistoryStore,
    Remembered,
    RunKey,
    RunToRemember,
)

_DAY = dt.timedelta(days=1)
_LEAST_MASS = 10
_RUN = msgspec.msgpack.Decoder(RunToRemember)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What no document says: where its runs were made."""

    repository: str
    variant: str
    branch: str | None
    branch_kind: BranchKind


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the documents. `results` counts tests in the runs that were written.

    `left_out` counts elements of documents that were read by why they are no test; `undated` documents
    took the time of their file.
    """

    written: int
    known: int
    too_old: int
    results: int
    undated: int
    skipped: tuple[Skipped, ...]
    left_out: dict[str, int]


class _Spool:
    """Runs on a disk, until all of them are known and can be written by their age."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._places: list[tuple[dt.datetime, int, int]] = []

    def add(self, run: RunToRemember) -> None:
        record = zlib.compress(msgspec.msgpack.encode(run), 1)
        self._places.append((run.key.started, self._stream.tell(), len(record)))
        self._stream.write(record)

    def oldest_first(self) -> Iterable[RunToRemember]:
        for _, offset, length in sorted(self._places):
            self._stream.seek(offset)
            yield _RUN.decode(zlib.decompress(self._stream.read(length)))


def import_runs(
    store: HistoryStore,
    found: Iterable[Found | Skipped],
    origin: Origin,
    *,
    mass_failure: float,
    now: dt.datetime,
) -> Imported:
    """A run in which more than `mass_failure` percent of the tests failed, and ten, teaches nothing.

    The id of a run is the one that our own reports hold, else the digest of the document: what was
    imported before, or remembered when it was made, changes nothing. Raises HistoryError; what was
    written until then stays, and importing once more adds the rest.
    """
    skipped: list[Skipped] = []
    left_out: dict[str, int] = {}
    undated = results = 0
    counts = dict.fromkeys(Remembered, 0)
    with tempfile.TemporaryFile() as stream:
        spool = _Spool(stream)
        for one in found:
            if isinstance(one, Skipped):
                skipped.append(one)
                continue
            run = _run_of(one, origin, mass_failure, now)
            if isinstance(run, Skipped):
                skipped.append(run)
                continue
            spool.add(run)
            undated += one.document.started is None
            for why, count in one.document.left_out.items():
                left_out[why] = left_out.get(why, 0) + count
        for run in spool.oldest_first():
            became = store.remember(run)
            counts[became] += 1
            if became is Remembered.WRITTEN:
                results += len(run.clean) + len(run.eventful)
    return Imported(
        written=counts[Remembered.WRITTEN],
        known=counts[Remembered.KNOWN],
        too_old=counts[Remembered.TOO_OLD],
        results=results,
        undated=undated,
        skipped=tuple(skipped),
        left_out=left_out,
    )


def _run_of(
    found: Found, origin: Origin, mass_failure: float, now: dt.datetime
) -> RunToRemember | Skipped:
    document = found.document
    started = document.started or found.changed
    failed = sum(
        any(attempt.outcome in BAD_OUTCOMES for attempt in test.attempts)
        for test in document.eventful
    )
    tests = len(document.clean) + len(document.eventful)
    why = None
    if started is None:
        why = "neither it nor its archive says when it was made"
    elif started > now + _DAY:
        why = f"it is dated {started:%Y-%m-%d}, in the future"
    elif failed >= _LEAST_MASS and 100 * failed > mass_failure * tests:
        why = f"{failed} of its {tests} tests failed: such a run teaches nothing"
    if started is None or why is not None:
        return Skipped(place=found.place, why=why or "")
    key = RunKey(
        id=document.run or f"junit-{found.digest}",
        repository=origin.repository,
        variant=origin.variant,
        branch=origin.branch,
        branch_kind=origin.branch_kind,
        commit=document.commit,
        content=None,
        started=started,
    )
    return RunToRemember(key=key, clean=document.clean, eventful=document.eventful)
