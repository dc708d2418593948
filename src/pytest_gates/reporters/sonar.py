"""Report to SonarQube's generic issues: rules and issues, the form that 10.3 and later read. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.finding import Severity
from pytest_gates.model.report import Report
from pytest_gates.reporters.issues import Issue, Weight, issues

_ENGINE = "pytest-gates"
_SECURITY = frozenset({"bandit", "pip-audit", "secrets"})
_IMPACTS = {Severity.INFO: "INFO", Severity.LOW: "LOW", Severity.MEDIUM: "MEDIUM"}


def render(report: Report) -> bytes:
    """UTF-8. Excused findings are left out: the format cannot say that they do not count."""
    counting = [one for one in issues(report) if one.weight is not Weight.EXCUSED]
    rules = {one.rule: one for one in reversed(counting)}
    return msgspec.json.encode(
        {
            "rules": [_rule(one) for _, one in sorted(rules.items())],
            "issues": [_issue(one) for one in counting],
        }
    )


def _rule(issue: Issue) -> dict[str, object]:
    security = issue.gate in _SECURITY
    return {
        "id": issue.rule,
        "name": issue.rule,
        "description": f"{issue.finding.rule} of the gate {issue.gate}",
        "engineId": _ENGINE,
        "cleanCodeAttribute": "TRUSTWORTHY" if security else "CONVENTIONAL",
        "type": "VULNERABILITY" if security else "CODE_SMELL",
        "severity": "MAJOR",
        "impacts": [
            {
                "softwareQuality": "SECURITY" if security else "RELIABILITY",
                "severity": _impact(issue),
            }
        ],
    }


def _impact(issue: Issue) -> str:
    if issue.finding.severity is None:
        return "HIGH" if issue.weight is Weight.BLOCKS else "LOW"
    return _IMPACTS.get(issue.finding.severity, "HIGH")


def _issue(issue: Issue) -> dict[str, object]:
    # No textRange: one that lies beyond the end of the analysed file makes the whole import fail.
    return {
        "ruleId": issue.rule,
        "primaryLocation": {"message": issue.text or issue.rule, "filePath": issue.path},
    }


REPORTER = Reporter(name="sonar", file_name="sonar-issues.json", render=render)
