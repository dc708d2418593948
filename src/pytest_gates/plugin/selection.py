"""Why a run was not the whole suite. Reads pytest's options."""

from __future__ import annotations

import re
from itertools import pairwise
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
    ("noconftest", "--noconftest"),
)
_VALUES: tuple[tuple[str, str], ...] = (
    ("keyword", "-k"),
    ("markexpr", "-m"),
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("ignore_glob", "--ignore-glob"),
    ("rootdir", "--rootdir"),
    ("splits", "--splits"),
    ("num_shards", "--num-shards"),
)

_TEST_WORDS = frozenset({"test", "tests", "testing"})
_HARMLESS_SETTINGS = (
    "log_",
    "junit_",
    "cache_dir=",
    "console_output_style=",
    "faulthandler_",
    "tmp_path_",
    "truncation_",
    "verbosity_",
    "strict",  # pytest itself turns --strict-markers into such an override (9.2)
    "xfail_strict=",
    "timeout",
)


def selection(config: pytest.Config) -> tuple[str, ...]:
    """The reasons, in words a user typed; empty for a whole suite.

    What the project's own `addopts` select is the suite: it is reviewed with the code. What this one
    command line, or its environment, selects in addition is not.
    """
    reasons = [shown for name, shown in _FLAGS if config.getoption(name, default=False)]
    own = _own_addopts(config)
    reasons += [
        f"{flag} {printable(str(value), 60)}"
        for name, flag in _VALUES
        for value in _as_list(config.getoption(name, None))
        if not _is_option_of(own, flag, str(value))
    ]
    reasons += _other_settings(config, own)
    # From testpaths: all there is. Else what was typed, or the folder in which it was typed.
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        reasons += [
            printable(arg, 60)
            for arg in config.args
            if not _is_argument_of(own, arg) and not _covers_suite(config, arg, config.args)
        ]
    return tuple(reasons)


def _other_settings(config: pytest.Config, own: list[str]) -> list[str]:
    """Settings that this run replaced: with them, "all tests" may mean others, or none."""
    reasons = [
        f"-o {printable(str(value), 60)}"
        for value in _as_list(config.getoption("override_ini", None))
        if not str(value).startswith(_HARMLESS_SETTINGS)
        and not _is_option_of(own, "-o", str(value))
        and not _is_option_of(own, "--override-ini", str(value))
    ]
    # Its own addopts come from that other file too, so they say nothing of the project's.
    other_file = config.getoption("inifilename", None)
    return reasons + ([f"-c {printable(str(other_file), 60)}"] if other_file else [])


def _own_addopts(config: Any) -> list[str]:
    return next(words for source, words in argument_sources(config) if source == "addopts")


def _is_option_of(words: list[str], flag: str, value: str) -> bool:
    """Whether these words give exactly this option: `-k x`, `-kx`, `--ignore=x`."""
    return (
        (flag, value) in pairwise(words)
        or f"{flag}={value}" in words
        or (not flag.startswith("--") and f"{flag}{value}" in words)
    )


def _is_argument_of(words: list[str], arg: str) -> bool:
    """Whether it stands there by itself; behind an option it may be that option's value."""
    return any(
        word == arg and not before.startswith("-") for before, word in pairwise(["", *words])
    )


def _as_list(value: Any) -> list[Any]:
    if not value:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _covers_suite(config: pytest.Config, arg: str, args: list[str]) -> bool:
    """Whether one positional argument means all tests there are.

    With `testpaths`: a folder that holds all of them. Without: the root, or a folder directly in it
    (`pytest tests`) when no other folder beside it is named like one of tests.
    """
    if "::" in arg or config.getoption("pyargs", default=False):
        return False
    given = [(config.invocation_params.dir / one).resolve() for one in args]
    path = (config.invocation_params.dir / arg).resolve()
    if not path.is_dir():
        return False
    root = config.rootpath.resolve()
    testpaths = [(root / one).resolve() for one in config.getini("testpaths")]
    if testpaths:
        return all(_holds(path, one) for one in testpaths)
    if path in {root, *root.parents}:
        return True
    return path.parent == root and not _other_test_folders(root, given)


def _other_test_folders(root: Path, given: list[Path]) -> list[str]:
    """Folders beside those `given` that are named like one of tests and hold Python files."""
    return [
        one.name
        for one in root.iterdir()
        if _TEST_WORDS & set(re.split(r"[^a-z]+", one.name.lower()))
        and not one.name.startswith(".")
        and one not in given
        and next(one.rglob("*.py"), None) is not None
    ]


def _holds(folder: Path, other: Path) -> bool:
    return other == folder or other.is_relative_to(folder)
