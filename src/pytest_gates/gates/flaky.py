"""Gate: no more flaky tests than the policy allows, and no quarantine without an end. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import msgspec

from pytest_gates.changes.covering import no_contact
from pytest_gates.flakes.statistics import belief_of, tail_probability, told_rate, told_upper_bound
from pytest_gates.model.case import CaseRecord, FlakeClass, Novelty, Role, Standing
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.exceptions import QuarantineState, QuarantineUse
from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import HistoryFacts, TestHistory
from pytest_gates.model.verdict import Judgement, Measure

_UNLIKELY = 0.05
_SEVERAL = 2
# Under which limit of the policy the findings of a rule fall.
_SETTING_OF = {
    "new-flaky-test": "new-flaky",
    "flaky-test": "flaky",
    "order-dependent-test": "order-dependent",
    "too-many-quarantined": "max-quarantined",
}


class _Flake(msgspec.Struct, frozen=True, kw_only=True):
    """One test that was told to be flaky, and what the past says of it."""

    case: CaseRecord
    by_order: bool
    known: bool
    worse: bool


def evaluate(evidence: Evidence, settings: FlakySettings) -> Judgement:
    facts = evidence.history if isinstance(evidence.history, HistoryFacts) else None
    flakes = tuple(
        _flake(case, facts)
        for case in evidence.cases
        # One attempt cannot both fail and pass; asked first, since it is asked of every test.
        if len(case.attempts) > 1 and case.standing is Standing.FLAKY
    )
    random = [one for one in flakes if not one.by_order]
    ordered = [one for one in flakes if one.by_order]
    new = [one for one in random if not one.known]
    worse = [one for one in random if one.worse]
    quarantined = sum(use.tests for use in evidence.quarantine)
    findings = (
        *_judged(new, "new-flaky-test", _new_effect(new, evidence, settings), evidence),
        *_judged(worse, "flaky-test-got-worse", Effect.FAIL, evidence),
        *_judged(
            [one for one in random if one.known and not one.worse],
            "flaky-test",
            _beyond(len(random), settings.flaky),
            evidence,
        ),
        *_judged(
            ordered,
            "order-dependent-test",
            _beyond(len(ordered), settings.order_dependent),
            evidence,
        ),
        *_of_quarantine(evidence.quarantine, quarantined, settings),
        *_other_failures(evidence),
        *_of_reruns(evidence),
    )
    return Judgement(
        summary=_summary(len(random), len(new), len(ordered), evidence),
        measures=(
            _measure("new flaky tests", len(new), settings.new_flaky, "new-flaky"),
            _measure("flaky tests", len(random), settings.flaky, "flaky"),
            _measure(
                "order-dependent tests", len(ordered), settings.order_dependent, "order-dependent"
            ),
            _measure(
                "tests in quarantine", quarantined, settings.max_quarantined, "max-quarantined"
            ),
        ),
        findings=findings,
    )


def _flake(case: CaseRecord, facts: HistoryFacts | None) -> _Flake:
    kind = case.diagnosis.kind if case.diagnosis is not None else FlakeClass.FLAKY
    past = facts.tests.get(case.nodeid) if facts is not None else None
    # Whoever writes or rewrites a test answers for it: its past does not.
    own = case.novelty in {Novelty.NEW, Novelty.CHANGED}
    known = past is not None and not own and (past.flaked > 0 or past.base.failures > 0)
    return _Flake(
        case=case,
        by_order=kind is not FlakeClass.FLAKY,
        known=known,
        worse=known and past is not None and _got_worse(past),
    )


def _got_worse(past: TestHistory) -> bool:
    """Whether so many failures on this very content are unlikely at the rate of the base.

    One failure says nothing: a rare flake is unlikely each time that it is seen.
    """
    passed, failed = past.same_content
    failures = failed + 1
    if failures < _SEVERAL:
        return False
    return tail_probability(failures, passed + failures, belief_of(past.base)) < _UNLIKELY


def _new_effect(new: list[_Flake], evidence: Evidence, settings: FlakySettings) -> Effect:
    if len(new) <= settings.new_flaky:
        return Effect.NOTE
    told_by_source = sum(1 for one in new if one.case.novelty in {Novelty.NEW, Novelty.CHANGED})
    # Without the past, nobody knows that they are new; unless their own source says so.
    unknown = isinstance(evidence.history, Unavailable) and told_by_source <= settings.new_flaky
    return Effect.UNKNOWN if unknown else Effect.FAIL


def _beyond(count: int, limit: int | None) -> Effect:
    return Effect.FAIL if limit is not None and count > limit else Effect.NOTE


def _judged(
    flakes: Iterable[_Flake], rule: str, effect: Effect, evidence: Evidence
) -> Iterable[Finding]:
    for flake in flakes:
        case = flake.case
        line = next((one.line for one in case.attempts if one.line is not None), None)
        diagnosis = case.diagnosis
        novelty, past, contact = _novelty(case), _past(case, evidence), _contact(case, evidence)
        parts = [
            *_because(case),
            diagnosis.why
            if diagnosis is not None
            else f"passed only on attempt {len(case.attempts)}, rerun by another plugin",
            *_texts(case),
            *novelty,
            *past,
            *contact,
        ]
        remedy, excuse = _next_steps(case)
        kind = diagnosis.kind if diagnosis is not None else FlakeClass.FLAKY
        yield Finding(
            rule=rule,
            message=f"{kind}: {'; '.join(parts)}",
            effect=effect,
            subject=case.nodeid,
            location=Location(path=case.path, line=line),
            remedy=remedy,
            excuse=excuse,
            setting=_SETTING_OF.get(rule),
            fingerprint=fingerprint_of(rule, case.nodeid, ""),
            detail="; ".join((*(past if flake.known else (*novelty, *past)), *contact)),
        )


def _because(case: CaseRecord) -> list[str]:
    diagnosis = case.diagnosis
    if diagnosis is None or not diagnosis.because:
        return []
    verb = "needs" if diagnosis.role is Role.BRITTLE else "because of"
    # Tests of its own file by their names alone: one line of a screen is short.
    named = ", ".join(one.removeprefix(f"{case.path}::") for one in diagnosis.because)
    return [f"{verb} {named}"]


def _texts(case: CaseRecord) -> list[str]:
    """How the failures differ, where they do."""
    kinds = {one.failure.signature for one in case.attempts if one.failure is not None}
    return [f"{len(kinds)} different failures"] if len(kinds) > 1 else []


def _novelty(case: CaseRecord) -> list[str]:
    if case.novelty is None:
        return []
    # The rule's common case, on a line that is long already.
    unchanged = case.novelty is Novelty.UNCHANGED
    return ["itself unchanged" if unchanged else f"the test is {case.novelty} in this change"]


def _past(case: CaseRecord, evidence: Evidence) -> list[str]:
    """What the base says of it; never empty."""
    if isinstance(evidence.history, Unavailable):
        return [f"past unknown: {evidence.history.why}"]
    past = evidence.history.tests.get(case.nodeid)
    if past is None or past.base.runs == 0:
        return ["never seen on the base"]
    clean = past.base.failures == 0
    said = [f"on the base {told_upper_bound(past.base.runs)}" if clean else told_rate(past.base)]
    if case.nodeid in evidence.history.failing_on_base:
        said.append("its latest run on the base failed too")
    return said


def _contact(case: CaseRecord, evidence: Evidence) -> list[str]:
    """That it executes nothing of this change, where that is known. It is told, and excuses nothing."""
    if case.novelty in {Novelty.NEW, Novelty.CHANGED}:
        return []  # it is part of the change
    diagnosis = case.diagnosis
    # Tests that make it fail may bring the change to it. Files do so by being imported.
    others = diagnosis.because if diagnosis is not None else ()
    said = [
        no_contact(test, evidence.change, evidence.patch, evidence.covering)
        for test in (case.nodeid, *others)
    ]
    by_files = diagnosis is not None and diagnosis.kind is FlakeClass.IMPORT_POLLUTED
    return [] if by_files or said[0] is None or None in said else [said[0]]


def _next_steps(case: CaseRecord) -> tuple[str, str | None]:
    """Remedy and excuse; where nobody knows how to reproduce it, the excuse is all there is to do."""
    command = case.diagnosis.command if case.diagnosis is not None else None
    excuse = f"quarantine it for a time: gates quarantine add {shlex.quote(case.nodeid)}"
    return (f"reproduce: {command}", excuse) if command else (excuse, None)


def _of_quarantine(
    uses: tuple[QuarantineUse, ...], covered: int, settings: FlakySettings
) -> Iterable[Finding]:
    if covered > settings.max_quarantined:
        yield _about(
            "too-many-quarantined",
            "quarantine",
            f"{covered} tests are in quarantine, at most {settings.max_quarantined} may be",
            Effect.FAIL,
            "repair some of them",
        )
    for use in uses:
        entry = use.entry
        owner = f"{entry.owner}: {entry.reason}"
        if use.state is QuarantineState.EXPIRED:
            message = f"its quarantine ended on {entry.expires} ({owner})"
            remedy = "repair the test and remove the entry"
            yield _about("quarantine-expired", entry.test, message, Effect.FAIL, remedy)
            continue
        if use.state is QuarantineState.STALE:
            message = f"no such test exists ({owner})"
            yield _about(
                "quarantine-stale", entry.test, message, Effect.NOTE, "gates quarantine sync"
            )
        for one in use.refused:
            remedy = f"repair it; the entry of {entry.owner} does not cover this failure"
            yield _about("quarantine-refused", one.test, one.why, Effect.FAIL, remedy)
        for nodeid in use.excused:
            message = f"failed in quarantine until {entry.expires} ({owner})"
            yield _about("quarantined-test", nodeid, message, Effect.NOTE, None)
        if use.releasable:
            message = f"can leave quarantine: {use.release}"
            yield _about(
                "quarantine-over", entry.test, message, Effect.NOTE, "gates quarantine sync"
            )


def _other_failures(evidence: Evidence) -> Iterable[Finding]:
    """What failed for good: the gate `tests` counts it, here stands what it was told to be."""
    for case in evidence.cases:
        if case.diagnosis is None or case.standing not in {Standing.FAILED, Standing.ERROR}:
            continue
        parts = [
            case.diagnosis.why,
            *_texts(case),
            *_novelty(case),
            *_past(case, evidence),
            *_contact(case, evidence),
        ]
        yield _about(
            f"told-{case.diagnosis.kind}",
            case.nodeid,
            f"{case.diagnosis.kind}: {'; '.join(parts)}",
            Effect.NOTE,
            None,
        )


def _of_reruns(evidence: Evidence) -> Iterable[Finding]:
    record = evidence.reruns
    if record is None:
        return
    for why in (record.mass_failure, record.off, *record.cut_short):
        if why:
            yield _about("not-tried-again", "reruns", why, Effect.NOTE, None)


def _about(rule: str, subject: str, message: str, effect: Effect, remedy: str | None) -> Finding:
    return Finding(
        rule=rule,
        message=message,
        effect=effect,
        subject=subject,
        remedy=remedy,
        setting=_SETTING_OF.get(rule),
        fingerprint=fingerprint_of(rule, subject, ""),
    )


def _measure(name: str, observed: int, limit: int | None, setting: str) -> Measure:
    required = None if limit is None else f"at most {limit}"
    return Measure(name=name, observed=str(observed), required=required, setting=setting)


def _summary(random: int, new: int, ordered: int, evidence: Evidence) -> str:
    """Read behind the name of the gate: `flaky none`, `flaky 2 found (1 new)`."""
    parts = [f"{random} found ({new} new)"] if random else []
    if ordered:
        parts.append(f"{ordered} order-dependent")
    parts = parts or ["none"]
    failed = sum(len(use.excused) + len(use.refused) for use in evidence.quarantine)
    covered = sum(use.tests for use in evidence.quarantine)
    if covered:
        parts.append(f"{failed} of {covered} in quarantine failed")
    record = evidence.reruns
    if record is not None and record.tried:
        parts.append(f"{record.tried} tried again")
    return ", ".join(parts)


GATE = Gate(
    name="flaky",
    doc="No test flakes that did not flake before, and every quarantine has an end.",
    settings=FlakySettings,
    evaluate=evaluate,
)
