"""Gates over external tools: no finding, or no new one, above a floor, and nothing left unread. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.contracts import Gate, Tool
from pytest_gates.model.evidence import BaseScan, Evidence, Scan, Unavailable
from pytest_gates.model.finding import Effect, Finding, fingerprint_of, unknown_finding
from pytest_gates.model.moment import Moment
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.verdict import Judgement, Measure


def scan_gate(
    tool: Tool, settings: type[ScanSettings], doc: str, *, tells_fixes: bool = False
) -> Gate:
    """The gate that judges what `tool` said; both have the same name."""

    def evaluate(evidence: Evidence, values: ScanSettings) -> Judgement:
        return judge(evidence.scans.get(tool.name), values, tool.name, evidence.run.started)

    return Gate(
        name=tool.name,
        doc=doc,
        settings=settings,
        evaluate=evaluate,
        tool=tool,
        tells_fixes=tells_fixes,
    )


def judge(
    scan: Scan | Unavailable | None, settings: ScanSettings, name: str, started: Moment
) -> Judgement:
    """The judgement of one scan; None when the run, which began at `started`, holds none at all."""
    if scan is None:
        scan = Unavailable(
            why=f"{name} was not started in this run",
            remedy="run again with this gate in the policy",
        )
    if isinstance(scan, Unavailable):
        return Judgement(
            summary=scan.why,
            findings=(unknown_finding("no-scan", scan.why, scan.remedy, subject=name),),
        )
    weighed = tuple(_weighed(finding, settings, scan.base) for finding in scan.findings)
    minded = sum(1 for finding in scan.findings if _minded(finding, settings))
    failing = sum(1 for finding in weighed if finding.effect is Effect.FAIL)
    unread = tuple(
        _unread(one.subject, one.why, name, settings.unread_remedy)
        for one in scan.unread
        if not settings.accepts_unread(one.subject)
    )
    return Judgement(
        summary=_summary(failing, minded, len(unread), scan, settings),
        measures=_measures(failing, minded, scan.base, settings),
        findings=(
            *weighed,
            *unread,
            *_nothing_scanned(scan, name),
            *_nothing_to_compare_with(scan, settings, name),
            *settings.doubts(scan.database, started),
        ),
    )


def _minded(finding: Finding, settings: ScanSettings) -> bool:
    return finding.suppressed is None and settings.fails(finding)


def _weighed(finding: Finding, settings: ScanSettings, base: object) -> Finding:
    """Where only new findings fail, one that nobody compared is none that is known to be old."""
    fails = _minded(finding, settings)
    if settings.new_only:
        fails = fails and isinstance(base, BaseScan) and finding.is_new is not False
    return msgspec.structs.replace(finding, effect=Effect.FAIL if fails else Effect.NOTE)


def _nothing_to_compare_with(scan: Scan, settings: ScanSettings, name: str) -> tuple[Finding, ...]:
    """Without the base nobody knows which findings are old: none of them fails, and none passes."""
    if not settings.new_only or isinstance(scan.base, BaseScan):
        return ()
    base = scan.base or Unavailable(
        why=f"nobody compared the findings of {name} with the base",
        remedy="run again with this policy, and let the run end",
    )
    return (unknown_finding("no-base", base.why, base.remedy, subject=name),)


def _measures(
    failing: int, minded: int, base: object, settings: ScanSettings
) -> tuple[Measure, ...]:
    floor = settings.floor
    kind = f"findings of at least {floor} severity" if floor else "findings"
    setting = "fail-on" if floor else None
    if not settings.new_only:
        return (Measure(name=kind, observed=str(failing), required="0", setting=setting),)
    known = isinstance(base, BaseScan)
    return (
        Measure(
            name=f"new {kind}",
            observed=str(failing) if known else "unknown",
            required="0",
            setting="only-new",
        ),
        Measure(name=kind, observed=str(minded), setting=setting),
    )


def _nothing_scanned(scan: Scan, name: str) -> tuple[Finding, ...]:
    """Nobody can find anything where nobody looked."""
    if scan.inputs:
        return ()
    remedy = f"check what [tool.pytest-gates.{name}] names and allows"
    return (
        unknown_finding(
            "nothing-scanned", f"{name} looked at nothing at all", remedy, subject=name
        ),
    )


def _summary(failing: int, minded: int, unread: int, scan: Scan, settings: ScanSettings) -> str:
    parts = [f"{minded} finding(s)" if minded else "no findings"]
    if settings.new_only and isinstance(scan.base, BaseScan):
        parts = [f"{failing or 'no'} new of {minded} finding(s)"] if minded else parts
        parts.append(f"{scan.base.findings} at the base {scan.base.commit[:10]}")
    elif settings.new_only:
        parts.append("not known which are new")
    suppressed = sum(1 for finding in scan.findings if finding.suppressed is not None)
    below = len(scan.findings) - minded - suppressed
    if below:
        parts.append(f"{below} below the floor")
    if suppressed:
        parts.append(f"{suppressed} suppressed in the source")
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
