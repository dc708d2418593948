"""Which tests execute what a change wrote, and which have nothing to do with it. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

import msgspec

from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.coverage import LineRange, ranges_of
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import (
    ChangedStatement,
    CoveredLines,
    CoveringFacts,
    CoveringRecord,
    Newness,
    PatchFacts,
)

_SOURCE = (".py", ".pyw")
_NO_CODE = (".md", ".rst")
"""What is written for people: no program reads it."""


def watched_paths(change: Change) -> tuple[str, ...]:
    """Changed files of which a test can execute lines, in order."""
    return tuple(one.path for one in change.files if one.path.endswith(_SOURCE))


def merged(records: Sequence[CoveringRecord | Unavailable]) -> CoveringRecord | Unavailable:
    """All test processes as one. What one of them could not see, nobody knows; nor if there is none."""
    known: list[CoveringRecord] = []
    for record in records:
        if isinstance(record, Unavailable):
            return record
        known.append(record)
    if not known:
        return Unavailable(
            why="no test process recorded which tests execute the change",
            remedy="see what stopped the run",
        )
    tests: dict[str, int] = {}
    files: dict[str, list[CoveredLines]] = {}
    for record in known:
        place = [tests.setdefault(test, len(tests)) for test in record.tests]
        for path, groups in record.files.items():
            files.setdefault(path, []).extend(
                msgspec.structs.replace(one, tests=tuple(place[test] for test in one.tests))
                for one in groups
            )
    return CoveringRecord(
        how=known[0].how,
        tests=tuple(tests),
        files={path: tuple(files[path]) for path in sorted(files)},
    )


class LineCover(msgspec.Struct, frozen=True):
    """Who executes one line, or several: places in a list of tests, and whether no test did, too."""

    tests: frozenset[int] = frozenset()
    outside: bool = False

    def __or__(self, other: LineCover) -> LineCover:
        return LineCover(self.tests | other.tests, self.outside or other.outside)


def by_line(groups: Iterable[CoveredLines]) -> dict[int, LineCover]:
    """Who executes each line that anybody executed."""
    tests: dict[int, set[int]] = {}
    outside: set[int] = set()
    for group in groups:
        for first, last in group.lines:
            for line in range(first, last + 1):
                tests.setdefault(line, set()).update(group.tests)
                if group.outside:
                    outside.add(line)
    return {
        line: LineCover(frozenset(found), line in outside) for line, found in sorted(tests.items())
    }


def related(
    record: CoveringRecord, change: Change, patch: PatchFacts | Unavailable
) -> CoveringFacts:
    """What the record says of this change.

    Of a file of the patch the lines of its changed statements are kept, of any other the changed lines:
    a statement that was told in one line may have been changed in another.
    """
    statements = {} if isinstance(patch, Unavailable) else {one.path: one for one in patch.files}
    kept: dict[str, dict[int, LineCover]] = {}
    touching: set[int] = set()
    watched = watched_paths(change)
    for path in watched:
        file = change.file(path)
        if file is None or path not in record.files:
            continue
        lines = by_line(record.files[path])
        spans = list(file.new_lines)
        if path in statements:
            spans += [(one.first, one.last) for one in statements[path].statements]
        kept[path] = {line: lines[line] for line in _within(list(lines), spans)}
        for line in _in_contact(file, lines) | set(kept[path]):
            touching |= lines[line].tests
    # In the order in which they ran.
    order = {test: place for place, test in enumerate(sorted(touching))}
    return CoveringFacts(
        how=record.how,
        tests=tuple(record.tests[test] for test in order),
        files={path: _grouped(lines, order) for path, lines in kept.items()},
        unseen=tuple(path for path in watched if path not in record.files),
    )


def _within(lines: Sequence[int], spans: Iterable[LineRange]) -> list[int]:
    """Those of the `lines`, which are in order, that lie in one of the spans."""
    found: set[int] = set()
    for first, last in spans:
        found.update(lines[bisect.bisect_left(lines, first) : bisect.bisect_right(lines, last)])
    return sorted(found)


def _in_contact(file: FileChange, lines: Mapping[int, LineCover]) -> set[int]:
    """Lines by which a test comes into contact with the change.

    Changed ones that a test runs. Where none does, perhaps since code is gone or a statement was told
    in another of its lines, the next ones on both sides: whoever runs them may have run over it.
    """
    seen = list(lines)
    found: set[int] = set()
    for hunk in file.hunks:
        if hunk.new_count:
            begin = bisect.bisect_left(seen, hunk.new_start)
            end = bisect.bisect_left(seen, hunk.new_start + hunk.new_count)
        else:
            begin = end = bisect.bisect_right(seen, hunk.new_start)
        if not any(lines[line].tests for line in seen[begin:end]):
            begin, end = max(begin - 1, 0), end + 1
        found.update(seen[begin:end])
    return found


def _grouped(lines: Mapping[int, LineCover], order: Mapping[int, int]) -> tuple[CoveredLines, ...]:
    """Lines that the same tests execute stand together, in the order of their first line."""
    groups: dict[LineCover, list[int]] = {}
    for line, who in lines.items():
        groups.setdefault(who, []).append(line)
    return tuple(
        CoveredLines(
            lines=ranges_of(tuple(found)),
            tests=tuple(sorted(order[test] for test in who.tests)),
            outside=who.outside,
        )
        for who, found in groups.items()
    )


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """Executed statements of one function (or class, or module) that a change wrote.

    `tests` in the order in which they ran. Neither tests nor `outside`: something executed them that
    was not watched, such as an import before the tests or another process.
    """

    path: str
    scope: str
    lines: tuple[LineRange, ...]
    tests: tuple[str, ...]
    outside: bool


def covers(patch: PatchFacts, facts: CoveringFacts) -> tuple[Cover, ...]:
    """One for each function with an executed changed statement, in order of path and place."""
    found: list[Cover] = []
    for path, statements in _executed(patch):
        lines = by_line(facts.files.get(path, ()))
        scopes: dict[str, list[ChangedStatement]] = {}
        for one, following in zip_longest(statements, statements[1:]):
            scopes.setdefault(_home(one, following), []).append(one)
        for scope, inside in scopes.items():
            who = _union(inside, lines)
            found.append(_cover(path, scope, inside, who, facts))
    return tuple(found)


def _home(one: ChangedStatement, following: ChangedStatement | None) -> str:
    """The scope that a statement speaks of: the header of a function is the function's own.

    It is the header when the next changed statement follows directly, and lies one scope deeper.
    """
    if following is None or not following.follows:
        return one.scope
    prefix = f"{one.scope}." if one.scope else ""
    deeper = following.scope != one.scope and following.scope.startswith(prefix)
    return following.scope if deeper else one.scope


def covered_only_by(
    patch: PatchFacts, facts: CoveringFacts, tests: frozenset[str]
) -> tuple[Cover, ...]:
    """Runs of neighbouring changed statements that these tests execute, and nothing else does."""
    doubtful = frozenset(place for place, test in enumerate(facts.tests) if test in tests)
    found: list[Cover] = []
    for path, statements in _executed(patch):
        lines = by_line(facts.files.get(path, ()))
        run: list[ChangedStatement] = []
        for one in statements:
            who = _union([one], lines)
            only = bool(who.tests) and not who.outside and who.tests <= doubtful
            if run and not (only and one.scope == run[0].scope):
                found.append(_cover(path, run[0].scope, run, _union(run, lines), facts))
                run = []
            run += [one] if only else []
        if run:
            found.append(_cover(path, run[0].scope, run, _union(run, lines), facts))
    return tuple(found)


def _executed(patch: PatchFacts) -> Iterable[tuple[str, list[ChangedStatement]]]:
    for file in patch.files:
        yield (
            file.path,
            [
                one
                for one in file.statements
                if one.executed and not one.excluded and one.newness is not Newness.REFORMATTED
            ],
        )


def _union(statements: Iterable[ChangedStatement], lines: Mapping[int, LineCover]) -> LineCover:
    who = LineCover()
    for one in statements:
        for line in range(one.first, one.last + 1):
            who |= lines.get(line, LineCover())
    return who


def _cover(
    path: str, scope: str, inside: list[ChangedStatement], who: LineCover, facts: CoveringFacts
) -> Cover:
    lines = tuple(line for one in inside for line in range(one.first, one.last + 1))
    return Cover(
        path=path,
        scope=scope,
        lines=ranges_of(lines),
        tests=tuple(facts.tests[test] for test in sorted(who.tests)),
        outside=who.outside,
    )


def no_contact(
    test: str,
    change: Change | Unavailable,
    patch: PatchFacts | Unavailable,
    covering: CoveringFacts | Unavailable | None,
) -> str | None:
    """That a test executes nothing of this change, and what leaves a doubt; None where it may.

    None too where nobody can know. A line that ran outside of tests, a file that is no Python and code
    that is gone can change what a test does without being executed by it: each of them is named. What
    other tests leave behind is not looked at here.
    """
    if (
        not isinstance(covering, CoveringFacts)
        or isinstance(change, Unavailable)
        or test in covering.tests
    ):
        return None
    executed = {} if isinstance(patch, Unavailable) else dict(_executed(patch))
    if any(executed.get(path) for path in covering.unseen):
        return None  # the tests ran another copy of that file, and nobody watched it
    doubts = (
        *_ran_outside(covering, executed),
        *_other_files(change),
        *_gone_lines(change),
    )
    said = "runs no line of this change"
    return f"{said}, but {'; '.join(doubts)}" if doubts else f"{said}: no likely cause of it"


def _ran_outside(
    covering: CoveringFacts, executed: Mapping[str, list[ChangedStatement]]
) -> list[str]:
    places: list[str] = []
    for path in sorted({*covering.files, *executed}):
        lines = by_line(covering.files.get(path, ()))
        found = [line for line, who in lines.items() if who.outside]
        for one in executed.get(path, ()):
            who = _union([one], lines)
            if not who.tests and not who.outside:
                found.append(one.first)
        places += [f"{path}:{min(found)}"] if found else []
    return [f"code of it ran outside of tests ({_some(places)})"] if places else []


def _other_files(change: Change) -> list[str]:
    names = [
        *(one.path for one in change.files if not one.path.endswith((*_SOURCE, *_NO_CODE))),
        *(path for path in change.deleted if not path.endswith(_NO_CODE)),
        *(path for path, _ in (*change.unread, *change.left_out)),
    ]
    return [f"{_some(sorted(names))} changed, too"] if names else []


def _gone_lines(change: Change) -> list[str]:
    shrunk = [
        f"{file.path}:{max(hunk.new_start, 1)}"
        for file in change.files
        if file.path.endswith(_SOURCE)
        for hunk in file.hunks
        if hunk.old_count > hunk.new_count
    ]
    return [f"it takes lines away ({_some(shrunk)})"] if shrunk else []


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
