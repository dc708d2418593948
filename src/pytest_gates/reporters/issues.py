"""The findings of a report for readers of issues: one list, weighed, each with a lasting name. Pure."""

from __future__ import annotations

import enum
import hashlib
from collections import Counter
from collections.abc import Iterator

import msgspec

from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import GateResult, Mode

MESSAGE = 1000
_POLICY_FILES = (".toml",)
_DEFAULT_POLICY_FILE = "pyproject.toml"


class Weight(enum.IntEnum):
    """What an issue does to the decision, from nothing to the worst."""

    NOTE = 0
    EXCUSED = 1
    WARNS = 2
    BLOCKS = 3


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of one gate. `path` and `line` are always there: most readers show nothing without.

    Where a finding has no place, they are those of the file in which its gate is written. `excuse` is why
    it does not count, None where it does. `identity` is the same in later runs, and no other issue of
    this report has it.
    """

    gate: str
    finding: Finding
    weight: Weight
    path: str
    line: int
    text: str
    identity: str
    excuse: str | None = None

    @property
    def rule(self) -> str:
        """Of all gates together: two of them may call different things by one name."""
        return f"{self.gate}.{self.finding.rule}"


def issues(report: Report) -> tuple[Issue, ...]:
    """All findings of all gates, waived ones too: what blocks first, then in the order of the report."""
    found = sorted(_weighed(report), key=lambda one: -one[2])
    policy_file = _policy_file(report)
    seen: Counter[str] = Counter()
    made = []
    for gate, finding, weight, excuse in found:
        essence = _essence(gate, finding)
        made.append(
            _issue(gate, finding, weight, excuse, policy_file, f"{essence}:{seen[essence]}")
        )
        seen[essence] += 1
    return tuple(made)


def _weighed(report: Report) -> Iterator[tuple[str, Finding, Weight, str | None]]:
    for result in report.results:
        for finding in result.findings:
            excuse = finding.suppressed
            suppressed = None if excuse is None else f"suppressed in the source: {excuse}"
            weight = Weight.EXCUSED if excuse is not None else _weight(finding, result, report)
            yield result.gate, finding, weight, suppressed
        for waived in result.waived:
            yield result.gate, waived.finding, Weight.EXCUSED, _promise(waived.waiver)


def _weight(finding: Finding, result: GateResult, report: Report) -> Weight:
    if finding.effect is Effect.NOTE:
        return Weight.NOTE
    counts = finding.effect is Effect.FAIL or report.policy.on_inconclusive == "block"
    return Weight.BLOCKS if counts and result.mode is Mode.BLOCK else Weight.WARNS


def _promise(waiver: Waiver) -> str:
    return f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"


def _issue(
    gate: str, finding: Finding, weight: Weight, excuse: str | None, policy_file: str, essence: str
) -> Issue:
    place = finding.location
    about = f"{finding.subject}: " if place is None and finding.subject else ""
    known = about and finding.subject is not None and finding.subject in finding.message
    return Issue(
        gate=gate,
        finding=finding,
        weight=weight,
        path=(printable(place.path) if place is not None else "") or policy_file,
        line=max(1, place.line or 1) if place is not None else 1,
        text=printable(finding.message if known else f"{about}{finding.message}", MESSAGE),
        identity=hashlib.sha256(essence.encode("utf-8", "backslashreplace")).hexdigest(),
        excuse=printable(excuse, MESSAGE) if excuse is not None else None,
    )


def _essence(gate: str, finding: Finding) -> str:
    """Lines move, so a fingerprint goes before a place."""
    path = finding.location.path if finding.location is not None else ""
    what = finding.fingerprint or f"{finding.subject}\0{finding.message}"
    return f"{gate}\0{finding.rule}\0{path}\0{what}"


def _policy_file(report: Report) -> str:
    name = printable(report.policy.source.partition(" ")[0])
    return name if name.endswith(_POLICY_FILES) else _DEFAULT_POLICY_FILE
