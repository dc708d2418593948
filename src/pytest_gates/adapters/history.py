"""Open the history that the policy names. Effects: reads the environment, files, a server.

The two databases are imported when they are asked for: nobody shall need a driver, or wait for one, that
is not used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_gates.errors import HistoryError
from pytest_gates.model.history import HistoryStore

CACHE_FOLDER = Path(".pytest_cache", "d", "gates")
"""Where pytest keeps what plugins give it; a project that moves it names a file in the policy.

Under tox too, where pytest's own default is a folder of the environment (`plugin/cache_folders.py`)."""

HISTORY_FILE = "history.sqlite3"
_POSTGRESQL = ("postgresql://", "postgres://")


def open_history(
    where: str,
    cache_folder: Path,
    *,
    root: Path = Path(),
    make: bool = True,
    environment: Mapping[str, str] | None = None,
) -> HistoryStore:
    """`where` is "sqlite" for a file in `cache_folder`, "sqlite:<path>" for one below `root`,
    "postgresql://…", or "env:<NAME>" where that variable holds one of these.

    Unless it may `make` one, a file has to be there: a mere question shall leave nothing behind.
    Raises HistoryError; a password that the URL holds is in none of its texts.
    """
    named = _resolved(where, os.environ if environment is None else environment)
    if named == "sqlite":
        return _sqlite(cache_folder / HISTORY_FILE, make=make)
    scheme, _, rest = named.partition(":")
    if scheme == "sqlite" and rest.strip() and not rest.startswith("//"):
        return _sqlite(root / rest.strip(), make=make)
    if named.startswith(_POSTGRESQL):
        return _postgresql(named)
    # What was named is not repeated: it may be a URL with a password and a spelling error.
    raise HistoryError(
        "the place of the history cannot be understood",
        'write "sqlite", "sqlite:<path of a file>" or "postgresql://user@host/database"',
    )


def _resolved(where: str, environment: Mapping[str, str]) -> str:
    if where == "off":
        raise HistoryError(
            "the policy keeps no history", 'set `history` to something else than "off"'
        )
    if not where.startswith("env:"):
        return where
    name = where.removeprefix("env:")
    value = environment.get(name, "").strip()
    if not value:
        raise HistoryError(
            f"the history is where the variable {name} says, and it is not set",
            "set it, or run where it is set",
        )
    return value


def _sqlite(path: Path, *, make: bool) -> HistoryStore:
    if not make and not path.exists():
        raise HistoryError(
            f"there is no history in {path} yet",
            "run `pytest -p gates` with the gate `flaky`, or `gates history import`",
        )
    from pytest_gates.adapters.history_sqlite import SqliteDatabase  # noqa: PLC0415
    from pytest_gates.adapters.history_store import SqlHistory  # noqa: PLC0415

    return SqlHistory(SqliteDatabase(path))


def _postgresql(url: str) -> HistoryStore:
    try:
        from pytest_gates.adapters.history_postgresql import PostgresqlDatabase  # noqa: PLC0415
    except ImportError as why:
        raise HistoryError(
            f"a history in PostgreSQL needs psycopg 3, which cannot be imported: {why}",
            'install it with `pip install "pytest-gates[postgres]"`',
        ) from why
    from pytest_gates.adapters.history_store import SqlHistory  # noqa: PLC0415

    return SqlHistory(PostgresqlDatabase(url))
