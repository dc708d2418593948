"""Lay a tree of git's objects out in a folder, then become a tool that looks at it. Effects: git, files.

Started as `python -I -m pytest_gates.adapters.base_tree ORDER TOOL…` with low priority, beside the tests.
The user's work tree and index are never touched, and neither `.gitattributes` nor a filter changes or hides
anything: what git keeps is what is written. Links are left out, so no path can lead out of the folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pytest_gates.adapters.git import output

_AT_ONCE = 256
FAILED = 3
"""Exit status of a tree that could not be laid out."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to lay out in `folder`: objects of the repository at `root`, and files as they are given.

    Paths are bytes as git has them, relative to `folder`. `done` is a file that is made at the end.
    """

    root: str
    folder: str
    done: str
    blobs: tuple[tuple[bytes, str], ...]
    files: tuple[tuple[bytes, bytes], ...]


def lay_out(order: Order) -> None:
    """Raises OSError when not all of it could be written."""
    folder = Path(order.folder)
    # Tools look for it: ruff obeys .gitignore only where it is, mypy looks for settings no higher.
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    for path, content in (*_contents(order), *order.files):
        target = folder / _safe(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    Path(order.done).touch()


def _contents(order: Order) -> Iterator[tuple[bytes, bytes]]:
    root = Path(order.root)
    for start in range(0, len(order.blobs), _AT_ONCE):
        some = order.blobs[start : start + _AT_ONCE]
        told = "".join(f"{blob}\n" for _, blob in some).encode("ascii")
        rest = output(root, "cat-file", "--batch", told=told) or b""
        at = 0
        for path, blob in some:
            end = rest.find(b"\n", at)
            words = rest[at:end].decode("ascii", "replace").split(" ") if end >= 0 else []
            if words[:2] != [blob, "blob"]:
                raise OSError(f"git does not have the content of {os.fsdecode(path)!r} ({blob})")
            size = int(words[2])
            yield path, rest[end + 1 : end + 1 + size]
            at = end + 1 + size + 1


def _safe(path: bytes) -> str:
    """Raises OSError: git refuses such names, but a hostile repository may hold them."""
    parts = path.split(b"/")
    if any(part in {b"", b".", b".."} or part.lower() == b".git" for part in parts):
        raise OSError(f"not a path below the root: {path!r}")
    return os.fsdecode(path)


def main(argv: list[str]) -> None:
    """Never returns: the tool takes this process over, with its output, its priority and its time limit."""
    path, *tool = argv
    order = msgspec.msgpack.decode(Path(path).read_bytes(), type=Order)
    try:
        lay_out(order)
        os.execvp(tool[0], tool)  # noqa: S606  # nosec B606 - argv of ours, no shell
    except (OSError, ValueError) as why:
        Path(order.done).unlink(missing_ok=True)
        sys.stderr.write(f"{tool[0]}: {why}\n")
        raise SystemExit(FAILED) from why


if __name__ == "__main__":
    main(sys.argv[1:])
