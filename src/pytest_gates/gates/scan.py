"""Gates over external tools: no finding at or above a floor, and nothing left unread. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.contracts import Gate, Tool
from pytest_gates.model.evidence import Evidence, Scan, Unavailable
from pytest_gates.model.finding import Effect, Finding, fingerprint_of
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.verdict import Judgement, Measure


def scan_gate(tool: Tool, settings: type[ScanSettings], doc: str) -> Gate:
    """The gate that judges what `tool` said; both have the same name."""

    def evaluate(evidence: Evidence, values: ScanSettings) -> Judgement:
        return judge(evidence.scans.get(tool.name), values, tool.name)

    return Gate(name=tool.name, doc=doc, settings=settings, evaluate=evaluate, tool=tool)


def judge(scan: Scan | Unavailable | None, settings: ScanSettings, name: str) -> Judgement:
    """The judgement of one scan; None when the run holds none at all."""
    if scan is None:
        scan = Unavailable(
            why=f"{name} was not started in this run",
            remedy="run again with this gate in the policy",
        )
    if isinstance(scan, Unavailable):
        return Judgement(
            summary=scan.why,
            findings=(_unknown("no-scan", scan.why, scan.remedy, name),),
        )
    weighed = tuple(_weighed(finding, settings) for finding in scan.findings)
    failing = sum(1 for finding in weighed if finding.effect is Effect.FAIL)
    below = len(weighed) - failing
    unread = tuple(
        _unread(one.subject, one.why, name, settings.unread_remedy)
        for one in scan.unread
        if not settings.accepts_unread(one.subject)
    )
    return Judgement(
        summary=_summary(failing, below, len(unread), scan),
        measures=(
            Measure(
                name=f"findings of at least {settings.floor} severity"
                if settings.floor
                else "findings",
                observed=str(failing),
                required="0",
                setting="fail-on" if settings.floor else None,
            ),
        ),
        findings=(*weighed, *unread, *_nothing_scanned(scan, name)),
    )


def _nothing_scanned(scan: Scan, name: str) -> tuple[Finding, ...]:
    """Nobody can find anything where nobody looked."""
    if scan.inputs:
        return ()
    remedy = f"check what [tool.pytest-gates.{name}] names and allows"
    return (_unknown("nothing-scanned", f"{name} looked at nothing at all", remedy, name),)


def _weighed(finding: Finding, settings: ScanSettings) -> Finding:
    effect = Effect.FAIL if settings.fails(finding) else Effect.NOTE
    return msgspec.structs.replace(finding, effect=effect)


def _summary(failing: int, below: int, unread: int, scan: Scan) -> str:
    parts = [f"{failing} finding(s)" if failing else "no findings"]
    if below:
        parts.append(f"{below} below the floor")
    if unread:
        parts.append(f"{unread} not looked at")
    parts.append(f"{scan.inputs} scanned")
    return ", ".join(parts)


def _unread(subject: str, why: str, name: str, remedy: str) -> Finding:
    return Finding(
        rule="unread",
        message=f"{name} did not look at {subject}: {why}",
        effect=Effect.UNKNOWN,
        subject=subject,
        remedy=remedy,
        fingerprint=fingerprint_of("unread", subject, ""),
    )


def _unknown(rule: str, why: str, remedy: str, name: str) -> Finding:
    return Finding(
        rule=rule,
        message=why,
        effect=Effect.UNKNOWN,
        subject=name,
        remedy=remedy,
        fingerprint=fingerprint_of(rule, name, ""),
    )
