"""Add and remove entries of the exceptions file, and leave every other byte alone. Effects: files.

The text is edited by lines: a library that keeps comments (tomlkit 0.15.2) writes waivers and
quarantine that stand mixed in another order, and gives the comment above an entry to the entry before.
What TOML itself decides (where a text or a list ends) is asked of its parser.
"""

from __future__ import annotations

import datetime as dt
import re
import stat
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_gates.adapters.files import write_whole
from pytest_gates.errors import GatesError
from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.text import printable, well_formed

_BOM = "\ufeff"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NEW_FILE_MODE = 0o644


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    """The lines from one header to the next, the first block having none: start, content end, end.

    `lead` is where the comments directly above the header begin; what follows the content belongs to
    the next header, to the block's own last line, or to nobody.
    """

    lead: int
    start: int
    content_end: int
    end: int
    table: Mapping[str, Any]


def add_quarantine(text: str, entry: Quarantine, comment: str = "") -> str:
    """`text` with the entry at its end, below a line that holds `comment`.

    Raises GatesError when the text is no TOML to which an entry can be added.
    """
    return _added(text, "quarantine", entry, comment)


def add_waiver(text: str, waiver: Waiver, comment: str = "") -> str:
    """As `add_quarantine`."""
    return _added(text, "waiver", waiver, comment)


def remove_quarantine(text: str, tests: Collection[str]) -> str:
    """`text` without the entries of these tests, and without the comments directly above them.

    The blank line above goes too: what was added is taken back whole. Raises GatesError when one of
    the tests has no entry, or when the text cannot be edited.
    """
    bom, body = _without_bom(text)
    before = _parsed(body)
    entries = _entries_of(before, "quarantine")
    there = [one["test"] for one in entries if one.get("test") in tests]
    for test in (*there, *(one for one in tests if one not in there)):
        body = _without(body, test)
    kept = [one for one in entries if one.get("test") not in tests]
    expected = {**before, "quarantine": kept}
    if not kept:
        del expected["quarantine"]
    _check(body, expected)
    return bom + body


def toml_of(kind: str, entry: Quarantine | Waiver, comment: str = "", newline: str = "\n") -> str:
    """The lines of one entry; keys that have their default are left out."""
    lines = [f"# {printable(comment, 1000)}"] if comment else []
    lines.append(f"[[{kind}]]")
    for field in msgspec.structs.fields(type(entry)):
        value = getattr(entry, field.name)
        if field.required or value != field.default:
            lines.append(f"{field.encode_name} = {_toml(value)}")
    return "".join(f"{line}{newline}" for line in lines)


def read_exceptions(path: Path) -> str:
    """The file as it is, with its byte order mark and its ends of lines; empty where there is none.

    Raises GatesError when it cannot be read as UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as why:
        raise GatesError(f"{path.name}: cannot be read: {why}") from why


def write_exceptions(path: Path, text: str) -> None:
    """Replace the file in one step; it keeps its mode, and a link to it stays a link.

    Raises GatesError when it cannot be written.
    """
    target = path.resolve()
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _NEW_FILE_MODE
        write_whole(target, text.encode("utf-8"), mode)
    except (OSError, GatesError) as why:
        cause = why.__cause__ if isinstance(why.__cause__, OSError) else why
        said = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        raise GatesError(f"{path.name} cannot be written: {said}") from why


def _added(text: str, kind: str, entry: Quarantine | Waiver, comment: str) -> str:
    bom, body = _without_bom(text)
    before = _parsed(body)
    newline = "\r\n" if body.partition("\n")[0].endswith("\r") else "\n"
    new = toml_of(kind, entry, comment, newline)
    if body and not body.endswith("\n"):
        # As it was written: without an end of its last line.
        whole = body + newline + newline + new.removesuffix(newline)
    else:
        whole = body + (newline if body else "") + new
    _check(whole, {**before, kind: [*_entries_of(before, kind), *_parsed(new)[kind]]})
    return bom + whole


def _entries_of(document: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    entries = document.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise _uneditable(f"`{kind}` is no list of entries")
    return entries


def _without(text: str, test: str) -> str:
    lines = _LINE.findall(text)
    header = _header("quarantine")
    block = next(
        (
            one
            for one in _blocks(lines)
            if header.match(lines[one.start]) and one.table["quarantine"][0].get("test") == test
        ),
        None,
    )
    if block is None:
        raise _uneditable(f"no [[quarantine]] with test = {_toml(test)}")
    lead, end = block.lead, block.end
    if lead > 0 and not lines[lead - 1].strip():
        lead -= 1
    elif lead == 0 and end < len(lines) and not lines[end].strip():
        end += 1
    kept = [*lines[:lead], *lines[end:]]
    if end == len(lines) and kept and not lines[-1].endswith("\n"):
        kept[-1] = kept[-1].removesuffix("\n").removesuffix("\r")
    return "".join(kept)


def _blocks(lines: list[str]) -> list[_Block]:
    """One for each header at the top level, in order."""
    starts = [0]
    for number, line in enumerate(lines):
        # A line that looks like a header may stand in a text or in a list: those are not closed yet.
        if number and line.lstrip().startswith("[") and _is_toml(lines[starts[-1] : number]):
            starts.append(number)
    found: list[_Block] = []
    floor = 0
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        table = _parsed("".join(lines[start:stop]))
        content_end = stop
        while content_end > start and _is_trivia(lines[content_end - 1]):
            shorter = lines[start : content_end - 1]
            if not _is_toml(shorter) or tomllib.loads("".join(shorter)) != table:
                break  # the last line of a text may look like a comment
            content_end -= 1
        lead = start
        while lead > floor and _is_comment(lines[lead - 1]):
            lead -= 1
        found.append(
            _Block(lead=lead, start=start, content_end=content_end, end=content_end, table=table)
        )
        floor = content_end
    return _with_trailing_comments(found, lines)


def _with_trailing_comments(blocks: list[_Block], lines: list[str]) -> list[_Block]:
    """A comment directly below the last key is about this entry, unless it leads to the next header."""
    leads = [one.lead for one in blocks[1:]] + [len(lines)]
    found: list[_Block] = []
    for block, stop in zip(blocks, leads, strict=True):
        end = block.content_end
        while end < stop and _is_comment(lines[end]):
            end += 1
        found.append(msgspec.structs.replace(block, end=end))
    return found


def _header(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\s*\[\[\s*([\"']?){kind}\1\s*\]\]")


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _is_trivia(line: str) -> bool:
    return not line.strip() or _is_comment(line)


def _is_toml(lines: list[str]) -> bool:
    try:
        tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise _uneditable(f"not valid TOML: {why}") from why


def _check(text: str, expected: Mapping[str, Any]) -> None:
    """What was written must mean what was meant; lists of inline tables, for one, cannot be added to."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise _uneditable(f"its entries are not written as [[…]]: {why}") from why
    if found != expected:
        raise _uneditable("its entries are not written as [[…]]")


def _uneditable(why: str) -> GatesError:
    return GatesError(f"the exceptions file cannot be edited: {why}; edit it by hand")


def _without_bom(text: str) -> tuple[str, str]:
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    return '"' + "".join(_escaped(char) for char in well_formed(str(value))) + '"'


def _escaped(char: str) -> str:
    """A reviewer must see what is there: marks that reorder text and the like are spelled out."""
    if char in {'"', "\\"}:
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004
