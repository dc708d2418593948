"""Whether and how often one test is tried again: policy, glob, marker. Reads pytest's markers."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from pytest_gates.model.flaky_settings import FlakySettings, TestReruns
from pytest_gates.model.paths import matches_test
from pytest_gates.plugin.orders import RerunOrders

MARKER = "flaky"
MARKER_HELP = (
    "flaky(reruns=2, reruns_delay=0, only_rerun=None, rerun_except=None, condition=True, reason=''): "
    "how often a failure of this test is tried again by the gates"
)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """For one test. `marked` when its author asked for further attempts in the code."""

    reruns: int
    delay: float
    only_rerun: tuple[str, ...]
    rerun_except: tuple[str, ...]
    marked: bool

    def wants(self, raised: str) -> bool:
        """Whether a failure that reads `ValueError: message` may be tried again."""
        if self.reruns == 0 or any(re.search(one, raised) for one in self.rerun_except):
            return False
        return not self.only_rerun or any(re.search(one, raised) for one in self.only_rerun)


def is_suspect(item: pytest.Item, orders: RerunOrders) -> bool:
    """Whether its failure would be no surprise: it flaked before, is in quarantine, or is marked."""
    return (
        item.nodeid in orders.priors
        or any(entry.covers(item.nodeid) for entry in orders.quarantine)
        or item.get_closest_marker(MARKER) is not None
    )


def rules_of(item: pytest.Item, settings: FlakySettings) -> Rules:
    """The marker nearest to the test wins, then the longest glob that fits, then the gate's table."""
    glob = _by_glob(item.nodeid, settings)
    rules = Rules(
        reruns=settings.reruns if glob.reruns is None else glob.reruns,
        delay=float((settings.delay if glob.delay is None else glob.delay) or 0),
        only_rerun=settings.only_rerun if glob.only_rerun is None else glob.only_rerun,
        rerun_except=settings.rerun_except if glob.rerun_except is None else glob.rerun_except,
        marked=False,
    )
    marker = item.get_closest_marker(MARKER)
    return rules if marker is None else _with_marker(rules, marker)


def _by_glob(nodeid: str, settings: FlakySettings) -> TestReruns:
    fitting = [glob for glob in settings.tests if matches_test(glob, nodeid)]
    return settings.tests[max(fitting, key=len)] if fitting else TestReruns()


def _with_marker(rules: Rules, marker: pytest.Mark) -> Rules:
    """As pytest-rerunfailures reads it; `max_runs` as the plugin flaky does."""
    given: dict[str, Any] = dict(marker.kwargs)
    if marker.args:
        given.setdefault("reruns", marker.args[0])
    if len(marker.args) > 1:
        given.setdefault("reruns_delay", marker.args[1])
    if "max_runs" in given:
        given.setdefault("reruns", int(given["max_runs"]) - 1)
    condition = given.get("condition", True)
    if isinstance(condition, bool) and not condition:
        return rules
    return Rules(
        reruns=max(0, int(given.get("reruns", max(rules.reruns, 1)))),
        delay=float(given.get("reruns_delay", rules.delay)),
        only_rerun=_patterns(given.get("only_rerun"), rules.only_rerun),
        rerun_except=_patterns(given.get("rerun_except"), rules.rerun_except),
        marked=True,
    )


def _patterns(given: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """Regular expressions, and exception types by their names."""
    if given is None:
        return default
    several = given if isinstance(given, list | tuple | set) else (given,)
    return tuple(rf"\b{one.__name__}\b" if isinstance(one, type) else str(one) for one in several)
