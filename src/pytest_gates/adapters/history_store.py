"""The history of runs in any SQL database: how it is opened, written and asked. Effects: a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from pytest_gates.adapters import history_coverage
from pytest_gates.adapters import history_questions as questions
from pytest_gates.adapters.history_database import Access, Database, rows_among
from pytest_gates.adapters.history_layout import (
    ATTEMPT_COLUMNS,
    KIND_NUMBERS,
    STATE_COLUMNS,
    Layout,
    attempt_rows,
    digest_of,
    failure_rows,
    key_of,
    laid_out,
    microseconds,
    packed,
    said_by_first,
    state_rows,
    stored_nodeid,
)
from pytest_gates.adapters.history_schema import (
    ADD_TO_STATE,
    CREATE_META,
    META,
    MIGRATIONS,
    SET_META,
)
from pytest_gates.errors import HistoryError
from pytest_gates.model.history import (
    HistoryFacts,
    HistoryScope,
    KeptCoverage,
    Remembered,
    RunKey,
    RunSummary,
    RunToRemember,
    Sighting,
    Tally,
    TestHistory,
)
from pytest_gates.model.ratchet import Baseline

KEEP_DAYS = 180
_DAY = 24 * 3600 * 1_000_000
_SCOPE = "SELECT id FROM scope WHERE repository = ? AND variant = ?"
_RUN_COLUMNS = (
    "scope", "name", "kind", "branch", "commit_id", "content", "started", "tests", "passed",
    "flaky", "failed", "skipped", "seconds", "clean",
)  # fmt: skip


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class SqlHistory:
    """A HistoryStore in `database`, which it owns. `clock` says what time it is, in UTC."""

    def __init__(
        self,
        database: Database,
        *,
        keep_days: int = KEEP_DAYS,
        clock: Callable[[], dt.datetime] = utc_now,
        migrations: Sequence[Sequence[str]] = MIGRATIONS,
    ) -> None:
        """Brings the tables up to date. Raises HistoryError, also when they are of a later version."""
        self._database = database
        self._keep = keep_days * _DAY
        self._clock = clock
        try:
            _migrate(database, migrations)
        except BaseException:
            database.close()
            raise

    @property
    def source(self) -> str:
        return self._database.source

    def facts(
        self, repository: str, variant: str, content: str | None, nodeids: tuple[str, ...]
    ) -> HistoryFacts:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            if scope is None:
                return HistoryFacts(source=self.source, base_runs=0, tests={})
            return questions.facts(self._database, scope, content, nodeids, self._now())

    def priors(self, repository: str, variant: str) -> Mapping[str, Tally]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return {} if scope is None else questions.priors(self._database, scope, self._now())

    def scopes(self) -> tuple[HistoryScope, ...]:
        with self._database.transaction(Access.READ):
            return questions.scopes(self._database)

    def nodeids(self, repository: str, variant: str) -> tuple[str, ...]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return () if scope is None else questions.nodeids(self._database, scope)

    def top(self, repository: str, variant: str, limit: int) -> tuple[TestHistory, ...]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return () if scope is None else questions.top(self._database, scope, limit, self._now())

    def trend(self, repository: str, variant: str, runs: int) -> tuple[RunSummary, ...]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return () if scope is None else questions.trend(self._database, scope, runs)

    def sightings(
        self, repository: str, variant: str, nodeid: str, limit: int
    ) -> tuple[Sighting, ...]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            if scope is None:
                return ()
            return tuple(questions.sightings(self._database, scope, nodeid, limit))

    def remember(self, run: RunToRemember) -> Remembered:
        """Write one run whole or not at all; the second time the same run id changes nothing.

        Runs that began longer ago than the store keeps them are deleted once a day, afterwards.
        """
        layout = laid_out(run)
        now, at = self._now(), self._begun(run.key)
        with self._database.transaction(Access.WRITE):
            meta = self._meta()
            if at < max(now - self._keep, meta["forgotten"]):
                return Remembered.TOO_OLD
            scope = self._scope(run.key)
            if self._knows(scope, run.key):
                return Remembered.KNOWN
            self._write(scope, run.key, layout, at)
        if meta["tidied"] < now - _DAY:
            self._tidy(now)
        return Remembered.WRITTEN

    def remember_coverage(self, key: RunKey, baseline: Baseline) -> None:
        self._begun(key)
        with self._database.transaction(Access.WRITE):
            history_coverage.write(self._database, self._scope(key), key, baseline)

    def coverages(self, repository: str, variant: str) -> tuple[KeptCoverage, ...]:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return () if scope is None else history_coverage.listed(self._database, scope)

    def coverage_of(self, repository: str, variant: str, run: str) -> Baseline:
        with self._database.transaction(Access.READ):
            scope = questions.scope_of(self._database, repository, variant)
            return history_coverage.read(self._database, -1 if scope is None else scope, run)

    def close(self) -> None:
        self._database.close()

    def _now(self) -> int:
        return microseconds(self._clock())

    def _begun(self, key: RunKey) -> int:
        """When it began. Raises HistoryError for a run of the future."""
        at = microseconds(key.started)
        if at > self._now() + _DAY:
            # Its weight would outdo all others, and it would never be deleted.
            raise HistoryError(
                f"the run {key.id} is dated {key.started:%Y-%m-%d %H:%M}, in the future",
                "set the clock of the machine that made it",
            )
        return at

    def _meta(self) -> dict[str, int]:
        return dict(self._database.rows("SELECT name, value FROM gates_meta"))

    def _scope(self, key: RunKey) -> int:
        """Its number; from here on no other process writes runs of it."""
        names = (key_of(key.repository), key_of(key.variant))
        database = self._database
        database.execute(
            "INSERT INTO scope (repository, variant) VALUES (?, ?) ON CONFLICT DO NOTHING", names
        )
        found = database.rows(_SCOPE + database.lock, names)
        return int(found[0][0])

    def _knows(self, scope: int, key: RunKey) -> bool:
        found = self._database.rows(
            "SELECT 1 FROM run WHERE scope = ? AND name = ?", (scope, key_of(key.id))
        )
        return bool(found)

    def _write(self, scope: int, key: RunKey, layout: Layout, at: int) -> None:
        database = self._database
        kind = KIND_NUMBERS[key.branch_kind]
        numbers = self._test_numbers(scope, layout.nodeids)
        blob = packed({numbers[nodeid]: code for nodeid, code in layout.clean.items()})
        told = [
            None if one is None else key_of(one) for one in (key.branch, key.commit, key.content)
        ]
        counts = (layout.passed, layout.flaky, layout.failed, layout.skipped, layout.seconds)
        row = (scope, key_of(key.id), kind, *told, at, len(layout.nodeids), *counts, blob)
        database.insert("run", _RUN_COLUMNS, [row])
        run = database.rows(
            "SELECT id FROM run WHERE scope = ? AND name = ?", (scope, key_of(key.id))
        )
        failures = self._failure_numbers(failure_rows(layout))
        attempts = attempt_rows(layout, numbers, failures, run[0][0])
        database.insert("attempt", ATTEMPT_COLUMNS, attempts)
        states = state_rows(layout, numbers, scope, kind, at)
        database.merge("test_state", STATE_COLUMNS, states, ADD_TO_STATE)
        self._count_passes(scope, layout, numbers, at)

    def _test_numbers(self, scope: int, nodeids: Sequence[str]) -> dict[str, int]:
        by_digest = {digest_of(nodeid): nodeid for nodeid in nodeids}
        numbers = self._known_tests(scope, by_digest)
        new = [
            (scope, digest, stored_nodeid(nodeid), 0)
            for digest, nodeid in by_digest.items()
            if nodeid not in numbers
        ]
        if new:
            self._database.insert("test", ("scope", "digest", "nodeid", "passes"), new)
            added = {row[1]: by_digest[row[1]] for row in new}
            numbers |= self._known_tests(scope, added)
        return numbers

    def _known_tests(self, scope: int, by_digest: Mapping[bytes, str]) -> dict[str, int]:
        query = "SELECT digest, id FROM test WHERE scope = ? AND digest IN ({among})"
        found = rows_among(self._database, query, (scope,), list(by_digest))
        return {by_digest[bytes(digest)]: int(number) for digest, number in found}

    def _failure_numbers(self, kinds: Mapping[str, str]) -> dict[str, int]:
        database = self._database
        database.execute_each(
            "INSERT INTO failure (signature, kind) VALUES (?, ?) ON CONFLICT DO NOTHING",
            sorted(kinds.items()),
        )
        query = "SELECT signature, id FROM failure WHERE signature IN ({among})"
        return dict(rows_among(database, query, (), list(kinds)))

    def _count_passes(
        self, scope: int, layout: Layout, numbers: Mapping[str, int], at: int
    ) -> None:
        """Since the last failure of each test; few tests ever failed, so few rows are touched."""
        said = said_by_first(layout)
        failed = [numbers[nodeid] for nodeid, passed in said.items() if not passed]
        ever = self._database.rows(
            "SELECT id FROM test WHERE scope = ? AND last_failed < ?", (scope, at)
        )
        passed = {numbers[nodeid] for nodeid, passed in said.items() if passed}
        self._database.execute_each(
            "UPDATE test SET passes = passes + 1 WHERE id = ?",
            [(number,) for (number,) in ever if number in passed],
        )
        self._database.execute_each(
            "UPDATE test SET passes = 0, last_failed = ?"
            " WHERE id = ? AND (last_failed IS NULL OR last_failed < ?)",
            [(at, number, at) for number in failed],
        )

    def _tidy(self, now: int) -> None:
        """Delete what is older than the store keeps. Sums stay: old runs have faded in them."""
        database = self._database
        with database.transaction(Access.ALONE):
            horizon = max(now - self._keep, self._meta()["forgotten"])
            database.execute(
                "DELETE FROM attempt WHERE run IN (SELECT id FROM run WHERE started < ?)",
                (horizon,),
            )
            database.execute("DELETE FROM run WHERE started < ?", (horizon,))
            database.execute("DELETE FROM coverage WHERE started < ?", (horizon,))
            database.execute("DELETE FROM test_state WHERE seen_at < ?", (horizon,))
            # A test without a state is in no run that is kept: every run touches the states of its tests.
            database.execute(
                "DELETE FROM test WHERE id IN (SELECT id FROM test EXCEPT SELECT test FROM test_state)"
            )
            database.execute(
                "DELETE FROM failure"
                " WHERE id IN (SELECT id FROM failure EXCEPT SELECT failure FROM attempt)"
            )
            database.execute(SET_META, (horizon, "forgotten"))
            database.execute(SET_META, (now, "tidied"))


def _migrate(database: Database, migrations: Sequence[Sequence[str]]) -> None:
    newest = len(migrations)
    with database.transaction(Access.READ):
        version = _version(database)
    if version == newest:
        return
    if version < newest:
        with database.transaction(Access.ALONE):
            version = _version(database)  # another process may have been faster
            if version == 0:
                database.execute(CREATE_META)
                zeros = [(name, 0) for name in ("version", "forgotten", "tidied")]
                database.insert(META, ("name", "value"), zeros)
            for step in migrations[version:]:
                for statement in step:
                    database.execute(statement.format_map(database.words))
            if version < newest:
                database.execute(SET_META, (newest, "version"))
    if version > newest:
        raise HistoryError(
            f"{database.source} was written by a later pytest-gates (its version is {version},"
            f" this one knows up to {newest})",
            "upgrade pytest-gates here, or name another place with `history`",
        )


def _version(database: Database) -> int:
    """0 when nothing is there yet. Raises HistoryError when something else is."""
    tables = database.tables()
    if not tables:
        return 0
    if META in tables:
        found = database.rows("SELECT value FROM gates_meta WHERE name = 'version'")
        if len(found) == 1 and isinstance(found[0][0], int):
            return int(found[0][0])
    raise HistoryError(
        f"{database.source} holds something else than a history",
        "name another place with `history`",
    )
