"""Whose law a report is judged by, with which scans, and what of its evidence that law cannot use. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from pytest_gates.changes.loosening import measured_otherwise
from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import Evidence, Scan, Unavailable
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.model.report import Report

Scanned = Mapping[str, Scan | Unavailable]
_NOTHING: Scanned = {}


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """`law` is the base's policy, None where the change is judged by its own.

    `reference` names that base for people, `parted` is the commit at which the change left it, None where
    git cannot say. `scans` were made anew for the law, `own_scans` for the change's own policy: they take
    the place of what the report holds.
    """

    law: Policy | None = None
    reference: str = ""
    parted: str | None = None
    scans: Scanned = _NOTHING
    own_scans: Scanned = _NOTHING


ITS_OWN = Bench()


def with_scans(evidence: Evidence, scans: Scanned) -> Evidence:
    """The same run, its scans replaced by those that were made in a process nobody could disturb."""
    if not scans:
        return evidence
    return msgspec.structs.replace(evidence, scans={**evidence.scans, **scans})


def doubts_of_law(report: Report, name: str, bench: Bench) -> tuple[Claim, ...]:
    """Where the base's law asks for evidence that a run under the change's policy did not gather."""
    if bench.law is None:
        return ()
    return (
        *(
            claim
            for gate in bench.law.gates
            if gate.name not in bench.scans
            for claim in _gathered(report, name, gate, bench.reference)
        ),
        *_other_base(report, name, bench),
    )


def _gathered(report: Report, name: str, gate: GatePolicy, base: str) -> Iterator[Claim]:
    ran = report.policy.gates.get(gate.name)
    remedy = "take that edit of the policy back, or let an owner approve it"
    if ran is None:
        why = f"the policy of {base} has the gate `{gate.name}`, and the run was made without it"
        yield Claim(Weight.UNKNOWN, f"{name}: {why}", remedy)
        return
    other = measured_otherwise(ran, gate.settings)
    if other:
        why = (
            f"{gate.name} was measured otherwise than the policy of {base} asks: {', '.join(other)}"
        )
        yield Claim(Weight.UNKNOWN, f"{name}: {why}", f"{remedy}; for scans, use --rescan")


def _other_base(report: Report, name: str, bench: Bench) -> Iterator[Claim]:
    """What is new is for the base to say: a change that names its own base could call nothing new."""
    change = report.evidence.change
    if bench.law is None or not any(one.settings.needs_change for one in bench.law.gates):
        return
    if isinstance(change, Change) and change.base != bench.parted:
        expected = bench.parted[:12] if bench.parted else "a commit that git does not know here"
        yield Claim(
            Weight.UNKNOWN,
            f"{name}: the run was compared with {change.base[:12]} ({change.how}), expected {expected}",
            "run the tests and this command in clones that hold the same base, with no other --gates-base",
        )


def scans_that_differ(report: Report, name: str, bench: Bench) -> tuple[Claim, ...]:
    """What a new scan found and the report does not hold, or the other way round."""
    scans = bench.scans or bench.own_scans
    return tuple(
        Claim(Weight.SAID, f"{name}: {gate}: scanned again, {_compared(report, gate, scan)}")
        for gate, scan in scans.items()
    )


def _compared(report: Report, gate: str, scan: Scan | Unavailable) -> str:
    recorded = report.evidence.scans.get(gate)
    if isinstance(scan, Unavailable):
        return f"which failed: {scan.why}"
    if not isinstance(recorded, Scan):
        return f"{len(scan.findings)} finding(s); the report holds no scan"
    was = {(one.rule, one.where) for one in recorded.findings}
    now = {(one.rule, one.where) for one in scan.findings}
    if was == now:
        return "with the same result"
    parts = [
        f"{len(some)} finding(s) {words} ({', '.join(' '.join(one).strip() for one in sorted(some)[:3])})"
        for some, words in ((now - was, "that the report hides"), (was - now, "that are not there"))
        if some
    ]
    return "; ".join(parts)
