"""What happened to each test, collected from pytest's reports in the deciding process. Effects: hooks.

Every line here runs for every test: three calls a test, no wrapper, nothing computed before the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_gates.model.case import (
    BAD_OUTCOMES,
    Attempt,
    CaseRecord,
    CollectionError,
    Diagnosis,
    Outcome,
)
from pytest_gates.model.text import first_line, well_formed
from pytest_gates.plugin.failures import MESSAGE_LIMIT, last_words, outcome_of, what_failed
from pytest_gates.plugin.stamps import STAMP, WORD, stamp_of


class _Open:
    """An attempt that has begun and not yet ended."""

    __slots__ = ("earlier", "line", "message", "outcome", "seconds")

    def __init__(self, seconds: float, earlier: tuple[Attempt, ...] | None = None) -> None:
        self.seconds = seconds
        self.earlier = earlier  # from before this turn: the test was collected twice
        self.outcome: Outcome | None = None
        self.message: str | None = None
        self.line: int | None = None


class Recorder:
    """Registered as a plugin in the process that decides; under xdist the reports come from workers."""

    def __init__(self, *, every_worker_runs_all: bool, need_words: Callable[[], object]) -> None:
        """`need_words` is called once, before anybody counts the first report that has a word of ours."""
        self._need_words = need_words
        self._worded = False
        # With `--dist each` one test has a result on each worker: not attempts, but tests of their own.
        self._each = every_worker_runs_all
        self._collected: dict[str, None] = {}
        self._deselected: dict[str, None] = {}
        self._open: dict[Any, _Open] = {}
        self._attempts: dict[str, tuple[Attempt, ...]] = {}
        self._diagnoses: dict[str, Diagnosis] = {}
        self._errors: dict[str, CollectionError] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Before the terminal counts it: that may need words of ours."""
        nodeid = report.nodeid
        worker: str | None = getattr(report, "worker_id", None)
        key: Any = nodeid if worker is None else (worker, nodeid)
        when: str | None = report.when  # "???" in the report that xdist makes up for a crash
        if when == "setup":
            if key in self._open:  # rerun by another plugin: the attempt before was never closed
                self._close(key, nodeid, worker)
            attempt = self._open[key] = _Open(report.duration, self._attempts.get(nodeid))
            if report.outcome != "passed":
                self._note(attempt, report)
        elif when == "call" or when == "teardown":  # noqa: PLR1714 - two comparisons are cheaper than a set
            attempt_or_none = self._open.get(key)
            attempt = attempt_or_none if attempt_or_none is not None else self._reopened(key)
            attempt.seconds += report.duration
            if when == "call":
                self._note(attempt, report)
            else:
                if report.outcome != "passed":
                    self._note(attempt, report)
                self._close(key, nodeid, worker)
                if STAMP in report.__dict__:
                    self._believe(attempt, report, nodeid, worker)
        else:
            self._crash(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome == "failed":
            message = (
                first_line(last_words(report.longreprtext), MESSAGE_LIMIT) or "no reason given"
            )
            nodeid = well_formed(report.nodeid)
            self._errors.setdefault(nodeid, CollectionError(nodeid=nodeid, message=message))

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.add_deselected([item.nodeid for item in items])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._collected.update(dict.fromkeys([item.nodeid for item in session.items]))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        names = [f"{nodeid}@{node.gateway.id}" for nodeid in ids] if self._each else ids
        self._collected.update(dict.fromkeys(names))

    def add_deselected(self, nodeids: list[str]) -> None:
        self._deselected.update(dict.fromkeys(nodeids))

    def cases(self) -> tuple[CaseRecord, ...]:
        """Every test known of, in the order of collection, deselected ones last.

        What began and was not seen to end is closed as interrupted; call it once, at the end.
        """
        for key in tuple(self._open):
            worker, nodeid = key if isinstance(key, tuple) else (None, key)
            self._open[key].outcome = Outcome.INTERRUPTED
            self._close(key, nodeid, worker)
        names = dict.fromkeys((*self._collected, *self._attempts))
        ran = tuple(
            CaseRecord(
                nodeid=well_formed(nodeid),
                attempts=self._attempts.get(nodeid, ()),
                diagnosis=self._diagnoses.get(nodeid),
            )
            for nodeid in names
        )
        left_out = tuple(
            CaseRecord(nodeid=well_formed(nodeid), deselected=True)
            for nodeid in self._deselected
            if nodeid not in names
        )
        return ran + left_out

    def collection_errors(self) -> tuple[CollectionError, ...]:
        return tuple(self._errors.values())

    def explain(
        self,
        diagnoses: Mapping[str, Diagnosis],
        watched: Mapping[str, tuple[Attempt, ...]],
        worker: str | None = None,
    ) -> None:
        """What a test process found out after its last report: causes, and attempts of quarantined tests."""
        for nodeid, diagnosis in diagnoses.items():
            self._diagnoses[self._name(nodeid, worker)] = diagnosis
        for nodeid, attempts in watched.items():
            name = self._name(nodeid, worker)
            self._attempts[name] = (*self._attempts.get(name, ()), *attempts)

    def _name(self, nodeid: str, worker: str | None) -> str:
        return f"{nodeid}@{worker}" if self._each and worker else nodeid

    def _note(self, attempt: _Open, report: pytest.TestReport) -> None:
        """What this phase adds; a bad outcome stays (a subtest failed, another passes after it)."""
        if attempt.outcome in BAD_OUTCOMES:
            return
        attempt.outcome = outcome_of(report)
        if attempt.outcome is not Outcome.PASSED and not self._worded and WORD in report.__dict__:
            self._worded = True
            self._need_words()
        if attempt.outcome in BAD_OUTCOMES:
            attempt.message, attempt.line = what_failed(report)

    def _reopened(self, key: Any) -> _Open:
        """A phase without a set-up before it: a plugin of another mind; its outcome counts all the same."""
        return self._open.setdefault(key, _Open(0.0))

    def _close(self, key: Any, nodeid: str, worker: str | None) -> None:
        attempt = self._open.pop(key)
        name = self._name(nodeid, worker)
        record = Attempt(
            outcome=attempt.outcome or Outcome.INTERRUPTED,
            seconds=attempt.seconds,
            worker=worker,
            message=attempt.message,
            line=attempt.line,
        )
        known = self._attempts.get(name)
        self._attempts[name] = (record,) if known is None else (*known, record)

    def _believe(
        self, attempt: _Open, report: pytest.TestReport, nodeid: str, worker: str | None
    ) -> None:
        """Our own process made several attempts: its word replaces what its reports looked like."""
        stamped = stamp_of(report)
        if stamped is None:  # pragma: no cover - asked for only where there is one
            return
        name = self._name(nodeid, worker)
        self._attempts[name] = (*(attempt.earlier or ()), *stamped.attempts)
        if stamped.diagnosis is not None:
            self._diagnoses[name] = stamped.diagnosis

    def _crash(self, report: pytest.TestReport) -> None:
        """xdist made this report up: the worker died in this test."""
        worker: str | None = getattr(
            getattr(getattr(report, "node", None), "gateway", None), "id", None
        )
        key: Any = report.nodeid if worker is None else (worker, report.nodeid)
        attempt = self._open.setdefault(key, _Open(0.0))
        attempt.outcome = Outcome.CRASHED
        attempt.message = first_line(report.longreprtext, MESSAGE_LIMIT)
        self._close(key, report.nodeid, worker)
