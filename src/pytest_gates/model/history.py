"""What is remembered of earlier runs: what one run leaves, and what is asked of the past. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol

import msgspec

from pytest_gates.model.case import Attempt, Diagnosis, FlakeClass, Outcome, Setting
from pytest_gates.model.moment import Moment
from pytest_gates.model.ratchet import Baseline


class BranchKind(enum.StrEnum):
    """`base`: the branch that changes are merged into. `change`: any other, or not known."""

    BASE = "base"
    CHANGE = "change"


class RunKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which run this is: no two runs of one repository and variant have the same `id`.

    `repository` survives a move of the folder; `variant` is Python and platform, such as
    `cpython-3.11-linux`; `content` is the tree hash of what was tested, equal for equal files under
    other commits, None where the tree held uncommitted changes. `started` is in UTC.
    """

    id: str
    repository: str
    variant: str
    branch: str | None
    branch_kind: BranchKind
    commit: str | None
    content: str | None
    started: Moment


class RunToRemember(msgspec.Struct, frozen=True, kw_only=True):
    """What one run leaves behind.

    `clean` holds the node ids that passed at their first attempt, with seconds, in the order of
    collection. `eventful` holds all others that ran, with every attempt; no test is in both. Runs in
    which so many tests failed that they teach nothing are not remembered at all: the caller decides.
    """

    key: RunKey
    clean: Mapping[str, float]
    eventful: tuple[EventfulTest, ...]


class EventfulTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test whose run was not simply green."""

    nodeid: str
    attempts: tuple[Attempt, ...]
    diagnosis: Diagnosis | None = None


class Remembered(enum.StrEnum):
    """What became of a run that was to be written; `too-old`: the store has forgotten that time."""

    WRITTEN = "written"
    KNOWN = "known"
    TOO_OLD = "too-old"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of first attempts; the weighted ones let old runs fade (half-life 30 days).

    Only attempts that say something count: passed and xpassed, and failed, error and crashed, which are
    the failures. A skip, an expected failure and an attempt that nobody saw end are neither. The plain
    counts go back further than the runs that are kept.
    """

    runs: int = 0
    failures: int = 0
    weighted_runs: float = 0.0
    weighted_failures: float = 0.0


class TestHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one test in one repository and variant.

    `base` and `change` count first attempts on the two kinds of branches. On the base alone: `flaked`
    counts runs in which it both failed and passed, or was told to be flaky in any way (order-dependent,
    accumulating, import-polluted); `unsteady` counts those and the runs in which its first attempt
    failed after that of the run before had passed, `weighted_unsteady` lets old ones fade;
    `signatures` are those of known failures and `kinds` the classes of its diagnoses, both most
    frequent first. `passes_since` counts first attempts on any branch that passed since the last one
    that failed, None where none ever failed; where runs were written out of order, it may count too
    few, never too many. `same_content` is (passed, failed) first attempts of runs whose content key was
    that of this run.
    """

    __test__ = False  # its name begins with Test, and pytest collects such classes

    nodeid: str
    base: Tally
    change: Tally
    flaked: int = 0
    unsteady: int = 0
    weighted_unsteady: float = 0.0
    signatures: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    passes_since: int | None = None
    last_failed: Moment | None = None
    same_content: tuple[int, int] = (0, 0)


class HistoryFacts(msgspec.Struct, frozen=True, kw_only=True, tag="history", tag_field="kind"):
    """What the history says of the tests of one run that were not simply green, or are quarantined.

    `base_runs` counts the runs on the base it knows of; a test that is not in `tests` was never seen.
    `failing_on_base` are those of the tests that were asked for whose latest run on the base failed for
    good (its standing was failed, error or crashed).
    """

    source: str
    base_runs: int
    tests: dict[str, TestHistory]
    failing_on_base: tuple[str, ...] = ()


class HistoryScope(msgspec.Struct, frozen=True, kw_only=True):
    """A repository and variant that has runs; `latest` is when the last of them began."""

    repository: str
    variant: str
    runs: int
    latest: Moment


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One remembered run in numbers; `seconds` is the time of all attempts together.

    `tests` is more than the sum of the others where an attempt was never seen to end.
    """

    id: str
    started: Moment
    branch: str | None
    branch_kind: BranchKind
    commit: str | None
    tests: int
    passed: int
    flaky: int
    failed: int
    skipped: int
    seconds: float


class PastAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as it is remembered; `kind` is the type of the exception, `message` its first line.

    `seconds` of a first attempt that passed are kept to 5 %, and None where it was skipped.
    """

    outcome: Outcome
    setting: Setting = Setting.IN_RUN
    seconds: float | None = None
    signature: str | None = None
    kind: str | None = None
    message: str | None = None


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One test in one run: its attempts, first one first, never none."""

    run: RunSummary
    attempts: tuple[PastAttempt, ...]
    diagnosis: FlakeClass | None = None
    why: str | None = None


class KeptCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """A green run of a clean commit whose coverage is kept."""

    run: str
    commit: str
    shard: str | None
    started: Moment


class HistoryStore(Protocol):
    """One open history. Every method raises HistoryError when it cannot keep its word."""

    @property
    def source(self) -> str:
        """For people: `sqlite <path>` or `postgresql <host>/<database>`, without a password."""

    def facts(
        self, repository: str, variant: str, content: str | None, nodeids: tuple[str, ...]
    ) -> HistoryFacts:
        """What is known of these tests before this run."""

    def priors(self, repository: str, variant: str) -> Mapping[str, Tally]:
        """Base tallies of every test that ever failed on the base, by node id."""

    def remember(self, run: RunToRemember) -> Remembered:
        """Write one run whole or not at all; the second time the same run id changes nothing."""

    def scopes(self) -> tuple[HistoryScope, ...]:
        """Whose runs it holds, sorted by repository and variant; empty when nothing was remembered."""

    def nodeids(self, repository: str, variant: str) -> tuple[str, ...]:
        """Every test it knows of, sorted."""

    def top(self, repository: str, variant: str, limit: int) -> tuple[TestHistory, ...]:
        """The tests that made the most runs on the base unsteady lately, worst first."""

    def trend(self, repository: str, variant: str, runs: int) -> tuple[RunSummary, ...]:
        """The latest runs, oldest first."""

    def sightings(
        self, repository: str, variant: str, nodeid: str, limit: int
    ) -> tuple[Sighting, ...]:
        """The latest runs of one test, newest first; runs far before the last 2,000 are not looked at."""

    def remember_coverage(self, key: RunKey, baseline: Baseline) -> None:
        """Keep it, and of its kind only the newest; the second time the same run id changes nothing."""

    def coverages(self, repository: str, variant: str) -> tuple[KeptCoverage, ...]:
        """Of which runs coverage is kept, newest first."""

    def coverage_of(self, repository: str, variant: str, run: str) -> Baseline:
        """What one of them executed."""

    def close(self) -> None:
        """Release it; does nothing the second time."""
