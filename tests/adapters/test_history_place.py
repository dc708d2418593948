"""Where a history is: what a policy may name, and what is told of everything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.adapters.history import HISTORY_FILE, open_history
from pytest_gates.errors import HistoryError

SECRET = "s3cret"


@pytest.mark.parametrize(
    "where, file",
    [
        ("sqlite", f"cache/{HISTORY_FILE}"),
        ("sqlite:kept.db", "root/kept.db"),
        ("sqlite: deep/kept.db", "root/deep/kept.db"),
        ("env:HISTORY", "root/told.db"),
    ],
)
def test_a_file_is_in_the_cache_or_below_the_root(tmp_path: Path, where: str, file: str) -> None:
    environment = {"HISTORY": "sqlite:told.db\n"}
    cache, root = tmp_path / "cache", tmp_path / "root"
    open_history(where, cache, root=root, environment=environment).close()
    assert (tmp_path / file).is_file()


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    store = open_history(f"sqlite:{tmp_path / 'a.db'}", Path("cache"), root=Path("root"))
    store.close()
    assert store.source == f"sqlite {tmp_path / 'a.db'}"


def test_a_question_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="no history") as told:
        open_history("sqlite", tmp_path / "cache", make=False)
    assert "gates history import" in told.value.remedy
    assert list(tmp_path.iterdir()) == []
    open_history("sqlite", tmp_path).close()
    open_history("sqlite", tmp_path, make=False).close()


def test_a_history_that_is_off_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="keeps no history"):
        open_history("off", tmp_path)


@pytest.mark.parametrize("environment", [{}, {"HISTORY": " "}])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(HistoryError, match="variable HISTORY"):
        open_history("env:HISTORY", tmp_path, environment=environment)


def test_a_variable_of_the_process_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTORY", "sqlite")
    open_history("env:HISTORY", tmp_path).close()
    assert (tmp_path / HISTORY_FILE).is_file()


def test_what_a_variable_holds_is_never_repeated(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as told:
        open_history("env:HISTORY", tmp_path, environment={"HISTORY": f"pg://u:{SECRET}@h"})
    assert SECRET not in f"{told.value} {told.value.remedy}"


@pytest.mark.parametrize(
    "where", ["", "sqlite:", "sqlite:///x", "mysql://h/db", "history.db", f"x://u:{SECRET}@h"]
)
def test_a_place_of_no_known_kind_is_told(where: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be understood") as told:
        open_history(where, tmp_path)
    assert SECRET not in f"{told.value} {told.value.remedy}"
    assert list(tmp_path.iterdir()) == []


def test_postgresql_without_its_driver_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "pytest_gates.adapters.history_postgresql")
    with pytest.raises(HistoryError, match="psycopg") as told:
        open_history("postgresql://host/shop", tmp_path)
    assert "pytest-gates[postgres]" in told.value.remedy


def test_sqlite_needs_no_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pytest_gates.adapters.history import open_history;"
        f"open_history('sqlite', Path({os.fspath(tmp_path)!r})).close(); print('psycopg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
