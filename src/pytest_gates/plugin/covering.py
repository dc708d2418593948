"""Watch which tests execute the changed files, in each process that runs tests. Effects: hooks, tracing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import pytest

from pytest_gates.adapters.covering import LineRecorder, start_recorder
from pytest_gates.adapters.covering_contexts import ContextRecorder, start_contexts
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveringRecord
from pytest_gates.model.text import well_formed
from pytest_gates.plugin.early import Early

INPUT_KEY = "pytest_gates_covering"
"""Under it the orders, as plain data, lie in an xdist worker's input."""
OUTPUT_KEY = "covering"


class CoveringOrders(msgspec.Struct, frozen=True, kw_only=True):
    """What a test process is to watch, and how; `paths` are POSIX, relative to the root."""

    means: Literal["auto", "contexts"]
    paths: tuple[str, ...]


def covering_orders_from(workerinput: Mapping[str, object]) -> CoveringOrders | None:
    """In an xdist worker: what the controller sent; None where nothing is to be watched."""
    sent = workerinput.get(INPUT_KEY)
    return None if sent is None else msgspec.convert(sent, type=CoveringOrders)


def watch(config: pytest.Config, orders: CoveringOrders, early: Early) -> Covering:
    """Begin at once: what the collection imports is seen as well."""
    recorder: LineRecorder | ContextRecorder | Unavailable
    if orders.means == "contexts":
        recorder = start_contexts(early.measurement, orders.paths)
    else:
        recorder = start_recorder(config.rootpath, orders.paths)
    covering = Covering(recorder)
    if not isinstance(recorder, Unavailable):
        config.pluginmanager.register(covering, "gates-covering")
    return covering


def pack(record: CoveringRecord | Unavailable) -> bytes:
    """For another process."""
    return msgspec.msgpack.encode(record)


def unpacked(data: object) -> CoveringRecord | Unavailable:
    """What another process packed; without it, why."""
    if not isinstance(data, bytes):
        return Unavailable(
            why="the gates did not watch in a worker",
            remedy="activate the gates through addopts or -p on the command line",
        )
    return msgspec.msgpack.decode(data, type=CoveringRecord | Unavailable)


class Covering:
    """Registered where tests run. A test's own fixtures are its own; those that it shares are nobody's."""

    def __init__(self, recorder: LineRecorder | ContextRecorder | Unavailable) -> None:
        self._recorder = recorder
        self._test: str | None = None
        # How many shared fixtures are being set up or torn down at this moment, one in the other.
        self._shared = 0
        self._ending: set[int] = set()
        self._told: CoveringRecord | Unavailable | None = None

    def told(self) -> CoveringRecord | Unavailable:
        """The end of watching, and what was seen."""
        if self._told is None:
            recorder = self._recorder
            self._told = recorder if isinstance(recorder, Unavailable) else recorder.end()
        return self._told

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self._test = well_formed(item.nodeid)
        self._begin()
        try:
            return (yield)
        finally:
            self._test, self._shared = None, 0
            self._ending.clear()
            self._begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Any:
        if fixturedef.scope == "function":
            return (yield)
        self._share(1)
        try:
            return (yield)
        finally:
            # The last one to be added is the first to be called.
            fixturedef.addfinalizer(lambda: self._begin_ending(fixturedef))
            self._share(-1)

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        if id(fixturedef) in self._ending:
            self._ending.discard(id(fixturedef))
            self._share(-1)

    def pytest_unconfigure(self) -> None:
        """However the run ended, the tool does not stay; a measurement is ended by whoever began it."""
        if isinstance(self._recorder, LineRecorder):
            self.told()

    def _begin_ending(self, fixturedef: Any) -> None:
        if id(fixturedef) not in self._ending:
            self._ending.add(id(fixturedef))
            self._share(1)

    def _share(self, more: int) -> None:
        before, self._shared = self._shared, max(self._shared + more, 0)
        if (before == 0) != (self._shared == 0):
            self._begin()

    def _begin(self) -> None:
        if self._told is None and not isinstance(self._recorder, Unavailable):
            self._recorder.begin(None if self._shared else self._test)
