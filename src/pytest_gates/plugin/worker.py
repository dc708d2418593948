"""An xdist worker: it only records, and hands over what it has at its end. Effects: hooks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.plugin.covering import OUTPUT_KEY as COVERING_KEY
from pytest_gates.plugin.covering import covering_orders_from, pack, watch
from pytest_gates.plugin.early import Early
from pytest_gates.plugin.orders import orders_from
from pytest_gates.plugin.rerun import Reruns

OUTPUT_KEY = "pytest_gates"


class Worker:
    """Registered in worker processes in place of the controller."""

    def __init__(self, config: Any, early: Early) -> None:
        self._config = config
        self._early = early
        self._deselected: list[str] = []
        orders = orders_from(config.workerinput)
        self._reruns = None if orders is None else Reruns(config, orders, early)
        if self._reruns is not None:
            config.pluginmanager.register(self._reruns, "gates-reruns")

        watched = covering_orders_from(config.workerinput)
        self._covering = None if watched is None else watch(config, watched, early)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected.extend(item.nodeid for item in items)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        output: dict[str, Any] = {"deselected": self._deselected}
        told = self._reruns.told() if self._reruns is not None else None
        if told is not None:
            output["reruns"] = msgspec.to_builtins(told)
        if self._covering is not None:
            output[COVERING_KEY] = pack(self._covering.told())
        if self._early.measurement is not None:
            self._early.measurement.stop()
            output["coverage"] = self._early.measurement.packed()
        self._config.workeroutput[OUTPUT_KEY] = output
