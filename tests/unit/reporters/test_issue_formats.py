"""SARIF, GitLab code quality and Sonar's generic issues: what their readers demand of any report."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.finding import Finding, Location, Severity
from pytest_gates.model.report import Report
from pytest_gates.reporters import gitlab, sarif, sonar
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    a_waiver,
    an_evidence,
    an_unknown,
)

PLACE = Location(path="src/my shop.py", line=7, end_line=9, column=5)
LEVELS = {"none", "note", "warning", "error"}


def rendered(reporter: Any, report: Report) -> Any:
    return json.loads(reporter.REPORTER.render(report))


def run_of(report: Report) -> dict[str, Any]:
    (run,) = rendered(sarif, report)["runs"]
    return dict(run)


# SARIF


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_github_finds_in_every_sarif_result_all_it_demands(report: Report) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:  # GH2012
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:  # GH1015 to GH1017, GH1003, GH1005
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] in LEVELS
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
        assert not uri.startswith("/")
        region = location["physicalLocation"]["region"]
        assert all(value >= 1 for value in region.values())


def test_a_sarif_result_says_where_how_bad_and_by_which_lasting_name() -> None:
    flaw = a_failure(
        location=PLACE,
        severity=Severity.HIGH,
        url="https://example.org/a b",
        remedy="use a list",
        aliases=("CVE-1",),
        is_new=True,
    )
    run = run_of(a_report(a_gate(flaw, name="bandit")))
    (result,) = run["results"]
    assert result["ruleId"] == "bandit.B602"
    assert result["level"] == "error"
    assert result["baselineState"] == "new"
    assert result["hostedViewerUri"] == "https://example.org/a%20b"
    assert result["properties"] == {"gates.remedy": "use a list", "gates.aliases": ["CVE-1"]}
    assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["pytestGates/v1"])
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "src/my%20shop.py"
    assert physical["region"] == {"startLine": 7, "endLine": 9, "startColumn": 5}
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["properties"] == {"tags": ["security", "bandit"], "security-severity": "8.0"}


def test_what_is_excused_is_a_suppressed_sarif_result() -> None:
    hidden = a_finding("B101", suppressed="a check of types", is_new=False)
    policy = a_policy(a_gate_policy(), waivers=(a_waiver(),))
    results = run_of(a_report(a_gate(a_failure(), hidden), policy=policy))["results"]
    assert [one["suppressions"][0]["kind"] for one in results] == ["inSource", "external"]
    assert "waived until 2026-11-30" in results[1]["suppressions"][0]["justification"]
    assert results[0]["baselineState"] == "unchanged"


def test_sarif_says_what_it_leaves_out_and_keeps_what_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 1)
    run = run_of(a_report(a_gate(a_finding("N1"), a_failure())))
    assert [one["ruleId"] for one in run["results"]] == ["stub.B602"]
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("1 findings are left out")


def test_a_sarif_run_that_did_not_finish_was_no_success() -> None:
    no_commit = Unavailable(why="no git", remedy="use git")
    run = a_run(finished=None, exit_status=None, checkout=no_commit, shard="a/b")
    told = run_of(a_report(evidence=an_evidence(run=run)))
    assert told["invocations"] == [
        {"executionSuccessful": False, "startTimeUtc": "2026-11-20T11:29:00Z"}
    ]
    assert told["automationDetails"] == {"id": "pytest-gates/a%2Fb/"}


def test_a_sarif_rule_of_strange_letters_still_has_a_name() -> None:
    report = a_report(a_gate(a_failure("\u00fc"), name="\u00e4"))
    assert run_of(report)["tool"]["driver"]["rules"][0]["name"] == "Rule"


# GitLab


def taken_by_gitlab(text: bytes) -> list[dict[str, Any]]:
    """Its reader and schema: all entries before the first that is not whole (028d8ac9)."""
    assert not text.startswith(b"\xef\xbb\xbf")
    taken = []
    for one in json.loads(text):
        whole = (
            all(one.get(key) for key in ("description", "fingerprint", "check_name"))
            and one.get("severity") in {"info", "minor", "major", "critical", "blocker"}
            and one.get("location", {}).get("path")
            and one["location"]["lines"]["begin"] >= 1
        )
        if not whole:
            break
        taken.append(one)
    return taken


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE, times=2))
def test_gitlab_takes_every_finding_of_any_report(report: Report) -> None:
    taken = taken_by_gitlab(gitlab.render(report))
    assert len(taken) == sum(len(one.findings) + len(one.waived) for one in report.results)
    assert len({one["fingerprint"] for one in taken}) == len(taken)


@pytest.mark.parametrize(
    "finding, expected",
    [
        (a_failure(severity=Severity.CRITICAL), "blocker"),
        (a_failure(severity=Severity.LOW), "minor"),
        (a_failure(), "major"),
        (an_unknown(), "major"),
        (a_finding(severity=Severity.CRITICAL), "info"),
        (a_finding(suppressed="ours", severity=Severity.HIGH), "info"),
    ],
)
def test_gitlab_is_told_how_bad_and_not_worse_than_it_counts(
    finding: Finding, expected: str
) -> None:
    (entry,) = taken_by_gitlab(gitlab.render(a_report(a_gate(finding))))
    assert entry["severity"] == expected


def test_gitlab_reads_why_something_does_not_count() -> None:
    (entry,) = taken_by_gitlab(gitlab.render(a_report(a_gate(a_finding(suppressed="ours")))))
    assert entry["description"] == "shell=True (suppressed in the source: ours)"


# Sonar


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_sonar_knows_the_rule_of_every_issue(report: Report) -> None:
    told = rendered(sonar, report)
    known = [one["id"] for one in told["rules"]]
    assert len(set(known)) == len(known)
    for issue in told["issues"]:
        assert issue["ruleId"] in known
        assert issue["primaryLocation"]["message"]
        assert issue["primaryLocation"]["filePath"]


@pytest.mark.parametrize(
    "finding, gate, impact, quality",
    [
        (a_failure(severity=Severity.CRITICAL), "bandit", "HIGH", "SECURITY"),
        (a_failure(severity=Severity.LOW), "bandit", "LOW", "SECURITY"),
        (a_failure(), "ruff", "HIGH", "RELIABILITY"),
        (a_finding(), "ruff", "LOW", "RELIABILITY"),
    ],
)
def test_sonar_is_told_how_bad_and_of_which_kind(
    finding: Finding, gate: str, impact: str, quality: str
) -> None:
    (rule,) = rendered(sonar, a_report(a_gate(finding, name=gate)))["rules"]
    assert rule["impacts"] == [{"softwareQuality": quality, "severity": impact}]


def test_sonar_hears_nothing_of_what_is_excused() -> None:
    report = a_report(a_gate(a_finding(suppressed="ours")))
    assert rendered(sonar, report) == {"rules": [], "issues": []}


def test_times_are_those_of_the_run_in_utc() -> None:
    started = dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    run = msgspec.structs.replace(a_run(), started=started)
    told = run_of(a_report(evidence=an_evidence(run=run)))
    assert told["invocations"][0]["startTimeUtc"] == "2026-11-20T11:00:00Z"
