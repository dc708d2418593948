"""One gate or one finding at length: what was measured, what is required and where that is written. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

import msgspec

from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import GateResult, Mode, Verdict

_GLOB = frozenset("*?[")
_LONGEST = 2000
_INDENT = "    "


class Chosen(msgspec.Struct, frozen=True):
    """A gate, and those of its findings that are asked about; `whole` where the gate itself is."""

    result: GateResult
    findings: tuple[Finding, ...]
    whole: bool


def chosen(report: Report, name: str | None) -> tuple[Chosen, ...]:
    """What `name` means: a gate, or a rule, alias, fingerprint, subject, path or place of findings.

    None means every gate that did not pass, and all of them if all did.
    """
    if name is None:
        quiet = {Verdict.PASS, Verdict.SKIPPED}
        loud = tuple(one for one in report.results if one.verdict not in quiet)
        return tuple(_whole(one) for one in loud or report.results)
    gates = tuple(_whole(one) for one in report.results if one.gate == name)
    if gates:
        return gates
    return tuple(
        Chosen(result, found, whole=False)
        for result in report.results
        if (found := tuple(one for one in _all_of(result) if name.lower() in _names(result, one)))
    )


def names(report: Report) -> tuple[str, ...]:
    """All that can be asked for, gates first."""
    found = dict.fromkeys(one.gate for one in report.results)
    for result in report.results:
        for finding in _all_of(result):
            found |= dict.fromkeys(_names(result, finding).values())
    return tuple(found)


def explained(report: Report, one: Chosen, doc: str | None) -> Iterator[str]:
    """Lines for people. `doc` is what the gate is about, None where nobody here knows the gate."""
    result = one.result
    yield printable(f"{result.gate}: {_verdict(report, result)}")
    if doc is not None:
        yield f"  {printable(doc)}"
    if one.whole:
        yield f"  found: {printable(result.summary)}"
        for measure in result.measures:
            required = f", required {measure.required}" if measure.required else ""
            origin = f", written in {measure.origin}" if measure.origin else ""
            yield f"  measured: {printable(f'{measure.name} {measure.observed}{required}{origin}')}"
    waivers = {waived.finding: waived.waiver for waived in result.waived}
    for finding in one.findings:
        yield ""
        yield f"  {finding.effect}: {printable(f'{finding.rule} {finding.message}', _LONGEST)}"
        waiver = waivers.get(finding)
        excuse = f"until {waiver.expires} by {waiver.owner}: {waiver.reason}" if waiver else None
        yield from _facts(
            (
                ("severity", finding.severity),
                ("at", finding.where),
                ("new", None if finding.is_new is None else "yes" if finding.is_new else "no"),
                ("also called", ", ".join(finding.aliases)),
                ("required by", " > ".join(finding.required_by)),
                ("fixed in", ", ".join(finding.fixed_in)),
                ("read more", finding.url),
                ("threshold", _threshold(result, finding)),
                ("suppressed", finding.suppressed),
                ("waived", excuse),
                ("next", finding.remedy),
                ("or", finding.excuse or (None if waiver else _waive(result.gate, finding))),
            )
        )
        for line in (finding.detail or "").splitlines():
            yield f"{_INDENT}| {printable(line)}"


def _whole(result: GateResult) -> Chosen:
    return Chosen(result, _all_of(result), whole=True)


def _all_of(result: GateResult) -> tuple[Finding, ...]:
    """What fails first, notes and what is waived last."""
    notes = tuple(one for one in result.findings if one.effect is Effect.NOTE)
    waived = tuple(one.finding for one in result.waived)
    return (*result.failures, *result.unknowns, *notes, *waived)


def _names(result: GateResult, finding: Finding) -> dict[str, str]:
    """As they are written, by their lower case."""
    path = finding.location.path if finding.location is not None else None
    known = (finding.rule, *finding.aliases, finding.fingerprint, finding.subject, path)
    places = (finding.where, f"{path or finding.subject}:{finding.rule}")
    told = (*known, *places, f"{result.gate}:{finding.rule}")
    return {name.lower(): name for name in told if name}


def _verdict(report: Report, result: GateResult) -> str:
    if result.verdict is Verdict.SKIPPED:
        return f"skipped, {result.summary}"
    if result.verdict is Verdict.PASS:
        return "pass"
    unknown = result.verdict is Verdict.INCONCLUSIVE
    warns = result.mode is Mode.WARN or (unknown and report.policy.on_inconclusive == "warn")
    return f"{result.verdict}, {'only warns' if warns else 'blocks the merge'}"


def _threshold(result: GateResult, finding: Finding) -> str | None:
    found = (one.origin for one in result.measures if one.setting == finding.setting)
    return next(found, None) if finding.setting is not None else None


def _waive(gate: str, finding: Finding) -> str | None:
    """The command that lets it pass for a time. Tests are not waived but put into quarantine."""
    if finding.effect is Effect.NOTE or finding.suppressed is not None or gate == "tests":
        return None
    place = finding.location.path if finding.location is not None else finding.subject
    name = f"{place}:{finding.rule}" if place else finding.rule
    if _GLOB & set(name):
        name = finding.fingerprint or finding.rule
    return f"gates waive {gate} {shlex.quote(name)} --owner YOU --reason WHY"


def _facts(known: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, said in known:
        if said:
            yield f"{_INDENT}{name + ':':<12} {printable(str(said), _LONGEST)}"
