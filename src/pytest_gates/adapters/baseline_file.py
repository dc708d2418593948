"""The baseline as a committed file: one line for each source file, for people to review. Effects: files.

{
  "kind": "pytest-gates coverage baseline",
  "version": 1,
  "commit": "…", "coverage": "…", "variant": "…", "shard": null,
  "lowered": [{"date": "…", "path": "…", "count": 3, "reason": "…"}],
  "files": {
    "src/shop/pay.py": ["<blob>", "1-4,7"]
  }
}
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_gates.errors import GatesError
from pytest_gates.model.coverage import LineRange
from pytest_gates.model.ratchet import Baseline, BaselineFile, Lowered, Origin

KIND = "pytest-gates coverage baseline"
VERSION = 1
DEFAULT_NAME = "gates-baseline.json"
MOST_BYTES = 1 << 28
_RANGE = re.compile(r"([1-9][0-9]{0,6})(?:-([1-9][0-9]{0,6}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Lowered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    date: dt.date
    path: str
    count: int
    reason: str


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["pytest-gates coverage baseline"]
    version: int
    commit: str
    coverage: str
    variant: str
    shard: str | None
    lowered: tuple[_Lowered, ...]
    files: dict[str, tuple[str, str]]


class _Head(msgspec.Struct, frozen=True):
    kind: str = ""


def is_baseline(text: bytes) -> bool:
    """Whether this calls itself a baseline; it may be a broken one."""
    try:
        return msgspec.json.decode(text, type=_Head).kind == KIND
    except (msgspec.DecodeError, RecursionError):
        return False


def read_bytes(path: Path) -> bytes:
    """Raises GatesError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise GatesError(f"{path.name} is larger than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as why:
        raise GatesError(f"{path.name} cannot be read: {why.strerror}") from why


def parsed(text: bytes, source: str) -> Baseline:
    """Raises GatesError, also for what is nearly right: a lost line must not look like a gone one."""
    try:
        # A merge that kept both lines of a file would lose one of them.
        document = json.loads(text, object_pairs_hook=_without_twins)
        found = msgspec.convert(document, type=_Document)
        files = {
            path: BaselineFile(blob, _ranges(lines)) for path, (blob, lines) in found.files.items()
        }
    except (msgspec.ValidationError, ValueError, RecursionError) as why:
        raise GatesError(f"{source} is no baseline: {why}") from why
    if found.version != VERSION or not _COMMIT.fullmatch(found.commit):
        raise GatesError(
            f"{source} is no baseline of version {VERSION} with the full id of a commit: "
            "write it anew with `gates ratchet --write`"
        )
    return Baseline(
        origin=Origin(
            commit=found.commit,
            coverage_version=found.coverage,
            variant=found.variant,
            shard=found.shard,
        ),
        source=source,
        files=files,
        lowered=tuple(
            Lowered(date=one.date, path=one.path, count=one.count, reason=one.reason)
            for one in found.lowered
        ),
    )


def rendered(baseline: Baseline) -> bytes:
    """Sorted and in ASCII: the same cover is the same text. Files unknown to git have no place in it."""
    files = {
        path: [one.blob, _written(one.executed)]
        for path, one in sorted(baseline.files.items())
        if one.blob is not None and one.executed
    }
    origin = baseline.origin
    head = {
        "kind": KIND,
        "version": VERSION,
        "commit": origin.commit,
        "coverage": origin.coverage_version,
        "variant": origin.variant,
        "shard": origin.shard,
    }
    lowered = [
        {"date": str(one.date), "path": one.path, "count": one.count, "reason": one.reason}
        for one in baseline.lowered
    ]
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines += _block("lowered", "[]", [json.dumps(one) for one in lowered], ",")
    entries = [f"{json.dumps(path)}: {json.dumps(value)}" for path, value in files.items()]
    lines += _block("files", "{}", entries, "")
    return "\n".join(["{", *lines, "}", ""]).encode("ascii")


def _block(name: str, brackets: str, entries: list[str], end: str) -> list[str]:
    if not entries:
        return [f'  "{name}": {brackets}{end}']
    inner = [f"    {one}," for one in entries]
    inner[-1] = inner[-1].removesuffix(",")
    return [f'  "{name}": {brackets[0]}', *inner, f"  {brackets[1]}{end}"]


def _written(ranges: tuple[LineRange, ...]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(one for one in names if names.count(one) > 1)} stands there twice")
    return found


def _ranges(text: str) -> tuple[LineRange, ...]:
    """Raises ValueError unless they are in order and do not touch."""
    found: list[LineRange] = []
    for word in text.split(","):
        read = _RANGE.fullmatch(word)
        if read is None:
            raise ValueError(f"{word[:40]!r} is no range of lines")
        first, last = int(read[1]), int(read[2] or read[1])
        if last < first or (found and first <= found[-1][1] + 1):
            raise ValueError(f"the range {word} is not in order")
        found.append((first, last))
    return tuple(found)
