"""The history of the repository: asked at a run's start and end, told at its end. Effects: files, network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import pytest

from pytest_gates.adapters.history import open_history
from pytest_gates.adapters.run_key import (
    base_of,
    repository_of,
    run_key,
    variant_here,
)
from pytest_gates.errors import HistoryError
from pytest_gates.model.case import BAD_OUTCOMES, CaseRecord, Outcome
from pytest_gates.model.evidence import NO_HISTORY, Checkout, Evidence, Unavailable
from pytest_gates.model.history import (
    EventfulTest,
    HistoryFacts,
    HistoryStore,
    RunKey,
    RunToRemember,
    Tally,
)
from pytest_gates.model.policy import Policy
from pytest_gates.plugin.cache_folders import history_folder

OFF = "off"
_UNEVENTFUL = frozenset({Outcome.PASSED, Outcome.XPASSED})
_OFF = Unavailable(
    why='the policy keeps no history (history = "off")',
    remedy='set history = "sqlite" or the URL of a PostgreSQL database',
)


class Memory:
    """What the deciding process knows of earlier runs; nothing of it can stop a run or its report."""

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        self._config = config
        self._policy = policy
        self._on = policy.gate("flaky") is not None
        self._store: HistoryStore | None = None
        self._key: RunKey | None = None
        self._problem: Unavailable | None = None if self._on else NO_HISTORY
        if self._on and policy.history == OFF:
            self._problem = _OFF

    def priors(self) -> Mapping[str, Tally]:
        """Tallies of tests that ever failed on the base; none where the history cannot be asked."""
        store = self._opened()
        if store is None:
            return {}
        try:
            return store.priors(repository_of(self._config.rootpath), variant_here())
        except HistoryError as why:
            self._fail(why)
            return {}

    def facts(self, cases: Iterable[CaseRecord]) -> HistoryFacts | Unavailable:
        """The past of every test that was not simply green, or is in quarantine."""
        store = self._opened()
        if store is None:
            return self._problem or NO_HISTORY
        entries = self._policy.quarantine
        names = tuple(
            case.nodeid
            for case in cases
            if _is_eventful(case)
            or (entries and any(entry.covers(case.nodeid) for entry in entries))
        )
        key = self._key
        if key is None:  # pragma: no cover - the run is known before its tests are
            return NO_HISTORY
        try:
            return store.facts(key.repository, key.variant, key.content, names)
        except HistoryError as why:
            return self._fail(why)

    def know_run(self, run: str, started: dt.datetime, checkout: Checkout | Unavailable) -> None:
        """Before `facts`: which commit and content this run is of."""
        if self._opened() is None:
            return
        self._key = run_key(
            self._config.rootpath,
            run=run,
            started=started,
            checkout=checkout,
            base=base_of(self._policy.base),
        )

    def remember(self, evidence: Evidence) -> str | None:
        """Write this run down; why that was not possible, None when it was or was not wanted."""
        store = self._store
        if store is None or self._key is None or not _teaches(evidence):
            return None
        try:
            store.remember(_to_remember(self._key, evidence.cases))
        except HistoryError as why:
            return f"the history was not written: {why.why}; {why.remedy}"
        return None

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _opened(self) -> HistoryStore | None:
        if self._store is not None or self._problem is not None:
            return self._store
        try:
            self._store = open_history(
                self._policy.history, history_folder(self._config), root=self._config.rootpath
            )
        except HistoryError as why:
            self._fail(why)
        return self._store

    def _fail(self, why: HistoryError) -> Unavailable:
        self._problem = Unavailable(
            why=f"the history cannot be asked: {why.why}", remedy=why.remedy
        )
        self.close()
        return self._problem


def _is_eventful(case: CaseRecord) -> bool:
    attempts = case.attempts
    if len(attempts) == 1:  # asked of every test: the common case must be cheap
        return attempts[0].outcome in BAD_OUTCOMES
    return any(one.bad for one in attempts)


def _teaches(evidence: Evidence) -> bool:
    """Whether later runs may learn from this one: it went to its end, and failed for reasons of its tests."""
    run = evidence.run
    whole = run.finished is not None and not run.stopped_early and not evidence.collection_errors
    mass = evidence.reruns is not None and evidence.reruns.mass_failure is not None
    return whole and not mass and any(case.attempts for case in evidence.cases)


def _to_remember(key: RunKey, cases: Iterable[CaseRecord]) -> RunToRemember:
    clean: dict[str, float] = {}
    eventful: list[EventfulTest] = []
    for case in cases:
        attempts = case.attempts
        if not attempts:
            continue
        first = attempts[0]
        if len(attempts) == 1 and first.outcome in _UNEVENTFUL:
            clean[case.nodeid] = first.seconds
        else:
            eventful.append(
                EventfulTest(nodeid=case.nodeid, attempts=attempts, diagnosis=case.diagnosis)
            )
    return RunToRemember(key=key, clean=clean, eventful=tuple(eventful))
