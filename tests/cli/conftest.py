"""Fixtures of the tests of the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.judged import Judged
from support.projects import Project

GREEN = {
    "pyproject.toml": "[tool.pytest-gates.tests]\n",
    "test_it.py": "def test_it(): pass\n",
}
RED = {**GREEN, "test_it.py": "def test_good(): pass\ndef test_bad(): assert False\n"}


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project."""
    return Project(pytester)


@pytest.fixture(params=[(), ("-n2",)], ids=["alone", "n2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The same run in one process and on two workers: `project.run(*workers)`."""
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture
def green(green_once: Judged, tmp_path: Path) -> Judged:
    """Passed, of the checked-out commit."""
    return green_once.copy(tmp_path / "project")


@pytest.fixture
def red(red_once: Judged, tmp_path: Path) -> Judged:
    """One test failed."""
    return red_once.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def green_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    return Judged.made(tmp_path_factory.mktemp("green"), GREEN)


@pytest.fixture(scope="session")
def red_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    return Judged.made(tmp_path_factory.mktemp("red"), RED, status=1)


@pytest.fixture(scope="session")
def quiet_session() -> None:
    """`quiet_environment` is made for each test, later than what is made once."""
    for name in ("CI", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        os.environ.pop(name, None)
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    for who in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{who}_NAME"] = "Ana"
        os.environ[f"GIT_{who}_EMAIL"] = "ana@example.org"
