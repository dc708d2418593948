"""Several processes, and killed ones: nothing is lost, nothing is written by half."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.model.history import Remembered
from support.history import SCOPE, Place, a_run

pytest_plugins = ["support.databases"]

TESTS = 400
FLAKY = "tests/test_many.py::test_0"
CLEAN = "tests/test_many.py::test_1"


class Writers:
    """Processes that were started and have not begun to write."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, where: str, name: str, count: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.writes_history", where, name, str(count), str(TESTS)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def begin(self) -> None:
        for process in self.started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()


@pytest.fixture
def writers() -> Iterator[Writers]:
    found = Writers()
    yield found
    for process in found.started:
        process.kill()
        process.communicate()


def runs_of(store: SqlHistory) -> set[str]:
    return {one.id for one in store.trend(*SCOPE, 1000)}


def assert_accord(store: SqlHistory) -> None:
    """Sums, rows and blobs speak of the same runs."""
    runs = len(store.trend(*SCOPE, 1000))
    facts = store.facts(*SCOPE, None, (FLAKY, CLEAN))
    assert facts.base_runs == runs
    for nodeid, failures in ((FLAKY, runs), (CLEAN, 0)):
        told = facts.tests[nodeid]
        assert (told.base.runs, told.base.failures, told.flaked) == (runs, failures, failures)
        assert len(store.sightings(*SCOPE, nodeid, 1000)) == runs


def test_two_writers_at_once_lose_nothing(place: Place, writers: Writers) -> None:
    for name in ("one", "two"):
        writers.start(place.where, name, 10)
    writers.begin()
    for process in writers.started:
        out, _ = process.communicate()
        assert process.returncode == 0
        assert len(out.split()) == 10
    store = place.open()
    assert runs_of(store) == {f"{name}-{number}" for name in ("one", "two") for number in range(10)}
    assert_accord(store)


def test_a_reader_beside_a_writer_sees_whole_runs(place: Place, writers: Writers) -> None:
    process = writers.start(place.where, "one", 15)
    store = place.open()
    writers.begin()
    seen = set()
    while process.poll() is None:
        facts = store.facts(*SCOPE, None, (FLAKY, CLEAN))
        seen.add(facts.base_runs)
        assert {one.base.runs for one in facts.tests.values()} <= {facts.base_runs}
    assert_accord(store)
    assert len(seen) > 1


@pytest.mark.parametrize("milliseconds", [1, 3, 7, 12, 18, 25])
def test_a_killed_writer_leaves_whole_runs(
    place: Place, writers: Writers, milliseconds: int
) -> None:
    process = writers.start(place.where, "killed", 1000)
    writers.begin()
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(2)]
    time.sleep(milliseconds / 1000)
    process.kill()
    told += process.stdout.read().split()
    store = place.open()
    found = runs_of(store)
    # What was said to be written is there; one more may be, whose end nobody could tell any more.
    assert set(told) <= found
    assert len(found) <= len(told) + 1
    assert_accord(store)


def test_a_run_whose_writer_was_killed_can_be_written_again(place: Place, writers: Writers) -> None:
    process = writers.start(place.where, "run", 1000)
    writers.begin()
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    again = writers.start(place.where, "run", 8)
    writers.started.remove(process)
    writers.begin()
    out, _ = again.communicate()
    assert out.split() == [f"run-{number}" for number in range(8)]
    store = place.open()
    assert {f"run-{number}" for number in range(8)} <= runs_of(store)
    assert_accord(store)


def test_the_next_writer_of_sqlite_uses_up_the_journal(
    sqlite_place: Place, writers: Writers, tmp_path: Path
) -> None:
    process = writers.start(sqlite_place.where, "killed", 1000)
    writers.begin()
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert sqlite_place.open().remember(a_run("next")) is Remembered.WRITTEN
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite3"]
