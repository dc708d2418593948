"""What the author of a gate, a tool or a reporter may import; stable between minor versions. Pure."""

from __future__ import annotations

from pytest_gates.errors import EvidenceMissing, NothingToScan, ToolError
from pytest_gates.model.case import Attempt, CaseRecord, CollectionError, Outcome, Standing
from pytest_gates.model.contracts import Command, Completed, Gate, Reporter, Tool, ToolContext
from pytest_gates.model.coverage import CoverageFacts, FileCoverage, Ratio
from pytest_gates.model.evidence import (
    BaseScan,
    Checkout,
    Evidence,
    RunInfo,
    Scan,
    Unavailable,
    Unread,
)
from pytest_gates.model.finding import Effect, Finding, Location, Severity, fingerprint_of
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.settings import (
    CodeScanSettings,
    Duration,
    GateSettings,
    Percent,
    ScanSettings,
    SeveritySettings,
)
from pytest_gates.model.verdict import GateResult, Judgement, Measure, Mode, Verdict

__all__ = [
    "Attempt",
    "BaseScan",
    "CaseRecord",
    "Checkout",
    "CodeScanSettings",
    "CollectionError",
    "Command",
    "Completed",
    "CoverageFacts",
    "Decision",
    "Duration",
    "Effect",
    "Evidence",
    "EvidenceMissing",
    "FileCoverage",
    "Finding",
    "Gate",
    "GateResult",
    "GateSettings",
    "Judgement",
    "Location",
    "Measure",
    "Mode",
    "NothingToScan",
    "Outcome",
    "Percent",
    "Ratio",
    "Report",
    "Reporter",
    "RunInfo",
    "Scan",
    "ScanSettings",
    "Severity",
    "SeveritySettings",
    "Standing",
    "Tool",
    "ToolContext",
    "ToolError",
    "Unavailable",
    "Unread",
    "Verdict",
    "fingerprint_of",
]
