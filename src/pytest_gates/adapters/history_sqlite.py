"""The history in one SQLite file. Effects: a file, waits for other processes that write it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_gates.adapters.history_database import Access, Row
from pytest_gates.errors import HistoryError

_WAIT_SECONDS = 30.0
_IGNORE_ALL = "# Written by pytest-gates.\n*\n"
# A write transaction needs the lock from its start: two that upgraded a read lock would both give up.
_BEGIN = {Access.READ: "BEGIN", Access.WRITE: "BEGIN IMMEDIATE", Access.ALONE: "BEGIN IMMEDIATE"}
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "wait until the other run has ended, or use postgresql:// for many writers",
    sqlite3.SQLITE_LOCKED: "wait until the other run has ended",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable, or name another place with `history`",
    sqlite3.SQLITE_CANTOPEN: "make the folder writable, or name another place with `history`",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_NOTADB: "restore the file, or remove it to begin a new history",
    sqlite3.SQLITE_CORRUPT: "restore the file, or remove it to begin a new history",
}


class SqliteDatabase:
    """A Database in the file `path`, whose folder is made if it is not there.

    `prepare` is given the connection before anything else is done with it.
    """

    words: Mapping[str, str] = {
        "number": "INTEGER PRIMARY KEY",
        "blob": "BLOB",
        "text": "TEXT",
        "packed": "WITHOUT ROWID",
        "updated": "WITHOUT ROWID",
    }
    lock = ""

    def __init__(
        self,
        path: Path,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        prepare: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        self.source = f"sqlite {path}"
        self._closed = False
        _make_folder(path)
        with self._told():
            # autocommit: every transaction is begun and ended here.
            self._connection = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None)
        try:
            with self._told():
                # What a run changes fits, so that readers are kept out for the commit only.
                self._connection.execute("PRAGMA cache_size = -32768")
                if prepare is not None:
                    prepare(self._connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, access: Access) -> Iterator[None]:
        with self._told():
            self._connection.execute(_BEGIN[access])
        try:
            yield
            with self._told():
                self._connection.execute("COMMIT")
        except BaseException:
            if not self._closed and self._connection.in_transaction:
                # A full disk has ended the transaction already; what is rolled back is never missed.
                self._connection.rollback()
            raise

    def tables(self) -> frozenset[str]:
        found = self.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        return frozenset(name for (name,) in found)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        with self._told():
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[object] = ()) -> None:
        with self._told():
            self._connection.execute(sql, values)

    def execute_each(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        with self._told():
            self._connection.executemany(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self.merge(table, columns, rows, "")

    def merge(self, table: str, columns: Sequence[str], rows: Iterable[Row], conflict: str) -> None:
        marks = ", ".join("?" * len(columns))
        words = ("INSERT INTO", table, "(", ", ".join(columns), ") VALUES (", marks, ")", conflict)
        self.execute_each(" ".join(words), rows)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever SQLite says becomes a HistoryError."""
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeError) as why:
            # Extended codes hold the plain one in their lowest byte; older errors have none.
            code = getattr(why, "sqlite_errorcode", None)
            remedy = _REMEDIES.get(code & 0xFF) if isinstance(code, int) else None
            raise HistoryError(
                f"{self.source}: {why}",
                remedy or "see whether the file is a history of pytest-gates and can be written",
            ) from why


def _make_folder(path: Path) -> None:
    """git shall not see a folder that we made: it may be pytest's cache, which pytest now finds there."""
    folder = path.parent
    if folder.is_dir():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text(_IGNORE_ALL, encoding="utf-8")
    except OSError as why:
        raise HistoryError(
            f"the folder of the history, {folder}, cannot be made: {why.strerror}",
            "make its parent writable, or name another place with `history`",
        ) from why
