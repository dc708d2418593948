"""Where the scans of a run may keep what they found. Effects: makes a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.model.policy import Policy
from pytest_gates.model.settings import CodeScanSettings


def cache_folder(config: pytest.Config, policy: Policy) -> Path | None:
    """Where tools and scans of the base may keep something; None where they may not, or no gate asks."""
    cache = getattr(config, "cache", None)
    if cache is None or not any(isinstance(one.settings, CodeScanSettings) for one in policy.gates):
        return None
    try:
        return Path(str(cache.mkdir("gates")))
    except OSError:
        return None
