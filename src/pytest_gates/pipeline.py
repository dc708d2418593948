"""From policy and evidence to the report: the one place where a verdict is reached. Pure."""

from __future__ import annotations

import datetime as dt
import traceback
from collections import Counter
from collections.abc import Mapping

import msgspec

from pytest_gates.flakes.quarantine import excused
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.exceptions import Waiver, WaiverState, WaiverUse
from pytest_gates.model.finding import Effect, Finding, unknown_finding
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.model.report import SCHEMA_VERSION, Decision, Report
from pytest_gates.model.verdict import (
    GateResult,
    Judgement,
    Measure,
    Mode,
    Verdict,
    Waived,
    verdict_of,
)

_QUARANTINE_JUDGE = "flaky"


def evaluate(
    policy: Policy,
    evidence: Evidence,
    *,
    gates: Mapping[str, Gate],
    now: dt.datetime,
    generator: str,
) -> Report:
    """The whole judgement. `now` is aware; its UTC date decides which waivers have expired.

    `gates` are the known gates by name; a gate of the policy that is not among them is inconclusive.
    """
    today = now.astimezone(dt.UTC).date()
    matched: Counter[Waiver] = Counter()
    # Without the gate that counts them, nobody would see what the entries excuse.
    entries = policy.quarantine if policy.gate(_QUARANTINE_JUDGE) is not None else ()
    judged, uses = excused(evidence, entries, today)
    results = tuple(
        _judged(gate, gates.get(gate.name), judged, policy.waivers, today, matched)
        for gate in policy.gates
    )
    return Report(
        schema=SCHEMA_VERSION,
        generator=generator,
        judged=now,
        decision=decide(
            results,
            block_on_inconclusive=policy.block_on_inconclusive,
            finished=evidence.run.finished is not None,
        ),
        policy=policy.record(),
        results=results,
        waivers=tuple(_use(waiver, results, matched[waiver], today) for waiver in policy.waivers),
        quarantine=uses,
        evidence=evidence,
    )


def decide(
    results: tuple[GateResult, ...], *, block_on_inconclusive: bool, finished: bool
) -> Decision:
    """A failure in a blocking gate outweighs an unknown one, an unknown one outweighs a warning.

    A run that did not finish, or that no gate judged, is inconclusive under every policy.
    """
    blocking = {result.verdict for result in results if result.mode is Mode.BLOCK}
    if Verdict.FAIL in blocking:
        return Decision.BLOCKED
    if not finished or all(result.verdict is Verdict.SKIPPED for result in results):
        return Decision.INCONCLUSIVE
    if Verdict.INCONCLUSIVE in blocking and block_on_inconclusive:
        return Decision.INCONCLUSIVE
    if {result.verdict for result in results} & {Verdict.FAIL, Verdict.INCONCLUSIVE}:
        return Decision.WARN
    return Decision.PASS


def _judged(
    gate: GatePolicy,
    known: Gate | None,
    evidence: Evidence,
    waivers: tuple[Waiver, ...],
    today: dt.date,
    matched: Counter[Waiver],
) -> GateResult:
    judgement = _judgement(gate, known, evidence)
    kept, waived = split_waived(gate.name, judgement.findings, waivers, today, matched)
    return GateResult(
        gate=gate.name,
        mode=gate.settings.mode,
        verdict=_verdict(judgement, kept),
        summary=judgement.skipped or judgement.summary,
        measures=tuple(_with_origin(one, gate) for one in judgement.measures),
        findings=kept,
        waived=waived,
    )


def _verdict(judgement: Judgement, kept: tuple[Finding, ...]) -> Verdict:
    """A gate that found something applied, whatever it says of itself."""
    found = verdict_of(kept)
    return Verdict.SKIPPED if judgement.skipped is not None and found is Verdict.PASS else found


def _with_origin(measure: Measure, gate: GatePolicy) -> Measure:
    if measure.setting is None or measure.origin is not None:
        return measure
    return msgspec.structs.replace(measure, origin=gate.origin_of(measure.setting))


def _judgement(gate: GatePolicy, known: Gate | None, evidence: Evidence) -> Judgement:
    if known is None:
        why = f"the gate `{gate.name}` is not installed here"
        return _cannot_judge("gate-missing", why, "install the package that brings it", gate.name)
    try:
        found = known.evaluate(evidence, gate.settings)
        # msgspec checks types only when it decodes, and a gate may be anybody's.
        return msgspec.convert(msgspec.to_builtins(found), type=Judgement)
    except KeyboardInterrupt:
        raise
    except BaseException as crash:  # SystemExit and pytest.fail() too: its verdict is unknown
        why = f"the gate crashed: {type(crash).__name__}: {crash}"
        remedy = "report it to the author of the gate with the traceback in report.json"
        return _cannot_judge("gate-crashed", why, remedy, gate.name, traceback.format_exc())


def _cannot_judge(
    rule: str, why: str, remedy: str, gate: str, detail: str | None = None
) -> Judgement:
    finding = unknown_finding(rule, why, remedy, subject=gate, detail=detail)
    return Judgement(summary=why, findings=(finding,))


def split_waived(
    gate: str,
    findings: tuple[Finding, ...],
    waivers: tuple[Waiver, ...],
    today: dt.date,
    matched: Counter[Waiver],
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """Findings that count, and those excused by a waiver that is not over.

    `matched` counts what each waiver speaks of, also one that is over: that one is not stale.
    """
    kept: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        covering = [waiver for waiver in waivers if waiver.covers(gate, finding)]
        matched.update(covering)
        valid = next(
            (one for one in covering if not (one.expired(today) or one.lapsed(finding))), None
        )
        # A note needs no excuse: it counts for nothing, and stays where readers look for it.
        if valid is None or finding.effect is Effect.NOTE:
            kept.append(finding)
        else:
            waived.append(Waived(finding=finding, waiver=valid))
    return tuple(kept), tuple(waived)


def _use(
    waiver: Waiver, results: tuple[GateResult, ...], matched: int, today: dt.date
) -> WaiverUse:
    result = next((one for one in results if one.gate == waiver.gate), None)
    fixes = _fixes(waiver, result)
    if waiver.expired(today):
        state = WaiverState.EXPIRED
    elif fixes:
        state = WaiverState.LAPSED
    elif matched:
        state = WaiverState.USED
    elif result is None or result.verdict in {Verdict.INCONCLUSIVE, Verdict.SKIPPED}:
        state = WaiverState.UNTRIED
    else:
        state = WaiverState.STALE
    return WaiverUse(waiver=waiver, state=state, matched=matched, fixed_in=fixes)


def _fixes(waiver: Waiver, result: GateResult | None) -> tuple[str, ...]:
    """What the waiver speaks of and does not excuse, since there is a version to go to."""
    return tuple(
        f"{finding.where or finding.rule} -> {', '.join(finding.fixed_in)}"
        for finding in (result.findings if result is not None else ())
        if finding.effect is not Effect.NOTE
        and waiver.covers(waiver.gate, finding)
        and waiver.lapsed(finding)
    )
