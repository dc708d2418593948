"""Is this report whole, fresh, of this commit and policy, and does its evidence clear the change? Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import msgspec

from pytest_gates.cli.bench import (
    ITS_OWN,
    Bench,
    Scanned,
    doubts_of_law,
    scans_that_differ,
    with_scans,
)
from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.exceptions import Quarantine, QuarantineState, WaiverState
from pytest_gates.model.policy import Policy, digest_of
from pytest_gates.model.report import Decision, PolicyRecord, Report
from pytest_gates.model.verdict import GateResult, Mode, Verdict, verdict_of
from pytest_gates.pipeline import decide, evaluate

_BY_QUARANTINE = frozenset({"tests", "flaky"})
_CLOCK_SKEW = dt.timedelta(minutes=5)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller knows. `commit`: None for any, empty when git could not say."""

    commit: str | None
    max_age: dt.timedelta
    shards: tuple[str, ...]
    accept_recorded: frozenset[str]
    now: dt.datetime


def inspect(
    report: Report,
    name: str,
    policy: Policy,
    gates: Mapping[str, Gate],
    expected: Expected,
    bench: Bench = ITS_OWN,
) -> tuple[Claim, ...]:
    """Everything there is to say about one report, never empty.

    `policy` is that of the judged tree: the run was made under it, or it is in doubt. Where the bench
    holds a law of its own, that one judges, and what `policy` itself forbids blocks as well.
    """
    again = evaluate(
        policy, report.evidence, gates=gates, now=expected.now, generator=report.generator
    )
    other_policy = _other_policy(report.policy, name, policy.record(), frozenset(gates))
    doubts = (
        *_unfinished(report, name),
        *_other_commit(report, name, expected.commit),
        *_other_time(report, name, expected),
        # Under another policy another verdict is no surprise, and nothing passes anyway.
        *(other_policy or _altered(report, again, name, frozenset(gates))),
        *doubts_of_law(report, name, bench),
        *scans_that_differ(report, name, bench),
    )
    clean = not any(doubt.weight for doubt in doubts)
    own = _judged(report, policy, gates, expected, bench.own_scans)
    if bench.law is None:
        return (*doubts, *_excuses(own, name), *_verdicts(own, name, clean=clean))
    lawful = _judged(report, bench.law, gates, expected, bench.scans)
    more = _beyond(own, lawful, name)
    said = _verdicts(lawful, name, clean=clean and not any(claim.weight for claim in more))
    return (*doubts, *_excuses(lawful, name), *said, *more)


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A report as one policy judges it today; `recorded` gates were taken over as they stood there."""

    policy: Policy
    report: Report
    results: tuple[GateResult, ...]
    recorded: Collection[str]

    @property
    def decision(self) -> Decision:
        return decide(
            self.results,
            block_on_inconclusive=self.policy.block_on_inconclusive,
            finished=self.report.finished,
        )


def _judged(
    report: Report, policy: Policy, gates: Mapping[str, Gate], expected: Expected, scans: Scanned
) -> _Judged:
    evidence = with_scans(report.evidence, scans)
    again = evaluate(policy, evidence, gates=gates, now=expected.now, generator=report.generator)
    recorded = {
        one.gate: one
        for one in report.results
        if one.gate not in gates and one.gate in expected.accept_recorded
    }
    results = tuple(
        # Its verdict is taken over; whether it may block is for today's policy to say.
        _taken_over(recorded[one.gate], one.mode) if one.gate in recorded else one
        for one in again.results
    )
    return _Judged(policy=policy, report=again, results=results, recorded=tuple(recorded))


def _beyond(own: _Judged, lawful: _Judged, name: str) -> tuple[Claim, ...]:
    """What the change's own policy minds and the law does not: after the merge it is the law."""
    weights = {one.gate: _weight(one, lawful.policy) for one in lawful.results if _minds(one)}
    return tuple(
        Claim(
            _weight(one, own.policy),
            f"{name}: {one.gate}: {_reason(one)} (by the change's own policy)",
            _remedy(one),
        )
        for one in own.results
        if _minds(one) and _weight(one, own.policy) > weights.get(one.gate, Weight.SAID)
    )


def _minds(result: GateResult) -> bool:
    return result.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}


def _excuses(judged: _Judged, name: str) -> tuple[Claim, ...]:
    return (*_waivers(judged.report, name), *_quarantine(judged.report, name))


def _taken_over(recorded: GateResult, mode: Mode) -> GateResult:
    """A recorded result is believed as far as its own findings bear it out."""
    verdict = recorded.verdict
    if verdict in {Verdict.PASS, Verdict.SKIPPED} and recorded.findings:
        found = verdict_of(recorded.findings)
        verdict = verdict if found is Verdict.PASS else found
    return msgspec.structs.replace(recorded, mode=mode, verdict=verdict)


def _unfinished(report: Report, name: str) -> tuple[Claim, ...]:
    if report.finished:
        return ()
    return (
        Claim(Weight.UNKNOWN, f"{name}: the run did not finish", "run it again and let it end"),
    )


def _other_commit(report: Report, name: str, commit: str | None) -> tuple[Claim, ...]:
    if commit is None:
        return ()
    tested = report.evidence.run.checkout
    if not commit:
        return (
            Claim(
                Weight.UNKNOWN,
                f"{name}: git does not say which commit is checked out here",
                "run in the work tree, or name the commit with --commit",
            ),
        )
    if not isinstance(tested, Checkout):
        return (
            Claim(
                Weight.UNKNOWN,
                f"{name}: the run did not know its commit ({tested.why})",
                tested.remedy,
            ),
        )
    # An abbreviated SHA on the command line is enough, if it is long enough to be one.
    if not (len(commit) >= 7 and tested.commit.startswith(commit.lower())):  # noqa: PLR2004
        return (
            Claim(
                Weight.UNKNOWN,
                f"{name}: tested commit {tested.commit[:12]}, expected {commit[:12]}",
                "run the tests on the commit that is to be merged",
            ),
        )
    if tested.dirty:
        return (
            Claim(
                Weight.SAID,
                f"{name}: the work tree held uncommitted changes; what was tested is not only the commit",
            ),
        )
    return ()


def _other_time(report: Report, name: str, expected: Expected) -> tuple[Claim, ...]:
    age = expected.now - (report.evidence.run.finished or report.evidence.run.started)
    if age > expected.max_age:
        return (
            Claim(
                Weight.UNKNOWN,
                f"{name}: {_shown(age)} old, at most {_shown(expected.max_age)} is accepted",
                "run the tests again, or raise --max-age",
            ),
        )
    if age < -_CLOCK_SKEW:
        return (
            Claim(
                Weight.UNKNOWN, f"{name}: ends {_shown(-age)} in the future", "set the clocks right"
            ),
        )
    return ()


def _other_policy(
    ran: PolicyRecord, name: str, now: PolicyRecord, installed: frozenset[str]
) -> tuple[Claim, ...]:
    """Settings of gates that are not installed here cannot be compared: their defaults are not known."""
    changed = sorted(
        gate
        for gate in {*ran.gates, *now.gates}
        if gate in installed
        and digest_of({gate: ran.gates.get(gate)}, ()) != digest_of({gate: now.gates.get(gate)}, ())
    )
    changed += [
        f"{gate} (gone)" for gate in sorted(ran.gates.keys() - now.gates.keys() - installed)
    ]
    if ran.expect != now.expect:
        changed.append("expect")
    if not changed:
        return ()
    if ran.gates.keys() != now.gates.keys():
        how = "other gates were on"
    elif ran.profile != now.profile:
        how = f"profile {ran.profile}, verified with {now.profile}"
    else:
        how = "edited since"
    return (
        Claim(
            Weight.UNKNOWN,
            f"{name}: was run under another policy ({how}): {', '.join(changed)}",
            f"run with the policy that is checked out here and --gates-profile {now.profile}, "
            "without --gate and --no-gate",
        ),
    )


def _altered(
    report: Report, again: Report, name: str, installed: frozenset[str]
) -> tuple[Claim, ...]:
    """The recorded answer must be the one that its own evidence and policy give, better or worse."""
    recorded = {one.gate: one for one in report.results}
    # An entry that came, went or ended since explains another verdict on the same failures.
    excused = _BY_QUARANTINE if _entries(report) != _entries(again) else frozenset()
    wrong = [
        one.gate
        for one in again.results
        if one.gate in installed - excused and _differs(recorded.get(one.gate), one)
    ]
    if wrong:
        what = f"the verdict of {', '.join(wrong)}"
    elif report.policy.digest != digest_of(report.policy.gates, report.policy.expect):
        what = "the digest of its policy"
    elif report.decision is not _own_decision(report):
        what = f"the decision `{report.decision}`"
    else:
        return ()
    return (
        Claim(
            Weight.UNKNOWN,
            f"{name}: {what} is not what its evidence says; the report may have been edited",
            "run the tests again and hand over the report untouched",
        ),
    )


def _entries(report: Report) -> list[tuple[Quarantine, QuarantineState]]:
    return [(use.entry, use.state) for use in report.quarantine]


def _differs(recorded: GateResult | None, again: GateResult) -> bool:
    """Waivers may have come or gone since; without them the same evidence gives the same answer."""
    if recorded is None:
        return True
    if recorded.waived or again.waived:
        return False
    seen = [(one.name, one.observed) for one in recorded.measures]
    return recorded.verdict is not again.verdict or seen != [
        (one.name, one.observed) for one in again.measures
    ]


def _own_decision(report: Report) -> Decision:
    """What the recorded results amount to under the recorded policy."""
    return decide(
        report.results,
        block_on_inconclusive=report.policy.on_inconclusive == "block",
        finished=report.finished,
    )


def _verdicts(judged: _Judged, name: str, *, clean: bool) -> tuple[Claim, ...]:
    claims = [
        Claim(_weight(one, judged.policy), f"{name}: {one.gate}: {_reason(one)}", _remedy(one))
        for one in judged.results
        if _minds(one)
    ]
    claims += [
        Claim(Weight.SAID, f"{name}: {gate}: taken as recorded, not judged again")
        for gate in judged.recorded
    ]
    decision = judged.decision
    if decision.exit_status == 0 and clean:
        said = " · ".join(
            f"{one.gate} {one.summary}" for one in judged.results if one.verdict is Verdict.PASS
        )
        claims.append(Claim(Weight.SAID, f"{name}: {decision} · {said}"))
    elif decision.exit_status and not any(claim.weight for claim in claims):
        # Nothing above says why: no gate judged it at all.
        claims.append(Claim(Weight.UNKNOWN, f"{name}: {decision}"))
    return tuple(claims)


def _weight(result: GateResult, policy: Policy) -> Weight:
    if result.mode is Mode.WARN:
        return Weight.SAID
    if result.verdict is Verdict.FAIL:
        return Weight.BLOCKED
    return Weight.UNKNOWN if policy.block_on_inconclusive else Weight.SAID


def _reason(result: GateResult) -> str:
    counted = (*result.failures, *result.unknowns)
    if not counted:
        return result.summary
    first = counted[0]
    place = f"{first.where}: " if first.location and first.where not in first.message else ""
    more = f" (+{len(counted) - 1} more)" if len(counted) > 1 else ""
    return f"{first.rule} {place}{first.message}{more}"


def _waivers(again: Report, name: str) -> tuple[Claim, ...]:
    """Excuses are never silent: what they cover, and which have nothing left to cover."""
    said = [
        f"{sum(use.matched for use in again.waivers if use.state is state)} finding(s) {words}"
        for state, words in (
            (WaiverState.USED, "waived"),
            (WaiverState.EXPIRED, "whose waiver has expired"),
            (WaiverState.LAPSED, "whose waiver has lapsed, since there is a fix"),
        )
        if any(use.state is state and use.matched for use in again.waivers)
    ]
    stale = [use.waiver.subject for use in again.waivers if use.state is WaiverState.STALE]
    said += [f"waiver matches nothing, remove it: {subject}" for subject in stale]
    return tuple(Claim(Weight.SAID, f"{name}: {text}") for text in said)


def _quarantine(again: Report, name: str) -> tuple[Claim, ...]:
    failed = sum(len(use.excused) for use in again.quarantine)
    covered = sum(use.tests for use in again.quarantine)
    if not covered:
        return ()
    text = f"{name}: {covered} test(s) in quarantine, {failed} of them failed"
    return (Claim(Weight.SAID, text),)


def _remedy(result: GateResult) -> str | None:
    counted = (*result.failures, *result.unknowns)
    return counted[0].remedy if counted else None


def _shown(age: dt.timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, size in (("day(s)", 86400), ("hour(s)", 3600), ("minute(s)", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} second(s)"
