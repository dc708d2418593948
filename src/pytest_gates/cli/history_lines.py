"""What `gates history` prints: one test, the worst tests, the last runs, an import. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from pytest_gates.adapters.history_import import Imported
from pytest_gates.flakes.statistics import (
    belief_of,
    credible_interval,
    told_percent,
    told_rate,
    told_upper_bound,
)
from pytest_gates.model.case import Setting
from pytest_gates.model.history import (
    BranchKind,
    PastAttempt,
    RunSummary,
    Sighting,
    Tally,
    TestHistory,
)
from pytest_gates.model.text import printable

_COMMIT_LETTERS = 10
_BRANCH_LETTERS = 24
_MESSAGE_LETTERS = 60
_SHOWN_SKIPPED = 20


def lines_of_test(told: TestHistory, seen: Sequence[Sighting]) -> Iterable[str]:
    """What is believed of the test, then the runs it was in, newest first."""
    yield f"  {_on_base(told.base)}"
    if told.base.runs:
        yield f"  lately: {_lately(told.base)}"
    if told.change.runs:
        yield f"  on changes: failed {told.change.failures} of {told.change.runs}"
    if told.unsteady:
        kinds = f"; told to be {', '.join(told.kinds)}" if told.kinds else ""
        yield (
            f"  unsteady in {_counted(told.unsteady, 'run')} on the base,"
            f" both failed and passed in {told.flaked} of them{kinds}"
        )
    if told.last_failed is not None:
        yield f"  last failed {_moment(told.last_failed)}; {_since(told.passes_since)}"
    if told.signatures:
        yield f"  signatures of its failures: {', '.join(told.signatures)}"
    rows = [("began", "branch", "commit", "seconds", "what happened")]
    rows += [
        (
            _moment(one.run.started),
            _branch(one.run),
            _commit(one.run),
            _seconds(one.attempts[0].seconds),
            _happened(one),
        )
        for one in seen
    ]
    yield from _table(rows)


def lines_of_top(found: Sequence[TestHistory], base_runs: int) -> Iterable[str]:
    """The worst tests; a sentence where no test was unsteady."""
    if not found:
        yield (
            f"  no test was unsteady in {_counted(base_runs, 'run')} on the base"
            if base_runs
            else "  there is no run on the base yet"
        )
        return
    rows = [("unsteady", "failed", "rate lately", "last failed", "test")]
    rows += [
        (
            _counted(one.unsteady, "run"),
            f"{one.base.failures} of {one.base.runs}",
            _rate(one.base),
            f"{one.last_failed:%Y-%m-%d}" if one.last_failed is not None else "never",
            one.nodeid + (f"  ({', '.join(one.kinds)})" if one.kinds else ""),
        )
        for one in found
    ]
    yield from _table(rows)


def lines_of_trend(runs: Sequence[RunSummary]) -> Iterable[str]:
    """One line a run, oldest first, then all of them together."""
    head = ("began", "branch", "commit", "tests", "passed", "flaky", "failed", "skipped", "seconds")
    rows: list[tuple[str, ...]] = [head]
    rows += [
        (
            _moment(one.started),
            _branch(one),
            _commit(one),
            *(str(count) for count in (one.tests, one.passed, one.flaky, one.failed, one.skipped)),
            f"{one.seconds:.1f}",
        )
        for one in runs
    ]
    yield from _table(rows)
    on_base = [one for one in runs if one.branch_kind is BranchKind.BASE]
    flaky = sum(one.flaky > 0 for one in on_base)
    failed = sum(one.failed > 0 for one in on_base)
    yield (
        f"  {_counted(len(on_base), 'run')} on the base: {flaky} with flaky tests,"
        f" {failed} with failed ones"
    )


def lines_of_import(told: Imported) -> Iterable[str]:
    results = _counted(told.results, "result")
    yield f"imported {_counted(told.written, 'run')} with {results}"
    if told.known:
        yield f"{_counted(told.known, 'run')} known already"
    if told.too_old:
        yield f"{_counted(told.too_old, 'run')} older than the history goes back"
    if told.undated:
        yield f"{_counted(told.undated, 'document')} without a time: took that of the file"
    for why, count in sorted(told.left_out.items()):
        yield f"{_counted(count, 'test case')} left out: {why}"
    for one in told.skipped[:_SHOWN_SKIPPED]:
        yield f"skipped {one.place}: {one.why}"
    if len(told.skipped) > _SHOWN_SKIPPED:
        yield f"skipped {len(told.skipped) - _SHOWN_SKIPPED} more"


def _on_base(tally: Tally) -> str:
    if tally.failures:
        return f"failed {told_rate(tally)}"
    return f"on the base: {told_upper_bound(tally.runs)}"


def _lately(tally: Tally) -> str:
    low, high = credible_interval(belief_of(tally))
    return (
        f"fails {_rate(tally)} of the time, between {told_percent(low)} and {told_percent(high)}"
        " (a run of 30 days ago counts half)"
    )


def _rate(tally: Tally) -> str:
    return told_percent(belief_of(tally).mean)


def _since(passes: int | None) -> str:
    if not passes:
        return "it has not passed since"
    return f"since then {told_upper_bound(passes)}"


def _happened(seen: Sighting) -> str:
    attempts = ", ".join(_attempt(one) for one in seen.attempts)
    message = next((one.message for one in seen.attempts if one.message), None)
    said = f": {printable(message, _MESSAGE_LETTERS)}" if message else ""
    told = f"; {seen.diagnosis.value}, {seen.why}" if seen.diagnosis is not None else ""
    return f"{attempts}{said}{told}"


def _attempt(one: PastAttempt) -> str:
    return one.outcome.value + ("" if one.setting is Setting.IN_RUN else f" ({one.setting.value})")


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def _branch(run: RunSummary) -> str:
    return printable(run.branch or run.branch_kind.value, _BRANCH_LETTERS)


def _commit(run: RunSummary) -> str:
    return run.commit[:_COMMIT_LETTERS] if run.commit else "-"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.3g}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Columns under each other; the last one is as long as it is."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in shown) for at in range(len(rows[0]) - 1)]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]]).rstrip()
