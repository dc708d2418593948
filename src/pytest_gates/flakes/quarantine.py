"""Which failures a quarantine entry excuses, which it does not, and when it can go. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from pytest_gates.flakes.statistics import belief_of, release_passes
from pytest_gates.model.case import CaseRecord, FlakeClass, Outcome, Setting, Standing
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Refusal
from pytest_gates.model.history import HistoryFacts, TestHistory

_ENOUGH_TO_CALL_BROKEN = 5
_NOT_RUN = frozenset({Standing.DESELECTED, Standing.NOT_RUN, Standing.SKIPPED})


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry means for one failed test; `why_not` is None when it is excused."""

    entry: Quarantine
    why_not: str | None


def ruling_on(
    case: CaseRecord,
    entries: tuple[Quarantine, ...],
    history: TestHistory | None,
    today: dt.date,
) -> Ruling | None:
    """The entry that speaks of this failed test, excusing or not; None when none does or nothing failed.

    Of several entries one that excuses is preferred; then the first of the file.
    """
    if not any(one.bad for one in case.attempts):
        return None
    rulings = [
        Ruling(entry=entry, why_not=_why_not(case, entry, history, today))
        for entry in entries
        if entry.covers(case.nodeid)
    ]
    excusing = (one for one in rulings if one.why_not is None)
    return next(excusing, rulings[0] if rulings else None)


def _why_not(
    case: CaseRecord, entry: Quarantine, history: TestHistory | None, today: dt.date
) -> str | None:
    if entry.expired(today):
        return f"its quarantine ended on {entry.expires}"
    diagnosis = case.diagnosis
    if diagnosis is not None and diagnosis.kind is FlakeClass.REGRESSION:
        return "it fails every time it is tried: broken, not flaky"
    if (
        entry.category is not None
        and diagnosis is not None
        and diagnosis.kind not in {entry.category, FlakeClass.INCONCLUSIVE}
    ):
        return f"it was quarantined as {entry.category}, this time it is {diagnosis.kind}"
    if history is not None and _always_fails(history):
        return f"it failed in all of its {history.base.runs} runs on the base: broken, not flaky"
    known = entry.signature or (history.signatures if history is not None else ())
    for attempt in case.attempts:
        # Attempts elsewhere may fail for a reason of their own, such as a port that is taken.
        if not attempt.bad or attempt.setting is not Setting.IN_RUN:
            continue
        if attempt.outcome in {Outcome.CRASHED, Outcome.INTERRUPTED}:
            return "it took its process down, which no quarantine excuses"
        signature = attempt.failure.signature if attempt.failure is not None else None
        if known and signature not in known:
            return f"it failed in a new way (signature {signature or 'unknown'})"
        if attempt.outcome is Outcome.ERROR and not entry.signature:
            return "its set-up or tear-down failed, which only an entry with that signature excuses"
    return None


def _always_fails(history: TestHistory) -> bool:
    base = history.base
    return base.runs >= _ENOUGH_TO_CALL_BROKEN and base.failures == base.runs


def excused(
    evidence: Evidence, entries: tuple[Quarantine, ...], today: dt.date
) -> tuple[Evidence, tuple[QuarantineUse, ...]]:
    """The evidence with the owner of the entry on each excused case, and what every entry did.

    What the evidence itself says of excuses is not believed.
    """
    facts = evidence.history if isinstance(evidence.history, HistoryFacts) else None
    known = facts.tests if facts is not None else {}
    rulings: dict[str, Ruling] = {}
    cases: list[CaseRecord] = []
    for case in evidence.cases:
        ruling = ruling_on(case, entries, known.get(case.nodeid), today) if entries else None
        if ruling is not None:
            rulings[case.nodeid] = ruling
        owner = ruling.entry.owner if ruling is not None and ruling.why_not is None else None
        same = case.excused == owner
        cases.append(case if same else msgspec.structs.replace(case, excused=owner))
    uses = tuple(_use(entry, cases, rulings, facts, today) for entry in entries)
    return msgspec.structs.replace(evidence, cases=tuple(cases), quarantine=uses), uses


def _use(
    entry: Quarantine,
    cases: Iterable[CaseRecord],
    rulings: Mapping[str, Ruling],
    facts: HistoryFacts | None,
    today: dt.date,
) -> QuarantineUse:
    covered = [case for case in cases if entry.covers(case.nodeid)]
    ran = [case for case in covered if case.standing not in _NOT_RUN]
    own = {nodeid: ruling for nodeid, ruling in rulings.items() if ruling.entry == entry}
    excused_ids = tuple(nodeid for nodeid, ruling in own.items() if ruling.why_not is None)
    refused = tuple(
        Refusal(test=nodeid, why=ruling.why_not)
        for nodeid, ruling in own.items()
        if ruling.why_not is not None
    )
    if entry.expired(today):
        state = QuarantineState.EXPIRED
    elif not covered:
        state = QuarantineState.STALE
    elif not ran:
        state = QuarantineState.UNTRIED
    else:
        state = QuarantineState.USED if own else QuarantineState.IDLE
    release, releasable = _release(entry, ran, facts) if ran and not own else (None, False)
    return QuarantineUse(
        entry=entry,
        state=state,
        tests=len(covered),
        excused=excused_ids,
        refused=refused,
        release=release,
        releasable=releasable,
    )


def _release(
    entry: Quarantine, ran: list[CaseRecord], facts: HistoryFacts | None
) -> tuple[str | None, bool]:
    """What is still asked of tests that passed: as many passes in a row as their old rate demands."""
    if facts is None:
        return None, False
    told: list[str] = []
    free = True
    for case in ran:
        history = facts.tests.get(case.nodeid)
        if history is None or history.passes_since is None:
            told.append(f"{case.nodeid}: the history knows no failure of it")
            free = False
            continue
        if entry.category is FlakeClass.ORDER_DEPENDENT and not _tried_in_its_order(entry, case):
            told.append(f"{case.nodeid}: was not tried behind the tests it depends on (`after`)")
            free = False
            continue
        # This run has passed as well, and is not in the history yet.
        have, need = history.passes_since + 1, release_passes(belief_of(history.base))
        free = free and have >= need
        told.append(f"{case.nodeid}: {have} of {need} passes in a row")
    return "; ".join(told), free


def _tried_in_its_order(entry: Quarantine, case: CaseRecord) -> bool:
    return not entry.after or any(one.setting is Setting.AFTER for one in case.attempts)
