"""What bandit said of a file's content, kept in one file. Effects: files, the clock.

Nobody has to trust it to be whole: what cannot be read is not known, and is scanned again.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping

import msgspec

from pytest_gates.model.bandit import Catalogue, Facts

_LAYOUT = 1
_FILE = "files.json"
_MOST_BYTES = 64 * 1024 * 1024
_MOST_ENTRIES = 50_000
_MOST_CATALOGUES = 9
_DAYS_KEPT = 60
_SECONDS_A_DAY = 86400
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.05


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    day: int
    facts: Facts


class _Content(msgspec.Struct, kw_only=True):
    layout: int = _LAYOUT
    catalogues: dict[str, Catalogue] = {}
    entries: dict[str, _Entry] = {}


class BanditCache:
    """Read when it is made; `keep` writes what is new. Without a folder nothing is known or kept."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, _FILE) if folder else ""  # noqa: PTH118 - see _read
        self._content = self._read()

    def facts(self, key: str) -> Facts | None:
        entry = self._content.entries.get(key)
        return entry.facts if entry is not None else None

    def catalogue(self, key: str) -> Catalogue | None:
        return self._content.catalogues.get(key)

    def again(self) -> None:
        """Read what others have written meanwhile."""
        self._content = self._read()

    def keep(
        self, key: str, catalogue: Catalogue, used: frozenset[str], new: Mapping[str, Facts]
    ) -> None:
        """`used` are the keys of this run. What cannot be written costs time, and nothing else."""
        if not self._path:
            return
        today = int(time.time() // _SECONDS_A_DAY)
        fresh = all(one.day == today for name in used if (one := self._content.entries.get(name)))
        if not new and fresh and self._content.catalogues.get(key) == catalogue:
            return
        content = self._read()  # another run may have added to it
        for name, one in self._content.entries.items():
            content.entries.setdefault(name, one)
        for name in used & content.entries.keys():
            content.entries[name] = _Entry(today, content.entries[name].facts)
        content.entries.update({name: _Entry(today, facts) for name, facts in new.items()})
        others = [one for one in content.catalogues.items() if one[0] != key]
        content.catalogues = dict([*others[-_MOST_CATALOGUES:], (key, catalogue)])
        with contextlib.suppress(OSError):
            self._write(_bounded(content, today))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While another scan fills the same cache, wait for it: what it learns need not be found twice.

        Not for ever: then both work, and the later one's words stand.
        """
        lock = self._locked()
        try:
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _locked(self) -> int | None:
        if not self._path or not hasattr(os, "lockf"):
            return None
        try:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - see _read
            lock = os.open(self._path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                os.lockf(lock, os.F_TLOCK, 0)
            except (BlockingIOError, PermissionError):
                time.sleep(_PAUSE_SECONDS)
            except OSError:
                break
            else:
                break
        return lock

    def _read(self) -> _Content:
        # No pathlib here and in the other files of this scan: half of a warm scan is its imports.
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as stream:
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES:
                    return _Content()
                content = msgspec.json.decode(stream.read(_MOST_BYTES), type=_Content)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _Content()
        return content if content.layout == _LAYOUT else _Content()

    def _write(self, content: bytes) -> None:
        """In one step: a reader sees the old file or the new one. Raises OSError."""
        os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103
        temporary = f"{self._path}.{os.getpid()}"
        self._tidy_up()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
            try:
                stream.write(content)
                stream.flush()
                os.replace(temporary, self._path)  # noqa: PTH105
            except BaseException:
                os.unlink(temporary)  # noqa: PTH108
                raise

    def _tidy_up(self) -> None:
        """What killed runs left half written."""
        old = time.time() - _SECONDS_A_DAY
        for name in os.listdir(self._folder):  # noqa: PTH208
            path = os.path.join(self._folder, name)  # noqa: PTH118
            if name.startswith(f"{_FILE}.") and name.rpartition(".")[2].isdigit():
                with contextlib.suppress(OSError):
                    is_own = path == f"{self._path}.{os.getpid()}"
                    if is_own or os.stat(path).st_mtime < old:  # noqa: PTH116
                        os.unlink(path)  # noqa: PTH108


def _bounded(content: _Content, today: int) -> bytes:
    """What was used last comes first; the rest is forgotten."""
    newest = sorted(content.entries.items(), key=lambda one: one[1].day, reverse=True)
    kept = [one for one in newest if today - one[1].day <= _DAYS_KEPT][:_MOST_ENTRIES]
    while True:
        content.entries = dict(kept)
        encoded = msgspec.json.encode(content)
        if len(encoded) <= _MOST_BYTES or not kept:
            return encoded
        kept = kept[: len(kept) // 2]
