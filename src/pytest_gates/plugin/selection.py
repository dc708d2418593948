"""Why a run was not the whole suite. Reads pytest's options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_gates.model.text import printable
from pytest_gates.plugin import argument_sources

_FLAGS: tuple[tuple[str, str], ...] = (
    ("collectonly", "--collect-only"),
    ("lf", "--lf"),
    ("stepwise", "--stepwise"),
    ("setupplan", "--setup-plan"),
    ("setuponly", "--setup-only"),
    ("testmon", "--testmon"),
)
_VALUES: tuple[tuple[str, str], ...] = (
    ("keyword", "-k"),
    ("markexpr", "-m"),
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("ignore_glob", "--ignore-glob"),
    ("splits", "--splits"),
    ("num_shards", "--num-shards"),
)


def selection(config: pytest.Config) -> tuple[str, ...]:
    """The reasons, in words a user typed; empty for a whole suite.

    What the project's own `addopts` select is the suite: it is reviewed with the code. What this one
    command line, or its environment, selects in addition is not.
    """
    reasons = [shown for name, shown in _FLAGS if config.getoption(name, default=False)]
    own = " ".join(_own_addopts(config))
    reasons += [
        f"{flag} {printable(str(value), 60)}"
        for name, flag in _VALUES
        for value in _as_list(config.getoption(name, None))
        if str(value) not in own
    ]
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        reasons += [
            printable(arg, 60)
            for arg in config.args
            if not _covers_suite(config, arg) and arg not in own
        ]
    return tuple(reasons)


def _own_addopts(config: Any) -> list[str]:
    return next(words for source, words in argument_sources(config) if source == "addopts")


def _as_list(value: Any) -> list[Any]:
    if not value:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _covers_suite(config: pytest.Config, arg: str) -> bool:
    """Whether one positional argument means all tests there are.

    With `testpaths`: a folder that holds all of them. Without: the root or a folder directly in it, which
    is how suites are run (`pytest tests`).
    """
    if "::" in arg or config.getoption("pyargs", default=False):
        return False
    path = (config.invocation_params.dir / arg).resolve()
    if not path.is_dir():
        return False
    root = config.rootpath.resolve()
    testpaths = [(root / one).resolve() for one in config.getini("testpaths")]
    if testpaths:
        return all(_holds(path, one) for one in testpaths)
    return path in {root, *root.parents} or path.parent == root


def _holds(folder: Path, other: Path) -> bool:
    return other == folder or other.is_relative_to(folder)
