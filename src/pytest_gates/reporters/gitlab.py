"""Report to GitLab's code quality JSON. Pure.

Its reader (`lib/gitlab/ci/parsers/codequality/code_climate.rb`, 028d8ac9) stops at the first entry that
breaks its schema, and says nothing of those behind it: each entry must be whole.
"""

from __future__ import annotations

import msgspec

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.finding import Severity
from pytest_gates.model.report import Report
from pytest_gates.reporters.issues import Issue, Weight, issues

_SEVERITIES = {
    Severity.INFO: "info",
    Severity.LOW: "minor",
    Severity.MEDIUM: "major",
    Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}
_UNSAID = {Weight.BLOCKS: "major", Weight.WARNS: "minor"}


def render(report: Report) -> bytes:
    """UTF-8 without a byte order mark; an array, what blocks first."""
    return msgspec.json.encode([_entry(one) for one in issues(report)])


def _entry(issue: Issue) -> dict[str, object]:
    excuse = f" ({issue.excuse})" if issue.excuse is not None else ""
    return {
        "description": f"{issue.text}{excuse}" or issue.rule,
        "check_name": issue.rule,
        "fingerprint": issue.identity,
        "severity": _severity(issue),
        "location": {"path": issue.path, "lines": {"begin": issue.line}},
    }


def _severity(issue: Issue) -> str:
    """Its readers sort by it: what blocks nothing must not stand above what does."""
    if issue.weight in {Weight.NOTE, Weight.EXCUSED}:
        return "info"
    said = issue.finding.severity
    return _SEVERITIES[said] if said is not None else _UNSAID[issue.weight]


REPORTER = Reporter(name="gitlab", file_name="gitlab-codequality.json", render=render)
