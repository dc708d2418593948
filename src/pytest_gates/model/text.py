"""Text that can be written down: well-formed Unicode, bounded, without control characters. Pure."""

from __future__ import annotations

import re

# C0 and C1 controls, and the marks that reorder text on the screen (bidirectional overrides).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def well_formed(text: str) -> str:
    """The same text, lone surrogates spelled as `\\udc80`: JSON and files cannot hold them."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str, limit: int = 400) -> str:
    """One line for a screen: control characters spelled out, cut in the middle beyond `limit`."""
    # Cut before spelling out: a test id of 100 kB must not cost 100 kB of work on every screen.
    line = _UNPRINTABLE.sub(_spelled, well_formed(_shortened(text, limit)))
    return _shortened(line, limit)


def first_line(text: str, limit: int = 400) -> str:
    """The first line that holds more than white space, printable; empty when there is none."""
    for line in text.splitlines():
        if line.strip():
            return printable(line.strip(), limit)
    return ""


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def _spelled(found: re.Match[str]) -> str:
    char = found.group()
    known = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
    if char in known:
        return known[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
