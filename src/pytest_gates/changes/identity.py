"""Which findings a change brought: matched with those of the base by place, then by identity. Pure.

First by place: a line that the diff leaves alone, or moves as a whole, with the same rule on both sides. What
is left is matched by identity: rule, path, name of the enclosing function or class, and the flagged line
without white space; a finding that has a subject (a secret's digest) keeps it. Both are multisets: a second
copy of an old flaw is a new one. Renames are followed.
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

import msgspec

from pytest_gates.model.change import Change
from pytest_gates.model.finding import Finding, Severity

_WORST = len(Severity)


class Undecided(msgspec.Struct, frozen=True, kw_only=True):
    """Paths whose text is needed to tell new from old: here, and at the base."""

    now: frozenset[str] = frozenset()
    base: frozenset[str] = frozenset()


def undecided(now: tuple[Finding, ...], base: tuple[Finding, ...], change: Change) -> Undecided:
    """What `newness` must read: nothing where all findings are in their old places."""
    left_now, left_base = _without_same_place(now, base, change)
    common = {_rule_and_path(now[at], change) for at in left_now} & {
        _rule_and_path(base[at], None) for at in left_base
    }
    return Undecided(
        now=_paths(now[at] for at in left_now if _rule_and_path(now[at], change) in common),
        base=_paths(base[at] for at in left_base if _rule_and_path(base[at], None) in common),
    )


def newness(
    now: tuple[Finding, ...],
    base: tuple[Finding, ...],
    change: Change,
    *,
    texts_now: Mapping[str, str],
    texts_base: Mapping[str, str],
) -> tuple[bool, ...]:
    """For each finding of `now` whether the base does not have it.

    The texts hold at least the paths that `undecided` names, as they are there; a file whose text is
    missing has only its places. A finding that became more severe, or more certain, is a new one.
    """
    left_now, left_base = _without_same_place(now, base, change)
    here, there = _Essence(texts_now, change), _Essence(texts_base, None)
    matched = _matched(now, left_now, here.of, base, left_base, there.of)
    new = set(left_now) - matched.keys()
    return tuple(at in new for at in range(len(now)))


def scopes(text: str) -> tuple[tuple[int, int, str], ...]:
    """First line, last line and qualified name of each function and class; none where it is no Python.

    Decorators belong to what they decorate. Outer ones come before inner ones.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a wrong escape in the judged code is not ours to tell
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[tuple[int, int, str]] = []
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, outer = pending.pop()
        name = outer
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{outer}.{node.name}" if outer else node.name
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found.append((first, node.end_lineno or node.lineno, name))
        pending += [(child, name) for child in ast.iter_child_nodes(node)]
    return tuple(sorted(found, key=lambda one: (one[0], -one[1])))


def qualified_name(spans: tuple[tuple[int, int, str], ...], line: int) -> str:
    """The innermost of `scopes` that holds the line; empty at the level of the module."""
    holding = (name for first, last, name in spans if first <= line <= last)
    name = ""
    for name in holding:  # noqa: B007 - the last one is wanted
        pass
    return name


class _Essence:
    """What a finding is, wherever it stands. With a `change` its path is told as it was at the base."""

    def __init__(self, texts: Mapping[str, str], change: Change | None) -> None:
        self._texts = texts
        self._change = change
        self._files: dict[str, tuple[list[str], tuple[tuple[int, int, str], ...]] | None] = {}

    def of(self, finding: Finding) -> Hashable:
        """None where it cannot be at the base, or where its text is not known."""
        place = finding.location
        if place is None:
            return (finding.rule, finding.message, finding.subject)
        path = _path_at_base(place.path, self._change)
        if path is None:
            return None
        if place.line is None:
            return (finding.rule, path, finding.message, finding.subject)
        file = self._file(place.path)
        if file is None:
            return None
        lines, spans = file
        flagged = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
        name = qualified_name(spans, place.line)
        return (finding.rule, path, name, "".join(flagged.split()), finding.subject)

    def _file(self, path: str) -> tuple[list[str], tuple[tuple[int, int, str], ...]] | None:
        if path not in self._files:
            text = self._texts.get(path)
            # Not splitlines(): a form feed ends no line for any tool.
            self._files[path] = (
                None
                if text is None
                else (text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), scopes(text))
            )
        return self._files[path]


def _without_same_place(
    now: tuple[Finding, ...], base: tuple[Finding, ...], change: Change
) -> tuple[list[int], list[int]]:
    """Indexes of what is not at its old place, of `now` and of `base`."""

    def here(finding: Finding) -> Hashable:
        place = finding.location
        if place is None or place.line is None:
            return None
        file = change.file(place.path)
        if file is None:
            return (finding.rule, place.path, place.line, finding.subject)
        line = file.line_at_base(place.line)
        return None if line is None else (finding.rule, file.base_path, line, finding.subject)

    def there(finding: Finding) -> Hashable:
        place = finding.location
        if place is None or place.line is None:
            return None
        return (finding.rule, place.path, place.line, finding.subject)

    all_now, all_base = range(len(now)), range(len(base))
    matched = _matched(now, all_now, here, base, all_base, there)
    gone = set(matched.values())
    return (
        [at for at in all_now if at not in matched],
        [at for at in all_base if at not in gone],
    )


def _matched(
    now: tuple[Finding, ...],
    of_now: Iterable[int],
    key_now: Callable[[Finding], Hashable],
    base: tuple[Finding, ...],
    of_base: Iterable[int],
    key_base: Callable[[Finding], Hashable],
) -> dict[int, int]:
    """Index in `now` -> index in `base`, one to one; the keys are equal and the weight did not grow."""
    offers: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at in of_base:
        offers[key_base(base[at])].append(at)
    offers.pop(None, None)
    pairs: dict[int, int] = {}
    # The worst first: what is milder fits what the worse one leaves, and not the other way round.
    worst_first = sorted(of_now, key=lambda one: _weight(now[one]), reverse=True)
    for same_message in (True, False):
        for at in worst_first:
            bucket = offers.get(key_now(now[at]), []) if at not in pairs else []
            for one in bucket:
                said_so = base[one].message == now[at].message
                if said_so >= same_message and _not_worse(now[at], base[one]):
                    pairs[at] = one
                    bucket.remove(one)
                    break
    return pairs


def _weight(finding: Finding) -> tuple[int, int]:
    """What has no severity fails under every floor: it weighs most."""
    return (
        _WORST if finding.severity is None else finding.severity.rank,
        _WORST if finding.confidence is None else finding.confidence.rank,
    )


def _not_worse(now: Finding, base: Finding) -> bool:
    return all(here <= there for here, there in zip(_weight(now), _weight(base), strict=True))


def _path_at_base(path: str, change: Change | None) -> str | None:
    file = change.file(path) if change is not None else None
    return path if file is None else file.base_path


def _rule_and_path(finding: Finding, change: Change | None) -> Hashable:
    place = finding.location
    return (finding.rule, _path_at_base(place.path, change) if place is not None else None)


def _paths(findings: Iterable[Finding]) -> frozenset[str]:
    places = (one.location for one in findings)
    return frozenset(one.path for one in places if one is not None and one.line is not None)
