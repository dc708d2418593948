"""Any sequence of runs: both databases answer as plain Python over lists does."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.model.case import FlakeClass, Outcome
from pytest_gates.model.history import BranchKind, EventfulTest, TestHistory
from support.history import NOW, SCOPE, Place, a_run, attempts
from support.plain_history import PlainHistory

pytest_plugins = ["support.databases"]

NODEIDS = [f"t.py::test_{letter}" for letter in "abcd"]
CONTENTS = ["x", "y", None]
KEEP_DAYS = 20
EVENTFUL = st.builds(
    lambda nodeid, outcomes, kind: attempts(nodeid, *outcomes, kind=kind),
    st.sampled_from(NODEIDS),
    st.lists(st.sampled_from(Outcome), min_size=1, max_size=3),
    st.none() | st.sampled_from(FlakeClass),
)


def numbers(told: TestHistory) -> list[float]:
    """What is summed up in an order of its own, and may differ in the last bit."""
    weighted = [told.weighted_unsteady]
    for tally in (told.base, told.change):
        weighted += [tally.weighted_runs, tally.weighted_failures]
    return weighted


def others(told: TestHistory) -> tuple[object, ...]:
    tallies = (told.base, told.change)
    return (
        told.nodeid, [(one.runs, one.failures) for one in tallies], told.flaked, told.unsteady,
        told.signatures, told.kinds, told.passes_since, told.last_failed, told.same_content,
    )  # fmt: skip


def assert_equal(told: TestHistory, expected: TestHistory) -> None:
    assert others(told) == others(expected)
    assert numbers(told) == pytest.approx(numbers(expected))


class HistoryMachine(RuleBasedStateMachine):
    """`opened` gives empty histories, for a clock and so many days to keep."""

    opened: Callable[[Callable[[], dt.datetime]], list[SqlHistory]]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.stores = type(self).opened(lambda: self.now)
        self.plain = PlainHistory(KEEP_DAYS)

    @rule(days=st.sampled_from([0.5, 1, 3, 15]))
    def wait(self, days: float) -> None:
        self.now += dt.timedelta(days=days)

    @rule(
        name=st.integers(0, 15).map("run-{}".format),
        clean=st.sets(st.sampled_from(NODEIDS)),
        eventful=st.lists(EVENTFUL, max_size=3, unique_by=lambda one: one.nodeid),
        kind=st.sampled_from(BranchKind),
        content=st.sampled_from(CONTENTS),
        hours=st.integers(0, 6) | st.integers(0, 30 * 24),
    )
    def remember(
        self,
        name: str,
        clean: set[str],
        eventful: list[EventfulTest],
        kind: BranchKind,
        content: str | None,
        hours: int,
    ) -> None:
        green = sorted(clean - {one.nodeid for one in eventful})
        run = a_run(
            name,
            *eventful,
            clean=green,
            branch_kind=kind,
            content=content,
            started=self.now - dt.timedelta(hours=hours),
        )
        expected = self.plain.remember(run, self.now)
        assert [store.remember(run) for store in self.stores] == [expected] * len(self.stores)

    @rule(content=st.sampled_from(CONTENTS))
    def ask(self, content: str | None) -> None:
        plain = self.plain
        found = {nodeid: plain.test(nodeid, content, self.now) for nodeid in NODEIDS}
        expected = {nodeid: one for nodeid, one in found.items() if one is not None}
        for store in self.stores:
            facts = store.facts(*SCOPE, content, tuple(NODEIDS))
            assert facts.tests.keys() == expected.keys()
            for nodeid, told in facts.tests.items():
                assert_equal(told, expected[nodeid])
            on_base = [one for one in plain.runs if one.key.branch_kind is BranchKind.BASE]
            assert facts.base_runs == len(on_base)
            assert facts.failing_on_base == plain.failing_on_base()
            priors = store.priors(*SCOPE)
            assert priors.keys() == {one for one in expected if expected[one].base.failures}

    @rule(limit=st.integers(1, 4))
    def list(self, limit: int) -> None:
        plain = self.plain
        found = (plain.test(nodeid, None, self.now) for nodeid in NODEIDS)
        unsteady = {one.nodeid: one for one in found if one is not None and one.unsteady}
        for store in self.stores:
            top = store.top(*SCOPE, limit)
            assert len(top) == min(limit, len(unsteady))
            for one in top:
                assert_equal(one, unsteady[one.nodeid])
            weights = [one.weighted_unsteady for one in top]
            assert weights == sorted(weights, reverse=True)
            runs = store.trend(*SCOPE, limit)
            assert [one.started for one in runs] == [
                one.key.started for one in plain.in_time()[-limit:]
            ]
            for nodeid in NODEIDS:
                seen = [
                    (one.run.id, tuple(attempt.outcome for attempt in one.attempts))
                    for one in store.sightings(*SCOPE, nodeid, 99)
                ]
                # Runs that began together have no order.
                assert sorted(seen) == sorted(plain.sightings(nodeid))

    def teardown(self) -> None:
        self.ask("x")
        self.list(4)
        for store in self.stores:
            store.close()


def test_any_sequence_of_runs(sqlite_place: Place, postgresql_place: Place, tmp_path: Path) -> None:
    def opened(clock: Callable[[], dt.datetime]) -> list[SqlHistory]:
        shutil.rmtree(tmp_path)
        postgresql_place.run("DROP SCHEMA IF EXISTS pytest_gates CASCADE")
        return [
            place.open(clock=clock, keep_days=KEEP_DAYS)
            for place in (sqlite_place, postgresql_place)
        ]

    machine = type("Machine", (HistoryMachine,), {"opened": staticmethod(opened)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
