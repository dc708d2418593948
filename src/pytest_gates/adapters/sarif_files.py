"""Read the reports that other scanners have left, and what tells how old they are. Effects: files, git.

Started as `python -I -m pytest_gates.adapters.sarif_files` in the root, told on standard input which files
to read. What they say is judged by nobody here: `tools/sarif.py` gets their text.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pytest_gates.adapters import git
from pytest_gates.model.sarif_files import Asked, Change, Found, Place


def main() -> int:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(found(Path.cwd(), asked)))
    return 0


def found(root: Path, asked: Asked) -> Found:
    """Every file that was asked for, by name, with its text or why there is none."""
    listed = git.output(root, "ls-files", "-z")
    tracked = {os.fsdecode(one) for one in (listed or b"").split(b"\0") if one}
    return Found(
        now=time.time(),
        roots=tuple(dict.fromkeys((root.as_posix(), Path(os.path.realpath(root)).as_posix()))),
        commit=git.ask(root, "rev-parse", "--verify", "-q", "HEAD") or None,
        newest=_newest(root, tracked),
        files={name: _read(root, path, tracked, asked.most) for name, path in asked.files.items()},
    )


def _newest(root: Path, names: Iterable[str]) -> Change | None:
    """The tracked file that changed last; one that was deleted is passed over."""
    latest, which = 0.0, ""
    for name in names:
        try:
            state = os.lstat(root / name)
        except OSError:
            continue
        if state.st_mtime > latest and not stat.S_ISDIR(state.st_mode):
            latest, which = state.st_mtime, name
    if not which:
        return None
    return Change(path=which.encode("utf-8", "replace").decode(), moment=latest)


def _read(root: Path, path: str, tracked: set[str], most: int) -> Place:
    place = root / path
    try:
        real = os.path.relpath(os.path.realpath(place), os.path.realpath(root))
        if tracked & {os.path.relpath(place, root), real}:
            return Place(why="it is part of the commit; a scanner must write it in this job")
        # Not blocking: a pipe of that name would never end.
        with open(os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:  # noqa: PTH123
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Place(why="it is no file")
            content = stream.read(most + 1)
            after = os.fstat(stream.fileno())
    except FileNotFoundError:
        return Place(why="there is no such file")
    except (OSError, ValueError) as why:
        return Place(why=f"it cannot be read: {why}")
    if len(content) > most:
        return Place(why=f"it is larger than {most // 1_000_000} MB; raise `max-megabytes`")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return Place(why="somebody is still writing to it")
    try:
        # Some scanners begin with a byte order mark, which JSON must not have.
        return Place(moment=before.st_mtime, text=content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Place(why="it is not UTF-8")


if __name__ == "__main__":
    sys.exit(main())
