"""Fixtures of the tests in which a foreign reader takes our reports."""

from __future__ import annotations

import pytest

from support.projects import Project


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project."""
    return Project(pytester)


@pytest.fixture(params=[(), ("-n2",)], ids=["alone", "n2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The same run in one process and on two workers: `project.run(*workers)`."""
    found: tuple[str, ...] = request.param
    return found
