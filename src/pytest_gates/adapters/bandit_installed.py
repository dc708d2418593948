"""Which bandit and which plugins of it are installed, without importing any. Effects: reads files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator

import msgspec

_GROUPS = (b"bandit.plugins", b"bandit.blacklists")
_EDITABLE = re.compile(rb'"editable"\s*:\s*true')


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` stands for all their files; `changing` are those whose files may change at any time."""

    digest: str
    changing: tuple[str, ...]


def installed(entries: Iterable[str]) -> Installed:
    """All distributions on these entries of sys.path that bring tests to bandit, bandit included."""
    digest = hashlib.sha256()
    changing: list[str] = []
    for entry in dict.fromkeys(entries):
        for name, folder in _metadata(entry):
            points = _content(folder, "entry_points.txt")
            if not any(group in points for group in _GROUPS):
                continue
            # RECORD holds a digest of every installed file.
            for part in (os.fsencode(name), points, _content(folder, "RECORD")):
                digest.update(b"%d\0" % len(part))
                digest.update(part)
            is_link = _EDITABLE.search(_content(folder, "direct_url.json"))
            if is_link or name.endswith(".egg-info"):
                changing.append(name.rpartition(".")[0])
        digest.update(_archive(entry))
    return Installed(digest=digest.hexdigest(), changing=tuple(changing))


def _metadata(entry: str) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(entry)):  # noqa: PTH208 - names are all that is wanted
            if name.endswith((".dist-info", ".egg-info")):
                yield name, os.path.join(entry, name)  # noqa: PTH118 - pathlib is dear at this number


def _content(folder: str, name: str) -> bytes:
    with contextlib.suppress(OSError), open(os.path.join(folder, name), "rb") as stream:  # noqa: PTH118, PTH123
        return stream.read()
    return b""


def _archive(entry: str) -> bytes:
    """A zip file on sys.path may hold plugins that nobody sees from here."""
    with contextlib.suppress(OSError):
        state = os.stat(entry)  # noqa: PTH116
        if stat.S_ISREG(state.st_mode):
            return os.fsencode(f"{entry} {state.st_size} {state.st_mtime_ns}\0")
    return b""
