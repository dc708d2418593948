"""A history that cannot keep its word says so, with a remedy: never an empty answer instead."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_gates.adapters.history import open_history
from pytest_gates.adapters.history_database import Access
from pytest_gates.adapters.history_postgresql import PostgresqlDatabase
from pytest_gates.adapters.history_schema import MIGRATIONS
from pytest_gates.adapters.history_sqlite import SqliteDatabase
from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.errors import HistoryError
from pytest_gates.model.history import Remembered
from support.history import NOW, SCOPE, A, B, Place, a_run, failed, flaky

pytest_plugins = ["support.databases"]

TWO = (*MIGRATIONS, ("ALTER TABLE run ADD COLUMN note TEXT", "CREATE INDEX run_note ON run (note)"))
MANY = tuple(f"tests/test_many.py::test_{number}" for number in range(2000))


def asked(store: SqlHistory) -> None:
    """Every question, as the gates and the commands ask them."""
    store.facts(*SCOPE, "content", (A, B))
    store.priors(*SCOPE)
    store.scopes()
    store.top(*SCOPE, 9)
    store.trend(*SCOPE, 9)
    store.sightings(*SCOPE, A, 9)


def columns_of_run(place: Place) -> set[str]:
    database = place.database()
    with database.transaction(Access.READ):
        if isinstance(database, SqliteDatabase):
            found = database.rows("SELECT name FROM pragma_table_info('run')")
        else:
            found = database.rows(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'run'::regclass"
            )
    database.close()
    return {name for (name,) in found}


def test_an_older_history_is_brought_up_to_date_and_keeps_its_runs(place: Place) -> None:
    place.open().remember(a_run("run-1", flaky(A)))
    assert "note" not in columns_of_run(place)
    newer = place.open(migrations=TWO)
    assert "note" in columns_of_run(place)
    assert newer.top(*SCOPE, 9)[0].nodeid == A
    assert newer.remember(a_run("run-2", clean=(A,))) is Remembered.WRITTEN
    assert place.open(migrations=TWO).facts(*SCOPE, None, ()).base_runs == 2


def test_a_new_history_takes_all_steps(place: Place) -> None:
    assert place.open(migrations=TWO).remember(a_run("run-1")) is Remembered.WRITTEN
    assert "note" in columns_of_run(place)


def test_a_history_of_a_later_version_is_left_alone(place: Place) -> None:
    place.open(migrations=TWO).close()
    with pytest.raises(HistoryError, match="later pytest-gates") as told:
        place.open()
    assert "upgrade" in told.value.remedy


def test_a_step_that_fails_leaves_the_old_version(place: Place) -> None:
    place.open().remember(a_run("run-1", clean=(A,)))
    broken = (*MIGRATIONS, ("ALTER TABLE run ADD COLUMN note TEXT", "no such statement"))
    with pytest.raises(HistoryError):
        place.open(migrations=broken)
    assert "note" not in columns_of_run(place)
    assert place.open().facts(*SCOPE, None, ()).base_runs == 1


def test_a_database_of_something_else_is_left_alone(place: Place) -> None:
    if place.where.startswith("sqlite:"):
        place.run("CREATE TABLE meta (key TEXT)")
    else:
        place.run("CREATE SCHEMA pytest_gates", "CREATE TABLE pytest_gates.meta (key TEXT)")
    with pytest.raises(HistoryError, match="something else"):
        place.open()


def test_a_version_that_is_none_is_told(place: Place) -> None:
    place.open().close()
    place.run("DELETE FROM {schema}gates_meta")
    with pytest.raises(HistoryError, match="something else"):
        place.open()


def test_a_table_that_is_gone_is_told(place: Place) -> None:
    store = place.open()
    store.remember(a_run("run-1", clean=(A,)))
    place.run("DROP TABLE {schema}test_state")
    with pytest.raises(HistoryError, match="test_state"):
        store.top(*SCOPE, 9)
    with pytest.raises(HistoryError, match="test_state"):
        store.remember(a_run("run-2", clean=(B,)))
    assert [one.id for one in store.trend(*SCOPE, 9)] == ["run-1"]


@pytest.mark.parametrize("blob", ["00", "", "789c636060606000000005000101", "789c030000000001"])
def test_a_damaged_run_is_told(place: Place, blob: str) -> None:
    store = place.open()
    store.remember(a_run("run-1", failed(B), clean=(A,), content="content"))
    mark = "X" if place.where.startswith("sqlite:") else "'\\x"
    value = f"{mark}'{blob}'" if mark == "X" else f"{mark}{blob}'"
    place.run(f"UPDATE {{schema}}run SET clean = {value}")
    with pytest.raises(HistoryError, match="damaged"):
        store.sightings(*SCOPE, A, 9)
    with pytest.raises(HistoryError, match="damaged"):
        store.facts(*SCOPE, "content", (A,))


def test_whoever_waits_too_long_is_told(place: Place) -> None:
    store = place.open(wait_seconds=0.1)
    store.remember(a_run("run-1"))
    other = place.database()
    with other.transaction(Access.ALONE), pytest.raises(HistoryError) as told:
        store.remember(a_run("run-2", clean=(A,)))
    other.close()
    assert "other run" in told.value.remedy or "another run" in told.value.remedy
    assert store.remember(a_run("run-2", clean=(A,))) is Remembered.WRITTEN


def test_a_closed_history_answers_nothing(place: Place) -> None:
    store = place.open()
    store.close()
    store.close()
    with pytest.raises(HistoryError):
        store.trend(*SCOPE, 9)
    with pytest.raises(HistoryError):
        store.remember(a_run())


# --- SQLite alone -------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history of one large run."""
    found = tmp_path / "kept.sqlite3"
    store = SqlHistory(SqliteDatabase(found), clock=lambda: NOW)
    store.remember(a_run("run-1", failed(A), clean=MANY))
    store.close()
    return found


def prepared(path: Path, *pragmas: str) -> SqlHistory:
    def prepare(connection: sqlite3.Connection) -> None:
        for one in pragmas:
            connection.execute(f"PRAGMA {one}")

    return SqlHistory(SqliteDatabase(path, prepare=prepare), clock=lambda: NOW)


def test_a_full_disk_is_told_and_leaves_the_runs_that_were_there(path: Path) -> None:
    pages = path.stat().st_size // 4096
    store = prepared(path, f"max_page_count = {pages + 2}")
    more = tuple(f"{nodeid}[again]" for nodeid in MANY)
    with pytest.raises(HistoryError, match="full") as told:
        store.remember(a_run("run-2", clean=more))
    assert "room" in told.value.remedy
    assert [one.id for one in store.trend(*SCOPE, 9)] == ["run-1"]
    assert store.facts(*SCOPE, None, more[:1]).tests == {}


def test_a_file_that_cannot_be_written_can_be_read(path: Path) -> None:
    store = prepared(path, "query_only = 1")
    asked(store)
    with pytest.raises(HistoryError, match="readonly") as told:
        store.remember(a_run("run-2", clean=(B,)))
    assert "writable" in told.value.remedy


def test_a_new_file_on_a_read_only_disk_is_no_empty_history(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="readonly"):
        prepared(tmp_path / "new.sqlite3", "query_only = 1")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="unable to open"):
        open_history(f"sqlite:{tmp_path}", tmp_path)


def test_a_file_in_the_place_of_the_folder_is_told(path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be made"):
        open_history("sqlite", path / "gates")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n" * 100)
    with pytest.raises(HistoryError, match="not a database") as told:
        open_history("sqlite", tmp_path)
    assert "remove it" in told.value.remedy
    assert path.read_bytes().startswith(b"version")


@pytest.mark.parametrize("damage", ["zeros", "noise", "cut"])
def test_a_damaged_file_is_told(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    rest = len(whole) - 4096
    tails = {"zeros": bytes(rest), "noise": b"\xa5" * rest, "cut": whole[4096 : rest // 2]}
    path.write_bytes(whole[:4096] + tails[damage])
    with pytest.raises(HistoryError) as told:
        asked(prepared(path))
    assert "remove it" in told.value.remedy


def test_half_written_is_not_written(path: Path, tmp_path: Path) -> None:
    """A journal that a killed process left is rolled back by whoever comes next."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE test SET passes = 7")
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(path.read_bytes())
    Path(f"{copy}-journal").write_bytes(Path(f"{path}-journal").read_bytes())
    connection.rollback()
    connection.close()
    store = prepared(copy)
    assert store.facts(*SCOPE, None, (A,)).tests[A].passes_since == 0


def test_the_folder_that_is_made_is_no_business_of_git(tmp_path: Path) -> None:
    open_history("sqlite", tmp_path / "cache" / "gates").close()
    assert (tmp_path / "cache/gates/.gitignore").read_text(encoding="utf-8").endswith("*\n")
    assert not (tmp_path / "cache/.gitignore").exists()


# --- PostgreSQL alone ---------------------------------------------------------------------------------

SECRET = "s3cret"
UNCLEAR = [
    f"postgresql://ana:{SECRET}@db@host/shop",
    f"postgresql://ana:{SECRET}/1@host/shop",
    f"postgresql://ana:{SECRET}%zz@host/shop",
    f"postgresql://ana@host:{SECRET}/shop",
    f"postgresql://host/shop?password={SECRET}&nonsense=1",
    f"postgresql://ana:{SECRET}@host/shop?connect_timeout=soon",
]


@pytest.mark.parametrize("url", UNCLEAR)
def test_a_url_that_is_not_understood_is_never_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as told:
        open_history(url, tmp_path)
    assert SECRET not in f"{told.value} {told.value.why} {told.value.remedy}"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ana:{SECRET}@127.0.0.1:1/shop",
        f"postgres://ana@127.0.0.1:1/shop?password={SECRET}",
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(HistoryError, match=r"postgresql 127\.0\.0\.1/shop") as told:
        open_history(url, tmp_path)
    assert SECRET not in f"{told.value} {told.value.remedy}"
    assert told.value.__cause__ is None


def test_a_password_in_the_url_is_in_no_source(postgresql_url: str, tmp_path: Path) -> None:
    store = open_history(postgresql_url.replace("postgres:@", f"postgres:{SECRET}@"), tmp_path)
    assert SECRET not in store.source
    assert store.source.startswith("postgresql ")
    store.close()


def test_a_database_that_is_not_there_is_told(postgresql_url: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="does not exist") as told:
        open_history(postgresql_url.replace("/postgres?", "/elsewhere?"), tmp_path)
    assert "user and database" in told.value.remedy


@pytest.fixture
def reader(postgresql_place: Place) -> Iterator[str]:
    """URL of a user who may read the history and not write it."""
    postgresql_place.open().remember(a_run("run-1", clean=(A,)))
    url = postgresql_place.where
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA pytest_gates TO reader")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA pytest_gates TO reader")
    yield url.replace("postgres:@", "reader:@")
    with psycopg.connect(url) as connection:
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")


def test_a_user_who_may_only_read_can_ask(reader: str) -> None:
    store = SqlHistory(PostgresqlDatabase(reader), clock=lambda: NOW)
    asked(store)
    with pytest.raises(HistoryError, match="permission denied") as told:
        store.remember(a_run("run-2", clean=(B,)))
    assert "rights" in told.value.remedy
    store.close()


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pytest-gates'"
)


def test_a_connection_that_was_cut_while_the_tests_ran_is_made_anew(
    postgresql_place: Place,
) -> None:
    store = postgresql_place.open()
    postgresql_place.run(CUT)
    assert store.remember(a_run("run-1", clean=(A,))) is Remembered.WRITTEN


def test_a_connection_that_is_cut_within_a_transaction_is_told(postgresql_place: Place) -> None:
    store = postgresql_place.open()
    database = postgresql_place.database()

    def cut_off() -> None:
        with database.transaction(Access.WRITE):
            database.execute("INSERT INTO scope (repository, variant) VALUES ('lost', '')")
            postgresql_place.run(CUT)
            database.execute("SELECT 1")

    with pytest.raises(HistoryError):
        cut_off()
    database.close()
    assert store.remember(a_run("run-1", clean=(A,))) is Remembered.WRITTEN
    assert [one.repository for one in store.scopes()] == [SCOPE[0]]
