"""Tables of the history, and the steps from each version of them to the next. Pure."""

from __future__ import annotations

# {blob}, {number}, {text}, {packed} and {updated} are what each database calls them; see its module.
#
# gates_meta: `version` of the tables; `forgotten` and `tidied`, times of the last clean-up.
# test: one a node id of a scope. `last_failed` and `passes` count over both kinds of branches.
# run: `clean` is the blob of all tests of which there is no attempt below.
# attempt: of tests that were not simply green. test_state: sums, so that nothing must be scanned.
# coverage: what was executed in the latest green runs of clean commits; `shard` is empty for the whole.
# All times are microseconds since 1970 in UTC. `kind` is 0 for the base, 1 for a change.
_FIRST: tuple[str, ...] = (
    """CREATE TABLE scope (
        id {number}, repository TEXT NOT NULL, variant TEXT NOT NULL, UNIQUE (repository, variant))""",
    """CREATE TABLE test (
        id {number}, scope BIGINT NOT NULL, digest {blob} NOT NULL, nodeid {text} NOT NULL,
        last_failed BIGINT, passes BIGINT NOT NULL, UNIQUE (scope, digest))""",
    "CREATE INDEX test_failed ON test (scope) WHERE last_failed IS NOT NULL",
    """CREATE TABLE run (
        id {number}, scope BIGINT NOT NULL, name TEXT NOT NULL, kind SMALLINT NOT NULL,
        branch TEXT, commit_id TEXT, content TEXT, started BIGINT NOT NULL, tests BIGINT NOT NULL,
        passed BIGINT NOT NULL, flaky BIGINT NOT NULL, failed BIGINT NOT NULL,
        skipped BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL, clean {blob} NOT NULL,
        UNIQUE (scope, name))""",
    "CREATE INDEX run_time ON run (scope, started)",
    "CREATE INDEX run_content ON run (scope, content) WHERE content IS NOT NULL",
    """CREATE TABLE failure (
        id {number}, signature TEXT NOT NULL UNIQUE, kind TEXT NOT NULL)""",
    """CREATE TABLE attempt (
        test BIGINT NOT NULL, run BIGINT NOT NULL, number BIGINT NOT NULL, outcome TEXT NOT NULL,
        setting TEXT NOT NULL, seconds DOUBLE PRECISION NOT NULL, failure BIGINT, message TEXT,
        diagnosis TEXT, why TEXT, PRIMARY KEY (test, run, number)) {packed}""",
    """CREATE TABLE test_state (
        scope BIGINT NOT NULL, kind SMALLINT NOT NULL, test BIGINT NOT NULL, runs BIGINT NOT NULL,
        failures BIGINT NOT NULL, flaked BIGINT NOT NULL, unsteady BIGINT NOT NULL,
        weighted_runs DOUBLE PRECISION NOT NULL, weighted_failures DOUBLE PRECISION NOT NULL,
        weighted_unsteady DOUBLE PRECISION NOT NULL, seen_at BIGINT NOT NULL, latest_at BIGINT,
        latest SMALLINT, PRIMARY KEY (scope, kind, test)) {updated}""",
    "CREATE INDEX test_state_failed ON test_state (scope, kind) WHERE failures > 0",
    """CREATE INDEX test_state_unsteady ON test_state (scope, kind, weighted_unsteady)
        WHERE unsteady > 0""",
)

_COVERAGE: tuple[str, ...] = (
    """CREATE TABLE coverage (
        scope BIGINT NOT NULL, name TEXT NOT NULL, kind SMALLINT NOT NULL, shard TEXT NOT NULL,
        commit_id TEXT NOT NULL, started BIGINT NOT NULL, payload {blob} NOT NULL,
        PRIMARY KEY (scope, name))""",
    "CREATE INDEX coverage_time ON coverage (scope, kind, shard, started)",
)

META = "gates_meta"
CREATE_META = "CREATE TABLE gates_meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"
SET_META = "UPDATE gates_meta SET value = ? WHERE name = ?"

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _COVERAGE)
"""Statements that lead from version n to n + 1 stand at place n; what was released never changes."""

_LATER = "excluded.latest_at >= COALESCE(test_state.latest_at, excluded.latest_at)"
_TURNED = f"excluded.failures > 0 AND test_state.latest IN (0, 2) AND {_LATER}"
_ADD = """ON CONFLICT (scope, kind, test) DO UPDATE SET
    runs = test_state.runs + excluded.runs,
    failures = test_state.failures + excluded.failures,
    flaked = test_state.flaked + excluded.flaked,
    unsteady = test_state.unsteady + CASE WHEN TURNED THEN 1 ELSE excluded.unsteady END,
    weighted_runs = test_state.weighted_runs + excluded.weighted_runs,
    weighted_failures = test_state.weighted_failures + excluded.weighted_failures,
    weighted_unsteady = test_state.weighted_unsteady
        + CASE WHEN TURNED THEN excluded.weighted_runs ELSE excluded.weighted_unsteady END,
    seen_at = CASE WHEN excluded.seen_at > test_state.seen_at
        THEN excluded.seen_at ELSE test_state.seen_at END,
    latest = CASE WHEN LATER THEN excluded.latest ELSE test_state.latest END,
    latest_at = CASE WHEN LATER THEN excluded.latest_at ELSE test_state.latest_at END"""
ADD_TO_STATE = _ADD.replace("TURNED", _TURNED).replace("LATER", _LATER)
"""Adds a row of sums to the one that is there; the last run that said anything settles `latest`."""
