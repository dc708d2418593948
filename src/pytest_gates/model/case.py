"""What happened to one test: its attempts, what they amount to, and where it stands. Pure."""

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
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    DESELECTED = "deselected"
    NOT_RUN = "not-run"


class Setting(enum.StrEnum):
    """Under which circumstances an attempt was made; outcomes are compared within one setting.

    `in-run`: the suite's own run. `isolated`: alone in a process that had collected the suite and run
    nothing. `same-prefix`: in such a process, after the tests that ran before it. `in-process`: once
    more in a process in which it had just run. `collected-alone`: in a process that collected its file
    only. `after`: behind the few tests that the diagnosis names.
    """

    IN_RUN = "in-run"
    ISOLATED = "isolated"
    SAME_PREFIX = "same-prefix"
    IN_PROCESS = "in-process"
    COLLECTED_ALONE = "collected-alone"
    AFTER = "after"


_PASSING = frozenset({Outcome.PASSED, Outcome.XPASSED})
BAD_OUTCOMES = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED, Outcome.INTERRUPTED})


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How an attempt went wrong, as it was told at that time.

    `signature` is equal for failures of one cause: a digest of exception type, message without
    numbers and addresses, and the last frame in the project's own code. Texts may have been
    shortened; they then say so.
    """

    signature: str
    kind: str
    phase: str
    text: str = ""
    stdout: str = ""
    stderr: str = ""
    log: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One run of one test. `seconds` is set-up, call and tear-down together."""

    outcome: Outcome
    seconds: float = 0.0
    worker: str | None = None
    message: str | None = None
    line: int | None = None
    setting: Setting = Setting.IN_RUN
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        return self.outcome in _PASSING

    @property
    def bad(self) -> bool:
        return self.outcome in BAD_OUTCOMES


class FlakeClass(enum.StrEnum):
    """What a failed test turned out to be."""

    REGRESSION = "regression"
    FLAKY = "flaky"
    ORDER_DEPENDENT = "order-dependent"
    ACCUMULATING = "accumulating"
    IMPORT_POLLUTED = "import-polluted"
    INCONCLUSIVE = "inconclusive"


class Role(enum.StrEnum):
    """Part of an order-dependent test: a victim needs others absent, a brittle one needs them."""

    VICTIM = "victim"
    BRITTLE = "brittle"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a test failed in the run, as far as attempts could tell.

    `because` names the tests (or, for import pollution, the files) that make the difference, in the
    order in which they must run; `minimal` when none of them can be left out. `probability` is that
    of a regression, in percent, where it was computed. `processes` counts those that were started to
    find out; `command` shows the failure in the shortest way known.
    """

    kind: FlakeClass
    why: str
    role: Role | None = None
    because: tuple[str, ...] = ()
    minimal: bool = False
    probability: float | None = None
    processes: int = 0
    command: str | None = None


class Novelty(enum.StrEnum):
    """Whether this change brought or touched the test itself, compared with the base."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A collected test with its attempts, first run first; none when it was not run.

    `diagnosis` is there when a failed test was tried again, `novelty` where the base could be asked.
    `excused` is filled in for one judgement by the pipeline: the owner of the quarantine entry that
    covers this failure.
    """

    nodeid: str
    attempts: tuple[Attempt, ...] = ()
    deselected: bool = False
    diagnosis: Diagnosis | None = None
    novelty: Novelty | None = None
    excused: str | None = None

    @property
    def standing(self) -> Standing:
        if not self.attempts:
            return Standing.DESELECTED if self.deselected else Standing.NOT_RUN
        if len(self.attempts) == 1:  # asked of every test: the common case must be cheap
            only = _STANDING_OF[self.attempts[0].outcome]
            return Standing.QUARANTINED if self.excused and only in _FAILING else only
        own = self._own_standing()
        return Standing.QUARANTINED if self.excused and own in _FAILING else own

    def _own_standing(self) -> Standing:
        bad = [one.outcome for one in self.attempts if one.bad]
        last = self.attempts[-1].outcome
        if self.diagnosis is not None:
            first = _STANDING_OF[bad[0] if bad else last]
            # A regression or an unknown is no flake. Nor is a test that heals itself: it passes only
            # when it is run once more in one process, which no suite does.
            told_apart = self.diagnosis.kind not in _NO_FLAKES and any(
                one.passed and one.setting is not Setting.IN_PROCESS for one in self.attempts
            )
            return Standing.FLAKY if bad and told_apart else first
        if not bad or last in BAD_OUTCOMES:
            return _STANDING_OF[last]
        # Only a pass speaks for it; a skip after a failure says nothing.
        return Standing.FLAKY if last in _PASSING else _STANDING_OF[bad[-1]]

    @property
    def path(self) -> str:
        """File part of the node id."""
        return self.nodeid.partition("::")[0]


_NO_FLAKES = frozenset({FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE})
_FAILING = frozenset({Standing.FLAKY, Standing.FAILED, Standing.ERROR})
_STANDING_OF: dict[Outcome, Standing] = {
    outcome: Standing(outcome.value) for outcome in Outcome if outcome is not Outcome.INTERRUPTED
}
# A test that began and was never seen to end has no result.
_STANDING_OF[Outcome.INTERRUPTED] = Standing.NOT_RUN


class CollectionError(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder pytest could not collect: its tests are unknown."""

    nodeid: str
    message: str
