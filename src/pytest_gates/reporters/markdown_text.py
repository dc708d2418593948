"""Hostile text inside Markdown: nothing of it is markup, a link, a mention or a command. Pure."""

from __future__ import annotations

import re

from pytest_gates.model.text import printable

_LIMIT = 300
# All that CommonMark and its dialects give a meaning: `|` ends the cell of a table also inside code, `@` and
# `#` name people and issues, a colon before a letter or slash makes links and emoji.
_MARKS = re.compile(r"[\\`*_\[\]<>#!|~&@$\"]|:(?=[A-Za-z_/+-]|\d+:)")
_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "@": "&#64;",
    "#": "&#35;",
    "|": "&#124;",
    ":": "&#58;",
    "`": "&#96;",
    "$": "&#36;",
    "[": "&#91;",
    "]": "&#93;",
    "!": "&#33;",
    "*": "&#42;",
    "_": "&#95;",
    "~": "&#126;",
    "\\": "&#92;",
}
_BARE_URL = re.compile(r"\b(www)\.", re.IGNORECASE)


def plain(text: str, limit: int = _LIMIT) -> str:
    """One line of prose that reads as it was written; safe in a table and in HTML blocks of Markdown."""
    line = _MARKS.sub(lambda found: _ENTITIES[found.group()], printable(text, limit))
    # GitHub makes a link of anything that begins like a host.
    return _BARE_URL.sub(r"\1&#46;", line)


def code(text: str, limit: int = _LIMIT) -> str:
    """In the letters of code. HTML's element, not backticks: those end where the text has as many."""
    line = plain(text, limit)
    return f"<code>{line}</code>" if line else ""


def fenced(text: str, limit: int) -> str:
    """Lines as they are, in a fence longer than any run of backticks in them."""
    kept = text if len(text) <= limit else f"{text[:limit]}\n... cut"
    lines = "\n".join(printable(one, 2000) for one in kept.splitlines())
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{lines}\n{fence}"
