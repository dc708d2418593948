"""What the history asks of a database, whichever it is. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]
_CHUNK = 500


class Access(enum.Enum):
    """What a transaction may do. `ALONE` waits for all writers and keeps them out."""

    READ = "read"
    WRITE = "write"
    ALONE = "alone"


class Database(Protocol):
    """One connection. SQL has `?` for values; every method raises HistoryError when it fails."""

    source: str
    words: Mapping[str, str]
    """What the types in the schema are called here."""
    lock: str
    """Ends a query whose rows nobody else may change before this transaction has ended."""

    def transaction(self, access: Access) -> AbstractContextManager[None]:
        """All or nothing; an exception inside rolls back."""

    def tables(self) -> frozenset[str]:
        """Names of all tables that are there, ours or not."""

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]: ...

    def execute(self, sql: str, values: Sequence[object] = ()) -> None: ...

    def execute_each(self, sql: str, values: Iterable[Sequence[object]]) -> None: ...

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None: ...

    def merge(self, table: str, columns: Sequence[str], rows: Iterable[Row], conflict: str) -> None:
        """Insert rows with an ON CONFLICT clause."""

    def close(self) -> None: ...


def rows_among(
    database: Database, sql: str, values: Sequence[object], among: Sequence[object]
) -> Iterator[Row]:
    """Rows of `sql`, in which `{among}` stands for any number of values after the others."""
    for start in range(0, len(among), _CHUNK):
        some = among[start : start + _CHUNK]
        marks = ",".join("?" * len(some))
        yield from database.rows(sql.format(among=marks), (*values, *some))
