"""What a history answers, in plain Python over lists of runs: slow, and easy to believe. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from pytest_gates.model.case import Attempt, CaseRecord, FlakeClass, Outcome, Standing
from pytest_gates.model.history import (
    BranchKind,
    EventfulTest,
    Remembered,
    RunToRemember,
    Tally,
    TestHistory,
)

FAILING = {Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED}
PASSING = {Outcome.PASSED, Outcome.XPASSED}
DAY = dt.timedelta(days=1)


class Seen:
    """One test in one run."""

    def __init__(self, run: RunToRemember, test: EventfulTest) -> None:
        self.run, self.at, self.test = run, run.key.started, test
        first = test.attempts[0].outcome
        self.said = True if first in PASSING else False if first in FAILING else None
        outcomes = {one.outcome for one in test.attempts}
        kind = test.diagnosis.kind if test.diagnosis else None
        told = kind not in {None, FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE}
        self.flaked = told or bool(outcomes & FAILING and outcomes & PASSING)
        record = CaseRecord(nodeid=test.nodeid, attempts=test.attempts, diagnosis=test.diagnosis)
        self.for_good = record.standing in {Standing.FAILED, Standing.ERROR, Standing.CRASHED}


class PlainHistory:
    """Of one repository and variant."""

    def __init__(self, keep_days: int) -> None:
        self.keep = keep_days * DAY
        self.runs: list[RunToRemember] = []
        self.states: dict[tuple[BranchKind, str], list[Seen]] = {}
        self.since: dict[str, tuple[dt.datetime | None, int]] = {}
        self.tidied: dt.datetime | None = None
        self.forgotten: dt.datetime | None = None

    def remember(self, run: RunToRemember, now: dt.datetime) -> Remembered:
        at = run.key.started
        if at < now - self.keep or (self.forgotten is not None and at < self.forgotten):
            return Remembered.TOO_OLD
        if any(one.key.id == run.key.id for one in self.runs):
            return Remembered.KNOWN
        self.runs.append(run)
        for seen in seen_in(run):
            nodeid = seen.test.nodeid
            self.states.setdefault((run.key.branch_kind, nodeid), []).append(seen)
            last, passes = self.since.get(nodeid, (None, 0))
            if seen.said is False and (last is None or at > last):
                last, passes = at, 0
            elif seen.said and last is not None and at > last:
                passes += 1
            self.since[nodeid] = last, passes
        if self.tidied is None or self.tidied < now - DAY:
            self.tidied, self.forgotten = now, now - self.keep
            self.tidy(self.forgotten)
        return Remembered.WRITTEN

    def tidy(self, horizon: dt.datetime) -> None:
        self.runs = [one for one in self.runs if one.key.started >= horizon]
        self.states = {
            key: found
            for key, found in self.states.items()
            if max(one.at for one in found) >= horizon
        }
        known = {nodeid for _, nodeid in self.states}
        self.since = {nodeid: told for nodeid, told in self.since.items() if nodeid in known}

    def test(self, nodeid: str, content: str | None, now: dt.datetime) -> TestHistory | None:
        if nodeid not in self.since:
            return None
        base = self.states.get((BranchKind.BASE, nodeid), [])
        last_failed, passes = self.since[nodeid]
        kept = [
            one
            for run in self.runs
            for one in seen_in(run)
            if one.test.nodeid == nodeid and run.key.branch_kind is BranchKind.BASE
        ]
        signatures = Counter(
            signature for one in kept for signature in {*signatures_of(one.test.attempts)}
        )
        kinds = Counter(one.test.diagnosis.kind.value for one in kept if one.test.diagnosis)
        same = [
            one.said
            for run in self.runs
            for one in seen_in(run)
            if one.test.nodeid == nodeid and content and run.key.content == content
        ]
        unsteady = list(self.unsteady(base))
        return TestHistory(
            nodeid=nodeid,
            base=tally(base, now),
            change=tally(self.states.get((BranchKind.CHANGE, nodeid), []), now),
            flaked=sum(one.flaked for one in base),
            unsteady=len(unsteady),
            weighted_unsteady=sum(weight(one.at, now) for one in unsteady),
            signatures=tuple(sorted(signatures, key=lambda one: (-signatures[one], one))),
            kinds=tuple(sorted(kinds, key=lambda one: (-kinds[one], one))),
            passes_since=passes if last_failed else None,
            last_failed=last_failed,
            same_content=(same.count(True), same.count(False)),
        )

    def unsteady(self, states: list[Seen]) -> Iterator[Seen]:
        for number, one in enumerate(states):
            before = self.latest(states[:number])
            turned = before is not None and before.said and before.at <= one.at
            if one.flaked or (one.said is False and turned):
                yield one

    def latest(self, states: list[Seen]) -> Seen | None:
        """The last that said anything; of two that began together, the one written later."""
        said = [one for one in states if one.said is not None]
        return max(reversed(said), key=lambda one: one.at) if said else None

    def failing_on_base(self) -> tuple[str, ...]:
        found = {
            nodeid: self.latest(states)
            for (kind, nodeid), states in self.states.items()
            if kind is BranchKind.BASE
        }
        return tuple(sorted(nodeid for nodeid, one in found.items() if one and one.for_good))

    def in_time(self) -> list[RunToRemember]:
        """Oldest first."""
        return sorted(self.runs, key=lambda one: one.key.started)

    def sightings(self, nodeid: str) -> list[tuple[str, tuple[Outcome, ...]]]:
        """Run and outcomes, newest first."""
        return [
            (run.key.id, tuple(one.outcome for one in seen.test.attempts))
            for run in reversed(self.in_time())
            for seen in seen_in(run)
            if seen.test.nodeid == nodeid
        ]


def seen_in(run: RunToRemember) -> Iterator[Seen]:
    for nodeid in run.clean:
        yield Seen(run, EventfulTest(nodeid=nodeid, attempts=(Attempt(outcome=Outcome.PASSED),)))
    for test in run.eventful:
        yield Seen(run, test)


def signatures_of(attempts: tuple[Attempt, ...]) -> Iterator[str]:
    return (one.failure.signature for one in attempts if one.failure is not None)


def tally(states: list[Seen], now: dt.datetime) -> Tally:
    said = [one for one in states if one.said is not None]
    failed = [one for one in said if not one.said]
    return Tally(
        runs=len(said),
        failures=len(failed),
        weighted_runs=sum(weight(one.at, now) for one in said),
        weighted_failures=sum(weight(one.at, now) for one in failed),
    )


def weight(at: dt.datetime, now: dt.datetime) -> float:
    return float(0.5 ** ((now - at) / (30 * DAY)))
