"""The one process that decides: it gathers, judges, writes, prints. Effects: hooks, files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters.files import write_whole
from pytest_gates.catalog import COVERAGE_FILE, Catalog
from pytest_gates.errors import GatesError
from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import Mode, Verdict
from pytest_gates.pipeline import evaluate
from pytest_gates.plugin.covering import INPUT_KEY as COVERING_KEY
from pytest_gates.plugin.covering import Covering, watch
from pytest_gates.plugin.early import Early
from pytest_gates.plugin.gathering import Gathering, generator
from pytest_gates.plugin.orders import INPUT_KEY, Told
from pytest_gates.plugin.recorder import Recorder
from pytest_gates.plugin.rerun import Reruns
from pytest_gates.plugin.stamps import Words
from pytest_gates.plugin.worker import OUTPUT_KEY
from pytest_gates.reporters import json, terminal
from pytest_gates.reporters.terminal import Detail, Line, Style

_MARKUP: dict[Style, dict[str, bool]] = {
    Style.TITLE: {"bold": True},
    Style.BAD: {"red": True},
    Style.UNSURE: {"yellow": True},
    Style.GOOD: {"green": True},
    Style.PLAIN: {},
}
_NOTHING_COLLECTED = pytest.ExitCode.NO_TESTS_COLLECTED


class Controller:
    """Registered once a run, never in a worker."""

    def __init__(self, config: pytest.Config, early: Early, policy: Any, known: Catalog) -> None:
        self._config = config
        self._early = early
        self._policy = policy
        self._known = known
        self._recorder = Recorder(
            every_worker_runs_all=config.getoption("dist", "no") == "each",
            # Not sooner: each report of each test would ask it.
            need_words=lambda: config.pluginmanager.register(Words(), "gates-words"),
        )
        self._gathering = Gathering(config, early, policy, known)
        self._reruns: Reruns | None = None
        self._covering: Covering | None = None
        self._folder = config.rootpath / policy.report_dir
        self._stop_reason: str | None = None
        self._report: Report | None = None
        self._trouble: list[str] = []
        self._status = 0
        config.pluginmanager.register(self._recorder, "gates-recorder")
        config.pluginmanager.register(_Decider(self), "gates-decider")

    def pytest_report_header(self) -> str:
        policy = self._policy
        hint = " (`gates init` writes it down)" if policy.is_default else ""
        return (
            f"gates: active via {self._early.how}, policy {policy.source}{hint}, "
            f"profile {policy.profile}"
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """A report that blocks stands there from now on: a killed run leaves no stale green one."""
        self._judge_and_write(finished=False)
        self._gathering.start()
        orders = self._gathering.rerun_orders()
        if orders is not None:
            self._reruns = Reruns(self._config, orders, self._early)
            self._config.pluginmanager.register(self._reruns, "gates-reruns")
        watched = self._gathering.covering_orders()
        if watched is not None and not self._config.pluginmanager.hasplugin("dsession"):
            self._covering = watch(self._config, watched, self._early)
        if self._policy.fail_fast:
            self._run_quick_gates()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool | None:
        """With fail-fast and a quick gate that blocks, nothing is collected."""
        return True if self._stop_reason else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool | None:
        return True if self._stop_reason else None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        orders = self._gathering.rerun_orders()
        if orders is not None:
            node.workerinput[INPUT_KEY] = msgspec.to_builtins(orders)
        watched = self._gathering.covering_orders()
        if watched is not None:
            node.workerinput[COVERING_KEY] = msgspec.to_builtins(watched)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {}).get(OUTPUT_KEY)
        self._gathering.add_worker(node.gateway.id, output)
        if output is not None:
            self._recorder.add_deselected(output["deselected"])
            if "reruns" in output:
                told = msgspec.convert(output["reruns"], type=Told)
                self._recorder.explain(told.explained, told.watched, node.gateway.id)
                self._gathering.add_reruns(told)

    def pytest_unconfigure(self) -> None:
        """However the run ended, nothing of ours goes on."""
        self._gathering.close()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Around all others: what they do to the exit status after the decision is judged as well."""
        result = yield
        status = int(session.exitstatus)
        if status == 0 and self._status:
            session.exitstatus = self._status  # somebody called it a success after all
            return result
        if self._report is None or not self._report.finished or status == self._status:
            return result
        # pytest itself does so when max-warnings is exceeded, after its summary. (9.2)
        self._gathering.note_exit_status(status)
        try:
            report = self._judge_and_write(finished=True)
        except GatesError as why:
            said: tuple[Line, ...] = (Line(f"gates: {printable(str(why), 1000)}", Style.BAD),)
        else:
            said = terminal.lines(report, Detail.QUIET, self._path_for_people())
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        for line in said if reporter is not None else ():
            self._write(reporter, line)
        return result

    def decide(self, session: pytest.Session, exitstatus: int) -> None:
        """The session is over. An error of ours must not end as pytest's success."""
        # Not the argument alone: another plugin may have set a status of its own since.
        status = int(exitstatus) or int(session.exitstatus)
        try:
            told = self._reruns.told() if self._reruns is not None else None
            if told is not None:
                self._recorder.explain(told.explained, told.watched)
                self._gathering.add_reruns(told)
            if self._covering is not None:
                self._gathering.add_covering(self._covering.told())
            stopped = self._stop_reason or _stopped_early(session, exitstatus)
            self._gathering.finish(self._recorder, status, stopped)
            report = self._judge_and_write(finished=True)
        except GatesError as why:
            self._trouble.append(str(why))
            self._status = status or Decision.INCONCLUSIVE.exit_status
            session.exitstatus = self._status
            return
        finally:
            self._early.close()
        self._trouble += self._gathering.remember(report)
        # Read before others get the report into their hands.
        own_status, line = report.decision.exit_status, terminal.verdict_line(report)
        self._tell_others(report)
        if not int(session.exitstatus) or (exitstatus == _NOTHING_COLLECTED and self._stop_reason):
            session.exitstatus = own_status
        self._status = int(session.exitstatus)
        if line is not None and not session.shouldfail:
            session.shouldfail = line

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for trouble in self._trouble:
            terminalreporter.write_line(f"gates: {printable(trouble, 1000)}", red=True, bold=True)
        if self._report is None or not self._report.finished:
            return
        path = self._path_for_people()
        for line in terminal.lines(self._report, self._detail(), path):
            self._write(terminalreporter, line)

    def _write(self, reporter: Any, line: Line) -> None:
        if line.style is Style.TITLE and self._report is not None:
            passed = not self._report.decision.exit_status
            reporter.write_sep("=", line.text, bold=True, green=passed, red=not passed)
        else:
            reporter.write_line(line.text, **_MARKUP[line.style])

    def _detail(self) -> Detail:
        verbosity = self._config.get_verbosity()
        if verbosity < 0:
            return Detail.QUIET
        return Detail.FULL if verbosity > 0 else Detail.NORMAL

    def _path_for_people(self) -> str:
        path = self._folder / json.REPORTER.file_name
        here = self._config.invocation_params.dir
        return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

    def _judge_and_write(self, *, finished: bool) -> Report:
        """Raises GatesError when a report cannot be written; before the run, that is a usage error."""
        report = self._judged()
        try:
            self._write_files(report)
        except GatesError as why:
            if finished:
                raise
            raise pytest.UsageError(str(why)) from why
        # Not before it is written: the screen must not show a verdict that nobody can read up.
        self._report = report
        return report

    def _judged(self) -> Report:
        """The judgement of what is known so far."""
        return evaluate(
            self._policy,
            self._gathering.evidence(),
            gates=self._known.gates,
            now=dt.datetime.now(dt.UTC),
            generator=generator(),
        )

    def _write_files(self, report: Report) -> None:
        for name in self._policy.reports:
            reporter = self._known.reporters[name]
            try:
                content = _rendered(reporter, report)
            except KeyboardInterrupt:
                raise
            except BaseException as crash:  # also SystemExit: the others must be written
                if reporter is json.REPORTER:
                    raise
                self._trouble.append(f"the reporter `{name}` crashed: {_crash_text(crash)}")
                continue
            write_whole(self._folder / reporter.file_name, content)
        data = self._gathering.coverage_data() if report.finished else None
        if data is not None:
            write_whole(self._folder / COVERAGE_FILE, data)

    def _tell_others(self, report: Report) -> None:
        try:
            self._config.hook.pytest_gates_judged(report=report)
        except KeyboardInterrupt:
            raise
        except BaseException as crash:  # a listener of a third party: the verdict stands without it
            self._trouble.append(f"pytest_gates_judged crashed: {_crash_text(crash)}")

    def _run_quick_gates(self) -> None:
        """Judge the quick gates alone, before the first test."""
        quick = self._gathering.answer_quick()
        if not quick:
            return
        report = self._judged()
        bad = (
            {Verdict.FAIL, Verdict.INCONCLUSIVE}
            if self._policy.block_on_inconclusive
            else {Verdict.FAIL}
        )
        stopping = [
            result.gate
            for result in report.results
            if result.gate in quick and result.mode is Mode.BLOCK and result.verdict in bad
        ]
        if stopping:
            first = f"{', '.join(stopping)} blocked first (fail-fast)"
            self._stop_reason = f"no test was run: {first}"
            self._gathering.give_up(first)


class _Decider:
    """Calls `decide` when all other plugins have finished: a hook has one place in a class."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._controller.decide(session, exitstatus)


def _rendered(reporter: Reporter, report: Report) -> bytes:
    content: object = reporter.render(report)
    if not isinstance(content, bytes):
        raise TypeError(f"render() returned {type(content).__name__}, expected bytes")
    return content


def _crash_text(crash: BaseException) -> str:
    return f"{type(crash).__name__}: {crash}"


def _stopped_early(session: pytest.Session, exitstatus: int) -> str | None:
    """pytest's own words for why it did not go to the end, None when it did."""
    for reason in (session.shouldfail, session.shouldstop):
        if reason:
            return f"the run stopped early: {printable(str(reason), 120)}"
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return "the run was interrupted"
    return None
