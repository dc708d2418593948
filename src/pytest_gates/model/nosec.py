"""Comments that ask bandit to look away: which of its tests they name, and why. Pure.

bandit itself takes any word of the comment that happens to be the name of a test for one more test,
`# nosec,` and `# noseclike` for all of them, and asks for no reason (1.9.4). Here the tests come first, in a
list; the first word that can be none ends it, and what follows is the reason.
"""

from __future__ import annotations

import io
import re
import tokenize

import msgspec

_MARK = re.compile(r"#\s*nosec(?!\w)\s*:?\s*", re.IGNORECASE)
_TEST = re.compile(r"[A-Za-z]{1,5}[0-9]{1,5}(?!\w)|[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w)")
# A name without `_` could be a word of prose: only between commas, or before a colon or a dash.
_WORD = re.compile(r"[a-z][a-z0-9]*(?=\s*(?:[,:]|$)|\s+[-\u2013\u2014])")
_BETWEEN = re.compile(r"\s*,\s*|\s+")
_OTHER_MARK = re.compile(
    r"#\s*(?:noqa|nosemgrep|type\s*:|pragma|pylint|pyright|mypy|ruff|fmt|isort|flake8|yapf|noinspection)",
    re.IGNORECASE,
)
_PUNCTUATION = " \t-\u2013\u2014:,;.()[]#"
_FEWEST_LETTERS = 2
_LONGEST = 500


class Nosec(msgspec.Struct, frozen=True, kw_only=True):
    """`tests` as they are written, ids in capitals; `reason` is empty where none is given."""

    tests: tuple[str, ...]
    reason: str


def nosecs(comment: str) -> tuple[Nosec, ...]:
    """All of one comment, which begins with its `#`."""
    marks = tuple(_MARK.finditer(comment))
    ends = (*(mark.start() for mark in marks[1:]), len(comment))
    return tuple(
        _nosec(comment[mark.end() : end]) for mark, end in zip(marks, ends, strict=bool(marks))
    )


def nosec_comments(source: bytes) -> tuple[tuple[tuple[int, str], ...], bool]:
    """Line and text of each comment that holds one, and whether all of the source could be read.

    What looks like a comment in a string is none.
    """
    if b"nosec" not in source.lower():
        return (), True
    found: list[tuple[int, str]] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT and _MARK.search(token.string):
                found.append((token.start[0], token.string[:_LONGEST]))  # noqa: PERF401 - kept if it breaks off
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return tuple(found), False
    return tuple(found), True


def _nosec(text: str) -> Nosec:
    tests: dict[str, None] = {}
    at, apart = 0, True
    while found := _TEST.match(text, at) or (_WORD.match(text, at) if apart else None):
        name = found.group()
        tests[name.upper() if name[-1].isdigit() and "_" not in name else name] = None
        gap = _BETWEEN.match(text, found.end())
        at = gap.end() if gap else found.end()
        if gap is None:
            break
        apart = "," in gap.group()
    other = _OTHER_MARK.search(text, at)
    reason = text[at : other.start() if other else len(text)].strip(_PUNCTUATION)
    enough = sum(char.isalpha() for char in reason) >= _FEWEST_LETTERS
    return Nosec(tests=tuple(tests), reason=reason if enough else "")
