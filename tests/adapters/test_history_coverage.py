"""The coverage of green runs comes back from the history, in SQLite as in PostgreSQL, and is bounded."""

from __future__ import annotations

import pytest

from pytest_gates.adapters.history_coverage import KEEP_RUNS
from pytest_gates.adapters.history_schema import MIGRATIONS
from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.errors import HistoryError
from pytest_gates.model.history import BranchKind
from pytest_gates.model.ratchet import Baseline, BaselineFile, Origin
from support.history import DAY, NOW, SCOPE, A, Place, a_key, a_run, hours_ago

pytest_plugins = ["support.databases"]


def a_baseline(commit: str = "c" * 40, shard: str | None = None) -> Baseline:
    origin = Origin(commit=commit, coverage_version="7", variant="python 3.11, linux", shard=shard)
    files = {"src/pay.py": BaselineFile("1" * 40, ((1, 6),), ((7, 7),))}
    return Baseline(origin=origin, source="history", files=files)


def test_what_was_kept_is_there_for_the_next_process(place: Place) -> None:
    place.open().remember_coverage(a_key("run-1"), a_baseline(shard="e2e"))
    again = place.open()
    (found,) = again.coverages(*SCOPE)
    assert (found.run, found.commit, found.shard) == ("run-1", "c" * 40, "e2e")
    assert found.started == hours_ago(1)
    assert again.coverage_of(*SCOPE, "run-1") == a_baseline(shard="e2e")


def test_an_empty_history_has_none(store: SqlHistory) -> None:
    assert store.coverages(*SCOPE) == ()
    with pytest.raises(HistoryError, match="not there"):
        store.coverage_of(*SCOPE, "run-1")


def test_the_same_run_is_kept_once(store: SqlHistory) -> None:
    store.remember_coverage(a_key("run-1"), a_baseline())
    store.remember_coverage(a_key("run-1"), a_baseline("d" * 40))
    assert [one.commit for one in store.coverages(*SCOPE)] == ["c" * 40]


def test_the_newest_of_each_kind_are_kept(store: SqlHistory) -> None:
    store.remember_coverage(a_key("base", started=hours_ago(900)), a_baseline())
    store.remember_coverage(a_key("e2e", started=hours_ago(901)), a_baseline(shard="e2e"))
    change = {"branch": "topic", "branch_kind": BranchKind.CHANGE}
    kept = KEEP_RUNS[BranchKind.CHANGE]
    for number in range(kept + 2):
        key = a_key(f"run-{number:02}", started=hours_ago(800 - number), **change)
        store.remember_coverage(key, a_baseline())
    names = [one.run for one in store.coverages(*SCOPE)]
    assert names[0] == f"run-{kept + 1}"
    assert names[-3:] == ["run-02", "base", "e2e"]
    assert len(names) == kept + 2


def test_what_is_older_than_the_history_keeps_goes_with_it(place: Place) -> None:
    place.open().remember_coverage(a_key("run-1"), a_baseline())
    later = place.open(now=NOW + 200 * DAY)
    later.remember(a_run("run-2", clean=(A,), started=NOW + 200 * DAY))
    assert later.coverages(*SCOPE) == ()


def test_a_run_of_the_future_is_refused(store: SqlHistory) -> None:
    with pytest.raises(HistoryError, match="in the future"):
        store.remember_coverage(a_key("run-1", started=NOW + 2 * DAY), a_baseline())


@pytest.mark.parametrize("cut", ["substr(payload, 1, 20)", "substr(payload, 3)"])
def test_a_broken_one_is_never_an_empty_one(place: Place, cut: str) -> None:
    store = place.open()
    store.remember_coverage(a_key("run-1"), a_baseline())
    place.run(f"UPDATE {{schema}}coverage SET payload = {cut}")
    with pytest.raises(HistoryError, match="cannot be read"):
        store.coverage_of(*SCOPE, "run-1")


def test_a_history_from_before_takes_coverage_as_well(place: Place) -> None:
    place.open(migrations=MIGRATIONS[:1]).close()
    store = place.open()
    store.remember_coverage(a_key("run-1"), a_baseline())
    assert len(store.coverages(*SCOPE)) == 1
