"""What a gate concludes. Pure."""

from __future__ import annotations

import enum

import msgspec

from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Effect, Finding


class Verdict(enum.StrEnum):
    """A gate's answer. `skipped`: not applicable here, with the reason in the summary."""

    PASS = "pass"  # noqa: S105  # nosec B105 - a verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class Mode(enum.StrEnum):
    """Whether a gate may block, or only warn."""

    BLOCK = "block"
    WARN = "warn"


class Measure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number a gate looked at, as shown to people; `setting` names the key of its threshold.

    `origin` says where that threshold is written; the pipeline fills it in.
    """

    name: str
    observed: str
    required: str | None = None
    setting: str | None = None
    origin: str | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate's own `evaluate` returns; the findings alone make the verdict.

    `skipped` is the reason why the gate does not apply, None when it does.
    """

    summary: str
    measures: tuple[Measure, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: str | None = None


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that somebody has excused for a time."""

    finding: Finding
    waiver: Waiver


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of one gate after waivers. `waived` findings stay visible, and count nothing."""

    gate: str
    mode: Mode
    verdict: Verdict
    summary: str
    measures: tuple[Measure, ...] = ()
    findings: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.effect is Effect.FAIL)

    @property
    def unknowns(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.effect is Effect.UNKNOWN)


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """A failure outweighs an unknown, an unknown outweighs nothing found."""
    effects = {finding.effect for finding in findings}
    if Effect.FAIL in effects:
        return Verdict.FAIL
    if Effect.UNKNOWN in effects:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
