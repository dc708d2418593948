"""From pytest's configuration to a policy and the plugins of this run. Effects: hooks, files."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest

from pytest_gates import __version__
from pytest_gates.adapters.files import find_policy_file, judge_inside, text_below, today_utc
from pytest_gates.adapters.fresh import VARIABLE
from pytest_gates.catalog import DEFAULT_POLICY, Catalog, catalog
from pytest_gates.config.exceptions import with_text
from pytest_gates.config.policy import parse_policy
from pytest_gates.errors import ConfigError
from pytest_gates.hookspecs import ENTRY_POINT_GROUP
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.policy import Policy
from pytest_gates.plugin.controller import Controller
from pytest_gates.plugin.early import Early, only_asks, overrides, profile_name
from pytest_gates.plugin.trial import Trial
from pytest_gates.plugin.tried_again import MARKER_HELP
from pytest_gates.plugin.worker import Worker

CONTROLLER = "gates-controller"
WORKER = "gates-worker"
TRIAL = "gates-trial"
_OTHER_OWNERS = (
    # Plugin, option, what it does; each would run tests again by itself, and hide that from us.
    ("pytest-rerunfailures", "reruns", "--reruns"),
    ("pytest-retry", "retries", "--retries"),
    ("pytest-forked", "forked", "--forked"),
    ("pytest-flakefinder", "flake_finder_enable", "--flake-finder"),
)


def configure(config: pytest.Config, early: Early) -> None:
    """Read the law, and let the one process decide that decides. Raises UsageError (exit 4)."""
    config.addinivalue_line("markers", MARKER_HELP)
    if only_asks(config.option):
        return
    if VARIABLE in os.environ:
        config.pluginmanager.register(Trial(config), TRIAL)
        return
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Worker(config, early), WORKER)
        return
    inside = judge_inside(config.rootpath)
    if inside is not None:
        raise pytest.UsageError(
            f"pytest-gates was imported from {inside}, inside the project it is to judge; remove that "
            "folder, or start pytest so that it does not come first (`pytest`, not `python -m pytest`)"
        )
    try:
        register_installed(config.pluginmanager)
        known = _catalog(config)
        policy = read_policy(config, known)
    except ConfigError as wrong:
        shown = "\n".join(f"  {problem}" for problem in wrong.problems)
        raise pytest.UsageError(f"the policy of pytest-gates is wrong:\n{shown}") from wrong
    refuse_other_owners(config, policy)
    if any(known.gates[gate.name].uses_coverage for gate in policy.gates):
        early.measure(branches=False, source=())
    config.pluginmanager.register(Controller(config, early, policy, known), CONTROLLER)


def refuse_other_owners(config: pytest.Config, policy: Policy) -> None:
    """Two owners of a test's run switch each other off silently. Raises UsageError."""
    gate = policy.gate("flaky")
    if not isinstance(getattr(gate, "settings", None), FlakySettings):
        return
    for distribution, option, flag in _OTHER_OWNERS:
        if config.getoption(option, None) or _ini(config, option):
            raise pytest.UsageError(
                f"{flag} ({distribution}) and the gate `flaky` both run failed tests again: remove "
                f"{flag}, or turn the gate off with `flaky = false`; the gate's own number is `reruns`"
            )


def _ini(config: pytest.Config, name: str) -> bool:
    try:
        return bool(config.getini(name))
    except (KeyError, ValueError):
        return False


def register_installed(pluginmanager: Any) -> None:
    """Packages that declare their hooks for `gates verify` are known to the run as well."""
    # Parsing all entry points of all packages takes three times as long as looking for one word.
    declaring = (
        distribution
        for distribution in importlib.metadata.distributions()
        if f"[{ENTRY_POINT_GROUP}]" in (distribution.read_text("entry_points.txt") or "")
    )
    for entry in chain.from_iterable(one.entry_points for one in declaring):
        if entry.group != ENTRY_POINT_GROUP:
            continue
        module = entry.load()
        if not pluginmanager.is_registered(module):
            pluginmanager.register(module, f"{ENTRY_POINT_GROUP}:{entry.name}")


def read_policy(config: pytest.Config, known: Catalog) -> Policy:
    """The effective policy with its exceptions. Raises ConfigError."""
    options = config.option
    policy = parse_policy(
        find_policy_file(config.rootpath, options.gates_config),
        gates=known.gates,
        default=DEFAULT_POLICY,
        profile=profile_name(options),
        overrides=overrides(options),
        version=__version__,
        reporters=tuple(known.reporters),
    )
    text = text_below(config.rootpath, policy.exceptions_file)
    return with_text(policy, text, known.gates, today_utc())


def _catalog(config: pytest.Config) -> Catalog:
    hook = config.hook
    return catalog(
        gates=_values(hook.pytest_gates_gates()),
        tools=_values(hook.pytest_gates_tools()),
        reporters=_values(hook.pytest_gates_reporters()),
    )


def _values(answers: list[Iterable[Any]]) -> tuple[Any, ...]:
    # pluggy answers in the order last registered, first called; people expect the other one.
    return tuple(chain.from_iterable(reversed(answers)))
