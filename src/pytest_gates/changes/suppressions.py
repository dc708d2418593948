"""Comments that a change adds to hide code from a gate: `# nosec`, `# noqa`, `# type: ignore` … Pure."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from pytest_gates.changes.policy_change import NEW_SUPPRESSION, policy_change
from pytest_gates.model.coverage import LineRange
from pytest_gates.model.finding import Effect, Finding, Location
from pytest_gates.model.nosec import nosecs
from pytest_gates.model.text import printable

# Gate to what hides code from it. bandit, ruff and mypy look at comments alone; coverage and detect-secrets
# at every line, strings too (7.17, 1.5), so what looks like a pragma in a string is one.
_IN_COMMENTS: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "bandit": (),  # read by model/nosec.py, as the gate reads it
    "ruff": (
        re.compile(
            r"#\s*(?P<kind>(?:(?:ruff|flake8)\s*:\s*)?noqa\b)\s*:?\s*(?P<what>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?",
            re.IGNORECASE,
        ),
        re.compile(r"#\s*ruff\s*:\s*(?P<kind>disable|ignore|file-ignore)\s*(?P<what>\[[^\]]*\])?"),
    ),
    "mypy": (
        re.compile(r"#\s*(?P<kind>type\s*:\s*ignore)\s*(?P<what>\[[^\]]*\])?"),
        re.compile(r"#\s*(?P<kind>mypy\s*:)\s*(?P<what>.*)"),
    ),
}  # fmt: skip
_IN_LINES: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "coverage": (
        re.compile(r"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?P<kind>(?:no|NO)\s*(?:cover|COVER|branch|BRANCH))"),
    ),
    "secrets": (
        re.compile(r"pragma: ?(?P<kind>(?:allow|white)list(?:[ -]nextline)?[ -]secret)"),
    ),
}  # fmt: skip
_WORDS = (b"nosec", b"noqa", b"ignore", b"pragma", b"mypy", b"ruff")
SILENCED_BY_COMMENTS = frozenset({*_IN_COMMENTS, *_IN_LINES})
"""Gates of which a comment can hide something; `coverage` stands for all that judge coverage."""


class Suppression(msgspec.Struct, frozen=True):
    """One comment: the gate it hides code from, its essence without spaces and reasons, its line."""

    gate: str
    essence: str
    line: int


def suppressions(source: bytes, gates: Iterable[str]) -> tuple[Suppression, ...]:
    """All of them for these gates, in the order of lines.

    Raises ValueError when the source may hold some and cannot be split into tokens.
    """
    lowered = source.lower()
    if not any(word in lowered for word in _WORDS):
        return ()
    wanted = frozenset(gates)
    found = list(_in_lines(source, wanted))
    if wanted & _IN_COMMENTS.keys():
        found += _in_comments(source, wanted)
    return tuple(sorted(found, key=lambda one: (one.line, one.gate, one.essence)))


def new_suppressions(
    path: str, base: bytes, now: bytes, gates: Iterable[str], new_lines: Iterable[LineRange]
) -> tuple[Finding, ...]:
    """One finding for each comment that the file now holds more often than at the base.

    `new_lines` are those the change wrote: of several equal comments the ones on them are the new ones.
    """
    wanted = frozenset(gates)
    try:
        was, is_now = suppressions(base, wanted), suppressions(now, wanted)
    except ValueError as why:
        message = f"{path}: its comments cannot be compared with the base: {why}"
        return (
            policy_change(path, message, effect=Effect.UNKNOWN, rule=NEW_SUPPRESSION,
                          location=Location(path=path)),
        )  # fmt: skip
    known = Counter((one.gate, one.essence) for one in was)
    written = tuple(new_lines)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in is_now:
        places[one.gate, one.essence].append(one.line)
    found = [
        (line, gate, essence)
        for (gate, essence), lines in places.items()
        for line in _newest(lines, len(lines) - known[gate, essence], written)
    ]
    return tuple(_finding(path, *one) for one in sorted(found))


def _newest(lines: list[int], count: int, written: tuple[LineRange, ...]) -> list[int]:
    if count <= 0:
        return []
    is_new = [line for line in lines if any(first <= line <= last for first, last in written)]
    is_old = [line for line in lines if line not in is_new]
    return (is_new + is_old[::-1])[:count]


def _finding(path: str, line: int, gate: str, essence: str) -> Finding:
    # Another number of lines above it makes it no other finding: the line is a place, not its name.
    return policy_change(
        f"{path}:{essence}",
        f"new comment that hides code from `{gate}`: {printable(essence, 80)}",
        rule=NEW_SUPPRESSION,
        location=Location(path=path, line=line),
    )


def _in_lines(source: bytes, wanted: frozenset[str]) -> Iterator[Suppression]:
    text = source.decode("utf-8", "replace")
    for gate in wanted & _IN_LINES.keys():
        for number, line in enumerate(text.split("\n"), start=1):
            yield from _matches(gate, _IN_LINES[gate], line, number)


def _in_comments(source: bytes, wanted: frozenset[str]) -> Iterator[Suppression]:
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                for gate in wanted & _IN_COMMENTS.keys():
                    yield from _matches(gate, _IN_COMMENTS[gate], token.string, token.start[0])
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, RecursionError) as why:
        raise ValueError(f"it is no Python that can be read ({why})") from why


def _matches(
    gate: str, patterns: tuple[re.Pattern[str], ...], text: str, line: int
) -> Iterator[Suppression]:
    if gate == "bandit":
        for one in nosecs(text):
            yield Suppression(gate, " ".join(("nosec", *sorted(one.tests))), line)
    for pattern in patterns:
        for found in pattern.finditer(text):
            groups = found.groupdict()
            kind = " ".join(groups["kind"].lower().split())
            kind = re.sub(r"\s*:\s*", ":", kind)
            words = " ".join(sorted(re.findall(r"[\w*-]+", groups.get("what") or "")))
            yield Suppression(gate, f"{kind} {words}".strip(), line)
