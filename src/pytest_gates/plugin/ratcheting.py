"""Compare the coverage of a run with that of the base, and keep it for later. Effects: files, network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec
import pytest

from pytest_gates.adapters import baseline_file
from pytest_gates.adapters.baselines import Known, Shelf, blobs_at, reports_below
from pytest_gates.adapters.change import files_at
from pytest_gates.adapters.history import open_history
from pytest_gates.adapters.run_key import base_of, repository_of, run_key, variant_here
from pytest_gates.errors import GatesError, HistoryError
from pytest_gates.gates.coverage_ratchet import HISTORY, RatchetSettings
from pytest_gates.model.baseline import baseline_of, origin_of, refusal_of
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import NO_RATCHET, RunInfo, Unavailable
from pytest_gates.model.history import HistoryStore, KeptCoverage
from pytest_gates.model.policy import Policy
from pytest_gates.model.ratchet import Baseline, Lowered, Origin, RatchetFacts
from pytest_gates.model.report import Report
from pytest_gates.plugin.cache_folders import history_folder
from pytest_gates.plugin.comparison import Comparison
from pytest_gates.plugin.memory import OFF
from pytest_gates.plugin.ratchet_search import Search
from pytest_gates.reporters import json

_GATE = "coverage-ratchet"
_OR_A_FILE = 'commit a baseline: `gates ratchet --write`, with `baseline = "gates-baseline.json"`'
_HISTORY_REMEDY = (
    "run the suite at the base with this gate on, and keep the history between runs (the cache of CI, or "
    f"PostgreSQL); or {_OR_A_FILE}"
)
_REPORTS_REMEDY = f"bring the report of a green run of the base there; or {_OR_A_FILE}"


class Ratcheting:
    """Asked once at the end of a run, and told its report."""

    def __init__(self, config: pytest.Config, policy: Policy, comparison: Comparison) -> None:
        self._config = config
        self._root = config.rootpath
        self._policy = policy
        self._comparison = comparison
        gate = policy.gate(_GATE)
        settings = gate.settings if gate is not None else None
        self._settings = settings if isinstance(settings, RatchetSettings) else None

    def facts(
        self, run: RunInfo, coverage: CoverageFacts | Unavailable
    ) -> RatchetFacts | Unavailable:
        """Never raises: what cannot be found out is the reason why nothing is compared."""
        if self._settings is None:
            return NO_RATCHET
        if isinstance(coverage, Unavailable):
            return coverage
        if run.selection:
            return Unavailable(
                why=f"only a part of the suite ran ({', '.join(run.selection)})",
                remedy="run the whole suite to have its coverage compared",
            )
        change = self._comparison.change()
        if isinstance(change, Unavailable):
            return change
        search = Search(
            root=self._root,
            change=change,
            run=run,
            coverage=coverage,
            ignored=(self._policy.report_dir,),
        )
        named = self._settings.baseline
        try:
            return self._in_history(search) if named == HISTORY else self._in_place(search, named)
        except HistoryError as why:
            return Unavailable(why=f"the history cannot be asked: {why.why}", remedy=why.remedy)
        except (GatesError, OSError) as why:
            return Unavailable(
                why=f"the baseline `{named}` cannot be used: {why}", remedy=_REPORTS_REMEDY
            )

    def remember(self, report: Report) -> str | None:
        """Keep what a green run of a clean commit executed; why that failed, None when it did not."""
        if self._settings is None or self._settings.baseline != HISTORY:
            return None
        if self._policy.history == OFF or refusal_of(report) is not None:
            return None
        run, coverage = report.evidence.run, report.evidence.coverage
        if isinstance(coverage, Unavailable):  # pragma: no cover - such a report is refused
            return None
        try:
            blobs = blobs_at(self._root, origin_of(run, coverage).commit)
            key = run_key(
                self._root,
                run=run.id,
                started=run.started,
                checkout=run.checkout,
                base=base_of(self._policy.base),
            )
            with self._history() as store:
                store.remember_coverage(key, baseline_of(report, blobs, HISTORY))
        except GatesError as why:
            return f"the coverage of this run was not kept for later ones: {why}"
        return None

    @contextlib.contextmanager
    def _history(self) -> Iterator[HistoryStore]:
        store = open_history(self._policy.history, history_folder(self._config), root=self._root)
        try:
            yield store
        finally:
            store.close()

    def _in_history(self, search: Search) -> RatchetFacts | Unavailable:
        scope = (repository_of(self._root), variant_here())
        here = origin_of(search.run, search.coverage)
        with self._history() as store:

            def known(kept: KeptCoverage) -> Known:
                def load() -> Baseline:
                    source = f"the history, run of {kept.started:%Y-%m-%d %H:%M} UTC"
                    found = store.coverage_of(*scope, kept.run)
                    return msgspec.structs.replace(found, source=source)

                return Known(_origin(kept, here), load)

            shelf = Shelf(known=tuple(known(one) for one in store.coverages(*scope)))
            return search.in_shelf(shelf, _HISTORY_REMEDY)

    def _in_place(self, search: Search, named: str) -> RatchetFacts | Unavailable:
        place = self._root / named
        now = baseline_file.read_bytes(place) if place.is_file() else b""
        # The base's own: a change cannot loosen what it is compared with, but by saying so in there.
        at_base = self._at_base(search.change.base, named)
        if baseline_file.is_baseline(at_base):
            baseline = baseline_file.parsed(at_base, f"{named} of the base")
            lowered = baseline_file.parsed(now, named).lowered if now else ()
            marked = msgspec.structs.replace(baseline, lowered=_marked(baseline.lowered, lowered))
            return search.in_file(marked, is_of_base=True)
        if baseline_file.is_baseline(now):
            return search.in_file(baseline_file.parsed(now, named), is_of_base=False)
        return search.in_shelf(reports_below(self._root, place, json.parse), _REPORTS_REMEDY)

    def _at_base(self, commit: str, named: str) -> bytes:
        """The file there, empty where there is none."""
        place = (self._root / named).resolve()
        root = self._root.resolve()
        if not place.is_relative_to(root):
            return b""
        path = place.relative_to(root).as_posix()
        return files_at(self._root, commit, (path,)).get(path, b"")


def _origin(kept: KeptCoverage, here: Origin) -> Origin:
    """As far as it matters for the choice: all that the history is asked for is of this variant."""
    return Origin(
        commit=kept.commit,
        coverage_version="",
        variant=here.variant,
        shard=kept.shard,
        started=kept.started,
    )


def _marked(at_base: tuple[Lowered, ...], now: tuple[Lowered, ...]) -> tuple[Lowered, ...]:
    """What was given up; new is what the base does not say, as often as it says it."""
    left = list(at_base)
    found: list[Lowered] = []
    for one in now:
        is_new = one not in left
        if not is_new:
            left.remove(one)
        found.append(msgspec.structs.replace(one, is_new=is_new))
    return tuple(found)
