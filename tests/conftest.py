"""What all tests share: pytester, and an environment that says nothing of the machine."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["pytester"]

_TELLING = (
    "CI", "GITHUB_", "GITLAB_", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_GATES_", "PYTEST_DISABLE_",
    "PYTEST_XDIST_", "COVERAGE_", "COV_CORE_", "PIP_AUDIT_", "RUFF_", "GIT_", "NO_COLOR", "FORCE_COLOR",
    "BITBUCKET_", "BUILDKITE_", "BUILD_SOURCE", "SYSTEM_PULLREQUEST_", "CHANGE_TARGET",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine, of CI or of the outer run reaches what a test starts.

    COVERAGE_PROCESS_* is kept: by it our own subprocesses are measured.
    """
    for name in list(os.environ):
        if name.startswith(_TELLING) and not name.startswith("COVERAGE_PROCESS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ana")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ana@example.org")


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test starts is not measured for us: it measures itself, or asks what was imported."""
    for name in [one for one in os.environ if one.startswith("COVERAGE_PROCESS_")]:
        monkeypatch.delenv(name)
