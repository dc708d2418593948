"""The pytest plugin: inert unless `-p` or PYTEST_PLUGINS names it. Effects: hooks.

Loaded by every pytest start in an environment that has pytest-gates installed, so it imports nothing of
ours before somebody asked for it (the only lazy imports of the package, with those of `cli`).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gates import hookspecs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gates.plugin.early import Early

NAMES = frozenset({"gates", "pytest_gates.plugin"})
EARLY: pytest.StashKey[Early] = pytest.StashKey()

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--gates-profile",
        {"metavar": "NAME", "help": "profile of the policy (ci when CI=true, else local)"},
    ),
    (
        "--gates-config",
        {"metavar": "FILE", "help": "file of the policy (pyproject.toml or gates.toml)"},
    ),
    ("--gates-report-dir", {"metavar": "DIR", "help": "folder of the reports"}),
    (
        "--gates-base",
        {"metavar": "REF", "help": "what the change is compared with, such as origin/main"},
    ),
    (
        "--gates-shard",
        {"metavar": "NAME", "help": "name of this shard or matrix cell in the report"},
    ),
    (
        "--gates-fail-fast",
        {"action": "store_true", "help": "quick gates must pass before the first test"},
    ),
    (
        "--gate",
        {
            "metavar": "NAME",
            "action": "append",
            "default": [],
            "help": "turn a gate on for this run",
        },
    ),
    (
        "--no-gate",
        {
            "metavar": "NAME",
            "action": "append",
            "default": [],
            "help": "turn a gate off for this run",
        },
    ),
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    group = parser.getgroup("gates", "quality gates (active with -p gates)")
    for flag, settings in _OPTIONS:
        group.addoption(flag, dest=dest_of(flag), **settings)
    config: Any = pluginmanager.getplugin("pytestconfig")
    how = activated_by(config)
    if how is not None:
        with _plain_imports():
            from pytest_gates.plugin.early import Early

        # The earliest moment there is: a `-p` plugin gets here before other plugins and conftests,
        # which may import the project, so its coverage misses nothing.
        config.stash[EARLY] = Early(config, parser, how)


def pytest_configure(config: pytest.Config) -> None:
    early = config.stash.get(EARLY, None)
    if early is None:
        _refuse_orphaned_options(config)
        return
    with _plain_imports():
        from pytest_gates.plugin.session import configure

    configure(config, early)


def pytest_unconfigure(config: pytest.Config) -> None:
    early = config.stash.get(EARLY, None)
    if early is not None:
        early.close()


@contextlib.contextmanager
def _plain_imports() -> Iterator[None]:
    """Import our own modules as Python does, without pytest's rewriting of assertions.

    pytest rewrites every module of a distribution that has a `pytest11` entry point. Ours assert nothing,
    and rewritten code is not in the wheel: a fresh CI checkout would pay 100 ms and more for it. (9.2)
    """
    finders = sys.meta_path[:]
    sys.meta_path[:] = [one for one in finders if type(one).__name__ != "AssertionRewritingHook"]
    try:
        yield
    finally:
        sys.meta_path[:] = finders


def activated_by(config: Any) -> str | None:
    """How this run asked for the plugin, for people; None when it did not.

    The last mention wins, as in pytest: `-p gates -p no:gates` is off.
    """
    mentions = [name.strip() for name in config.known_args_namespace.plugins]
    last = next((name for name in reversed(mentions) if name.removeprefix("no:") in NAMES), None)
    if last in NAMES:
        for source, words in argument_sources(config):
            if mentions_plugin(words):
                return source
        return "-p"
    by_environment = NAMES & {
        name.strip() for name in os.environ.get("PYTEST_PLUGINS", "").split(",")
    }
    return "PYTEST_PLUGINS" if by_environment and last is None else None


def argument_sources(config: Any) -> tuple[tuple[str, list[str]], ...]:
    """Where options of this run come from, the strongest first, each with its words."""
    return (
        ("-p", [str(word) for word in config.invocation_params.args]),
        ("PYTEST_ADDOPTS", shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))),
        ("addopts", list(config.getini("addopts"))),
    )


def mentions_plugin(words: list[str]) -> bool:
    joined = {word[2:].strip() for word in words if word.startswith("-p") and len(word) > len("-p")}
    following = {after.strip() for word, after in pairwise(words) if word == "-p"}
    return bool(NAMES & (joined | following))


def dest_of(flag: str) -> str:
    """`--gate` becomes `gates_gate`: every name of ours begins with `gates_`, so none can collide."""
    name = flag.removeprefix("--").replace("-", "_")
    return name if name.startswith("gates_") else f"gates_{name}"


def _refuse_orphaned_options(config: pytest.Config) -> None:
    given = [flag for flag, _ in _OPTIONS if config.getoption(dest_of(flag), None)]
    if given:
        raise pytest.UsageError(
            f"{', '.join(given)}: the gates are not active in this run; add `-p gates`"
        )
