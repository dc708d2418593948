"""The list of issues that every exporter of findings repeats."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from pytest_gates.model.finding import Finding, Location
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Mode
from pytest_gates.reporters.issues import Weight, issues
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_waiver,
    an_unknown,
)

PLACE = Location(path="src/shop.py", line=7)


def of(*findings: Finding, mode: Mode = Mode.BLOCK, **policy: Any) -> Report:
    gates = a_gate(*findings)
    return a_report(gates, policy=a_policy(a_gate_policy(mode=mode), **policy))


@pytest.mark.parametrize(
    "finding, mode, blocks, weight",
    [
        (a_failure(), Mode.BLOCK, True, Weight.BLOCKS),
        (a_failure(), Mode.WARN, True, Weight.WARNS),
        (an_unknown(), Mode.BLOCK, True, Weight.BLOCKS),
        (an_unknown(), Mode.BLOCK, False, Weight.WARNS),
        (a_finding(), Mode.BLOCK, True, Weight.NOTE),
        (a_finding(suppressed="ours"), Mode.BLOCK, True, Weight.EXCUSED),
    ],
)
def test_an_issue_weighs_what_it_does_to_the_decision(
    finding: Finding, mode: Mode, blocks: bool, weight: Weight
) -> None:
    (issue,) = issues(of(finding, mode=mode, block_on_inconclusive=blocks))
    assert issue.weight is weight
    assert (issue.excuse is not None) is (weight is Weight.EXCUSED)


def test_what_is_waived_stays_in_the_list_and_says_until_when() -> None:
    (issue,) = issues(of(a_failure(), waivers=(a_waiver(),)))
    assert issue.weight is Weight.EXCUSED
    assert issue.excuse == "waived until 2026-11-30 by @ana: the command is a literal"


def test_what_blocks_comes_first_and_equals_get_names_of_their_own() -> None:
    found = issues(of(a_finding("N1"), a_failure(), a_failure()))
    assert [one.rule for one in found] == ["stub.B602", "stub.B602", "stub.N1"]
    assert len({one.identity for one in found}) == 3


def test_a_finding_without_a_place_stands_where_its_gate_is_written() -> None:
    with_place, without = issues(of(a_failure(location=PLACE), a_failure("V1", subject="idna 3.3")))
    assert (with_place.path, with_place.line, with_place.text) == ("src/shop.py", 7, "shell=True")
    assert (without.path, without.line) == ("pyproject.toml", 1)
    assert without.text == "idna 3.3: shell=True"


def test_a_subject_that_the_message_names_is_not_said_twice() -> None:
    (issue,) = issues(of(a_failure(subject="idna 3.3", message="idna 3.3 is old")))
    assert issue.text == "idna 3.3 is old"


def test_the_built_in_policy_has_no_file_so_the_usual_one_is_named() -> None:
    (issue,) = issues(of(a_failure(), source="built-in default"))
    assert issue.path == "pyproject.toml"


def test_a_name_lasts_while_lines_move() -> None:
    def name(line: int) -> str:
        place = Location(path="src/shop.py", line=line)
        (issue,) = issues(of(a_failure(location=place, fingerprint="f" * 16)))
        return issue.identity

    assert name(7) == name(70)


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE, times=2))
def test_no_two_issues_of_any_report_share_a_name(report: Report) -> None:
    found = issues(report)
    assert len({one.identity for one in found}) == len(found)
    assert len(found) == sum(len(one.findings) + len(one.waived) for one in report.results)
