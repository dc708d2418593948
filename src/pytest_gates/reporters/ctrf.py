"""Report to CTRF, the common format of test reports that many dashboards read. Pure.

Schema: ctrf-io/ctrf `schema/ctrf.schema.json`. `results` allows no key of ours; what has no place there goes
into `extra`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from typing import Any

import msgspec

from pytest_gates.model.case import Attempt, CaseRecord, Outcome, Standing
from pytest_gates.model.contracts import Reporter
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable, well_formed

_SPEC = "0.0.0"
_STATUSES = {
    Standing.PASSED: "passed",
    Standing.FLAKY: "passed",
    Standing.XPASSED: "passed",
    Standing.FAILED: "failed",
    Standing.ERROR: "failed",
    Standing.CRASHED: "failed",
    Standing.SKIPPED: "skipped",
    Standing.XFAILED: "skipped",
    Standing.QUARANTINED: "other",
    Standing.NOT_RUN: "pending",
}
_ATTEMPTS = {
    Outcome.PASSED: "passed",
    Outcome.XPASSED: "passed",
    Outcome.SKIPPED: "skipped",
    Outcome.XFAILED: "skipped",
    Outcome.INTERRUPTED: "other",
}
_TEXT = 20_000


def render(report: Report) -> bytes:
    """UTF-8. Deselected tests are not listed; a file that could not be collected is a failed test."""
    excused = {nodeid for use in report.quarantine for nodeid in use.excused}
    tests = [
        _test(_judged(case, excused))
        for case in report.evidence.cases
        if case.standing is not Standing.DESELECTED
    ]
    tests += [
        {
            "name": _name(error.nodeid),
            "status": "failed",
            "duration": 0,
            "message": _text(error.message),
            "rawStatus": "collection-error",
            "filePath": _name(error.nodeid.partition("::")[0]),
        }
        for error in report.evidence.collection_errors
    ]
    return msgspec.json.encode(
        {
            "reportFormat": "CTRF",
            "specVersion": _SPEC,
            "reportId": _uuid(report.evidence.run.id),
            "timestamp": report.judged.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "generatedBy": printable(report.generator),
            "results": {
                "tool": {"name": "pytest", "version": _version(report)},
                "summary": _summary(report, tests),
                "tests": tests,
                "environment": _environment(report),
                "extra": _gates(report),
            },
        }
    )


def _judged(case: CaseRecord, excused: set[str]) -> CaseRecord:
    """What the evidence itself says of excuses is not believed; the judgement is."""
    owner = "quarantine" if case.nodeid in excused else None
    return msgspec.structs.replace(case, excused=owner)


def _test(case: CaseRecord) -> dict[str, Any]:
    standing = case.standing
    attempts = case.attempts
    decisive = _decisive(case)
    told: dict[str, Any] = {
        "name": _name(case.nodeid),
        "status": _STATUSES[standing],
        "duration": _milliseconds(sum(one.seconds for one in attempts)),
        "rawStatus": standing.value,
        "filePath": _name(case.path),
    }
    if standing is Standing.FLAKY:
        told["flaky"] = True
    if decisive is not None:
        told |= _failure(decisive)
    line = next((one.line for one in attempts if one.line is not None and one.line > 0), None)
    if line is not None:
        told["line"] = line
    if len(attempts) > 1:
        told["retries"] = len(attempts) - 1
        told["retryAttempts"] = [_attempt(number, one) for number, one in enumerate(attempts, 1)]
    if case.diagnosis is not None:
        told["extra"] = {
            "diagnosis": case.diagnosis.kind.value,
            "why": _text(case.diagnosis.why),
        }
    return told


def _decisive(case: CaseRecord) -> Attempt | None:
    """The first that went wrong, or the last one where none did; None where the test was not run."""
    if not case.attempts:
        return None
    return next((one for one in case.attempts if one.bad), case.attempts[-1])


def _attempt(number: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": number,
        "status": _ATTEMPTS.get(attempt.outcome, "failed"),
        "duration": _milliseconds(attempt.seconds),
        **_failure(attempt),
        "extra": {"setting": attempt.setting.value},
    }


def _failure(attempt: Attempt) -> dict[str, str]:
    found = {}
    if attempt.message:
        found["message"] = _text(attempt.message)
    if attempt.failure is not None and attempt.failure.text:
        found["trace"] = _text(attempt.failure.text)
    return found


def _summary(report: Report, tests: list[dict[str, Any]]) -> dict[str, Any]:
    run = report.evidence.run
    counts = Counter(one["status"] for one in tests)
    start = int(run.started.timestamp() * 1000)
    end = run.finished or report.judged
    return {
        "tests": len(tests),
        **{
            status: counts[status] for status in ("passed", "failed", "skipped", "pending", "other")
        },
        "flaky": sum(1 for one in tests if one.get("flaky")),
        "start": start,
        "stop": max(start, int(end.timestamp() * 1000)),
    }


def _environment(report: Report) -> dict[str, Any]:
    run = report.evidence.run
    told: dict[str, Any] = {
        "osPlatform": printable(run.platform),
        "healthy": report.finished,
        "extra": {_name(key): printable(value) for key, value in run.versions.items()},
    }
    if isinstance(run.checkout, Checkout):
        told["commit"] = run.checkout.commit
    if run.shard is not None:
        told["shardId"] = printable(run.shard)
    return told


def _gates(report: Report) -> dict[str, Any]:
    return {
        "decision": report.decision.value,
        "gates": {
            _name(one.gate): {"verdict": one.verdict.value, "summary": _text(one.summary)}
            for one in report.results
        },
    }


def _version(report: Report) -> str:
    return printable(report.evidence.run.versions.get("pytest", "unknown"))


def _uuid(run_id: str) -> str:
    """Run ids of our own are UUIDs without dashes; anybody else's becomes one that lasts."""
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, well_formed(run_id)))


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _name(text: str) -> str:
    """Never empty: readers take a test without a name for none."""
    return well_formed(text) or "?"


def _text(text: str) -> str:
    return well_formed(text if len(text) <= _TEXT else f"...{text[-_TEXT:]}")


REPORTER = Reporter(name="ctrf", file_name="ctrf.json", render=render)
