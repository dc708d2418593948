"""What the last report and the history say of a test that is to be quarantined. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pytest_gates.config.exceptions import CATEGORIES
from pytest_gates.flakes.statistics import told_rate, told_upper_bound
from pytest_gates.model.case import (
    CaseRecord,
    Diagnosis,
    FlakeClass,
    Novelty,
    Outcome,
    Role,
    Setting,
)
from pytest_gates.model.history import TestHistory
from pytest_gates.model.paths import matches_test
from pytest_gates.model.report import Report

_ALWAYS = 5  # as many failures without a pass are no flakiness, see flakes/quarantine.py
_SHOWN = 3
_COMPARED = 5000  # difflib takes a millisecond for forty of them
_ENDED_BADLY = frozenset({Outcome.CRASHED, Outcome.INTERRUPTED})


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """The tests that an entry would cover, and what its other keys would be.

    `evidence` are sentences for the screen and for the file; `objections` are reasons to write no
    entry. `signatures`, `category` and `after` are empty where the report does not tell.
    """

    tests: tuple[str, ...]
    failed: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    category: FlakeClass | None = None
    after: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()


def suspect_of(test: str, report: Report) -> Suspect:
    """What this report knows of the tests that fit the node id or glob."""
    cases = [case for case in report.evidence.cases if matches_test(test, case.nodeid)]
    if not cases:
        near = nearest_tests(test, (case.nodeid for case in report.evidence.cases))
        hint = f"; nearest: {', '.join(near)}" if near else ""
        return Suspect(tests=(), objections=(f"no test of the last report fits {test}{hint}",))
    failed = [case for case in cases if _failures(case)]
    diagnoses = [case.diagnosis for case in failed if case.diagnosis is not None]
    return Suspect(
        tests=tuple(case.nodeid for case in cases),
        failed=tuple(case.nodeid for case in failed),
        signatures=_signatures(failed),
        category=_category(diagnoses),
        after=_after(diagnoses),
        evidence=tuple(_evidence(cases, failed, report)),
        objections=tuple(_objections(failed)),
    )


def past_evidence(histories: Mapping[str, TestHistory], tests: Sequence[str]) -> tuple[str, ...]:
    """One sentence a test that ever ran on the base, worst first."""
    known = [histories[one] for one in tests if one in histories and histories[one].base.runs]
    known.sort(key=lambda one: (-one.base.failures, one.nodeid))
    alone = len(tests) == 1
    told = [f"{'' if alone else f'{one.nodeid} '}{_told_past(one)}" for one in known[:_SHOWN]]
    left = len(known) - len(told)
    return (*told, *([f"{left} more ran on the base"] if left else []))


def past_objections(histories: Mapping[str, TestHistory], tests: Sequence[str]) -> tuple[str, ...]:
    """Tests that never pass are broken; no entry excuses them."""
    return tuple(
        f"{one} failed in all of its {past.base.runs} runs on the base: broken, not flaky; repair it"
        for one in tests
        if (past := histories.get(one)) is not None
        and past.base.failures == past.base.runs >= _ALWAYS
    )


def nearest_tests(test: str, known: Iterable[str]) -> tuple[str, ...]:
    """At most three node ids that look like it, those of the same function or file first."""
    name = _function(test)
    path = test.partition("::")[0]
    everything = list(known)
    kin = [one for one in everything if _function(one) == name or one.partition("::")[0] == path]
    pool, least = (kin, 0.0) if kin else (everything, 0.5)
    return tuple(difflib.get_close_matches(test, pool[:_COMPARED], n=_SHOWN, cutoff=least))


def _function(nodeid: str) -> str:
    return nodeid.rpartition("::")[2].partition("[")[0]


def _failures(case: CaseRecord) -> list[str | None]:
    """Signatures of what went wrong in the suite's own run; attempts elsewhere are no ground."""
    return [
        one.failure.signature if one.failure is not None else None
        for one in case.attempts
        if one.bad and one.setting is Setting.IN_RUN
    ]


def _signatures(failed: Iterable[CaseRecord]) -> tuple[str, ...]:
    """Each once, in the order in which they were seen; none when one of the failures has none."""
    found = [one for case in failed for one in _failures(case)]
    known = [one for one in found if one is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(found) else ()


def _category(diagnoses: Sequence[Diagnosis]) -> FlakeClass | None:
    """The one kind that all of them are."""
    kinds = {one.kind for one in diagnoses}
    return next(iter(kinds)) if len(kinds) == 1 and kinds <= set(CATEGORIES) else None


def _after(diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """The tests behind which it fails; a brittle one fails without others, so alone it is tried enough."""
    orders = {
        one.because
        for one in diagnoses
        if one.kind is FlakeClass.ORDER_DEPENDENT and one.role is not Role.BRITTLE
    }
    return next(iter(orders)) if len(orders) == 1 else ()


def _evidence(
    cases: Sequence[CaseRecord], failed: Sequence[CaseRecord], report: Report
) -> Iterable[str]:
    day = report.evidence.run.started.date()
    if len(cases) > 1:
        yield f"covers {len(cases)} tests, {len(failed)} of them failed in the run of {day}"
    for case in failed[:_SHOWN]:
        name = f"{case.nodeid} " if len(cases) > 1 else ""
        told = case.diagnosis
        how = f"{told.kind}: {told.why}" if told is not None else "it was not tried again"
        yield f"{name}failed in the run of {day}, {how}"
    if not failed:
        ran = any(case.attempts for case in cases)
        yield f"{'passed' if ran else 'was not run'} in the run of {day}"
    for case in cases:
        if case.novelty in {Novelty.NEW, Novelty.CHANGED}:
            yield f"{case.nodeid} is {case.novelty} in this change"


def _objections(failed: Iterable[CaseRecord]) -> Iterable[str]:
    for case in failed:
        if case.diagnosis is not None and case.diagnosis.kind is FlakeClass.REGRESSION:
            yield f"{case.nodeid} is broken, not flaky: {case.diagnosis.why}; repair it"
        if any(one.outcome in _ENDED_BADLY for one in case.attempts):
            yield f"{case.nodeid} took its process down, which no quarantine excuses"


def _told_past(past: TestHistory) -> str:
    if past.base.failures:
        return f"failed {told_rate(past.base)}"
    return f"on the base {told_upper_bound(past.base.runs)}"
