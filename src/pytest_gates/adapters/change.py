"""Find out what a change did to the project, as git tells it. Effects: starts git, reads files.

The work tree is compared with the base at once: what is committed, staged, changed and untracked. No
setting of the user can change the answer, and no program of the repository is started.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_gates.adapters.diff import DiffError, RawEntry, hunks_by_name, raw_entries
from pytest_gates.adapters.git import Question, output
from pytest_gates.adapters.merge_base import find_base
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.evidence import Unavailable

_DIFF = (
    "diff",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--relative",
    "--ignore-submodules=none",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "-O/dev/null",
    "-l2000",
    "-M",
)
# As text even where .gitattributes calls it binary: a change must not hide its own code.
_PATCH = ("--patch", "--unified=0", "--inter-hunk-context=0")
PYTHON_SUFFIXES = (".py", ".pyw", ".pyi")
_PYTHON = tuple(f"*{one}" for one in PYTHON_SUFFIXES)
_ELSE = (".", *(f":(exclude){one}" for one in _PYTHON))
_REGULAR = frozenset({"100644", "100755"})
_KINDS = {"120000": "a symbolic link", "160000": "a submodule"}
_ABSENT = "000000"
_EVERYTHING = Hunk(1, 2**31 - 1, 1, 2**31 - 1)
"""Of a binary file: no line of the base can be told to be still there."""


def find_change(
    root: Path,
    *,
    named: str | None,
    environment: Mapping[str, str],
    ignored: tuple[str, ...] = (),
) -> Change | Unavailable:
    """The work tree against the base that is `named`, or that CI's `environment` names, or `origin/HEAD`.

    `ignored` are folders, relative to `root`, whose files are nobody's change: our own reports.
    """
    base = find_base(root, named=named, environment=environment)
    if isinstance(base, Unavailable):
        return base
    asked = [
        (
            Question(root, *_DIFF, "--raw", "-z", "--no-abbrev", base.commit, "--", *paths),
            Question(root, *_DIFF, *_PATCH, *as_text, base.commit, "--", *paths),
        )
        for paths, as_text in ((_PYTHON, ("--text",)), (_ELSE, ()))
    ]
    untracked = Question(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    said = [one.answer() for pair in asked for one in pair]
    others = untracked.answer()
    if others is None or any(one is None for one in said):
        return Unavailable(
            why=f"git could not compare the work tree with {base.commit[:12]}",
            remedy=f"see what `git diff {base.commit[:12]}` says",
        )
    found = _Found(root, ignored)
    try:
        for raw, patch in zip(said[::2], said[1::2], strict=True):
            found.add_tracked(raw_entries(raw or b""), hunks_by_name(patch or b""))
    except DiffError as why:
        return Unavailable(why=f"what git says cannot be read: {why}", remedy="finish the merge")
    found.add_untracked(name for name in others.split(b"\0") if name)
    return Change(
        base=base.commit,
        reference=base.reference,
        how=base.how,
        files=tuple(sorted(found.files, key=lambda one: one.path)),
        deleted=tuple(sorted(found.deleted)),
        left_out=tuple(sorted(found.left_out)),
        unread=tuple(sorted(found.unread)),
    )


def files_at(root: Path, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Content of `paths` (relative to `root`) in `commit`; what is no regular file there is left out.

    Raises OSError when git cannot say.
    """
    wanted = set(paths)
    listed = output(root, "ls-tree", "-r", "-z", commit) if wanted else b""
    if listed is None:
        raise OSError(f"git cannot list the files of {commit[:12]}")
    blobs: dict[str, bytes] = {}
    for entry in listed.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        mode, _, blob = head.partition(b" blob ")
        if mode.decode("ascii", "replace") in _REGULAR and os.fsdecode(name) in wanted:
            blobs[os.fsdecode(name)] = blob
    return dict(zip(blobs, _contents(root, tuple(blobs.values())), strict=True))


def _contents(root: Path, blobs: tuple[bytes, ...]) -> list[bytes]:
    """Raises OSError when git does not hand over all of them."""
    if not blobs:
        return []
    said = output(root, "cat-file", "--batch", told=b"".join(b"%s\n" % one for one in blobs))
    rest, found = said or b"", []
    for blob in blobs:
        head, _, rest = rest.partition(b"\n")
        words = head.split(b" ")
        if words[:2] != [blob, b"blob"]:
            raise OSError(
                f"git does not have the content of {blob.decode('ascii', 'replace')[:12]}"
            )
        size = int(words[2])
        found.append(rest[:size])
        rest = rest[size + 1 :]
    return found


class _Found:
    """What has been told so far."""

    def __init__(self, root: Path, ignored: tuple[str, ...]) -> None:
        self._root = root
        self._ignored = tuple(f"{one.strip('/')}/" for one in ignored if one.strip("/"))
        self.files: list[FileChange] = []
        self.deleted: list[str] = []
        self.left_out: list[tuple[str, str]] = []
        self.unread: list[tuple[str, str]] = []

    def add_tracked(
        self, entries: tuple[RawEntry, ...], hunks: Mapping[bytes, tuple[Hunk, ...]]
    ) -> None:
        for entry in entries:
            path = self._path(entry.new_name)
            if path is None:
                continue
            if entry.status == "U":
                self.unread.append((path, "a merge of it is not finished"))
            elif entry.new_mode == _ABSENT:
                self.deleted.append(path)
            elif entry.new_mode not in _REGULAR:
                self.left_out.append((path, _KINDS.get(entry.new_mode, "no regular file")))
            elif entry.status == "A" or entry.old_mode not in _REGULAR:
                self._add_new(path)
            else:
                known = hunks.get(entry.new_name, ())
                if not known and entry.changed and not path.endswith(PYTHON_SUFFIXES):
                    known = (_EVERYTHING,)
                base_path = os.fsdecode(entry.old_name)
                self.files.append(FileChange(path=path, base_path=base_path, hunks=known))

    def add_untracked(self, names: Iterable[bytes]) -> None:
        for name in names:
            path = self._path(name)
            if path is None:
                continue
            if path.endswith("/"):
                self.left_out.append((path, "another repository"))
            else:
                self._add_new(path)

    def _add_new(self, path: str) -> None:
        """All lines of it are new, as they are in the work tree."""
        file = self._root / path
        try:
            if not stat.S_ISREG(file.lstat().st_mode):
                self.left_out.append((path, "a symbolic link, or no regular file"))
                return
            count = _line_count(file)
        except OSError as why:
            self.unread.append((path, f"it cannot be read: {why.strerror}"))
            return
        hunks = (Hunk(0, 0, 1, count),) if count else ()
        self.files.append(FileChange(path=path, hunks=hunks))

    def _path(self, name: bytes) -> str | None:
        path = os.fsdecode(name)
        if path.startswith(self._ignored):
            return None
        if not _is_text(path):
            shown = name.decode("utf-8", "backslashreplace")
            self.unread.append((shown, "its name is no UTF-8, so no report can name it"))
            return None
        return path


def _line_count(file: Path) -> int:
    """As git and Python count: a last line without an end is a line."""
    count, last = 0, b"\n"
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
