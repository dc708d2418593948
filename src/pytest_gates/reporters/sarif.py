"""Report to SARIF 2.1.0 as GitHub's code scanning takes it. Pure.

Limits: GitHub's documentation of SARIF support (25,000 results, of which 5,000 are shown; 25,000 rules).
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import msgspec

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.reporters.issues import MESSAGE, Issue, Weight, issues

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5000
_ROOT = "SRCROOT"
_LEVELS = {
    Weight.BLOCKS: "error",
    Weight.WARNS: "warning",
    Weight.EXCUSED: "warning",
    Weight.NOTE: "note",
}
# GitHub sorts by this number: 9.0 and more is critical, 7.0 high, 4.0 medium, below that low.
_SCORES = {
    Severity.INFO: "1.0",
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
_SECURITY = frozenset({"bandit", "pip-audit", "secrets"})


def render(report: Report) -> bytes:
    """UTF-8; one run, what blocks first. What is left out beyond the limit is said in the run itself."""
    found = issues(report)
    kept = found[:MOST_RESULTS]
    rules: dict[str, Issue] = {}
    for one in kept:
        rules.setdefault(one.rule, one)
    places = {rule: number for number, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "pytest-gates",
                "semanticVersion": report.generator.rpartition(" ")[2] or "0",
                "rules": [_rule(one) for one in rules.values()],
            }
        },
        "invocations": [_invocation(report, len(found) - len(kept))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, places[one.rule]) for one in kept],
        "automationDetails": {"id": f"pytest-gates/{_shard(report)}"},
        "properties": {
            "gates.decision": report.decision.value,
            "gates.policyDigest": report.policy.digest,
            "gates.run": report.evidence.run.id,
        },
    }
    return msgspec.json.encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _shard(report: Report) -> str:
    shard = report.evidence.run.shard
    return f"{quote(printable(shard, 100), safe='')}/" if shard else ""


def _rule(issue: Issue) -> dict[str, Any]:
    finding = issue.finding
    about = f"{finding.rule}, found by the gate {issue.gate} of pytest-gates"
    help_text = printable(
        finding.remedy or f"see `gates` in the report for {finding.rule}", MESSAGE
    )
    rule: dict[str, Any] = {
        "id": printable(issue.rule),
        "name": _pascal(issue.rule),
        "shortDescription": {"text": printable(about)},
        "fullDescription": {"text": printable(f"{about}.")},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": _LEVELS[issue.weight]},
        "properties": {"tags": _tags(issue)},
    }
    if issue.gate in _SECURITY and finding.severity is not None:
        rule["properties"]["security-severity"] = _SCORES[finding.severity]
    return rule


def _tags(issue: Issue) -> list[str]:
    security = ["security"] if issue.gate in _SECURITY else []
    return [*security, printable(issue.gate)]


def _pascal(rule: str) -> str:
    words = "".join(char if char.isalnum() and char.isascii() else " " for char in rule).split()
    return "".join(word[:1].upper() + word[1:] for word in words) or "Rule"


def _result(issue: Issue, index: int) -> dict[str, Any]:
    finding = issue.finding
    result: dict[str, Any] = {
        "ruleId": printable(issue.rule),
        "ruleIndex": index,
        "level": _LEVELS[issue.weight],
        "kind": "fail",
        "message": {"text": issue.text or issue.rule},
        "locations": [_location(issue)],
        # Ours: GitHub computes its own `primaryLocationLineHash` and warns of any other value there.
        "partialFingerprints": {"pytestGates/v1": issue.identity},
    }
    if issue.excuse is not None:
        kind = "inSource" if finding.suppressed is not None else "external"
        result["suppressions"] = [
            {"kind": kind, "status": "accepted", "justification": issue.excuse}
        ]
    if finding.is_new is not None:
        result["baselineState"] = "new" if finding.is_new else "unchanged"
    if finding.url:
        result["hostedViewerUri"] = _uri(finding.url)
    if facts := _facts(finding):
        result["properties"] = facts
    return result


def _facts(finding: Finding) -> dict[str, Any]:
    """What the format has no place for."""
    found = {
        "gates.subject": finding.subject,
        "gates.remedy": finding.remedy,
        "gates.aliases": list(finding.aliases),
        "gates.fixedIn": list(finding.fixed_in),
        "gates.requiredBy": list(finding.required_by),
    }
    return {
        key: [printable(one) for one in value]
        if isinstance(value, list)
        else printable(value, MESSAGE)
        for key, value in found.items()
        if value
    }


def _location(issue: Issue) -> dict[str, Any]:
    place = issue.finding.location
    region: dict[str, Any] = {"startLine": issue.line}
    if place is not None and place.line is not None:
        if place.end_line is not None and place.end_line > place.line >= 1:
            region["endLine"] = place.end_line
        if place.column is not None and place.column >= 1:
            region["startColumn"] = place.column
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _path_uri(issue.path), "uriBaseId": _ROOT},
            "region": region,
        }
    }


def _path_uri(path: str) -> str:
    """Relative always: GitHub shows nothing of what lies elsewhere. A colon would begin a scheme."""
    return quote(path.lstrip("/") or ".", safe="/")


def _uri(url: str) -> str:
    return quote(printable(url, MESSAGE), safe="%/:?#[]@!$&'()*+,;=~")


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    run = report.evidence.run
    told: list[dict[str, Any]] = []
    if left_out:
        text = f"{left_out} findings are left out here; report.json holds all of them"
        told.append({"level": "warning", "message": {"text": text}})
    said: dict[str, Any] = {
        "executionSuccessful": report.finished,
        "startTimeUtc": _utc(run.started),
    }
    if run.finished is not None:
        said["endTimeUtc"] = _utc(run.finished)
    if run.exit_status is not None:
        said["exitCode"] = run.exit_status
    if told:
        said["toolExecutionNotifications"] = told
    if isinstance(run.checkout, Checkout):
        said["properties"] = {"gates.commit": run.checkout.commit}
    return said


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


REPORTER = Reporter(name="sarif", file_name="report.sarif", render=render)
