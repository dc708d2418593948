"""The documents of an advisory database: folder, zip or packed lines, bounded. Effects: reads files.

Nothing is unpacked to the disk, and no name inside an archive is ever used as a path. Whatever cannot be
read is an error: a database with a hole in it would call packages clean that nobody looked up.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from pytest_gates.errors import ToolError
from pytest_gates.model.text import printable

MOST_RECORD_BYTES = 16 * 1024 * 1024
MOST_BYTES = 2 * 1024 * 1024 * 1024
MOST_DOCUMENTS = 1_000_000
MOST_RATIO = 200
# What is small cannot explode, and a few equal lines shrink to nothing quite innocently.
_EXPLOSIVE_FROM = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_SUFFIXES = (".json", ".yaml", ".yml")
# Source trees of databases hold other files as well: their advisories live here.
_TREES = ("vulns", "advisories/github-reviewed")
_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_RENEW = "write a new one with `gates advisories update`"
_FETCHED_ANEW = "put the database there anew: " + _RENEW


class Document(NamedTuple):
    """One advisory. `where` tells people which one; `content` is JSON or, if `is_yaml`, YAML."""

    where: str
    content: bytes
    is_yaml: bool


class Source(Protocol):
    """A database on the disk.

    `signature` changes with any file of it; None where reading it is as fast as reading a copy would be.
    """

    signature: str | None

    def documents(self) -> Iterator[Document]:
        """All of them, once. Raises ToolError."""

    def digest(self) -> str:
        """Over the content, after all documents were read."""

    def notes(self) -> tuple[str, ...]:
        """What was left out on purpose, after all documents were read."""


def opened(path: Path) -> Source:
    """Raises ToolError where there is no file or folder that can be read."""
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            return _Folder(path)
        if not stat.S_ISREG(state.st_mode):
            raise ToolError("the advisory database is neither a file nor a folder", _RENEW)
        with path.open("rb") as stream:
            head = stream.read(2)
    except OSError as why:
        raise _unreadable("the advisory database", why) from why
    if head == _ZIP:
        return _Zip(path)
    return _Single(path) if path.suffix in _SUFFIXES else _Lines(path)


def _unreadable(what: str, why: Exception) -> ToolError:
    said = (why.strerror if isinstance(why, OSError) else None) or str(why) or type(why).__name__
    return ToolError(printable(f"{what} cannot be read: {said}"), _FETCHED_ANEW)


def _too_large(where: str) -> ToolError:
    return ToolError(
        printable(f"{where} is larger than {MOST_RECORD_BYTES // 1024 // 1024} MB: no advisory is"),
        _FETCHED_ANEW,
    )


def _too_much() -> ToolError:
    return ToolError(
        f"the advisory database holds more than {MOST_BYTES // 1024 // 1024} MB "
        f"or {MOST_DOCUMENTS} documents",
        _FETCHED_ANEW,
    )


def _explodes(where: str) -> ToolError:
    return ToolError(
        printable(f"{where} unpacks to more than {MOST_RATIO} times its size: it is a bomb"),
        _FETCHED_ANEW,
    )


def _state(state: os.stat_result) -> tuple[int, ...]:
    """What changes when anybody writes to the file; nobody can set the time of the last change back."""
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


class _Folder:
    """A tree of files, links followed, each folder visited once."""

    def __init__(self, path: Path) -> None:
        self._left_out = 0
        self._hash = hashlib.sha256()
        self._root = next((path / one for one in _TREES if (path / one).is_dir()), path)
        self._files = sorted(self._found())
        if len(self._files) > MOST_DOCUMENTS:
            raise _too_much()
        essence = repr((self._root.absolute(), self._files))
        self.signature: str | None = hashlib.sha256(os.fsencode(essence)).hexdigest()

    def _found(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        visited: set[tuple[int, int]] = set()
        waiting = [("", self._root)]
        while waiting:
            prefix, folder = waiting.pop()
            try:
                here = folder.stat()
                if (here.st_dev, here.st_ino) in visited:
                    continue
                visited.add((here.st_dev, here.st_ino))
                with os.scandir(folder) as entries:
                    for entry in entries:
                        name = prefix + entry.name
                        if entry.name.startswith("."):
                            continue
                        state = entry.stat()
                        if stat.S_ISDIR(state.st_mode):
                            waiting.append((f"{name}/", folder / entry.name))
                        elif not entry.name.endswith(_SUFFIXES):
                            self._left_out += 1
                        elif stat.S_ISREG(state.st_mode):
                            yield name, _state(state)
                        else:
                            raise ToolError(printable(f"{name} is no file"), _FETCHED_ANEW)
            except OSError as why:
                raise _unreadable(why.filename or prefix or "the advisory database", why) from why

    def documents(self) -> Iterator[Document]:
        total = 0
        for name, state in self._files:
            content = self._content(name, state)
            total += len(content)
            if total > MOST_BYTES:
                raise _too_much()
            self._hash.update(b"%d %s\0%d " % (len(name), os.fsencode(name), len(content)))
            self._hash.update(content)
            yield Document(name, content, not name.endswith(".json"))

    def _content(self, name: str, state: tuple[int, ...]) -> bytes:
        try:
            with (self._root / name).open("rb") as stream:
                if _state(os.fstat(stream.fileno())) != state:
                    raise ToolError(printable(f"{name} changed while it was read"), "run again")
                if state[2] > MOST_RECORD_BYTES:
                    raise _too_large(name)
                return stream.read(MOST_RECORD_BYTES)
        except OSError as why:
            raise _unreadable(name, why) from why

    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def notes(self) -> tuple[str, ...]:
        return _left_out(self._left_out)


def _left_out(count: int) -> tuple[str, ...]:
    return (f"{count} file(s) of the database are no JSON and no YAML",) if count else ()


class _File:
    """One file, of which each byte is in the digest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self.signature: str | None = None

    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def notes(self) -> tuple[str, ...]:
        return ()

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        while chunk := stream.read(_CHUNK):
            self._hash.update(chunk)
            yield chunk


class _Single(_File):
    """One advisory alone."""

    def documents(self) -> Iterator[Document]:
        try:
            with self._path.open("rb") as stream:
                content = b"".join(_bounded(self._chunks(stream), MOST_RECORD_BYTES))
        except OSError as why:
            raise _unreadable("the advisory database", why) from why
        yield Document(self._path.name, content, self._path.suffix != ".json")


class _Lines(_File):
    """One record a line, packed by gzip or not."""

    def documents(self) -> Iterator[Document]:
        number = 0
        try:
            with self._path.open("rb") as stream:
                packed = stream.read(2) == _GZIP
                stream.seek(0)
                chunks = self._chunks(stream)
                plain = _unpacked(chunks) if packed else chunks
                for number, line in enumerate(_lines(_bounded(plain, MOST_BYTES)), 1):
                    if line and not line.isspace():
                        yield Document(f"line {number}", line, is_yaml=False)
        except OSError as why:
            raise _unreadable("the advisory database", why) from why
        except zlib.error as why:
            raise _unreadable(f"the advisory database, after line {number},", why) from why


def _bounded(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise _too_large("it") if most == MOST_RECORD_BYTES else _too_much()
        yield chunk


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Raises ToolError for a bomb or where the end is missing, zlib.error for anything else that is wrong."""
    engine = zlib.decompressobj(31)
    packed = plain = 0
    for chunk in chunks:
        packed += len(chunk)
        rest = chunk
        while rest:
            if engine.eof:  # several members may follow each other; zeros may fill a block
                rest = rest.lstrip(b"\0")
                engine = zlib.decompressobj(31) if rest else engine
                continue
            piece = engine.decompress(rest, _CHUNK)
            plain += len(piece)
            if plain > max(_EXPLOSIVE_FROM, packed * MOST_RATIO):
                raise _explodes("the advisory database")
            yield piece
            rest = engine.unused_data or engine.unconsumed_tail
    yield engine.flush()  # a few bytes may wait behind the last piece
    if not engine.eof:
        raise ToolError("the advisory database is cut off: its end is missing", _FETCHED_ANEW)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from map(_of_a_bearable_length, whole)
        _of_a_bearable_length(rest)
    yield rest


def _of_a_bearable_length(line: bytes) -> bytes:
    if len(line) > MOST_RECORD_BYTES:
        raise _too_large("a line of the advisory database")
    return line


class _Zip(_File):
    """An archive as OSV publishes one for all of PyPI, or one of the source tree of a database."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._left_out = 0
        self.signature = hashlib.sha256(
            repr((path.absolute(), _state(path.stat()))).encode()
        ).hexdigest()

    def documents(self) -> Iterator[Document]:
        try:
            with self._path.open("rb") as stream:
                for _ in self._chunks(stream):
                    pass
                stream.seek(0)
                with zipfile.ZipFile(stream) as archive:
                    for member in self._members(archive):
                        name = printable(member.filename)
                        content = _member(archive, member, name)
                        yield Document(name, content, not name.endswith(".json"))
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as why:
            raise _unreadable("the advisory database", why) from why
        except (NotImplementedError, RuntimeError) as why:  # a rare compression; a password
            raise _unreadable("the advisory database", why) from why

    def notes(self) -> tuple[str, ...]:
        return _left_out(self._left_out)

    def _members(self, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        """All that may be advisories, in the order of the archive. Raises ToolError for more than is sane."""
        files = [one for one in archive.infolist() if not one.is_dir()]
        inside = [one for one in files if any(_lies_in(one.filename, tree) for tree in _TREES)]
        chosen = [one for one in inside or files if _may_be_advisory(one.filename)]
        self._left_out = len(inside or files) - len(chosen)
        if len(chosen) > MOST_DOCUMENTS or sum(one.file_size for one in chosen) > MOST_BYTES:
            raise _too_much()
        return chosen


def _lies_in(name: str, tree: str) -> bool:
    """An archive of a repository wraps everything in one more folder."""
    return name.startswith(f"{tree}/") or name.partition("/")[2].startswith(f"{tree}/")


def _may_be_advisory(name: str) -> bool:
    hidden = any(one.startswith(".") and one.strip(".") for one in name.split("/"))
    return name.endswith(_SUFFIXES) and not hidden


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """No more than what the archive says of it, and no more than any advisory has."""
    if member.file_size > MOST_RECORD_BYTES:
        raise _too_large(name)
    most = max(1024 * 1024, member.compress_size * MOST_RATIO)
    if member.file_size > most:
        raise _explodes(name)
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise zipfile.BadZipFile(f"{name} is cut off")
    return content
