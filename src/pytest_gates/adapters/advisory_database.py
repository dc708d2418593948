"""An advisory database on the disk, read as fast as it can be trusted. Effects: files, a cache.

A tree of thousands of files, or a zip of them, is read once and kept as packed lines beside a signature of
all its files; packed lines are read as they are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import msgspec

from pytest_gates import __version__
from pytest_gates.adapters.advisory_source import MOST_BYTES, Document, Source, opened
from pytest_gates.advisories.record import Unreadable
from pytest_gates.advisories.sieve import Sieve, unusable
from pytest_gates.errors import GatesError, ToolError
from pytest_gates.model.package import AdvisoryDatabase
from pytest_gates.model.text import printable

_LAYOUT = 1


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A database that proved to be one, and what it says of the wanted packages."""

    facts: AdvisoryDatabase
    sieve: Sieve
    notes: tuple[str, ...] = ()


class _CacheHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a cache: what the source is like, and what the lines below must be like."""

    layout: int
    version: str
    signature: str
    body: str
    digest: str
    elsewhere: int
    notes: tuple[str, ...]


def loaded(
    path: Path,
    place: str,
    names: frozenset[str] | None,
    now: dt.datetime,
    *,
    cache: Path | None = None,
    keep_lines: bool = False,
) -> Loaded:
    """The database at `path`, which people call `place`; `names` are those of `Sieve`.

    Raises ToolError for one that cannot be read whole, or that proves nothing.
    """
    try:
        return _proved(path, place, names, now, cache=cache, keep_lines=keep_lines)
    except ToolError as why:
        raise ToolError(printable(f"{place}: {why.why}", 800), why.remedy) from why


def _proved(
    path: Path,
    place: str,
    names: frozenset[str] | None,
    now: dt.datetime,
    *,
    cache: Path | None,
    keep_lines: bool,
) -> Loaded:
    source = opened(path)
    kept = _Cache(cache, path) if cache is not None and source.signature is not None else None
    known = kept.read(source, names, now, keep_lines=keep_lines) if kept is not None else None
    if known is None:
        known = _read(source, names, now, keep_lines=keep_lines or kept is not None)
        if kept is not None:
            known[0].prove()
            kept.write(source, *known)
    sieve, digest, notes = known
    return Loaded(
        facts=AdvisoryDatabase(
            place=printable(place),
            newest=sieve.prove(),
            digest=digest,
            records=sieve.records,
            withdrawn=sieve.withdrawn,
        ),
        sieve=sieve,
        notes=(*notes, *_notes(sieve)),
    )


def _notes(sieve: Sieve) -> tuple[str, ...]:
    notes: list[str] = []
    if sieve.elsewhere:
        notes.append(
            f"{sieve.elsewhere} advisories about other things than Python packages left out"
        )
    if sieve.future:
        notes.append(
            f"{sieve.future} advisories say that they were modified in the future: "
            "their date does not make the database newer"
        )
    return tuple(notes)


_Known = tuple[Sieve, str, tuple[str, ...]]


def _read(
    source: Source, names: frozenset[str] | None, now: dt.datetime, *, keep_lines: bool
) -> _Known:
    sieve = Sieve(names, now, keep_lines=keep_lines)
    for document in source.documents():
        sieve.add(document.where, _json(document))
    return sieve, source.digest(), source.notes()


def _json(document: Document) -> bytes:
    if not document.is_yaml:
        return document.content
    # Imported here: packed lines are the usual case, and do without.
    from pytest_gates.adapters.advisory_yaml import json_of  # noqa: PLC0415

    try:
        return json_of(document.content)
    except Unreadable as why:
        raise unusable(document.where, why, document.content) from why


class _Cache:
    """One file for one place of a database. What is not exactly as it was written is not there."""

    def __init__(self, folder: Path, place: Path) -> None:
        name = hashlib.sha256(str(place.absolute()).encode("utf-8", "backslashreplace")).hexdigest()
        self._path = folder / f"advisories-{name[:16]}.jsonl"

    def read(
        self, source: Source, names: frozenset[str] | None, now: dt.datetime, *, keep_lines: bool
    ) -> _Known | None:
        try:
            if self._path.stat().st_size > MOST_BYTES:
                return None
            first, _, body = self._path.read_bytes().partition(b"\n")
            head = msgspec.json.decode(first, type=_CacheHead)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if (head.layout, head.version) != (_LAYOUT, __version__):
            return None
        if head.signature != source.signature or head.body != _digest(body):
            return None
        sieve = Sieve(names, now, keep_lines=keep_lines)
        try:
            for number, line in enumerate(body.split(b"\n"), 2):
                sieve.add(f"line {number} of the cache", line)
        except ToolError:
            return None
        sieve.elsewhere = head.elsewhere
        return sieve, head.digest, head.notes

    def write(self, source: Source, sieve: Sieve, digest: str, notes: tuple[str, ...]) -> None:
        """A cache that cannot be written costs time, and nothing else."""
        body = b"\n".join(sieve.lines)
        head = _CacheHead(
            layout=_LAYOUT,
            version=__version__,
            signature=source.signature or "",
            body=_digest(body),
            digest=digest,
            elsewhere=sieve.elsewhere,
            notes=notes,
        )
        # Imported here: it brings git and its processes along, and a copy is written once.
        from pytest_gates.adapters.files import write_whole  # noqa: PLC0415

        try:
            write_whole(self._path, msgspec.json.encode(head) + b"\n" + body)
        except GatesError:
            return


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
