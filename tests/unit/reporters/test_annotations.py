"""Annotations in the logs of CI systems: few, the worst first, and no text becomes a command."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_gates.model.finding import Finding, Location
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Mode
from pytest_gates.reporters import azure, github, teamcity
from pytest_gates.reporters.annotations import annotations_of
from pytest_gates.reporters.issues import Weight
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
)

PLACE = Location(path="src/my, shop.py", line=7, column=5)
GITHUB = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
AZURE = re.compile(r"##vso\[task\.logissue ((?:[a-z]+=[^;\]]*;)+)\](.*)")
TEAMCITY = re.compile(
    r"##teamcity\[(\w+)((?: \w+='(?:[^|'\[\]]|\|0x[0-9a-f]{4}|\|[|'nr\[\]])*')+)\]"
)


def of(*findings: Finding, mode: Mode = Mode.BLOCK, **policy: Any) -> Report:
    return a_report(a_gate(*findings), policy=a_policy(a_gate_policy(mode=mode), **policy))


def lines_of(reporter: Any, report: Report) -> list[str]:
    return list(reporter.REPORTER.render(report).decode().split("\n")[:-1])


# Which


def test_what_blocks_comes_first_and_what_is_excused_not_at_all() -> None:
    hidden = a_finding("B101", suppressed="ours")
    report = of(a_failure(), a_finding("N1"), hidden, waivers=(a_waiver(),))
    assert [one.title for one in annotations_of(report, most=9)] == ["stub: N1"]
    told = annotations_of(of(a_finding("N1"), a_failure()), most=9)
    assert [one.weight for one in told] == [Weight.BLOCKS, Weight.NOTE]


def test_beyond_the_limit_the_last_says_how_many_there_are() -> None:
    failures = [a_failure(f"B60{number}") for number in range(5)]
    assert len(annotations_of(of(*failures), most=5)) == 5
    told = annotations_of(of(*failures, a_finding("N1")), most=3)
    assert [one.title for one in told] == ["stub: B600", "stub: B601", "gates", "stub: N1"]
    assert told[2].text == "3 more of this kind are in the report."


def test_a_run_that_did_not_finish_is_told_first() -> None:
    broken_off = an_evidence(run=a_run(finished=None))
    report = a_report(a_gate(*[a_failure()] * 3), evidence=broken_off)
    told = annotations_of(report, most=2)
    assert [one.text for one in told] == [
        "The run did not finish, so nothing is known of this change.",
        "3 more of this kind are in the report.",
    ]


# GitHub


def test_github_is_told_where_and_what_to_do() -> None:
    one_line = a_failure(location=PLACE, remedy="use a list")
    several = a_failure(location=Location(path="a.py", line=7, end_line=9, column=5))
    assert lines_of(github, of(one_line, several, a_failure(subject="idna"), mode=Mode.WARN)) == [
        "::warning title=stub%3A B602,file=src/my%2C shop.py,line=7,col=5::shell=True%0Anext: use a list",
        "::warning title=stub%3A B602,file=a.py,line=7,endLine=9::shell=True",
        "::warning title=stub%3A B602::idna: shell=True",
    ]


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_each_line_is_one_command_of_github(report: Report) -> None:
    found = [GITHUB.fullmatch(line) for line in lines_of(github, report)]
    assert all(found)
    levels = [one[1] for one in found if one is not None]
    assert all(levels.count(level) <= 10 for level in levels)


@given(st.text())
def test_github_reads_back_what_was_escaped(text: str) -> None:
    said = github.escaped_property(text)
    assert not set(said) & set("\r\n:,")
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        said = said.replace(code, char)
    assert said == text


# Azure


def test_azure_is_told_where_and_of_no_notes() -> None:
    report = of(a_failure(location=PLACE), a_finding("N1"))
    assert lines_of(azure, report) == [
        (
            "##vso[task.logissue type=error;sourcepath=src/my, shop.py;linenumber=7;columnnumber=5;"
            "code=stub: B602;]shell=True"
        )
    ]
    assert lines_of(azure, of(a_failure(subject="a;b]"), mode=Mode.WARN)) == [
        "##vso[task.logissue type=warning;code=stub: B602;]a%3Bb%5D: shell=True"
    ]


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_each_line_is_one_command_of_azure(report: Report) -> None:
    assert all(AZURE.fullmatch(line) for line in lines_of(azure, report))


# TeamCity


def test_teamcity_gets_an_inspection_and_one_build_problem() -> None:
    assert lines_of(teamcity, of(a_failure(location=PLACE))) == [
        (
            "##teamcity[inspectionType id='stub: B602' name='stub: B602' description='stub: B602' "
            "category='pytest-gates']"
        ),
        (
            "##teamcity[inspection typeId='stub: B602' message='shell=True' file='src/my, shop.py' "
            "line='7' SEVERITY='ERROR']"
        ),
        "##teamcity[buildProblem description='gates: blocked' identity='pytest-gates']",
    ]
    noted = lines_of(teamcity, of(a_finding("N1")))
    assert len(noted) == 2
    assert noted[1].endswith("file='.' line='0' SEVERITY='INFO']")


@pytest.mark.parametrize(
    "text, said",
    [("a|b'[c]", "a||b|'|[c|]"), ("\r\n", "|r|n"), ("ä", "|0x00e4"), ("😀", "|0xd83d|0xde00")],
)
def test_teamcity_escapes_all_that_it_gives_a_meaning(text: str, said: str) -> None:
    assert teamcity.escaped(text) == said


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_each_line_is_one_message_of_teamcity(report: Report) -> None:
    assert all(TEAMCITY.fullmatch(line) for line in lines_of(teamcity, report))


def test_a_green_report_says_nothing() -> None:
    for reporter in (github, azure, teamcity):
        assert lines_of(reporter, of()) == []
