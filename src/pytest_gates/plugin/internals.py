"""Every touch of pytest's and xdist's private state, each named, none elsewhere. Effects: pytest's objects.

Each function has a test of its own that runs with every supported pytest (`test_internals.py`).
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import call_and_report, show_test_item

_STDIO = (0, 1, 2)


class Phases:
    """Runs single tests as pytest's own protocol does. (8.4 - 9.2)"""

    def __init__(self, config: pytest.Config) -> None:
        # Asked once: a look-up of an option costs as much as all the rest of this for a passing test.
        self._setup_only = bool(config.getoption("setuponly", default=False))
        self._setup_show = bool(config.getoption("setupshow", default=False))
        self._most_failures: int = config.getoption("maxfail", None) or 0

    def run(
        self, item: Any, nextitem: Any, tell_setup: Callable[..., object] | None = None
    ) -> list[pytest.TestReport]:
        """Set-up, call and tear-down; nobody hears of them but `tell_setup`, of a set-up that passed.

        `nextitem` decides which fixtures stay: those that it shares with `item`. Where this failure is
        the last that `--maxfail` allows, all end, and errors of their tear-down are this test's
        (pytest #11706).
        """
        has_request = hasattr(item, "_request")
        if has_request and not item._request:  # it ran before, in this process
            item._initrequest()
        try:
            reports = [call_and_report(item, "setup", log=False)]
            if reports[0].outcome == "passed":
                if tell_setup is not None:
                    tell_setup(report=reports[0])
                if self._setup_show:
                    show_test_item(item, add_space=not self._setup_only)
                if not self._setup_only:
                    reports.append(call_and_report(item, "call", log=False))
            session = item.session
            last = (
                self._most_failures
                and reports[-1].outcome == "failed"
                and self._most_failures <= session.testsfailed + 1
            )
            if last or session.shouldfail or session.shouldstop:
                nextitem = None
            reports.append(call_and_report(item, "teardown", log=False, nextitem=nextitem))
        finally:
            if has_request:
                item._request = False
                item.funcargs = None
        return reports


def renew(item: Any) -> None:
    """Let an item run once more in this process: a new instance of its class, new function fixtures.

    pytest sets `_request` and `funcargs` anew by itself; the instance and the bound method it keeps.
    """
    for name in ("_instance", "_obj"):
        item.__dict__.pop(name, None)


@contextlib.contextmanager
def kept_fixtures(item: pytest.Item, scope: str) -> Iterator[Any]:
    """What to hand over as `nextitem` so that fixtures wider than `scope` live on, all others end.

    pytest asks `nextitem.listchain()` only: a collector of the item is as good as a sibling.
    """
    parents = reversed(item.listchain()[:-1])
    if scope == "session":
        yield None
        return
    ends_with = {"function": (), "class": (pytest.Class,), "module": (pytest.Class, pytest.Module)}
    yield next((one for one in parents if not isinstance(one, ends_with[scope])), None)


def count_of_failed_subtests(config: pytest.Config, item: pytest.Item, change: int) -> None:
    """Correct pytest's own count, by which it fails a test that passed beside failed subtests. (9.0)"""
    try:
        from _pytest.subtests import failed_subtests_key
    except ImportError:  # pytest 8.4 has none
        return
    failed = config.stash.get(failed_subtests_key, None)
    if failed is not None:
        # Keyed by node id at first, by `item.id` since 9.2.
        key: Any = getattr(item, "id", item.nodeid)
        failed[key] += change


def leave_other_processes_alone(config: pytest.Config) -> None:
    """In a fork: nothing that this process says may reach the terminal, or xdist's controller."""
    faulthandler.disable()
    devnull = os.open(os.devnull, os.O_RDWR)
    for plugin in tuple(config.pluginmanager.get_plugins()):
        channel = getattr(plugin, "channel", None)
        if channel is None or not hasattr(plugin, "sendevent"):
            continue
        plugin.sendevent = _say_nothing
        # It would ask which of the controller's tests a report is of; there is none here.
        config.pluginmanager.unregister(plugin)
        io = getattr(channel.gateway, "_io", None)
        for stream in (getattr(io, "infile", None), getattr(io, "outfile", None)):
            if stream is not None:
                os.dup2(devnull, stream.fileno())
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capturing = capture is not None and capture.is_globally_capturing()
    if capturing:
        # The files behind it are shared with the parent, their offsets too.
        capture.stop_global_capturing()
    for descriptor in _STDIO:
        os.dup2(devnull, descriptor)
    os.close(devnull)
    if capturing:
        capture.start_global_capturing()


def use_folder_for_temporary_files(config: Any, folder: Path) -> None:
    """In a fork: `tmp_path`, `tempfile` and what they would clean up lie in a folder of its own.

    With `--basetemp`, and so in every xdist worker, pytest would empty the folder of its parent.
    """
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        factory._given_basetemp = folder / "pytest"
        factory._basetemp = None


def stop_tracing() -> None:
    """In a fork: what is tried again is measured by nobody."""
    sys.settrace(None)
    threading.settrace(None)
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        for tool in range(6):
            if monitoring.get_tool(tool) is not None:
                monitoring.set_events(tool, 0)


def disarm_timers(item: pytest.Item) -> None:
    """Before waiting within a test's turn: its time limit is for the test, not for us."""
    cancel = getattr(item.config.hook, "pytest_timeout_cancel_timer", None)
    if cancel is not None:
        cancel(item=item)
    faulthandler.cancel_dump_traceback_later()


def foreign_threads(config: pytest.Config) -> int:
    """Threads that a test worker always has: the one that listens to xdist's controller."""
    return 1 if hasattr(config, "workerinput") else 0


def _say_nothing(*_: object, **__: object) -> None:
    pass
