"""What happens inside a copy of the test process: a few tests run, and nobody but the asker hears of it.

Effects: runs tests, files, pytest's objects.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters.fresh import FreshStart, fresh_start
from pytest_gates.model.case import Attempt, Setting
from pytest_gates.plugin.failures import attempt_of
from pytest_gates.plugin.internals import (
    kept_fixtures,
    leave_other_processes_alone,
    renew,
    stop_tracing,
    use_folder_for_temporary_files,
)

_BLOCK = 624
_MOST_BLOCKS = 200


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What a test process was like before the project was imported."""

    fresh: FreshStart
    random_state: tuple[Any, ...]


def start_here(folder: Path) -> Start:
    """As it is now; `folder` is where pytest was started."""
    return Start(fresh=fresh_start(folder), random_state=random.getstate())


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: the tests at `before` first, then the one at `target`, `times` times.

    Numbers are places in the order of collection. Between two runs of the target, fixtures up to
    `scope` end.
    """

    before: tuple[int, ...]
    target: int
    times: int
    scope: str
    setting: Setting
    worker: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the target, and pytest's own reports of it, as pytest serialises them."""

    attempt: Attempt
    reports: tuple[dict[str, Any], ...]


class Copy:
    """This process, in a fork that begins after collection or a fresh start that got as far."""

    def __init__(
        self,
        config: pytest.Config,
        items: Sequence[pytest.Item],
        run: Callable[[pytest.Item, Any], list[pytest.TestReport]],
        keep_coverage: Callable[[], None] | None = None,
    ) -> None:
        """`run` runs one item through pytest's whole protocol, other plugins' part of it included.

        `keep_coverage` keeps what a fork has executed, None where nothing of ours measures.
        """
        self._config = config
        self._items = items
        self._run = run
        self._keep_coverage = keep_coverage
        self._folder: Path | None = None
        self._ran: set[int] = set()
        self._random_state = random.getstate()
        self._seeded = False

    def remember_seed(self, before: tuple[Any, ...]) -> None:
        """`before` is the state of `random` before the project was imported.

        Python gives every fork a seed of its own. A fresh process would not have one where the project
        seeds at import, so then the state of this moment is put back.
        """
        self._random_state = random.getstate()
        self._seeded = was_seeded(before, self._random_state)

    def use_folder(self, folder: Path) -> None:
        """Where forks put their temporary files: a fork that is stopped cannot clean up, its asker does."""
        self._folder = folder

    def work(self, payload: bytes) -> bytes:
        """The life of a fork: one Order in, Results out, all msgpack."""
        leave_other_processes_alone(self._config)
        folder = Path(tempfile.mkdtemp(prefix="copy-", dir=self._folder))
        own = os.getpid()
        try:
            use_folder_for_temporary_files(self._config, folder)
            if self._seeded:
                random.setstate(self._random_state)
            order = msgspec.msgpack.decode(payload, type=Order)
            if order.before:
                self._stop_measuring()  # what others execute here, they have executed in the run
            return msgspec.msgpack.encode(self.results(order))
        finally:
            if os.getpid() == own:  # and not in a fork that a test forgot to end
                shutil.rmtree(folder, ignore_errors=True)

    def results(self, order: Order) -> tuple[Result, ...]:
        """Run what was ordered; one result for each run of the target, at least one."""
        places = [*order.before, *([order.target] * order.times)]
        first_wanted = len(order.before)
        found: list[Result] = []
        for number, (place, following) in enumerate(pairwise([*places, None])):
            assert place is not None  # noqa: S101  # nosec B101 - for the type checker: only the last is None
            reports = self._once(place, following, order.scope)
            if number == first_wanted and self._keep_coverage is not None:
                if attempt_of(reports, order.setting).passed:
                    self._keep_coverage()
                self._stop_measuring()
            if number >= first_wanted:
                setting = order.setting if number == first_wanted else Setting.IN_PROCESS
                found.append(self._result(reports, setting, order.worker))
        return tuple(found)

    def _stop_measuring(self) -> None:
        self._keep_coverage = None
        stop_tracing()

    def _once(self, place: int, following: int | None, scope: str) -> list[pytest.TestReport]:
        item = self._items[place]
        if place in self._ran:
            renew(item)
        self._ran.add(place)
        if following == place:
            with kept_fixtures(item, scope) as nextitem:
                return self._run(item, nextitem)
        return self._run(item, None if following is None else self._items[following])

    def _result(
        self, reports: list[pytest.TestReport], setting: Setting, worker: str | None
    ) -> Result:
        serialise = self._config.hook.pytest_report_to_serializable
        return Result(
            attempt=attempt_of(reports, setting, worker),
            reports=tuple(serialise(config=self._config, report=one) for one in reports),
        )


def was_seeded(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """Whether `random` got from one state to the other by a call of seed(), not by being used.

    Used, it goes on from block to block of 624 numbers; after 200 blocks it counts as seeded.
    """
    if before[1][:_BLOCK] == after[1][:_BLOCK]:
        return False
    probe = random.Random()  # noqa: S311  # nosec B311 - replays a state, makes no secret
    probe.setstate(before)
    for _ in range(_MOST_BLOCKS):
        probe.getrandbits(32 * _BLOCK)
        if probe.getstate()[1][:_BLOCK] == after[1][:_BLOCK]:
            return False
    return True
