"""From two texts of each changed file, and what was executed of it, to its changed statements. Pure.

A statement is unchanged if its lines are, and were one statement at the base: then nothing else needs to
be asked. Any other statement was written by this change, unless its meaning stood in the same function
before (laid out otherwise), or it came along with its neighbours from elsewhere (moved).
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pytest_gates.changes.statements import Statement, statements_of, text_lines
from pytest_gates.errors import EvidenceMissing
from pytest_gates.model.change import FileChange
from pytest_gates.model.measured import MeasuredLines
from pytest_gates.model.patch import ChangedStatement, Newness, PatchFile

Arc = tuple[int, int]
"""From this line to that one; a negative target leaves the code object."""

SHORTEST_MOVE = 3
"""So many equal statements in a row are no coincidence."""
_MOST_CANDIDATES = 64
_LONE_CR = re.compile(rb"\r(?!\n)")


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One changed file to be judged. `base` is its text before, None when it is new."""

    change: FileChange
    now: bytes
    base: bytes | None
    measured: MeasuredLines


class GoneText(msgspec.Struct, frozen=True, kw_only=True):
    """Text of the base from which code may have been moved. `change` is None when the file is deleted."""

    change: FileChange | None
    now: bytes
    base: bytes


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """Files in the order in which they were given; `unread` (path, why) are no Python."""

    files: tuple[PatchFile, ...]
    unread: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class _Side:
    """The statements of one text, and which of them the other text does not have."""

    def __init__(self, statements: Sequence[Statement], differs: Sequence[bool]) -> None:
        self.statements = statements
        self.open = list(differs)
        """Neither unchanged nor explained so far."""
        self._essences: dict[int, str] = {}

    def essence(self, at: int) -> str:
        found = self._essences.get(at)
        if found is None:
            found = self._essences[at] = self.statements[at].essence
        return found

    def keys(self, at: int) -> list[tuple[str, str]]:
        """Scope and meaning of what stands on the line: a formatter may give each a line of its own."""
        return [(one.scope, one.essence) for one in self.statements[at].parts]

    def places(self) -> list[int]:
        return [at for at, wanted in enumerate(self.open) if wanted]

    def runs(self) -> Iterator[int]:
        """Where `SHORTEST_MOVE` open statements in a row begin."""
        for at in range(len(self.open) - SHORTEST_MOVE + 1):
            if all(self.open[at : at + SHORTEST_MOVE]):
                yield at

    def run_key(self, at: int) -> tuple[str, ...]:
        return tuple(self.essence(at + step) for step in range(SHORTEST_MOVE))


class _Comparison:
    """One file: both sides, and what became of each statement of this one."""

    def __init__(self, file: ChangedFile) -> None:
        """Raises EvidenceMissing when the text of today is no Python."""
        self.file = file
        self.at_base = lines_at_base(file.change, file.now, file.base)
        self.note: str | None = None
        now = statements_of(file.now)
        base: tuple[Statement, ...] | None = ()
        try:
            base = statements_of(file.base or b"")
        except EvidenceMissing as why:
            base = None
            self.note = f"{file.change.path} could not be parsed at the base ({why})"
        kept = _kept(now, base, self.at_base)
        self.now = _Side(now, [span is None for span in kept])
        spans = set(kept)
        self.base = _Side(base or (), [(one.first, one.last) not in spans for one in base or ()])
        self.newness: dict[int, Newness] = {}

    def find_reformatted(self) -> None:
        """What stood in the same scope and meant the same is no news, each as often as it stood there."""
        gone: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at in reversed(self.base.places()):
            for key in self.base.keys(at):
                gone[key].append(at)
        for at in self.now.places() if gone else ():
            wanted = Counter(self.now.keys(at))
            if all(len(gone[key]) >= count for key, count in wanted.items()):
                for key in wanted.elements():
                    self.base.open[gone[key].pop()] = False
                self._explain(at, Newness.REFORMATTED)

    def find_moved(self, gone: dict[tuple[str, ...], list[tuple[_Side, int]]]) -> None:
        """Runs of statements that were taken away elsewhere."""
        at = 0
        while at + SHORTEST_MOVE <= len(self.now.open):
            length = 0
            if gone and all(self.now.open[at : at + SHORTEST_MOVE]):
                length = self._take_longest(at, gone.get(self.now.run_key(at), []))
            for step in range(length):
                self._explain(at + step, Newness.MOVED)
            at += length or 1

    def patch_file(self, pragmas: Iterable[int]) -> PatchFile:
        return PatchFile(
            path=self.file.change.path,
            measured=self.file.measured.executed,
            statements=tuple(self._changed_statements()),
            new_pragmas=tuple(pragmas),
        )

    def _changed_statements(self) -> Iterator[ChangedStatement]:
        """Those that coverage knows as something to execute, or was told not to count."""
        behind = len(self.at_base)
        for at in sorted({*self.now.places(), *self.newness}):
            one = self.now.statements[at]
            found = self._measured(one)
            if found is None:
                continue
            lines = self.file.measured.executable
            between = bisect.bisect_left(lines, one.first) - bisect.bisect_right(lines, behind)
            yield ChangedStatement(
                first=one.first,
                last=one.last,
                scope=one.scope,
                newness=self.newness.get(at, Newness.NEW),
                executed=bool(found.executable) and not found.missing,
                excluded=not found.executable,
                branches=len(found.branches),
                missing_branches=tuple(target for _, target in found.missing_branches),
                follows=between == 0,
            )
            behind = one.last

    def _explain(self, at: int, newness: Newness) -> None:
        self.newness[at] = newness
        self.now.open[at] = False

    def _take_longest(self, at: int, candidates: list[tuple[_Side, int]]) -> int:
        still = (one for one in candidates if one[0].open[one[1]])
        found = [
            (self._common(at, side, place), side, place)
            for side, place in itertools.islice(still, _MOST_CANDIDATES)
        ]
        length, side, place = max(found, key=lambda one: one[0], default=(0, self.base, 0))
        if length < SHORTEST_MOVE:
            return 0
        side.open[place : place + length] = [False] * length
        return length

    def _common(self, at: int, side: _Side, place: int) -> int:
        length = 0
        while (
            at + length < len(self.now.open)
            and place + length < len(side.open)
            and self.now.open[at + length]
            and side.open[place + length]
            and self.now.essence(at + length) == side.essence(place + length)
        ):
            length += 1
        return length

    def _measured(self, one: Statement) -> MeasuredLines | None:
        """What was measured between its lines; None when coverage knows nothing to execute there."""
        lines = self.file.measured
        found = MeasuredLines(
            executable=_between(lines.executable, one),
            missing=_between(lines.missing, one),
            excluded=_between(lines.excluded, one),
            branches=_arcs_between(lines.branches, one),
            missing_branches=_arcs_between(lines.missing_branches, one),
        )
        return found if found.executable or found.excluded else None


def patch_of(
    files: Iterable[ChangedFile], gone: Iterable[GoneText] = (), exclusions: Iterable[str] = ()
) -> Patch:
    """The changed statements of all `files`; `gone` are further texts from which code may come.

    `exclusions` are the regular expressions by which coverage leaves lines out.
    """
    comparisons: list[_Comparison] = []
    unread: list[tuple[str, str]] = []
    for file in files:
        try:
            comparisons.append(_Comparison(file))
        except EvidenceMissing as why:
            unread.append((file.change.path, f"it is no Python: {why}"))
    for one in comparisons:
        one.find_reformatted()
    others = [side for text in gone if (side := _gone_side(text)) is not None]
    sources = _runs_of([*(one.base for one in comparisons), *others])
    for one in comparisons:
        one.find_moved(sources)
    pragmas = _new_pragmas([one.file for one in comparisons], exclusions)
    return Patch(
        files=tuple(one.patch_file(lines) for one, lines in zip(comparisons, pragmas, strict=True)),
        unread=tuple(unread),
        notes=tuple(one.note for one in comparisons if one.note is not None),
    )


def lines_at_base(change: FileChange, now: bytes, base: bytes | None) -> list[int]:
    """For each line of today where it was at the base, 0 when this change wrote it; place 0 is unused.

    git ends a line at a line feed alone, Python at a carriage return as well: these are Python's lines.
    """
    starts = _python_starts(now)
    found = [0] * starts[-1]
    if base is None:
        return found
    base_starts = _python_starts(base)
    at, at_base = 1, 1
    for hunk in change.hunks:
        ends = hunk.new_start if hunk.new_count else hunk.new_start + 1
        _fill(found, starts, base_starts, at, at_base, min(ends, len(starts)))
        at = ends + hunk.new_count
        at_base = (hunk.old_start if hunk.old_count else hunk.old_start + 1) + hunk.old_count
    _fill(found, starts, base_starts, at, at_base, len(starts))
    return found


def _fill(
    found: list[int], starts: list[int], base_starts: list[int], at: int, at_base: int, end: int
) -> None:
    """Lines `at` to before `end`, as git counts, are the base's from `at_base` on."""
    for line in range(at, end):
        there = at_base + line - at
        if there >= len(base_starts) or line >= len(starts):
            return  # the text is not the one that git compared: what is not known to be old is new
        first = starts[line - 1]
        for step in range(starts[line] - first):
            found[first + step] = base_starts[there - 1] + step


def _python_starts(text: bytes) -> list[int]:
    """The first line, as Python counts, of each line that git counts; and the line after the last."""
    if b"\r" not in text:
        return list(range(1, text.count(b"\n") + 3))
    lines = _LONE_CR.sub(b"\0", text).split(b"\n")
    return list(itertools.accumulate((1 + line.count(b"\0") for line in lines), initial=1))


def _kept(
    now: Sequence[Statement], base: Sequence[Statement] | None, at_base: list[int]
) -> list[tuple[int, int] | None]:
    """For each statement of today its span at the base; None when it, or its extent, is not the same."""
    spans = None if base is None else {(one.first, one.last) for one in base}
    found: list[tuple[int, int] | None] = []
    for one in now:
        first, last = at_base[one.first], at_base[one.last]
        same = all(at_base[one.first : one.last + 1]) and last - first == one.last - one.first
        if same and (spans is None or (first, last) in spans):
            found.append((first, last))
        else:
            found.append(None)
    return found


def _gone_side(text: GoneText) -> _Side | None:
    """The statements that are no more; None when the base cannot be parsed: then nothing came from it."""
    try:
        base = statements_of(text.base)
    except EvidenceMissing:
        return None
    if text.change is None:
        return _Side(base, [True] * len(base))
    kept = set(lines_at_base(text.change, text.now, text.base))
    return _Side(
        base, [not all(line in kept for line in range(one.first, one.last + 1)) for one in base]
    )


def _between(lines: tuple[int, ...], one: Statement) -> tuple[int, ...]:
    return lines[bisect.bisect_left(lines, one.first) : bisect.bisect_right(lines, one.last)]


def _arcs_between(arcs: tuple[Arc, ...], one: Statement) -> tuple[Arc, ...]:
    start = bisect.bisect_left(arcs, one.first, key=lambda arc: arc[0])
    return arcs[start : bisect.bisect_right(arcs, one.last, key=lambda arc: arc[0])]


def _runs_of(sides: Iterable[_Side]) -> dict[tuple[str, ...], list[tuple[_Side, int]]]:
    found: dict[tuple[str, ...], list[tuple[_Side, int]]] = defaultdict(list)
    for side in sides:
        for at in side.runs():
            found[side.run_key(at)].append((side, at))
    return found


def _new_pragmas(files: Sequence[ChangedFile], exclusions: Iterable[str]) -> list[tuple[int, ...]]:
    """Lines with a comment that excludes something, which stood nowhere before, each as often as it did."""
    patterns = [one for text in exclusions if (one := _compiled(text)) is not None]
    gone: Counter[str] = Counter()
    written: list[list[tuple[int, str]]] = []
    for file in files:
        at_base = lines_at_base(file.change, file.now, file.base)
        kept = set(at_base)
        gone.update(text for line, text in _pragmas(file.base or b"", patterns) if line not in kept)
        written.append([one for one in _pragmas(file.now, patterns) if not at_base[one[0]]])
    found: list[tuple[int, ...]] = []
    for lines in written:
        new: list[int] = []
        for line, text in lines:
            if gone[text] > 0:
                gone[text] -= 1
            else:
                new.append(line)
        found.append(tuple(new))
    return found


def _pragmas(text: bytes, patterns: Sequence[re.Pattern[str]]) -> Iterator[tuple[int, str]]:
    """Number and text of each line on which a pattern matches a comment."""
    try:
        lines = text_lines(text)
    except (SyntaxError, ValueError):
        return
    for number, line in enumerate(lines, 1):
        if "#" in line and any(
            found.group().lstrip().startswith("#")
            for pattern in patterns
            for found in pattern.finditer(line)
        ):
            yield number, line.strip()


def _compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:
        return None
