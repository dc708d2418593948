"""Builders of evidence, policies and reports, in which only what a test speaks of must be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pytest_gates.model.case import (
    BAD_OUTCOMES,
    Attempt,
    CaseRecord,
    CollectionError,
    Failure,
    Outcome,
    Setting,
)
from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import CoverageFacts, FileCoverage, LineRange
from pytest_gates.model.evidence import Checkout, Evidence, RunInfo, Scan, Unavailable, Unread
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Waiver
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.model.report import Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement, Measure, Mode
from pytest_gates.pipeline import evaluate

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NODEID = "tests/test_pay.py::test_refund"

NOT_MEASURED = Unavailable(why="coverage was not measured", remedy="turn the gate on")


def a_case(nodeid: str = NODEID, *outcomes: Outcome, **changes: Any) -> CaseRecord:
    """One test with one attempt per outcome; passed at once when none is named."""
    attempts = tuple(Attempt(outcome=one) for one in outcomes or (Outcome.PASSED,))
    return CaseRecord(**{"nodeid": nodeid, "attempts": attempts, **changes})


def cases(*outcomes: Outcome) -> tuple[CaseRecord, ...]:
    """One test per outcome, each with a name of its own."""
    return tuple(
        a_case(f"tests/test_pay.py::test_{number}", one) for number, one in enumerate(outcomes)
    )


def a_run(**changes: Any) -> RunInfo:
    """A whole, finished, green run of a clean commit, half an hour before NOW."""
    values: dict[str, Any] = {
        "id": "run-1",
        "started": NOW - dt.timedelta(minutes=31),
        "finished": NOW - dt.timedelta(minutes=30),
        "root": "/project",
        "checkout": Checkout(commit=COMMIT, dirty=False),
        "versions": {"pytest": "9.2.0"},
        "platform": "linux",
        "activated_by": "-p on the command line",
        "exit_status": 0,
    }
    return RunInfo(**{**values, **changes})


def an_evidence(
    *,
    tests: tuple[CaseRecord, ...] | None = None,
    run: RunInfo | None = None,
    errors: tuple[CollectionError, ...] = (),
    coverage: CoverageFacts | Unavailable = NOT_MEASURED,
    scans: Mapping[str, Scan | Unavailable] | None = None,
) -> Evidence:
    """One passed test in a green run, unless more is said."""
    return Evidence(
        run=run or a_run(),
        cases=(a_case(),) if tests is None else tests,
        collection_errors=errors,
        coverage=coverage,
        scans=dict(scans or {}),
    )


def a_file(
    path: str = "src/shop/pay.py",
    *,
    lines: int = 10,
    missing: tuple[LineRange, ...] = (),
    branches: int = 0,
    missing_branches: tuple[tuple[int, int], ...] = (),
) -> FileCoverage:
    """A file whose lines 1 to `lines` can run."""
    return FileCoverage(
        path=path,
        executable=((1, lines),) if lines else (),
        missing=missing,
        branch_count=branches,
        missing_branches=missing_branches,
    )


def files(*measured: FileCoverage, branch: bool = False, **changes: Any) -> CoverageFacts:
    """The measurement of these files."""
    values: dict[str, Any] = {
        "files": measured,
        "measured_by": "pytest-gates",
        "core": "ctrace",
        "coverage_version": "7.17.3",
        "branch": branch,
    }
    return CoverageFacts(**{**values, **changes})


def lines(hit: int, *, of: int) -> CoverageFacts:
    """One file of `of` lines, whose first `hit` ran."""
    return files(a_file(lines=of, missing=((hit + 1, of),) if hit < of else ()))


def a_finding(rule: str = "B602", **changes: Any) -> Finding:
    return Finding(**{"rule": rule, "message": "shell=True", **changes})


def a_failure(rule: str = "B602", **changes: Any) -> Finding:
    return a_finding(rule, **{"effect": Effect.FAIL, **changes})


def an_unknown(rule: str = "no-scan", **changes: Any) -> Finding:
    return a_finding(rule, **{"effect": Effect.UNKNOWN, **changes})


def a_scan(*findings: Finding, unread: tuple[Unread, ...] = (), inputs: int = 3) -> Scan:
    return Scan(tool="bandit", version="1.9.4", inputs=inputs, findings=findings, unread=unread)


def a_waiver(**changes: Any) -> Waiver:
    """Of rule B602 in the gate `stub`, for ten more days."""
    values: dict[str, Any] = {
        "gate": "stub",
        "subject": "B602",
        "reason": "the command is a literal",
        "owner": "@ana",
        "expires": TODAY + dt.timedelta(days=10),
    }
    return Waiver(**{**values, **changes})


def a_gate(
    *findings: Finding,
    name: str = "stub",
    summary: str = "looked",
    measures: tuple[Measure, ...] = (),
    skipped: str | None = None,
) -> Gate:
    """A gate that always comes to these findings."""
    judgement = Judgement(summary=summary, measures=measures, findings=findings, skipped=skipped)
    return Gate(
        name=name,
        doc="A stub.",
        settings=GateSettings,
        evaluate=lambda evidence, settings: judgement,
    )


def a_gate_policy(name: str = "stub", mode: Mode = Mode.BLOCK, **changes: Any) -> GatePolicy:
    """The gate is on, and no threshold of it is written down."""
    values: dict[str, Any] = {
        "name": name,
        "settings": GateSettings(mode=mode),
        "table": f"pyproject.toml [tool.pytest-gates.{name}]",
        "origins": {},
    }
    return GatePolicy(**{**values, **changes})


def a_policy(*gates: GatePolicy, **changes: Any) -> Policy:
    """A policy of profile `ci`, of the gate `stub` alone unless others are named."""
    values: dict[str, Any] = {
        "source": "pyproject.toml [tool.pytest-gates]",
        "is_default": False,
        "profile": "ci",
        "gates": gates or (a_gate_policy(),),
        "block_on_inconclusive": True,
    }
    return Policy(**{**values, **changes})


def by_name(*gates: Gate) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates}


def a_report(
    *gates: Gate,
    policy: Policy | None = None,
    evidence: Evidence | None = None,
    **changes: Any,
) -> Report:
    """What these gates come to, under a policy that names them all; `changes` are made afterwards."""
    judges = gates or (a_gate(),)
    report = evaluate(
        policy or a_policy(*(a_gate_policy(gate.name) for gate in judges)),
        evidence or an_evidence(),
        gates=by_name(*judges),
        now=NOW,
        generator="pytest-gates 0.1.0",
    )
    return msgspec.structs.replace(report, **changes)


def rules(findings: Iterable[Finding]) -> list[str]:
    """The rules of these findings, in their order."""
    return [finding.rule for finding in findings]


def an_attempt(
    outcome: Outcome = Outcome.FAILED,
    setting: Setting = Setting.IN_RUN,
    failure: Failure | None = None,
    **changes: Any,
) -> Attempt:
    """One attempt; a bad one says `boom`, and why in `failure` if that is given."""
    values: dict[str, Any] = {"message": "boom" if outcome in BAD_OUTCOMES else None, **changes}
    return Attempt(outcome=outcome, setting=setting, failure=failure, **values)


def a_stack(text: str = "Traceback: boom", kind: str = "ValueError", **changes: Any) -> Failure:
    """How an attempt failed in its call."""
    return Failure(**{"signature": "5e55", "kind": kind, "phase": "call", "text": text, **changes})


def a_quarantine(test: str = NODEID, **changes: Any) -> Quarantine:
    """An entry for that test, for ten more days."""
    values: dict[str, Any] = {
        "test": test,
        "reason": "races with the clock",
        "owner": "@ana",
        "expires": TODAY + dt.timedelta(days=10),
    }
    return Quarantine(**{**values, **changes})


def an_excuse(nodeid: str = NODEID, **changes: Any) -> QuarantineUse:
    """What such an entry did: it excused the failure of that test."""
    entry = a_quarantine(nodeid, **changes)
    return QuarantineUse(entry=entry, state=QuarantineState.USED, tests=1, excused=(nodeid,))
