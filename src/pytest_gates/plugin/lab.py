"""Makes the attempts that a diagnosis asks for, in forks or fresh processes. Effects: processes.

The run that is judged is never disturbed: whatever is tried again is tried in a copy.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters.forkserver import ForkServer, unsafe_to_fork
from pytest_gates.adapters.fresh import FreshStart, run_fresh
from pytest_gates.plugin.copies import Copy, Order, Result
from pytest_gates.plugin.internals import foreign_threads

_LEAST_SECONDS = 1.0
Results = tuple[Result, ...]


class FreshOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order for a process that collects by itself: the same as Order, by node id."""

    before: tuple[str, ...]
    target: str
    times: int
    scope: str
    setting: str
    worker: str | None = None


class Budget:
    """Wall time for all further attempts of one process. `cut` collects what it did not allow."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self.spent = 0.0
        self.cut: dict[str, None] = {}
        self._all = seconds

    @property
    def left(self) -> float:
        return self._left

    def spend(self, seconds: float) -> None:
        self.spent += seconds
        self._left -= seconds

    def refuse(self, needed: float = 0.0) -> str | None:
        """Why something that takes `needed` seconds may not begin; None when it may."""
        if self._left >= max(needed, _LEAST_SECONDS):
            return None
        why = f"the budget of {self._all:.0f} s for further attempts is used up (rerun-budget)"
        self.cut[why] = None
        return why


class Lab:
    """The copies of one test process. Made before the first test; `close` ends all of them."""

    def __init__(
        self,
        config: pytest.Config,
        items: Sequence[pytest.Item],
        copy: Copy,
        start: FreshStart,
        isolation: str,
    ) -> None:
        self._config = config
        self._items = items
        self._start = start
        self._server: ForkServer | None = None
        self._folder: Path | None = None
        self._jobs = 0
        self.processes = 0
        self.used: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        if isolation == "fresh":
            return
        why = unsafe_to_fork(foreign_threads=foreign_threads(config))
        if why is None:
            self._folder = Path(tempfile.mkdtemp(prefix="pytest-gates-copies-"))
            copy.use_folder(self._folder)
            try:
                self._server = ForkServer(copy.work)
            except OSError as trouble:
                why = f"no process could be forked ({trouble})"
        if why is not None:
            self.notes[f"attempts are made in fresh processes: {why}"] = None

    def run(self, order: Order, timeout_seconds: float) -> Results | str:
        """The target's results, or why there are none."""
        (answer,) = self.run_all((order,), timeout_seconds)
        return answer

    def run_all(
        self, orders: tuple[Order, ...], timeout_seconds: float
    ) -> tuple[Results | str, ...]:
        """Side by side where this process can be forked, else one after the other."""
        if self._server is None:
            return tuple(self._run_fresh(order, timeout_seconds) for order in orders)
        try:
            return self._run_forked(self._server, orders, timeout_seconds)
        except OSError as why:
            # A test killed what it could find, or memory is short: go on the dear way.
            self._close_server()
            self.notes[f"the fork server is gone ({why}); fresh processes were used"] = None
            return tuple(self._run_fresh(order, timeout_seconds) for order in orders)

    def run_with_files(
        self, files: tuple[str, ...], target: int, order: Order, timeout_seconds: float
    ) -> Results | str:
        """In a fresh process that collects these files and the target's own, and nothing else."""
        own = self._items[target].nodeid.partition("::")[0]
        # Relative to the folder that pytest was started in, node ids are to the root.
        places = [str(self._config.rootpath / one) for one in dict.fromkeys((*files, own))]
        return self._run_fresh(order, timeout_seconds, tuple(places))

    def close(self) -> None:
        self._close_server()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run_forked(
        self, server: ForkServer, orders: tuple[Order, ...], timeout_seconds: float
    ) -> tuple[Results | str, ...]:
        self.used["fork"] = None
        numbers: list[int] = []
        for order in orders:
            self._jobs += 1
            numbers.append(self._jobs)
            server.submit(self._jobs, msgspec.msgpack.encode(order), timeout_seconds)
        ended: dict[int, Results | str] = {}
        while len(ended) < len(numbers):
            one = server.next_ended()
            ended[one.job] = (
                f"its copy gave no answer: {one.why}"
                if one.answer is None
                else msgspec.msgpack.decode(one.answer, type=Results)
            )
        self.processes += len(orders)
        return tuple(ended[number] for number in numbers)

    def _run_fresh(
        self, order: Order, timeout_seconds: float, places: tuple[str, ...] | None = None
    ) -> Results | str:
        self.used["fresh"] = None
        self.processes += 1
        asked = FreshOrder(
            before=tuple(self._items[place].nodeid for place in order.before),
            target=self._items[order.target].nodeid,
            times=order.times,
            scope=order.scope,
            setting=order.setting,
            worker=order.worker,
        )
        answer = run_fresh(
            self._start,
            self._arguments(places),
            msgspec.msgpack.encode(asked),
            timeout_seconds,
        )
        if isinstance(answer, str):
            return answer
        return msgspec.msgpack.decode(answer, type=Results | str)

    def _arguments(self, places: tuple[str, ...] | None) -> tuple[str, ...]:
        """The command line of this run, changed so that nothing of its own is overwritten."""
        words = [str(word) for word in self._config.invocation_params.args]
        if places is not None:
            for word in reversed(list(self._config.option.file_or_dir or ())):
                if word in words:
                    # The last one: an option's value of the same spelling stands before it.
                    del words[len(words) - 1 - words[::-1].index(word)]
        has = self._config.pluginmanager.hasplugin
        words += ["--basetemp=@gates-folder@/pytest"]
        words += [f"--rootdir={self._config.rootpath}"]
        words += ["-o", "cache_dir=@gates-folder@/cache"] if has("cacheprovider") else []
        words += ["-n0"] if has("xdist") else []
        words += ["--no-cov"] if has("pytest_cov") or has("_cov") else []
        if places is not None:
            # An ini file found by the places typed would not be found by these.
            inipath = self._config.inipath
            words += ["-c", str(inipath)] if inipath is not None and "-c" not in words else []
            words += places
        return tuple(words)

    def _close_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


class Stopwatch:
    """Wall time of a block, charged to a budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._began = time.monotonic()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._budget.spend(time.monotonic() - self._began)


def places_of(items: Sequence[pytest.Item]) -> Mapping[Any, int]:
    """Place in the order of collection by item."""
    return {item: place for place, item in enumerate(items)}
