"""What is asked of the history, inside one transaction. Effects: reads a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_gates.adapters.history_database import Database, Row, rows_among
from pytest_gates.adapters.history_layout import (
    FAILED_FOR_GOOD,
    KIND_NUMBERS,
    by_count,
    digest_of,
    key_of,
    moment,
    outcome_of,
    said_by,
    seconds_of,
    tally,
    told_nodeid,
    unpacked,
    weight_of,
)
from pytest_gates.model.case import FlakeClass, Outcome, Setting
from pytest_gates.model.history import (
    BranchKind,
    HistoryFacts,
    HistoryScope,
    PastAttempt,
    RunSummary,
    Sighting,
    Tally,
    TestHistory,
)

_BASE = KIND_NUMBERS[BranchKind.BASE]
_CHANGE = KIND_NUMBERS[BranchKind.CHANGE]
_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}
_MOST_RUNS_LOOKED_AT = 2000
_RUNS_AT_ONCE = 50

# `kind = 0` is the base.
_RUNS = """SELECT id, name, started, branch, kind, commit_id, tests, passed, flaky, failed, skipped,
    seconds, clean FROM run WHERE scope = ? ORDER BY started DESC, id DESC LIMIT ? OFFSET ?"""
_FAILED_FOR_GOOD = """SELECT test FROM test_state
    WHERE scope = ? AND kind = 0 AND latest >= ? AND test IN ({among})"""
_EVER_FAILED = """SELECT t.nodeid, s.runs, s.failures, s.weighted_runs, s.weighted_failures
    FROM test_state s JOIN test t ON t.id = s.test
    WHERE s.scope = ? AND s.kind = 0 AND s.failures > 0"""
_TOP = """SELECT s.test, t.nodeid FROM test_state s JOIN test t ON t.id = s.test
    WHERE s.scope = ? AND s.kind = 0 AND s.unsteady > 0
    ORDER BY s.weighted_unsteady DESC, t.nodeid LIMIT ?"""
_STATES = """SELECT test, kind, runs, failures, weighted_runs, weighted_failures, flaked, unsteady,
    weighted_unsteady FROM test_state WHERE scope = ? AND kind IN (0, 1) AND test IN ({among})"""
_SIGNATURES = """SELECT a.test, f.signature, COUNT(DISTINCT a.run)
    FROM attempt a JOIN failure f ON f.id = a.failure JOIN run r ON r.id = a.run
    WHERE r.kind = 0 AND a.test IN ({among}) GROUP BY a.test, f.signature"""
_DIAGNOSES = """SELECT a.test, a.diagnosis, COUNT(DISTINCT a.run)
    FROM attempt a JOIN run r ON r.id = a.run
    WHERE r.kind = 0 AND a.diagnosis IS NOT NULL AND a.test IN ({among})
    GROUP BY a.test, a.diagnosis"""
_FIRST_ATTEMPTS = """SELECT a.test, a.outcome FROM attempt a JOIN run r ON r.id = a.run
    WHERE a.number = 1 AND r.scope = ? AND r.content = ? AND a.test IN ({among})"""
_ATTEMPTS = """SELECT a.run, a.outcome, a.setting, a.seconds, f.signature, f.kind, a.message,
    a.diagnosis, a.why FROM attempt a LEFT JOIN failure f ON f.id = a.failure
    WHERE a.test = ? AND a.run IN ({among}) ORDER BY a.run, a.number"""


def scope_of(database: Database, repository: str, variant: str) -> int | None:
    """Number of the scope, None when no run of it was ever written."""
    found = database.rows(
        "SELECT id FROM scope WHERE repository = ? AND variant = ?",
        (key_of(repository), key_of(variant)),
    )
    return int(found[0][0]) if found else None


def scopes(database: Database) -> tuple[HistoryScope, ...]:
    found = database.rows(
        "SELECT s.repository, s.variant, COUNT(*), MAX(r.started)"
        " FROM scope s JOIN run r ON r.scope = s.id GROUP BY s.id, s.repository, s.variant"
    )
    return tuple(
        HistoryScope(repository=row[0], variant=row[1], runs=row[2], latest=moment(row[3]))
        for row in sorted(found)
    )


def nodeids(database: Database, scope: int) -> tuple[str, ...]:
    found = database.rows("SELECT nodeid FROM test WHERE scope = ?", (scope,))
    return tuple(sorted(told_nodeid(stored) for (stored,) in found))


def facts(
    database: Database, scope: int, content: str | None, names: Sequence[str], now: int
) -> HistoryFacts:
    found = {
        int(number): told_nodeid(stored)
        for number, stored in rows_among(
            database,
            "SELECT id, nodeid FROM test WHERE scope = ? AND digest IN ({among})",
            (scope,),
            [digest_of(one) for one in dict.fromkeys(names)],
        )
    }
    failing = {
        row[0]
        for row in rows_among(database, _FAILED_FOR_GOOD, (scope, FAILED_FOR_GOOD), list(found))
    }
    base_runs = database.rows("SELECT COUNT(*) FROM run WHERE scope = ? AND kind = 0", (scope,))
    tests = histories(database, scope, found, content, now)
    return HistoryFacts(
        source=database.source,
        base_runs=base_runs[0][0],
        tests=tests,
        failing_on_base=tuple(sorted(found[number] for number in failing)),
    )


def priors(database: Database, scope: int, now: int) -> dict[str, Tally]:
    found = database.rows(_EVER_FAILED, (scope,))
    return {
        told_nodeid(stored): tally(runs, failures, weighted_runs, weighted_failures, now)
        for stored, runs, failures, weighted_runs, weighted_failures in found
    }


def top(database: Database, scope: int, limit: int, now: int) -> tuple[TestHistory, ...]:
    found = database.rows(_TOP, (scope, limit))
    numbers = {int(number): told_nodeid(stored) for number, stored in found}
    told = histories(database, scope, numbers, None, now)
    return tuple(told[nodeid] for nodeid in numbers.values())


def histories(
    database: Database, scope: int, numbers: Mapping[int, str], content: str | None, now: int
) -> dict[str, TestHistory]:
    """By node id, in the order of `numbers`."""
    some = list(numbers)
    tallies = {(number, kind): Tally() for number in some for kind in _KINDS}
    counts = dict.fromkeys(some, (0, 0, 0.0))
    for row in rows_among(database, _STATES, (scope,), some):
        number, kind, runs, failures, weighted_runs, weighted_failures, *more = row
        tallies[number, kind] = tally(runs, failures, weighted_runs, weighted_failures, now)
        if kind == _BASE:
            flaked, unsteady, weighted_unsteady = more
            counts[number] = (flaked, unsteady, weighted_unsteady / weight_of(now))
    failed = {
        row[0]: (row[1], row[2])
        for row in rows_among(
            database, "SELECT id, last_failed, passes FROM test WHERE id IN ({among})", (), some
        )
    }
    signatures = _counted(database, _SIGNATURES, some)
    kinds = _counted(database, _DIAGNOSES, some)
    same = _same_content(database, scope, content, some)
    told: dict[str, TestHistory] = {}
    for number, nodeid in numbers.items():
        last_failed, passes = failed[number]
        flaked, unsteady, weighted_unsteady = counts[number]
        told[nodeid] = TestHistory(
            nodeid=nodeid,
            base=tallies[number, _BASE],
            change=tallies[number, _CHANGE],
            flaked=flaked,
            unsteady=unsteady,
            weighted_unsteady=weighted_unsteady,
            signatures=by_count(signatures[number]),
            kinds=by_count(kinds[number]),
            passes_since=passes if last_failed is not None else None,
            last_failed=moment(last_failed) if last_failed is not None else None,
            same_content=same[number],
        )
    return told


def _counted(
    database: Database, query: str, tests: Sequence[int]
) -> dict[int, list[tuple[str, int]]]:
    """Texts and in how many runs on the base each of them occurred, for each of the tests."""
    found: dict[int, list[tuple[str, int]]] = {number: [] for number in tests}
    for number, text, count in rows_among(database, query, (), tests):
        found[number].append((text, count))
    return found


def _same_content(
    database: Database, scope: int, content: str | None, tests: Sequence[int]
) -> dict[int, tuple[int, int]]:
    counts = {number: [0, 0] for number in tests}
    if content is not None and tests:
        runs = database.rows(
            "SELECT id, clean FROM run WHERE scope = ? AND content = ?", (scope, key_of(content))
        )
        for _, blob in runs:
            for number, code in _codes(blob, tests).items():
                counts[number][0] += outcome_of(code) is Outcome.PASSED
        for number, outcome in rows_among(
            database, _FIRST_ATTEMPTS, (scope, key_of(content)), tests
        ):
            said = said_by(Outcome(outcome))
            if said is not None:
                counts[number][0 if said else 1] += 1
    return {number: (passed, failed) for number, (passed, failed) in counts.items()}


def _codes(blob: bytes, tests: Iterable[int]) -> dict[int, int]:
    """Codes of those of the tests that are in the blob."""
    numbers, codes = unpacked(blob)
    at = dict(zip(numbers, codes, strict=True))
    return {number: at[number] for number in tests if number in at}


def trend(database: Database, scope: int, runs: int) -> tuple[RunSummary, ...]:
    found = database.rows(_RUNS, (scope, runs, 0))
    return tuple(_summary(row) for row in reversed(found))


def _summary(row: Row) -> RunSummary:
    _, name, started, branch, kind, commit, tests, passed, flaky, failed, skipped, seconds, _ = row
    return RunSummary(
        id=name,
        started=moment(started),
        branch=branch,
        branch_kind=_KINDS[kind],
        commit=commit,
        tests=tests,
        passed=passed,
        flaky=flaky,
        failed=failed,
        skipped=skipped,
        seconds=seconds,
    )


def sightings(database: Database, scope: int, nodeid: str, limit: int) -> Iterator[Sighting]:
    """Newest first, as many as `limit`."""
    tests = database.rows(
        "SELECT id FROM test WHERE scope = ? AND digest = ?", (scope, digest_of(nodeid))
    )
    if not tests:
        return
    test, left = int(tests[0][0]), limit
    for start in range(0, _MOST_RUNS_LOOKED_AT, _RUNS_AT_ONCE):
        runs = database.rows(_RUNS, (scope, _RUNS_AT_ONCE, start))
        eventful = _eventful(database, test, [row[0] for row in runs])
        for row in runs:
            # What was said of a test in one run: its attempts, the diagnosis, and why.
            said = eventful.get(row[0]) or _quiet(row[-1], test)
            if said is None:
                continue
            attempts, kind, why = said
            yield Sighting(run=_summary(row), attempts=attempts, diagnosis=kind, why=why)
            left -= 1
            if not left:
                return
        if len(runs) < _RUNS_AT_ONCE:
            return


_Said = tuple[tuple[PastAttempt, ...], FlakeClass | None, str | None]


def _eventful(database: Database, test: int, runs: Sequence[int]) -> dict[int, _Said]:
    """By run, where the test was not simply green."""
    found: dict[int, _Said] = {}
    for run, outcome, setting, seconds, signature, kind, message, told, why in rows_among(
        database, _ATTEMPTS, (test,), runs
    ):
        attempt = PastAttempt(
            outcome=Outcome(outcome),
            setting=Setting(setting),
            seconds=seconds,
            signature=signature,
            kind=kind,
            message=message,
        )
        before, first_kind, first_why = found.get(run, ((), None, None))
        diagnosis = FlakeClass(told) if told is not None else first_kind
        found[run] = ((*before, attempt), diagnosis, first_why if why is None else why)
    return found


def _quiet(blob: bytes, test: int) -> _Said | None:
    """The same for a test that was clean, only skipped, or failed as expected; None: not in the run."""
    code = _codes(blob, (test,)).get(test)
    if code is None:
        return None
    outcome = outcome_of(code)
    seconds = seconds_of(code) if outcome is Outcome.PASSED else None
    return (PastAttempt(outcome=outcome, seconds=seconds),), None, None
