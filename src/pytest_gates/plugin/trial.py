"""In a fresh process that was started to try one test: it answers, and ends. Effects: ends the process."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import msgspec
import pytest

from pytest_gates.adapters.fresh import VARIABLE, leave_answer, order_given
from pytest_gates.model.case import Setting
from pytest_gates.plugin.copies import Copy, Order, Result
from pytest_gates.plugin.failures import note_exception
from pytest_gates.plugin.internals import Phases
from pytest_gates.plugin.lab import FreshOrder


class Trial:
    """Registered in place of everything else; no report is written and no gate judges."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = os.environ.pop(VARIABLE)
        self._reports: list[pytest.TestReport] = []
        self._inside = False
        self._phases = Phases(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Never returns: what other plugins do at the end of a run belongs to the real one."""
        order = msgspec.msgpack.decode(order_given(self._folder), type=FreshOrder)
        answer = self._answer(session.items, order)
        leave_answer(self._folder, msgspec.msgpack.encode(answer))
        sys.stdout.flush()
        os._exit(0)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Any) -> bool:
        self._inside = True
        try:
            self._reports += self._phases.run(item, nextitem)
        finally:
            self._inside = False
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._inside:  # a subtest
            self._reports.append(report)

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        note_exception(report, call.excinfo, self._config.rootpath)

    def _answer(self, items: list[pytest.Item], order: FreshOrder) -> tuple[Result, ...] | str:
        places = {item.nodeid: place for place, item in enumerate(items)}
        wanted = (*order.before, order.target)
        missing = next((one for one in wanted if one not in places), None)
        if missing is not None:
            return f"a fresh pytest did not collect {missing}"
        copy = Copy(self._config, items, self._run)
        return copy.results(
            Order(
                before=tuple(places[one] for one in order.before),
                target=places[order.target],
                times=order.times,
                scope=order.scope,
                setting=Setting(order.setting),
                worker=order.worker,
            )
        )

    def _run(self, item: pytest.Item, nextitem: Any) -> list[pytest.TestReport]:
        self._reports = []
        self._config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return self._reports
