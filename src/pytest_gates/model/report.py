"""The one answer of a run, which every reader repeats. Pure."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from pytest_gates.model.evidence import Evidence
from pytest_gates.model.exceptions import QuarantineUse, WaiverUse
from pytest_gates.model.moment import Moment
from pytest_gates.model.verdict import GateResult

SCHEMA_VERSION = 1


class Decision(enum.StrEnum):
    """May this change be merged? `inconclusive` blocks as well: what is unknown clears nothing."""

    PASS = "pass"  # noqa: S105  # nosec B105 - a decision, no password
    WARN = "warn"
    BLOCKED = "blocked"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_status(self) -> int:
        return {Decision.BLOCKED: 10, Decision.INCONCLUSIVE: 11}.get(self, 0)


class PolicyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The policy a report was judged by, as plain tables; `digest` is over `gates` and `expect`."""

    digest: str
    source: str
    profile: str
    on_inconclusive: str
    gates: dict[str, dict[str, Any]]
    expect: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence, policy, results and decision of one run."""

    schema: int
    generator: str
    judged: Moment
    decision: Decision
    policy: PolicyRecord
    results: tuple[GateResult, ...]
    waivers: tuple[WaiverUse, ...]
    quarantine: tuple[QuarantineUse, ...]
    evidence: Evidence

    @property
    def finished(self) -> bool:
        return self.evidence.run.finished is not None
