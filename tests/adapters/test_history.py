"""What is remembered of runs comes back, in a SQLite file as in PostgreSQL."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.errors import HistoryError
from pytest_gates.model.case import Attempt, FlakeClass, Outcome
from pytest_gates.model.history import EventfulTest, Remembered, Tally, TestHistory
from support.history import (
    CONTENT,
    DAY,
    NOW,
    REPOSITORY,
    SCOPE,
    VARIANT,
    A,
    B,
    C,
    Place,
    a_run,
    attempts,
    failed,
    flaky,
    hours_ago,
    on_change,
)

pytest_plugins = ["support.databases"]


def of(store: SqlHistory, nodeid: str = A, content: str | None = None) -> TestHistory:
    return store.facts(*SCOPE, content, (nodeid,)).tests[nodeid]


def counts(tally: Tally) -> tuple[int, int]:
    return tally.runs, tally.failures


def test_an_empty_history_knows_nobody(store: SqlHistory) -> None:
    facts = store.facts(*SCOPE, CONTENT, (A,))
    assert (facts.base_runs, facts.tests, facts.failing_on_base) == (0, {}, ())
    assert store.priors(*SCOPE) == {}
    assert store.nodeids(*SCOPE) == ()
    for found in (
        store.scopes(), store.top(*SCOPE, 9), store.trend(*SCOPE, 9), store.sightings(*SCOPE, A, 9),
    ):  # fmt: skip
        assert found == ()


def test_what_was_written_is_there_for_the_next_process(place: Place) -> None:
    place.open().remember(a_run("run-1", failed(A), clean=(B,)))
    again = place.open()
    facts = again.facts(*SCOPE, None, (A, B, C))
    assert facts.base_runs == 1
    assert list(facts.tests) == [A, B]
    assert facts.source == again.source


@pytest.mark.parametrize(
    "outcome, counted",
    [
        (Outcome.PASSED, (1, 0)),
        (Outcome.XPASSED, (1, 0)),
        (Outcome.FAILED, (1, 1)),
        (Outcome.ERROR, (1, 1)),
        (Outcome.CRASHED, (1, 1)),
        (Outcome.SKIPPED, (0, 0)),
        (Outcome.XFAILED, (0, 0)),
        (Outcome.INTERRUPTED, (0, 0)),
    ],
)
def test_only_an_outcome_that_says_something_counts(
    store: SqlHistory, outcome: Outcome, counted: tuple[int, int]
) -> None:
    store.remember(a_run("run-1", attempts(A, outcome)))
    assert counts(of(store).base) == counted
    assert of(store).passes_since == (0 if counted[1] else None)
    assert [one.outcome for one in store.sightings(*SCOPE, A, 1)[0].attempts] == [outcome]


def test_the_first_attempt_is_the_one_that_counts(store: SqlHistory) -> None:
    store.remember(
        a_run("run-1", flaky(A), attempts(B, Outcome.PASSED, Outcome.FAILED), clean=(C,))
    )
    assert [counts(of(store, one).base) for one in (A, B, C)] == [(1, 1), (1, 0), (1, 0)]
    assert [of(store, one).flaked for one in (A, B, C)] == [1, 1, 0]
    assert store.priors(*SCOPE).keys() == {A}


def test_base_and_changes_are_counted_apart(store: SqlHistory) -> None:
    store.remember(a_run("run-1", clean=(A,)))
    store.remember(on_change("run-2", flaky(A)))
    told = of(store)
    assert (counts(told.base), counts(told.change)) == ((1, 0), (1, 1))
    assert (told.flaked, told.unsteady, told.signatures) == (0, 0, ())
    assert store.priors(*SCOPE) == {}
    assert store.facts(*SCOPE, None, ()).base_runs == 1


def test_variants_and_repositories_know_nothing_of_each_other(store: SqlHistory) -> None:
    store.remember(a_run("run-1", failed(A)))
    store.remember(a_run("run-1", variant="cpython-3.12-linux", clean=(A,)))
    store.remember(a_run("run-1", repository="example.org/till", clean=(B,)))
    assert counts(of(store).base) == (1, 1)
    found = [(one.repository, one.variant, one.runs) for one in store.scopes()]
    assert found == [
        (REPOSITORY, VARIANT, 1),
        (REPOSITORY, "cpython-3.12-linux", 1),
        ("example.org/till", VARIANT, 1),
    ]


def test_a_run_that_is_known_changes_nothing(store: SqlHistory) -> None:
    run = a_run("run-1", flaky(A), clean=(B,), content=CONTENT)

    def everything() -> object:
        return (
            store.facts(*SCOPE, CONTENT, (A, B)),
            store.priors(*SCOPE),
            store.top(*SCOPE, 9),
            store.trend(*SCOPE, 9),
            store.sightings(*SCOPE, A, 9),
        )

    assert store.remember(run) is Remembered.WRITTEN
    before = everything()
    assert store.remember(run) is Remembered.KNOWN
    assert store.remember(a_run("run-1", failed(C))) is Remembered.KNOWN
    assert everything() == before


def test_old_runs_fade(place: Place) -> None:
    place.open(NOW - 60 * DAY).remember(a_run("run-1", failed(A), started=NOW - 60 * DAY))
    place.open().remember(a_run("run-2", clean=(A,), started=NOW))
    tally = of(place.open()).base
    assert counts(tally) == (2, 1)
    weighted = (tally.weighted_runs, tally.weighted_failures)
    assert weighted == pytest.approx((1.25, 0.25))
    assert of(place.open(NOW + 30 * DAY)).base.weighted_runs == pytest.approx(0.625)
    assert place.open().priors(*SCOPE) == {A: tally}


@pytest.mark.parametrize(
    "told, unsteady",
    [
        ("PPP", 0),
        ("F", 0),
        ("PFFP", 1),
        ("PFPFP", 2),
        ("FFF", 0),
        ("RRR", 3),
        ("PR", 1),
        ("PSF", 1),
        ("FSF", 0),
    ],
)
def test_a_run_is_unsteady_when_a_test_flaked_or_failed_after_a_pass(
    store: SqlHistory, told: str, unsteady: int
) -> None:
    kinds = {
        "P": attempts(A, Outcome.PASSED),
        "F": failed(A),
        "R": flaky(A),
        "S": attempts(A, Outcome.SKIPPED),
    }
    for number, one in enumerate(told):
        store.remember(a_run(f"run-{number}", kinds[one], started=hours_ago(20 - number)))
    assert of(store).unsteady == unsteady


def test_the_tests_that_are_unsteady_lately_come_first(store: SqlHistory) -> None:
    for number in range(3):
        store.remember(a_run(f"old-{number}", flaky(A), started=NOW - (150 - number) * DAY))
    store.remember(a_run("new-1", flaky(C), clean=(A,), started=hours_ago(3)))
    store.remember(a_run("new-2", flaky(C), flaky(B), started=hours_ago(2)))
    store.remember(on_change("new-3", flaky(A), started=hours_ago(1)))
    top = store.top(*SCOPE, 9)
    assert [one.nodeid for one in top] == [C, B, A]
    assert [one.unsteady for one in top] == [2, 1, 3]
    assert store.top(*SCOPE, 2) == top[:2]


def test_signatures_and_diagnoses_come_by_frequency(store: SqlHistory) -> None:
    for number, signature in enumerate(["s1", "s2", "s2", "s3"]):
        store.remember(a_run(f"run-{number}", failed(A, signature)))
    store.remember(on_change("change", failed(A, "s4")))
    for number, kind in enumerate([FlakeClass.FLAKY, FlakeClass.FLAKY, FlakeClass.ORDER_DEPENDENT]):
        store.remember(a_run(f"told-{number}", attempts(A, Outcome.ERROR, kind=kind)))
    assert of(store).signatures == ("s2", "s1", "s3")
    assert of(store).kinds == ("flaky", "order-dependent")
    assert of(store).flaked == 3


def test_a_regression_is_no_flake(store: SqlHistory) -> None:
    store.remember(a_run("run-1", attempts(A, Outcome.FAILED, kind=FlakeClass.REGRESSION)))
    assert of(store).flaked == 0


def test_passes_are_counted_from_the_last_failure_on_any_branch(store: SqlHistory) -> None:
    store.remember(a_run("run-1", clean=(A,), started=hours_ago(9)))
    assert of(store).passes_since is None
    store.remember(a_run("run-2", failed(A), started=hours_ago(8)))
    assert (of(store).passes_since, of(store).last_failed) == (0, hours_ago(8))
    store.remember(a_run("run-3", clean=(A,), started=hours_ago(7)))
    store.remember(on_change("run-4", clean=(A,), started=hours_ago(6)))
    assert of(store).passes_since == 2
    store.remember(a_run("too old to count", clean=(A,), started=hours_ago(10)))
    store.remember(a_run("an older failure", failed(A), started=hours_ago(11)))
    assert (of(store).passes_since, of(store).last_failed) == (2, hours_ago(8))
    store.remember(on_change("run-5", flaky(A), started=hours_ago(5)))
    assert (of(store).passes_since, of(store).last_failed) == (0, hours_ago(5))


def test_runs_of_the_same_content_are_told_apart(store: SqlHistory) -> None:
    store.remember(a_run("run-1", clean=(A,), content=CONTENT))
    store.remember(on_change("run-2", flaky(A), content=CONTENT))
    store.remember(on_change("run-3", failed(A), attempts(B, Outcome.SKIPPED), content=CONTENT))
    store.remember(a_run("run-4", clean=(A,), content="other"))
    store.remember(a_run("run-5", clean=(A,)))
    assert of(store, content=CONTENT).same_content == (1, 2)
    assert of(store, B, content=CONTENT).same_content == (0, 0)
    assert of(store, content=None).same_content == (0, 0)


def test_what_fails_on_the_base_is_what_its_latest_run_says(store: SqlHistory) -> None:
    store.remember(a_run("run-2", failed(A), flaky(B), failed(C), started=hours_ago(2)))
    store.remember(a_run("run-1", clean=(A,), started=hours_ago(3)))
    store.remember(on_change("run-3", failed(B), clean=(A,), started=hours_ago(1)))
    store.remember(a_run("run-4", attempts(A, Outcome.SKIPPED), started=hours_ago(1)))
    assert store.facts(*SCOPE, None, (B, A)).failing_on_base == (A,)
    store.remember(a_run("run-5", clean=(A,), started=hours_ago(0.5)))
    assert store.facts(*SCOPE, None, (A, B)).failing_on_base == ()


def test_runs_are_summed_up_oldest_first(store: SqlHistory) -> None:
    tests = (
        failed("f"),
        flaky("g"),
        attempts("s", Outcome.SKIPPED),
        attempts("x", Outcome.XFAILED),
    )
    store.remember(a_run("run-2", *tests, clean=(A, B), started=hours_ago(2), commit=None))
    store.remember(on_change("run-1", started=hours_ago(3)))
    store.remember(a_run("run-0", clean=(A,), started=hours_ago(4)))
    first, second = store.trend(*SCOPE, 2)
    assert (first.id, first.branch, first.tests, first.started) == (
        "run-1",
        "topic",
        0,
        hours_ago(3),
    )
    assert (second.id, second.branch, second.commit) == ("run-2", "main", None)
    assert (second.tests, second.passed, second.flaky, second.failed, second.skipped) == (
        6,
        2,
        1,
        1,
        2,
    )
    assert second.seconds == pytest.approx(2 * 0.25 + 5 * 0.5)


def test_a_test_is_shown_with_every_attempt_newest_first(store: SqlHistory) -> None:
    told = attempts(A, Outcome.FAILED, Outcome.PASSED, kind=FlakeClass.ORDER_DEPENDENT)
    store.remember(a_run("run-1", told, started=hours_ago(4)))
    store.remember(a_run("run-2", clean={A: 1.5}, started=hours_ago(3)))
    store.remember(a_run("run-3", clean=(B,), started=hours_ago(2)))
    store.remember(a_run("run-4", failed(A), started=hours_ago(1)))
    newest, clean, oldest = store.sightings(*SCOPE, A, 9)
    assert [one.run.id for one in (newest, clean, oldest)] == ["run-4", "run-2", "run-1"]
    (only,) = newest.attempts
    assert (only.signature, only.kind, only.message) == ("s", "AssertionError", "boom")
    assert clean.attempts[0].seconds == pytest.approx(1.5, rel=0.05)
    assert [one.outcome for one in oldest.attempts] == [Outcome.FAILED, Outcome.PASSED]
    assert (oldest.diagnosis, oldest.why) == (FlakeClass.ORDER_DEPENDENT, "as told")
    assert store.sightings(*SCOPE, A, 1) == (newest,)
    assert store.sightings(*SCOPE, "never seen", 9) == ()


@pytest.mark.parametrize(
    "nodeid",
    [
        "test_it.py::test[?-%s-{among}-'\"]",
        "test_it.py::test[\x00]",
        "test_it.py::test[\\x00]",
        "test_it.py::test[\ud800\udc80]",
        "test_it.py::test[\x01\n\x85\u202e]",
        "\x01test_it.py",
        "test_it.py::test[ä-日本-😀]",
        "test_it.py::test[" + "x" * 100_000 + "]",
        "",
    ],
    ids=ascii,
)
def test_any_node_id_comes_back_as_it_was(store: SqlHistory, nodeid: str) -> None:
    store.remember(a_run("run-1", failed(nodeid), clean=(nodeid + ".",)))
    assert store.priors(*SCOPE).keys() == {nodeid}
    assert store.nodeids(*SCOPE) == (nodeid, nodeid + ".")
    assert store.facts(*SCOPE, None, (nodeid, nodeid + ".")).tests.keys() == {nodeid, nodeid + "."}
    assert len(store.sightings(*SCOPE, nodeid, 9)) == 1


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 10_000, "'; --", "%s"], ids=ascii)
def test_any_text_can_be_a_key(store: SqlHistory, text: str) -> None:
    attempt = Attempt(
        outcome=Outcome.ERROR, message=text, failure=failed(A, text).attempts[0].failure
    )
    run = a_run(
        text,
        EventfulTest(nodeid=A, attempts=(attempt,)),
        repository=text,
        variant=text,
        branch=text,
        commit=text,
        content=text,
    )
    assert store.remember(run) is Remembered.WRITTEN
    assert store.remember(run) is Remembered.KNOWN
    assert store.facts(text, text, text, (A,)).tests[A].same_content == (0, 1)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e300])
def test_any_number_of_seconds_can_be_written(store: SqlHistory, seconds: float) -> None:
    odd = EventfulTest(nodeid=B, attempts=(Attempt(outcome=Outcome.FAILED, seconds=seconds),))
    assert store.remember(a_run("run-1", odd, clean={A: seconds})) is Remembered.WRITTEN
    assert len(store.sightings(*SCOPE, A, 1)) == 1


@pytest.mark.parametrize(
    "run",
    [
        a_run("run-1", failed(A), clean=(A,)),
        a_run("run-1", failed(A), flaky(A)),
        a_run("run-1", EventfulTest(nodeid=A, attempts=())),
        a_run("run-1", clean=(A,), started=NOW + 2 * DAY),
        a_run("run-1", clean={A: float("nan")}),
        a_run("run-1", clean={A: float("inf")}),
    ],
    ids=["in both", "twice", "no attempt", "from the future", "no number", "endless"],
)
def test_a_run_that_cannot_be_true_is_refused(store: SqlHistory, run: object) -> None:
    with pytest.raises(HistoryError, match="run-1"):
        store.remember(run)  # type: ignore[arg-type]
    assert store.scopes() == ()


def test_a_clock_may_be_a_little_fast(store: SqlHistory) -> None:
    run = a_run("run-1", clean=(A,), started=NOW + dt.timedelta(hours=3))
    assert store.remember(run) is Remembered.WRITTEN
