"""Bring the facts of one run together into `Evidence`. Effects: processes, tracing, the clock."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sys
import uuid
from typing import Any

import pytest

from pytest_gates import __version__
from pytest_gates.adapters.git import CheckoutQuestion
from pytest_gates.adapters.scans import Scans, is_quick
from pytest_gates.catalog import Catalog
from pytest_gates.model.case import CaseRecord, CollectionError
from pytest_gates.model.contracts import Tool
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import (
    NO_HISTORY,
    NO_PATCH,
    NO_RATCHET,
    Checkout,
    Evidence,
    RerunRecord,
    RunInfo,
    Scan,
    Unavailable,
    WorkerRecord,
)
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import HistoryFacts
from pytest_gates.model.patch import CoveringFacts, CoveringRecord, PatchFacts
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.model.ratchet import RatchetFacts
from pytest_gates.model.report import Report
from pytest_gates.model.text import well_formed
from pytest_gates.new_findings import NewFindings
from pytest_gates.plugin.cache_folders import scan_folder
from pytest_gates.plugin.comparison import Comparison
from pytest_gates.plugin.cover_records import CoverRecords
from pytest_gates.plugin.covering import CoveringOrders
from pytest_gates.plugin.early import Early
from pytest_gates.plugin.measuring import Measuring
from pytest_gates.plugin.memory import Memory
from pytest_gates.plugin.orders import RerunOrders, Told, merged
from pytest_gates.plugin.ratcheting import Ratcheting
from pytest_gates.plugin.recorder import Recorder
from pytest_gates.plugin.selection import selection

_NOT_FINISHED = Unavailable(why="the run did not finish", remedy="run it again and let it end")


def generator() -> str:
    return f"pytest-gates {__version__}"


class Gathering:
    """The evidence of one run, while it grows."""

    def __init__(self, config: pytest.Config, early: Early, policy: Policy, known: Catalog) -> None:
        self._config = config
        self._early = early
        self._policy = policy
        self._known = known
        self._selection = tuple(well_formed(one) for one in selection(config))
        cache = scan_folder(config, policy)
        self._question: CheckoutQuestion | None = None
        self._checkout: Checkout | Unavailable = _NOT_FINISHED
        self._workers: dict[str, WorkerRecord] = {}
        self._cases: tuple[CaseRecord, ...] = ()
        self._errors: tuple[CollectionError, ...] = ()
        self._coverage: CoverageFacts | Unavailable = _NOT_FINISHED
        self._measuring = Measuring(config, early, policy, known)
        self._patch: PatchFacts | Unavailable = (
            _NOT_FINISHED if self._measuring.judges_patch else NO_PATCH
        )
        self._answers: dict[str, Scan | Unavailable] = {}
        self._finished: dt.datetime | None = None
        self._exit_status: int | None = None
        self._stopped_early: str | None = None
        self._started = dt.datetime.now(dt.UTC)
        self._id = uuid.uuid4().hex
        self._comparison = Comparison(config, policy)
        self._scans = Scans(config.rootpath, cache, self._comparison.change, hurry=policy.fail_fast)
        self._cover_records = CoverRecords(
            policy, every_worker_runs_all=config.getoption("dist", "no") == "each"
        )
        self._new = NewFindings(config.rootpath, cache, self._comparison.change)
        self._memory = Memory(config, policy)
        self._orders: RerunOrders | None = None
        self._rerun_records: list[RerunRecord] = []
        self._set_apart: dict[str, str] = {}
        self._reruns: RerunRecord | None = None
        self._history: HistoryFacts | Unavailable = NO_HISTORY
        self._ratcheting = Ratcheting(config, policy, self._comparison)
        self._ratchet: RatchetFacts | Unavailable = NO_RATCHET
        self._covering: CoveringFacts | Unavailable | None = None

    def start(self) -> None:
        """Ask git, and start the tools beside the tests."""
        self._question = CheckoutQuestion(self._config.rootpath, ignored=(self._policy.report_dir,))
        if self._selection and self._policy.profile == "local":
            # A developer who runs one test wants its answer, not a scan of the whole project.
            return
        if self._comparison.wanted:
            self._comparison.change()
        for gate in self._policy.gates:
            tool = self._tool_of(gate.name)
            if tool is not None:
                self._scans.start(tool, gate.settings)
                self._new.start(tool, gate.settings, self._scans.context)

    def answer_quick(self) -> tuple[str, ...]:
        """Wait for the quick tools; their names."""
        names = [gate.name for gate in self._policy.gates if self._is_quick(gate)]
        for name in names:
            answer = self._scans.answer(name)
            if answer is not None:
                self._answers[name] = self._new.compared(name, answer)
        return tuple(names)

    def give_up(self, why: str) -> None:
        """What still runs would only be waited for."""
        self._scans.stop(why)
        self._new.stop(why)

    def rerun_orders(self) -> RerunOrders | None:
        """What test processes are told; None when the gate `flaky` is off."""
        gate = self._policy.gate("flaky")
        if gate is None or not isinstance(gate.settings, FlakySettings):
            return None
        off = None
        if self._selection and self._policy.profile == "local":
            # A developer who works at one test waits for its failure, not for what it may mean.
            off = f"a partial run in profile local ({', '.join(self._selection)})"
        if self._orders is None:
            self._orders = RerunOrders(
                settings=gate.settings,
                quarantine=self._policy.quarantine,
                priors=self._memory.priors(),
                today=self._started.date(),
                off=off,
                processes=self._config.getoption("numprocesses", None) or 1,
            )
        return self._orders

    def covering_orders(self) -> CoveringOrders | None:
        """What test processes are to watch of the change; None where nothing is."""
        return self._cover_records.orders(self._comparison.known())

    def add_covering(self, record: CoveringRecord | Unavailable) -> None:
        """What this process saw of the change, where it ran the tests itself."""
        self._cover_records.add(record)

    def add_reruns(self, told: Told) -> None:
        """What one test process did about its failures."""
        self._rerun_records.append(told.record)
        self._set_apart.update(told.set_apart)

    def remember(self, report: Report) -> tuple[str, ...]:
        """Write the finished run into the history; why that failed, empty when it did not."""
        troubles = (self._memory.remember(report.evidence), self._ratcheting.remember(report))
        self._memory.close()
        return tuple(one for one in troubles if one)

    def add_worker(self, name: str, output: dict[str, Any] | None) -> None:
        """A worker is gone; without `output` it died before it could hand anything over."""
        self._workers[name] = WorkerRecord(id=name, finished=output is not None)
        self._cover_records.add_worker(name, output)
        self._measuring.add_worker(name, output)

    def finish(self, recorder: Recorder, exit_status: int, stopped_early: str | None) -> None:
        """The session has ended: collect what is still out."""
        self._exit_status = exit_status
        errors = recorder.collection_errors()
        self._stopped_early = None if errors else stopped_early
        self._cases = recorder.cases()
        self._errors = errors
        self._measuring.finish(self._cases, self._set_apart, self._stopped_early)
        self._coverage = self._measuring.whole()
        self._patch = self._measuring.patch(
            self._comparison, self._cases, started=self._started, selection=self._selection
        )
        if exit_status == pytest.ExitCode.INTERRUPTED and not errors:
            self._scans.stop("the run was interrupted")
            self._new.stop("the run was interrupted")
        for name, answer in self._scans.answers().items():
            if name not in self._answers:
                self._answers[name] = self._new.compared(name, answer)
        if self._question is not None:
            self._checkout = self._question.answer()
        self._look_back()
        self._covering = self._cover_records.facts(self._comparison.known(), self._patch)
        self._ratchet = self._ratcheting.facts(self._run_info(), self._coverage)
        self._finished = dt.datetime.now(dt.UTC)

    def _look_back(self) -> None:
        """What came of further attempts, and what earlier runs say of these tests."""
        if self._orders is None:
            return
        first = [case.attempts[0] for case in self._cases if case.attempts]
        failed = sum(1 for one in first if one.bad)
        self._reruns = merged(self._rerun_records, self._orders.settings, len(first), failed)
        self._memory.know_run(self._id, self._started, self._checkout)
        self._history = self._memory.facts(self._cases)
        self._cases = self._comparison.with_novelty(self._cases)

    def close(self) -> None:
        """Stop what still runs; after `finish` there is nothing left to stop."""
        self._scans.stop("the run ended")
        self._new.stop("the run ended")
        self._memory.close()

    def note_exit_status(self, exit_status: int) -> None:
        """pytest's status changed after the session had been judged."""
        self._exit_status = exit_status

    def coverage_data(self) -> bytes | None:
        """The combined data file, after `finish`."""
        return self._measuring.data()

    def evidence(self) -> Evidence:
        """All that is known so far."""
        return Evidence(
            run=self._run_info(),
            cases=self._cases,
            collection_errors=self._errors,
            coverage=self._coverage,
            scans=self._scan_answers(),
            history=self._history,
            reruns=self._reruns,
            change=self._comparison.known(),
            patch=self._patch,
            ratchet=self._ratchet,
            covering=self._covering,
        )

    def _tool_of(self, name: str) -> Tool | None:
        """The tool of a gate: its own, or one of the same name that somebody brought."""
        return self._known.gates[name].tool or self._known.tools.get(name)

    def _is_quick(self, gate: GatePolicy) -> bool:
        tool = self._tool_of(gate.name)
        return tool is not None and is_quick(tool, gate.settings)

    def _scan_answers(self) -> dict[str, Scan | Unavailable]:
        answers = dict(self._answers)
        for gate in self._policy.gates:
            if self._tool_of(gate.name) is not None:
                missing = _NOT_FINISHED if self._finished is None else self._not_started()
                answers.setdefault(gate.name, missing)
        return answers

    def _not_started(self) -> Unavailable:
        why = ", ".join(self._selection) or "unknown reason"
        return Unavailable(
            why=f"not started in a partial run ({why})",
            remedy="run the whole suite, or use --gates-profile ci",
        )

    def _run_info(self) -> RunInfo:
        return RunInfo(
            id=self._id,
            started=self._started,
            finished=self._finished,
            root=well_formed(str(self._config.rootpath)),
            checkout=self._checkout,
            versions={
                "python": platform.python_version(),
                "pytest": pytest.__version__,
                "pytest-gates": __version__,
            },
            platform=sys.platform,
            activated_by=self._early.how,
            shard=self._config.getoption("gates_shard", None)
            or os.environ.get("PYTEST_GATES_SHARD")
            or None,
            base=self._policy.base,
            selection=self._selection,
            stopped_early=self._stopped_early,
            workers=tuple(self._workers.values()),
            exit_status=self._exit_status,
        )
