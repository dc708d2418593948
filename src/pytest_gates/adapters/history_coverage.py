"""What was executed at earlier commits, in the tables of the history. Effects: a database."""

from __future__ import annotations

import zlib

import msgspec

from pytest_gates.adapters.history_database import Database, Row
from pytest_gates.adapters.history_layout import KIND_NUMBERS, key_of, microseconds, moment
from pytest_gates.errors import HistoryError
from pytest_gates.model.history import BranchKind, KeptCoverage, RunKey
from pytest_gates.model.ratchet import Baseline

KEEP_RUNS = {BranchKind.BASE: 50, BranchKind.CHANGE: 10}
"""Of each shard: enough for the base of any change, and to see what is unstable. On a large tree, one run
is half a megabyte, and few need those of changes: where they are merged and not squashed."""
_LARGEST = 1 << 28
_COLUMNS = ("scope", "name", "kind", "shard", "commit_id", "started", "payload")


def write(database: Database, scope: int, key: RunKey, baseline: Baseline) -> None:
    """Inside a transaction that owns `scope`. The same run a second time changes nothing."""
    name, kind = key_of(key.id), KIND_NUMBERS[key.branch_kind]
    if database.rows("SELECT 1 FROM coverage WHERE scope = ? AND name = ?", (scope, name)):
        return
    shard, at = _shard(baseline.origin.shard), microseconds(key.started)
    payload = zlib.compress(msgspec.msgpack.encode(baseline), 6)
    row = (scope, name, kind, shard, baseline.origin.commit, at, payload)
    database.insert("coverage", _COLUMNS, [row])
    place = (scope, kind, shard)
    kept = database.rows(
        "SELECT started FROM coverage WHERE scope = ? AND kind = ? AND shard = ?"
        " ORDER BY started DESC LIMIT ?",
        (*place, KEEP_RUNS[key.branch_kind]),
    )
    database.execute(
        "DELETE FROM coverage WHERE scope = ? AND kind = ? AND shard = ? AND started < ?",
        (*place, kept[-1][0]),
    )


def listed(database: Database, scope: int) -> tuple[KeptCoverage, ...]:
    """Newest first."""
    found = database.rows(
        "SELECT name, commit_id, shard, started FROM coverage WHERE scope = ?"
        " ORDER BY started DESC, name",
        (scope,),
    )
    return tuple(
        KeptCoverage(run=name, commit=commit, shard=shard or None, started=moment(at))
        for name, commit, shard, at in found
    )


def read(database: Database, scope: int, run: str) -> Baseline:
    """Raises HistoryError, also where it has been deleted since it was listed."""
    found = database.rows(
        "SELECT payload FROM coverage WHERE scope = ? AND name = ?", (scope, key_of(run))
    )
    try:
        return msgspec.msgpack.decode(_unpacked(found), type=Baseline)
    except (TypeError, ValueError, zlib.error, msgspec.DecodeError) as why:
        raise HistoryError(
            f"{database.source}: the coverage of the run {run[:40]} cannot be read: {why}",
            "run the suite with the gate `coverage-ratchet` at the base again",
        ) from why


def _unpacked(found: list[Row]) -> bytes:
    """Raises ValueError, and what zlib raises."""
    if not found:
        raise ValueError("it is not there")
    unpacking = zlib.decompressobj()
    plain = unpacking.decompress(bytes(found[0][0]), _LARGEST)
    if not unpacking.eof:
        raise ValueError("it has no end, or is too large")
    return plain


def _shard(name: str | None) -> str:
    return "" if name is None else key_of(name)
