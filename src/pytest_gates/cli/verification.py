"""Is this report whole, fresh, of this commit and policy, and does its evidence clear the change? Pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping

import msgspec

from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.policy import Policy
from pytest_gates.model.report import Decision, PolicyRecord, Report
from pytest_gates.model.verdict import GateResult, Verdict
from pytest_gates.pipeline import decide, evaluate

_CLOCK_SKEW = dt.timedelta(minutes=5)


class Weight(enum.IntEnum):
    """What a claim does to the answer; the heaviest claim is the answer."""

    SAID = 0
    UNKNOWN = 1
    BLOCKED = 2

    @property
    def exit_status(self) -> int:
        """In this order too a block wins: 10 is returned although 11 is the larger number."""
        return {Weight.SAID: 0, Weight.UNKNOWN: 11, Weight.BLOCKED: 10}[self]

    @property
    def word(self) -> str:
        return {Weight.SAID: "ok", Weight.UNKNOWN: "inconclusive", Weight.BLOCKED: "blocked"}[self]

    @property
    def colour(self) -> str:
        return {Weight.SAID: "green", Weight.UNKNOWN: "yellow", Weight.BLOCKED: "red"}[self]


class Claim(msgspec.Struct, frozen=True):
    """One sentence about one report."""

    weight: Weight
    text: str
    remedy: str | None = None


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller knows. `commit`: None for any, empty when git could not say."""

    commit: str | None
    max_age: dt.timedelta
    shards: tuple[str, ...]
    accept_recorded: frozenset[str]
    now: dt.datetime


def inspect(
    report: Report, name: str, policy: Policy, gates: Mapping[str, Gate], expected: Expected
) -> tuple[Claim, ...]:
    """Everything there is to say about one report, never empty."""
    law, missing = _lawful(policy, report, gates, expected.accept_recorded)
    again = evaluate(law, report.evidence, gates=gates, now=expected.now, generator=report.generator)
    recorded = tuple(one for one in report.results if one.gate in missing)
    decision = decide((*again.results, *recorded), law, finished=report.finished)
    doubts = (
        *_unfinished(report, name),
        *_other_commit(report, name, expected.commit),
        *_other_time(report, name, expected),
        *_other_policy(report.policy, name, policy.record(), missing),
        *_altered(report, again, name),
    )
    return (*doubts, *_verdicts(again, recorded, decision, name, clean=not doubts))


def _lawful(
    policy: Policy, report: Report, gates: Mapping[str, Gate], accepted: frozenset[str]
) -> tuple[Policy, frozenset[str]]:
    """The policy to judge by, and the gates whose recorded result the caller accepts.

    A gate that the run had and that is not known here (a conftest brought it) stays in force unless it
    is accepted: it is judged inconclusive, since nobody here can judge it.
    """
    unknown = [one.gate for one in report.results if one.gate not in gates]
    missing = frozenset(unknown) & accepted
    return policy, missing


def _unfinished(report: Report, name: str) -> tuple[Claim, ...]:
    if report.finished:
        return ()
    return (Claim(Weight.UNKNOWN, f"{name}: the run did not finish", "run it again and let it end"),)


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
        return (Claim(Weight.UNKNOWN, f"{name}: the run did not know its commit ({tested.why})", tested.remedy),)
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
        return (Claim(Weight.UNKNOWN, f"{name}: ends {_shown(-age)} in the future", "set the clocks right"),)
    return ()


def _other_policy(
    ran: PolicyRecord, name: str, now: PolicyRecord, accepted: frozenset[str]
) -> tuple[Claim, ...]:
    before = {gate: table for gate, table in ran.gates.items() if gate not in accepted}
    if before == msgspec.to_builtins(now.gates) and ran.expect == now.expect:
        return ()
    changed = sorted(
        gate
        for gate in {*before, *now.gates}
        if before.get(gate) != msgspec.to_builtins(now.gates).get(gate)
    )
    how = f"profile {ran.profile}, verified with {now.profile}" if ran.profile != now.profile else "edited since"
    return (
        Claim(
            Weight.UNKNOWN,
            f"{name}: was run under another policy ({how}): {', '.join(changed) or 'expect'}",
            f"run with the policy that is checked out here and --gates-profile {now.profile}, "
            "without --gate and --no-gate",
        ),
    )


def _altered(report: Report, again: Report, name: str) -> tuple[Claim, ...]:
    """The recorded answer must be the one that its own evidence and policy give."""
    recorded = {one.gate: one for one in report.results}
    wrong = [
        one.gate
        for one in again.results
        if one.gate in recorded and _better(recorded[one.gate], one) and not one.waived
    ]
    own = {one.verdict for one in report.results}
    contradicts = report.decision in {Decision.PASS, Decision.WARN} and not report.finished
    contradicts |= report.decision is Decision.PASS and bool(own & {Verdict.FAIL, Verdict.INCONCLUSIVE})
    if not wrong and not contradicts:
        return ()
    what = f"the verdict of {', '.join(wrong)}" if wrong else f"the decision `{report.decision}`"
    return (
        Claim(
            Weight.UNKNOWN,
            f"{name}: {what} is not what its evidence says; the report may have been edited",
            "run the tests again and hand over the report untouched",
        ),
    )


def _better(recorded: GateResult, again: GateResult) -> bool:
    """Whether the report claims more than the evidence gives.

    A waiver that has expired since also makes a pass a failure; that is told by the verdict itself.
    """
    order = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.SKIPPED: 2, Verdict.PASS: 2}
    return order[recorded.verdict] > order[again.verdict] and not recorded.waived


def _verdicts(
    again: Report, recorded: tuple[GateResult, ...], decision: Decision, name: str, *, clean: bool
) -> tuple[Claim, ...]:
    weight = {Decision.BLOCKED: Weight.BLOCKED, Decision.INCONCLUSIVE: Weight.UNKNOWN}.get(decision, Weight.SAID)
    bad = {Verdict.FAIL, Verdict.INCONCLUSIVE}
    loud = [one for one in again.results if one.verdict in bad]
    claims = [Claim(weight, f"{name}: {one.gate}: {_reason(one)}", _remedy(one)) for one in loud]
    claims += [
        Claim(Weight.SAID, f"{name}: {one.gate}: `{one.verdict}` as recorded, not judged again")
        for one in recorded
    ]
    if weight is Weight.SAID and clean:
        said = " · ".join(f"{one.gate} {one.summary}" for one in again.results if one.verdict not in bad)
        claims.append(Claim(Weight.SAID, f"{name}: {decision} · {said}"))
    return tuple(claims) or (Claim(weight, f"{name}: {decision}"),)


def _reason(result: GateResult) -> str:
    counted = (*result.failures, *result.unknowns)
    if not counted:
        return result.summary
    more = f" (+{len(counted) - 1} more)" if len(counted) > 1 else ""
    return f"{counted[0].rule} {counted[0].message}{more}"


def _remedy(result: GateResult) -> str | None:
    counted = (*result.failures, *result.unknowns)
    return counted[0].remedy if counted else None


def _shown(age: dt.timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, size in (("day(s)", 86400), ("hour(s)", 3600), ("minute(s)", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} second(s)"
