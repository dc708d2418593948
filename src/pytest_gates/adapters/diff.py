"""Read what `git diff` prints without context lines: names from its raw half, hunks from its patch. Pure.

Content is never mistaken for a header: after `@@ -a,b +c,d @@` exactly b removed and d added lines follow,
and they are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from pytest_gates.model.change import Hunk

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECTION = b"diff --git "
_COMBINED = (b"diff --cc ", b"diff --combined ", b"* Unmerged path ")
_OLD_NAME, _NEW_NAME, _NO_FILE = b"--- ", b"+++ ", b"/dev/null"
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPED = re.compile(rb'\\([abtnvfr"\\]|[0-7]{3})')


class DiffError(Exception):
    """The text is not what git prints."""


class RawEntry(msgspec.Struct, frozen=True):
    """One file of `git diff --raw -z`. `status` is its first letter; names as bytes, as they are on disk.

    Not `changed`: git says that the content is the same, only its name or mode is another.
    """

    status: str
    old_mode: str
    new_mode: str
    old_name: bytes
    new_name: bytes
    changed: bool


def raw_entries(text: bytes) -> tuple[RawEntry, ...]:
    """Raises DiffError."""
    fields = iter(text.split(b"\0"))
    found: list[RawEntry] = []
    for head in fields:
        if not head:  # after the last NUL
            continue
        words = head.decode("ascii", "replace").split(" ")
        if not head.startswith(b":") or len(words) != 5:  # noqa: PLR2004 - modes, ids, status
            raise DiffError(f"not a line of `git diff --raw`: {head[:80]!r}")
        name = next(fields, None)
        status = words[4][:1]
        renamed = status in {"R", "C"}
        other = next(fields, None) if renamed else name
        if not name or not other:
            raise DiffError("`git diff --raw` ends in the middle of an entry")
        same = words[2] == words[3]
        found.append(RawEntry(status, words[0][1:], words[1], name, other, not same))
    return tuple(found)


def hunks_by_name(text: bytes) -> dict[bytes, tuple[Hunk, ...]]:
    """Hunks of `git diff -p -U0` by new name; of a deleted file by its old one. Raises DiffError.

    A file whose kind changed has two sections of one name: the hunks of the later one count.
    """
    found: dict[bytes, tuple[Hunk, ...]] = {}
    lines = iter(text.split(b"\n"))
    name: bytes | None = None
    for line in lines:
        if line.startswith(_SECTION):
            name = None
        elif line.startswith(_COMBINED):
            raise DiffError("a merge is in progress")
        elif line.startswith(_OLD_NAME):
            name = _name(line.removeprefix(_OLD_NAME))
        elif line.startswith(_NEW_NAME):
            name = _name(line.removeprefix(_NEW_NAME)) or name
            found.pop(name or b"", None)
        elif line.startswith(b"@@ "):
            if name is None:
                raise DiffError(f"a hunk of no file: {line[:80]!r}")
            found[name] = (*found.get(name, ()), _hunk(line, lines))
    return found


def _hunk(line: bytes, lines: Iterator[bytes]) -> Hunk:
    numbers = _HUNK.match(line)
    if numbers is None:
        raise DiffError(f"not a hunk: {line[:80]!r}")
    old, old_count, new, new_count = (int(one) if one else 1 for one in numbers.groups())
    for mark, count in ((b"-", old_count), (b"+", new_count)):
        for _ in range(count):
            body = next(lines, b"")
            if body.startswith(b"\\"):  # "\ No newline at end of file", of the half before
                body = next(lines, b"")
            if not body.startswith(mark):
                raise DiffError(f"a hunk has fewer lines than it says: {line[:80]!r}")
    return Hunk(old, old_count, new, new_count)


def _name(written: bytes) -> bytes | None:
    """The file of a `---` or `+++` line, None for no file. git ends a name that holds a blank with a tab."""
    if written == _NO_FILE:
        return None
    plain = _unquoted(written) if written.startswith(b'"') else written.removesuffix(b"\t")
    return plain[2:]  # a/ or b/


def _unquoted(written: bytes) -> bytes:
    def meant(found: re.Match[bytes]) -> bytes:
        word = found[1].decode("ascii")
        return bytes([_ESCAPES[word] if word in _ESCAPES else int(word, 8)])

    return _ESCAPED.sub(meant, written.rstrip(b"\t")[1:-1])
