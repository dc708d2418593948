"""Fixtures of the tests that touch the world: a private temporary folder, and a bound on waiting."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which this process makes its temporary files; whoever tidies up leaves it empty."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def env() -> dict[str, str]:
    """The environment of this process."""
    return dict(os.environ)
