"""Places of a change that the tests did not reach, and what else a reader must know of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from pytest_gates.model.finding import Finding, Location, fingerprint_of
from pytest_gates.model.patch import ChangedStatement, Newness, PatchFacts, PatchFile

MODULE = "code outside of functions"
UNLOADED = "never imported"
_MOST_PLACES = 3
_MOST_PATHS = 5

Counts = Callable[[ChangedStatement], bool]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Neighbouring changed statements of one function that have something in common, or one branch.

    Of a file that no process executed, all are neighbours, and `scope` says that instead.
    """

    path: str
    scope: str
    first: int
    last: int
    count: int
    is_branch: bool = False

    @property
    def shown(self) -> str:
        lines = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.path}:{lines}" + (f" ({self.scope})" if self.scope else "")


def uncovered(facts: PatchFacts, counts: Counts) -> tuple[Place, ...]:
    """What was not executed of the counted statements, and the branches that were not taken."""
    missed = (
        place
        for file in facts.files
        for place in _places(file, lambda one: counts(one) and not one.executed)
    )
    branches = (
        _branch(file, one)
        for file in facts.files
        for one in file.statements
        if _is_partial(one, counts)
    )
    return (*missed, *branches)


def shown_places(places: Sequence[Place]) -> str:
    """The largest first."""
    ranked = sorted(places, key=lambda one: (-one.count, one.path, one.first))
    more = " · …" if len(ranked) > _MOST_PLACES else ""
    return " · ".join(one.shown for one in ranked[:_MOST_PLACES]) + more


def notes_of(facts: PatchFacts, counts: Counts) -> Iterator[Finding]:
    """Where, for each kind of place; then the files that nobody judged. They decide nothing."""
    for file in facts.files:
        yield from _file_notes(file, counts)
    yield from _out_of_scope(facts.out_of_scope)


def _file_notes(file: PatchFile, counts: Counts) -> Iterator[Finding]:
    kinds: tuple[tuple[str, str, Counts], ...] = (
        (
            "uncovered-change",
            "not executed by any test",
            lambda one: counts(one) and not one.executed,
        ),
        (
            "moved-debt",
            "moved here, and not executed: an old debt",
            lambda one: _is_debt(one, Newness.MOVED, counts),
        ),
        (
            "reformatted-debt",
            "only laid out otherwise, and not executed: an old debt",
            lambda one: _is_debt(one, Newness.REFORMATTED, counts),
        ),
        (
            "excluded-change",
            "excluded from coverage, so not judged",
            lambda one: one.excluded,
        ),
    )
    for rule, said, wanted in kinds:
        numbers: dict[str, int] = defaultdict(int)
        for place in _places(file, wanted):
            numbers[place.scope] += 1
            many = (
                "1 changed statement" if place.count == 1 else f"{place.count} changed statements"
            )
            yield Finding(
                rule=rule,
                message=f"{place.scope or MODULE}: {many} {said}",
                location=Location(path=file.path, line=place.first, end_line=place.last),
                fingerprint=fingerprint_of(
                    rule, file.path, f"{place.scope} {numbers[place.scope]}"
                ),
            )
    for one in file.statements:
        if _is_partial(one, counts):
            yield _partial(file, one)
    for number, line in enumerate(file.new_pragmas, 1):
        yield Finding(
            rule="new-pragma",
            message="this change tells coverage not to count something here",
            location=Location(path=file.path, line=line),
            fingerprint=fingerprint_of("new-pragma", file.path, str(number)),
        )


def _places(file: PatchFile, wanted: Counts) -> Iterator[Place]:
    """Runs of wanted statements of one scope, with no other statement between them."""
    run: list[ChangedStatement] = []
    for one in file.statements:
        fits = wanted(one)
        near = not file.measured or (bool(run) and one.scope == run[0].scope)
        if run and not (fits and one.follows and near):
            yield _place(file, run)
            run = []
        run += [one] if fits else []
    if run:
        yield _place(file, run)


def _place(file: PatchFile, run: Sequence[ChangedStatement]) -> Place:
    return Place(
        path=file.path,
        scope=run[0].scope if file.measured else UNLOADED,
        first=run[0].first,
        last=run[-1].last,
        count=len(run),
    )


def _branch(file: PatchFile, one: ChangedStatement) -> Place:
    return Place(
        path=file.path,
        scope=one.scope,
        first=one.first,
        last=one.first,
        count=len(one.missing_branches),
        is_branch=True,
    )


def _is_partial(one: ChangedStatement, counts: Counts) -> bool:
    return counts(one) and one.executed and bool(one.missing_branches)


def _is_debt(one: ChangedStatement, newness: Newness, counts: Counts) -> bool:
    return one.newness is newness and not one.executed and not one.excluded and not counts(one)


def _partial(file: PatchFile, one: ChangedStatement) -> Finding:
    targets = ", ".join("the end" if to < 0 else f"line {to}" for to in one.missing_branches)
    return Finding(
        rule="partial-branch",
        message=f"{one.scope or MODULE}: never went from here to {targets}",
        location=Location(path=file.path, line=one.first),
        fingerprint=fingerprint_of("partial-branch", file.path, f"{one.scope} {targets}"),
    )


def _out_of_scope(files: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """One for each reason: a change of a thousand tests is one line, and all its paths in the evidence."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for path, why in files:
        by_reason[why].append(path)
    for why, paths in sorted(by_reason.items()):
        shown = ", ".join(paths[:_MOST_PATHS]) + (", …" if len(paths) > _MOST_PATHS else "")
        yield Finding(
            rule="out-of-scope",
            message=f"{len(paths)} changed file(s) not judged, {why}: {shown}",
            subject="scope",
            fingerprint=fingerprint_of("out-of-scope", "scope", why),
        )
