"""What earlier runs say of some tests, for a person who decides about them. Effects: opens the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from pytest_gates.adapters.history import CACHE_FOLDER, open_history
from pytest_gates.adapters.run_key import repository_of
from pytest_gates.errors import GatesError, HistoryError
from pytest_gates.model.history import HistoryFacts, HistoryStore, TestHistory
from pytest_gates.model.report import Report


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The histories of tests by node id; `trouble` says why there are none, or not the latest."""

    tests: Mapping[str, TestHistory]
    trouble: str | None = None


def past_of(
    tests: tuple[str, ...],
    *,
    where: str,
    root: Path,
    report: Report | GatesError,
    environment: Mapping[str, str],
) -> Past:
    """Never raises: an entry of the quarantine needs a person, not a history.

    What the report remembers of the past stands in where the history itself cannot be asked.
    """
    recorded: dict[str, TestHistory] = {}
    if isinstance(report, Report) and isinstance(report.evidence.history, HistoryFacts):
        recorded = {
            name: one for name, one in report.evidence.history.tests.items() if name in tests
        }
    try:
        found = _asked(tests, where, root, environment)
    except HistoryError as why:
        return Past(tests=recorded, trouble=f"{why.why}; {why.remedy}")
    return Past(tests={**recorded, **found})


def _asked(
    tests: tuple[str, ...], where: str, root: Path, environment: Mapping[str, str]
) -> dict[str, TestHistory]:
    store = open_history(where, root / CACHE_FOLDER, root=root, make=False, environment=environment)
    try:
        return _worst(_of_all_variants(store, repository_of(root), tests))
    finally:
        store.close()


def _of_all_variants(
    store: HistoryStore, repository: str, tests: tuple[str, ...]
) -> Iterable[TestHistory]:
    for scope in store.scopes():
        if scope.repository == repository:
            found = store.facts(repository, scope.variant, None, tests)
            yield from found.tests.values()


def _worst(found: Iterable[TestHistory]) -> dict[str, TestHistory]:
    """Of several variants the one in which the test failed most."""
    worst: dict[str, TestHistory] = {}
    for one in found:
        known = worst.get(one.nodeid)
        if known is None or _weight(one) > _weight(known):
            worst[one.nodeid] = one
    return worst


def _weight(one: TestHistory) -> tuple[int, int]:
    return one.base.failures, one.base.runs
