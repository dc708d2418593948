"""What is remembered of earlier runs: what one run leaves, and what is asked of the past. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol

import msgspec

from pytest_gates.model.case import Attempt, Diagnosis
from pytest_gates.model.moment import Moment


class BranchKind(enum.StrEnum):
    """`base`: the branch that changes are merged into. `change`: any other, or not known."""

    BASE = "base"
    CHANGE = "change"


class RunKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which run this is.

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
    collection. `eventful` holds all others that ran, with every attempt.
    """

    key: RunKey
    clean: Mapping[str, float]
    eventful: tuple[EventfulTest, ...]


class EventfulTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test whose run was not simply green."""

    nodeid: str
    attempts: tuple[Attempt, ...]
    diagnosis: Diagnosis | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of first attempts; the weighted ones let old runs fade (half-life 30 days)."""

    runs: int = 0
    failures: int = 0
    weighted_runs: float = 0.0
    weighted_failures: float = 0.0


class TestHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one test in one repository and variant.

    `base` and `change` count first attempts on the two kinds of branches. `flaked` counts runs on the
    base in which it both failed and passed, or was told to be flaky or order-dependent.
    `signatures` are those of known failures on the base, most frequent first. `passes_since` counts
    runs on any branch since the last failure, None where it never failed. `same_content` is
    (passed, failed) first attempts of runs whose content key was that of this run.
    """

    __test__ = False  # its name begins with Test, and pytest collects such classes

    nodeid: str
    base: Tally
    change: Tally
    flaked: int = 0
    signatures: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    passes_since: int | None = None
    last_failed: Moment | None = None
    same_content: tuple[int, int] = (0, 0)


class HistoryFacts(msgspec.Struct, frozen=True, kw_only=True, tag="history", tag_field="kind"):
    """What the history says of the tests of one run that were not simply green, or are quarantined.

    `base_runs` counts the runs on the base it knows of; a test that is not in `tests` was never seen.
    `failing_on_base` are those whose latest run on the base failed for good.
    """

    source: str
    base_runs: int
    tests: dict[str, TestHistory]
    failing_on_base: tuple[str, ...] = ()


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

    def remember(self, run: RunToRemember) -> None:
        """Write one run whole or not at all; the second time the same run id changes nothing."""

    def close(self) -> None:
        """Release it; does nothing the second time."""
