"""XML elements from any text: the one place where it is escaped for readers of XML. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Beside what XML cannot hold: controls and the marks that reorder text, as everywhere in our reports.
_SPELLED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff]"
)
# A reader turns a bare carriage return, and in attributes every white space, into something else.
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_QUOTES = {**_IN_TEXT, **str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})}


def element(tag: str, attributes: Mapping[str, str | None], *inside: str) -> str:
    """`inside` is XML already; attributes that are None are left out."""
    shown = "".join(
        f' {name}="{legal(value).translate(_IN_QUOTES)}"'
        for name, value in attributes.items()
        if value is not None
    )
    content = "".join(inside)
    return f"<{tag}{shown}>{content}</{tag}>" if content else f"<{tag}{shown}/>"


def escaped(text: str) -> str:
    """Any text, to stand inside of an element."""
    return legal(text).translate(_IN_TEXT)


def legal(text: str) -> str:
    r"""The text as a reader gets it back: what XML or a screen cannot hold is spelled `\x1b`, `\u202e`."""
    if text.isascii() and text.isprintable():  # most texts are, and there are many
        return text
    return _SPELLED.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
