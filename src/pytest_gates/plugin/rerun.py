"""Owns the run of a test: a failure is told apart before pytest hears of it. Effects: hooks.

Every line of `pytest_runtest_protocol` runs for every test.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.flakes.quarantine import Ruling, ruling_on
from pytest_gates.model.case import CaseRecord, Setting, Standing
from pytest_gates.plugin.copies import Copy, Result
from pytest_gates.plugin.early import Early
from pytest_gates.plugin.examination import Examiner
from pytest_gates.plugin.failures import attempt_of, note_exception
from pytest_gates.plugin.internals import (
    Phases,
    count_of_failed_subtests,
    disarm_timers,
)
from pytest_gates.plugin.lab import Lab, places_of
from pytest_gates.plugin.orders import RerunOrders, Told
from pytest_gates.plugin.stamps import soften, stamp, tell_flaky, tell_rerun
from pytest_gates.plugin.tried_again import is_suspect


class Reruns:
    """Registered in each process that runs tests, where the gate `flaky` is on."""

    def __init__(self, config: Any, orders: RerunOrders, early: Early) -> None:

        self._config = config
        self._orders = orders
        self._phases = Phases(config)
        workerinput = getattr(config, "workerinput", None)
        self._worker: str | None = workerinput["workerid"] if workerinput else None
        self._start = early.start
        self._measurement = early.measurement
        self._suspects: frozenset[pytest.Item] = frozenset()
        self._set_apart: dict[str, str] = {}
        self._ran: list[tuple[pytest.Item, float]] = []
        self._held: list[pytest.TestReport] = []
        self._inside = False
        self._is_copy = False
        self._copied: list[pytest.TestReport] = []
        self._examiner: Examiner | None = None

    def told(self) -> Told | None:
        """What was found out, at the end; None where no test could run."""
        if self._examiner is None:
            return None
        return msgspec.structs.replace(self._examiner.told(), set_apart=self._set_apart)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """The copies begin here: everything is collected, and nothing has run."""
        if self._config.pluginmanager.hasplugin("dsession") or self._config.option.collectonly:
            return (yield)  # xdist's controller runs no test
        measured = self._measurement
        keep = None if measured is None else measured.keep_fork
        copy = Copy(self._config, session.items, self._run_in_copy, keep)
        copy.remember_seed(self._start.random_state)
        lab = Lab(
            self._config, session.items, copy, self._start.fresh, self._orders.settings.isolation
        )
        self._examiner = Examiner(
            self._config, lab, self._orders, places_of(session.items), self._ran, self._worker
        )
        if self._measurement is not None:
            self._suspects = frozenset(
                item for item in session.items if is_suspect(item, self._orders)
            )
        try:
            result = yield
            self._examiner.explain()
            return result
        finally:
            lab.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Any) -> bool:
        """In place of pytest's own: the reports are the same, in the same order, after tear-down."""
        if self._is_copy:
            self._inside = True
            self._copied += self._phases.run(item, nextitem)
            return True
        ihook = item.ihook
        ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        apart = item in self._suspects and self._begin_apart(item)
        self._inside = True
        try:
            reports = self._phases.run(item, nextitem, ihook.pytest_runtest_logreport)
        finally:
            self._inside = False
        seconds = 0.0
        failed = bool(self._held)
        for report in reports:
            seconds += report.duration
            failed = failed or report.outcome == "failed"
        if apart:
            self._end_apart(item, failed=failed)
        if reports[0].outcome == "passed":  # told already
            del reports[0]
        if failed:
            reports = self._after_failure(item, reports)
        for report in reports:
            ihook.pytest_runtest_logreport(report=report)
        ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        self._ran.append((item, seconds))
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Subtests report while their test still runs: a failure is held back until it is told apart."""
        if self._inside:
            if self._is_copy:
                self._copied.append(report)
            elif report.outcome == "failed":
                report.outcome = "rerun"  # type: ignore[assignment]  # a word of plugins, not of pytest
                self._held.append(report)

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        note_exception(report, call.excinfo, self._config.rootpath)

    def _begin_apart(self, item: pytest.Item) -> bool:
        """Measure apart what may fail: the coverage of a failed attempt does not count."""
        label = self._measurement.set_apart() if self._measurement is not None else None
        if label is not None:
            self._set_apart[item.nodeid] = label
        return label is not None

    def _end_apart(self, item: pytest.Item, *, failed: bool) -> None:
        if self._measurement is not None:
            self._measurement.end_apart(counts=not failed)
        if not failed:
            del self._set_apart[item.nodeid]

    def _run_in_copy(self, item: pytest.Item, nextitem: Any) -> list[pytest.TestReport]:
        self._is_copy = True
        self._copied = []
        # Through the hook: pytest-timeout, warnings and others have their part in every attempt.
        self._config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return self._copied

    def _after_failure(
        self, item: pytest.Item, reports: list[pytest.TestReport]
    ) -> list[pytest.TestReport]:
        """What pytest is to hear in place of these reports."""
        held, self._held = self._held, []
        if held:
            # pytest counts them while they run, and would fail the test whatever comes of it.
            count_of_failed_subtests(self._config, item, -len(held))
        first = attempt_of((*held, *reports), Setting.IN_RUN, self._worker)
        if (
            not first.bad
            or self._config.getoption("usepdb", default=False)
            or self._examiner is None
        ):
            return self._as_it_was(item, held, reports)
        disarm_timers(item)
        results, diagnosis = self._examiner.examine(item, first)
        attempts = (first, *(one.attempt for one in results))
        case = CaseRecord(nodeid=item.nodeid, attempts=attempts, diagnosis=diagnosis)
        ruling = ruling_on(case, self._orders.quarantine, None, self._orders.today)
        told = self._told(item, held, reports, case, ruling, results)
        stamp(told[-1], attempts, diagnosis)
        return told

    def _told(
        self,
        item: pytest.Item,
        held: list[pytest.TestReport],
        reports: list[pytest.TestReport],
        case: CaseRecord,
        ruling: Ruling | None,
        results: tuple[Result, ...],
    ) -> list[pytest.TestReport]:
        if ruling is not None and ruling.why_not is None:
            return soften(reports, ruling.entry)
        passing = next(
            (
                one
                for one in reversed(results)
                if one.attempt.passed and one.attempt.setting is not Setting.IN_PROCESS
            ),
            None,
        )
        if case.standing is Standing.FLAKY and passing is not None:
            load = self._config.hook.pytest_report_from_serializable
            passed = [load(config=self._config, data=one) for one in passing.reports]
            if reports[0].when != "setup":  # one set-up was told already
                passed = [report for report in passed if report.when != "setup"]
            # What passed in a copy stands for the run; its failure stays in sight.
            return [*tell_rerun(reports), *tell_flaky(passed, case.attempts)]
        return self._as_it_was(item, held, reports)

    def _as_it_was(
        self,
        item: pytest.Item,
        held: list[pytest.TestReport],
        reports: list[pytest.TestReport],
    ) -> list[pytest.TestReport]:
        """The failure stands, that of subtests too."""
        for report in held:
            report.outcome = "failed"
        if held:
            count_of_failed_subtests(self._config, item, len(held))
        return [*held, *reports]
