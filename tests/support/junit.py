"""Reading junit.xml in tests: elements of a report that was written."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from pytest_gates.model.case import Attempt, CaseRecord
from pytest_gates.model.exceptions import QuarantineUse
from pytest_gates.model.report import Report
from pytest_gates.reporters.junit import render
from support.evidence import a_case, a_report, a_run, an_evidence

VERDICTS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def read(report: Report) -> ET.Element:
    return ET.fromstring(render(report))


def suite(report: Report, number: int = 0) -> ET.Element:
    return read(report).findall("testsuite")[number]


def written(
    *tests: CaseRecord, quarantine: tuple[QuarantineUse, ...] = (), **run: Any
) -> ET.Element:
    """The suite of the tests."""
    evidence = an_evidence(tests=tests, run=a_run(**run))
    return suite(a_report(evidence=evidence, quarantine=quarantine))


def one(
    *attempts: Attempt, quarantine: tuple[QuarantineUse, ...] = (), **changes: Any
) -> ET.Element:
    """The testcase of a test with these attempts."""
    (found,) = written(a_case(attempts=attempts, **changes), quarantine=quarantine).iter("testcase")
    return found


def tags(case: ET.Element) -> list[str]:
    return [child.tag for child in case]


def child(case: ET.Element, tag: str) -> ET.Element:
    found = case.find(tag)
    assert found is not None
    return found


def facts(case: ET.Element) -> dict[str, str]:
    return {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
