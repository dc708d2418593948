"""Find JUnit XML in files, folders, zip and tar archives. Effects: reads files.

Nothing is unpacked to a disk. What cannot be read is told with the reason, and the others are read on.
"""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import IO

import msgspec

from pytest_gates.adapters.junit_document import Document, JunitError, NodeIds, read_document

_MIB = 1 << 20
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
# Whatever an archive claims or really holds, reading it ends.
_BROKEN = (
    OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError,
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Of one document, and of all that one archive or folder holds together."""

    document_bytes: int = 64 * _MIB
    archive_bytes: int = 4096 * _MIB
    entries: int = 100_000


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A document: where it is, the digest of its content, and when its file was last changed."""

    place: str
    digest: str
    changed: dt.datetime | None
    document: Document


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be read, and why."""

    place: str
    why: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be a document."""

    place: str
    content: bytes
    changed: dt.datetime | None


def read_archives(
    paths: tuple[Path, ...], nodeids: NodeIds, limits: Limits | None = None
) -> Iterator[Found | Skipped]:
    """Every document of these files, folders and archives, by name within each of them."""
    bounds = limits or Limits()
    for path in paths:
        for entry in _entries_of(path, bounds):
            yield entry if isinstance(entry, Skipped) else _read(entry, nodeids)


def _read(entry: Entry, nodeids: NodeIds) -> Found | Skipped:
    try:
        document = read_document(io.BytesIO(entry.content), nodeids)
    except JunitError as why:
        return Skipped(place=entry.place, why=str(why))
    if not document.clean and not document.eventful:
        return Skipped(place=entry.place, why="it holds no test")
    digest = hashlib.sha256(entry.content).hexdigest()
    return Found(place=entry.place, digest=digest, changed=entry.changed, document=document)


def _entries_of(path: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    if path.is_dir():
        yield from _in_folder(path, limits)
    else:
        yield from _in_file(path, limits)


def _in_folder(folder: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    """Links to folders are not followed: they may lead in circles."""
    count = 0
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(where, name)
            if not _may_be_read(name) or not path.is_file():
                continue
            count += 1
            if count > limits.entries:
                yield Skipped(place=str(folder), why=f"it holds more than {limits.entries} files")
                return
            yield from _in_file(path, limits)


def _may_be_read(name: str) -> bool:
    return name.lower().endswith((".xml", ".zip", *_TARS))


def _in_file(path: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    name = path.name.lower()
    reader = _in_zip if name.endswith(".zip") else _in_tar if name.endswith(_TARS) else _alone
    try:
        yield from reader(path, limits)
    except _BROKEN as why:
        said = why.strerror if isinstance(why, OSError) and why.strerror else str(why)
        yield Skipped(place=str(path), why=f"it cannot be read: {said or type(why).__name__}")


def _alone(path: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    if not path.is_file():  # a device or a pipe may never end
        why = "it is no file" if path.exists() else "there is no such file"
        yield Skipped(place=str(path), why=why)
        return
    changed = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    with path.open("rb") as stream:
        yield _entry(str(path), stream, changed, limits)


def _in_zip(path: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    with zipfile.ZipFile(path) as archive:
        room = _Room(path, limits)
        for one in sorted(archive.infolist(), key=lambda member: member.filename):
            if not room.for_entry(0):
                yield room.exceeded()
                return
            if one.is_dir() or not one.filename.lower().endswith(".xml"):
                continue
            place = f"{path}:{one.filename}"
            try:
                changed = dt.datetime(*one.date_time, tzinfo=dt.UTC)
            except ValueError:
                changed = None
            try:
                with archive.open(one) as stream:
                    entry = _entry(place, stream, changed, limits)
            except _BROKEN as why:
                yield Skipped(place=place, why=f"it cannot be unpacked: {why}")
                continue
            if isinstance(entry, Entry) and not room.for_bytes(len(entry.content)):
                yield room.exceeded()
                return
            yield entry


def _in_tar(path: Path, limits: Limits) -> Iterator[Entry | Skipped]:
    """In the order of the archive, as a stream: going back would unpack it from its beginning."""
    room = _Room(path, limits)
    with path.open("rb") as raw, _unpacked(raw) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for one in archive:
                # What is passed over has to be unpacked as well.
                if not room.for_entry(one.size):
                    yield room.exceeded()
                    return
                content = archive.extractfile(one) if one.isfile() else None
                if content is not None and one.name.lower().endswith(".xml"):
                    yield _entry(f"{path}:{one.name}", content, _changed(one.mtime), limits)
        # Only at its end does a packed stream say that it was cut, or that its checksum is wrong.
        while chunk := stream.read(_MIB):
            if not room.for_bytes(len(chunk)):
                yield room.exceeded()
                return


def _unpacked(raw: BufferedReader) -> BufferedIOBase:
    """By its first bytes; unlike tarfile's own readers these notice a missing end."""
    magic = raw.peek(6)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(raw)
    if magic.startswith(b"BZh"):
        return bz2.open(raw)
    return lzma.open(raw) if magic.startswith(b"\xfd7zXZ") else raw


def _changed(seconds: float) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _entry(
    place: str, stream: IO[bytes], changed: dt.datetime | None, limits: Limits
) -> Entry | Skipped:
    content = stream.read(limits.document_bytes + 1)
    if len(content) > limits.document_bytes:
        most = limits.document_bytes // _MIB
        return Skipped(place=place, why=f"it is larger than {most} MiB")
    return Entry(place=place, content=content, changed=changed)


class _Room:
    """How much more of an archive is read."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._bytes = limits.archive_bytes
        self._entries = limits.entries

    def for_entry(self, size: int) -> bool:
        self._entries -= 1
        return self.for_bytes(size) and self._entries >= 0

    def for_bytes(self, size: int) -> bool:
        self._bytes -= size
        return self._bytes >= 0

    def exceeded(self) -> Skipped:
        return Skipped(place=str(self._path), why="it holds too much; the rest of it was not read")
