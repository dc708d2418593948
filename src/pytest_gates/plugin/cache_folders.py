"""Where a run may keep what later runs want: history, scans of the base. Effects: makes folders."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from pytest_gates.adapters.history import CACHE_FOLDER
from pytest_gates.model.policy import Policy
from pytest_gates.model.settings import CodeScanSettings


def history_folder(config: pytest.Config) -> Path:
    """pytest's own, where it keeps one: it is what CI systems are told to keep.

    Except for its default under tox, which is a folder of the environment: that one goes when the
    environment is made anew, and `gates history` could not know of it.
    """
    cache = getattr(config, "cache", None)
    if cache is not None and not _is_of_tox(str(config.getini("cache_dir"))):
        return Path(str(cache.mkdir("gates")))
    folder = config.rootpath / CACHE_FOLDER
    with contextlib.suppress(OSError):  # the database then says why it cannot be there
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
    return folder


def scan_folder(config: pytest.Config, policy: Policy) -> Path | None:
    """pytest's own, always: it can be made anew. None where tools and scans of the base may keep nothing,
    or no gate asks.
    """
    cache = getattr(config, "cache", None)
    if cache is None or not any(isinstance(one.settings, CodeScanSettings) for one in policy.gates):
        return None
    try:
        return Path(str(cache.mkdir("gates")))
    except OSError:
        return None


def _is_of_tox(cache_dir: str) -> bool:
    """Whether this is what pytest makes of tox's environment, and not what the project asks for."""
    folder = os.environ.get("TOX_ENV_DIR")
    return folder is not None and cache_dir == str(Path(folder, CACHE_FOLDER.parts[0]))
