"""What the base holds, and which settings of today are laid over it. Effects: starts git, reads files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

import msgspec

from pytest_gates.adapters.git import ask, output
from pytest_gates.model.change import Change

_REGULAR = frozenset({"100644", "100755"})
# What a tool for Python code may read beside it; the rest of a large repository is not copied.
_CODE = (".py", ".pyw", ".pyi", ".ipynb", ".toml", ".cfg", ".ini", ".json", ".yaml", ".yml", ".pth")
_NAMES = frozenset({"py.typed", ".gitignore", ".ignore", ".bandit", ".editorconfig"})
_PYTHON = (".py", ".pyw")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a commit below the root: their objects by path, POSIX, relative to the root.

    `elsewhere` are links and submodules. `prefix` is where the root lies in the repository, with a `/` at
    its end, or empty; `above` are objects of the folders above it, by path in the repository.
    """

    prefix: str
    blobs: dict[str, str]
    elsewhere: tuple[str, ...]
    above: dict[str, str]

    @property
    def python_files(self) -> tuple[str, ...]:
        return tuple(path for path in self.blobs if path.endswith(_PYTHON))

    def needed(self, *, everything: bool) -> dict[str, str]:
        """The objects that a tool gets to see."""
        if everything:
            return self.blobs
        return {path: blob for path, blob in self.blobs.items() if _is_code(path)}


class LaidOver(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the work tree that differ from those of the base; None for one that is no more."""

    files: dict[str, bytes | None]


def list_base(root: Path, commit: str) -> Listing | None:
    """None when git cannot say."""
    said = output(root, "ls-tree", "-r", "-z", commit)
    prefix = ask(root, "rev-parse", "--show-prefix")
    if said is None or prefix is None:
        return None
    blobs, elsewhere = _entries(said)
    above: dict[str, str] = {}
    if prefix:
        folders = [str(one) for one in PurePosixPath(prefix).parents]
        wanted = output(root, "ls-tree", "-z", "--full-tree", commit, *_inside(folders))
        above = {
            path: blob
            for path, blob in (_entries(wanted)[0] if wanted is not None else {}).items()
            if _is_code(path)
        }
    return Listing(prefix=prefix, blobs=blobs, elsewhere=elsewhere, above=above)


def laid_over(root: Path, listing: Listing, change: Change, names: tuple[str, ...]) -> LaidOver:
    """The files called `names` (in any folder, or exactly there with a `/`) that are others by now.

    Raises OSError when one of them cannot be read.
    """
    changed = {one.path for one in change.files} | set(change.deleted)
    changed |= {one.base_path for one in change.files if one.base_path is not None}
    paths = {path for path in changed if path in names or path.rpartition("/")[2] in names}
    paths |= set(names)  # git may ignore them
    found: dict[str, bytes | None] = {}
    for path in sorted(paths):
        content = (root / path).read_bytes() if (root / path).is_file() else None
        blob = listing.blobs.get(path)
        if content is None and blob is None:
            continue
        if content is None or blob is None or not _is_blob(content, blob):
            found[path] = content
    return LaidOver(files=found)


def _inside(folders: list[str]) -> list[str]:
    """What names the entries of these folders to `git ls-tree`; the top one has no name."""
    return [f"{one}/" for one in folders if one != "."] + ["."]


def _entries(said: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    blobs: dict[str, str] = {}
    elsewhere: list[str] = []
    for entry in said.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        words = head.decode("ascii", "replace").split(" ")
        if not name or words[1] == "tree":
            continue
        if words[0] in _REGULAR:
            blobs[os.fsdecode(name)] = words[2]
        else:
            elsewhere.append(os.fsdecode(name))
    return blobs, tuple(elsewhere)


def _is_code(path: str) -> bool:
    return path.endswith(_CODE) or path.rpartition("/")[2] in _NAMES


def _is_blob(content: bytes, blob: str) -> bool:
    """Whether git calls this content so; with other line ends it does not, and no harm is done."""
    kind = "sha1" if len(blob) == 40 else "sha256"  # noqa: PLR2004 - hex digits
    # git's own names for content, and no protection of anything.
    found = hashlib.new(kind, b"blob %d\0" % len(content), usedforsecurity=False)
    found.update(content)
    return found.hexdigest() == blob
