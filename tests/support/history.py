"""Runs to remember, and places to remember them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from pytest_gates.adapters.history_postgresql import PostgresqlDatabase
from pytest_gates.adapters.history_sqlite import SqliteDatabase
from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.model.case import Attempt, Diagnosis, Failure, FlakeClass, Outcome, Setting
from pytest_gates.model.history import BranchKind, EventfulTest, RunKey, RunToRemember

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
REPOSITORY, VARIANT = "example.org/shop", "cpython-3.11-linux"
SCOPE = (REPOSITORY, VARIANT)
CONTENT = "b" * 40
DAY = dt.timedelta(days=1)
A, B, C = (f"tests/test_pay.py::test_{name}" for name in "abc")

PASSED = Attempt(outcome=Outcome.PASSED, seconds=0.25)


def a_key(name: str = "run-1", **changes: Any) -> RunKey:
    """A run of the main branch, an hour ago."""
    values: dict[str, Any] = {
        "id": name,
        "repository": REPOSITORY,
        "variant": VARIANT,
        "branch": "main",
        "branch_kind": BranchKind.BASE,
        "commit": "c" * 40,
        "content": None,
        "started": NOW - dt.timedelta(hours=1),
    }
    return RunKey(**{**values, **changes})


def a_run(
    name: str = "run-1",
    *eventful: EventfulTest,
    clean: Sequence[str] | Mapping[str, float] = (),
    **changes: Any,
) -> RunToRemember:
    """`clean` tests of a quarter of a second each, unless told."""
    seconds = clean if isinstance(clean, Mapping) else dict.fromkeys(clean, 0.25)
    return RunToRemember(key=a_key(name, **changes), clean=seconds, eventful=eventful)


def on_change(name: str, *eventful: EventfulTest, **changes: Any) -> RunToRemember:
    return a_run(name, *eventful, branch="topic", branch_kind=BranchKind.CHANGE, **changes)


def attempts(nodeid: str, *outcomes: Outcome, kind: FlakeClass | None = None) -> EventfulTest:
    """The first in the run, the others alone; failures have the signature `s`."""
    return EventfulTest(
        nodeid=nodeid,
        attempts=tuple(
            Attempt(
                outcome=one,
                seconds=0.5,
                setting=Setting.ISOLATED if number else Setting.IN_RUN,
                failure=a_failure() if one is Outcome.FAILED else None,
            )
            for number, one in enumerate(outcomes)
        ),
        diagnosis=Diagnosis(kind=kind, why="as told") if kind is not None else None,
    )


def failed(nodeid: str, signature: str = "s") -> EventfulTest:
    attempt = Attempt(
        outcome=Outcome.FAILED, seconds=0.5, message="boom", failure=a_failure(signature)
    )
    return EventfulTest(nodeid=nodeid, attempts=(attempt,))


def flaky(nodeid: str) -> EventfulTest:
    return attempts(nodeid, Outcome.FAILED, Outcome.PASSED)


def a_failure(signature: str = "s") -> Failure:
    return Failure(signature=signature, kind="AssertionError", phase="call")


def hours_ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


class Place:
    """Where a history may be; `where` is what a user writes."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._opened: list[SqlHistory] = []

    def open(self, now: dt.datetime = NOW, wait_seconds: float = 30, **more: Any) -> SqlHistory:
        """`now` is the time all of its life."""
        database = self.database(wait_seconds)
        found = SqlHistory(database, **{"clock": lambda: now, **more})
        self._opened.append(found)
        return found

    def database(self, wait_seconds: float = 30) -> SqliteDatabase | PostgresqlDatabase:
        if self.where.startswith("sqlite:"):
            path = Path(self.where.removeprefix("sqlite:"))
            return SqliteDatabase(path, wait_seconds=wait_seconds)
        return PostgresqlDatabase(self.where, wait_seconds=wait_seconds)

    def run(self, *statements: str) -> None:
        """Past the store, as an administrator would; {schema} is where its tables are."""
        if self.where.startswith("sqlite:"):
            database = self.database()
            for statement in statements:
                database.execute(statement.format(schema=""))
            database.close()
        else:
            with psycopg.connect(self.where) as connection:
                for statement in statements:
                    connection.execute(statement.format(schema="pytest_gates.").encode())

    def close(self) -> None:
        for one in self._opened:
            one.close()
