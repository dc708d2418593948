"""What happened to one test: its attempts, and where it stands. Pure."""

from __future__ import annotations

import enum

import msgspec


class Outcome(enum.StrEnum):
    """How one attempt ended, in pytest's words plus two of ours.

    `crashed`: the process that ran it died. `interrupted`: it began and nobody saw it end.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    CRASHED = "crashed"
    INTERRUPTED = "interrupted"


class Standing(enum.StrEnum):
    """Where a collected test stands at the end of the run."""

    PASSED = "passed"
    FLAKY = "flaky"
    FAILED = "failed"
    ERROR = "error"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    DESELECTED = "deselected"
    NOT_RUN = "not-run"


_PASSING = frozenset({Outcome.PASSED, Outcome.XPASSED})
BAD_OUTCOMES = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED, Outcome.INTERRUPTED})


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One run of one test. `seconds` is set-up, call and tear-down together."""

    outcome: Outcome
    seconds: float = 0.0
    worker: str | None = None
    message: str | None = None
    line: int | None = None


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A collected test with its attempts, first run first; none when it was not run."""

    nodeid: str
    attempts: tuple[Attempt, ...] = ()
    deselected: bool = False

    @property
    def standing(self) -> Standing:
        if not self.attempts:
            return Standing.DESELECTED if self.deselected else Standing.NOT_RUN
        last = self.attempts[-1].outcome
        if len(self.attempts) == 1:  # asked of every test: the common case must be cheap
            return _STANDING_OF[last]
        bad = [one.outcome for one in self.attempts if one.outcome in BAD_OUTCOMES]
        if not bad or last in BAD_OUTCOMES:
            return _STANDING_OF[last]
        # Only a pass speaks for it; a skip after a failure says nothing.
        return Standing.FLAKY if last in _PASSING else _STANDING_OF[bad[-1]]

    @property
    def path(self) -> str:
        """File part of the node id."""
        return self.nodeid.partition("::")[0]


_STANDING_OF: dict[Outcome, Standing] = {
    outcome: Standing(outcome.value) for outcome in Outcome if outcome is not Outcome.INTERRUPTED
}
# A test that began and was never seen to end has no result.
_STANDING_OF[Outcome.INTERRUPTED] = Standing.NOT_RUN


class CollectionError(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder pytest could not collect: its tests are unknown."""

    nodeid: str
    message: str
