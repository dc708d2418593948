"""Scans that need not be made again, since nothing that could change them has changed. Effects: files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from pytest_gates import __version__
from pytest_gates.adapters.files import write_whole
from pytest_gates.errors import GatesError
from pytest_gates.model.contracts import Tool, ToolContext
from pytest_gates.model.evidence import Scan

_LAYOUT = 1
_KEPT = 40
_MOST_BYTES = 32 * 1024 * 1024


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`scan` is None where there was nothing to scan."""

    key: str
    scan: Scan | None


class ScanCache:
    """A folder of entries named by their key. What cannot be read is no entry."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder nothing is kept."""
        self._folder = folder

    def get(self, key: str) -> Scan | None:
        """Raises KeyError where nothing is known; None where there was nothing to scan."""
        path = self._path(key)
        try:
            if path is None or path.stat().st_size > _MOST_BYTES:
                raise KeyError(key)
            entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
            raise KeyError(key) from why
        if entry.key != key:
            raise KeyError(key)
        with contextlib.suppress(OSError):
            os.utime(path)
        return entry.scan

    def put(self, key: str, scan: Scan | None) -> None:
        """A cache that cannot be written costs time, and nothing else."""
        path = self._path(key)
        if path is None:
            return
        content = msgspec.json.encode(_Entry(key=key, scan=scan))
        if len(content) > _MOST_BYTES:
            return
        with contextlib.suppress(GatesError, OSError):
            write_whole(path, content)
            self._forget_the_oldest(path.parent)

    def _path(self, key: str) -> Path | None:
        return None if self._folder is None or not key else self._folder / f"{key}.json"

    @staticmethod
    def _forget_the_oldest(folder: Path) -> None:
        """Entries that nobody asked for, and what a killed run left half written."""
        files = sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for file in files[_KEPT:]:
            file.unlink(missing_ok=True)


def key_of(tool: Tool, settings: object, context: ToolContext, inputs: Any) -> str:
    """Hex digits for all that decides an answer; empty where the settings cannot be written down."""
    try:
        essence = msgspec.msgpack.encode(
            (
                _LAYOUT,
                __version__,
                tool.name,
                context.version,
                _file_state(context.program),
                sys.version,
                sys.platform,
                _installed(),
                context.own_path,
                msgspec.to_builtins(settings, str_keys=True),
                inputs,
            ),
            order="deterministic",
        )
    except (TypeError, ValueError, OverflowError):
        return ""
    return hashlib.sha256(essence).hexdigest()


def _file_state(program: str) -> tuple[str, int, int]:
    """A program without a distribution has no version that anybody knows."""
    try:
        state = Path(program).stat() if program else None
    except OSError:
        state = None
    if state is None:
        return program, 0, 0
    return program, state.st_size, state.st_mtime_ns


def _installed() -> tuple[str, ...]:
    """Names and versions of all distributions, as their folders are called: types and plugins are theirs."""
    found: set[str] = set()
    for entry in sys.path:
        with contextlib.suppress(OSError):
            found |= {one for one in os.listdir(entry or ".") if one.endswith(("-info", ".pth"))}  # noqa: PTH208
    return tuple(sorted(found))
