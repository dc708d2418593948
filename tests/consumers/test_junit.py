"""junit.xml as its readers take it: the reading rules of GitLab, Jenkins, Surefire's schema and pytest."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from _pytest.junitxml import mangle_test_address
from hypothesis import HealthCheck, given, settings

from pytest_gates.model.case import CaseRecord, CollectionError, Outcome, Setting
from pytest_gates.model.report import Report
from pytest_gates.reporters.junit import render
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_case,
    a_failure,
    a_gate,
    a_report,
    a_stack,
    an_attempt,
    an_evidence,
    an_excuse,
)
from support.projects import Project

FAILED = an_attempt(failure=a_stack())
AGAIN = an_attempt(setting=Setting.ISOLATED, failure=a_stack())
PASSED = an_attempt(Outcome.PASSED, Setting.ISOLATED)
TESTS = {
    "passed": (an_attempt(Outcome.PASSED),),
    "xpassed": (an_attempt(Outcome.XPASSED),),
    "failed": (FAILED,),
    "failed_always": (FAILED, AGAIN, AGAIN),
    "setup_error": (an_attempt(Outcome.ERROR),),
    "crashed": (an_attempt(Outcome.CRASHED),),
    "interrupted": (an_attempt(Outcome.INTERRUPTED),),
    "skipped": (an_attempt(Outcome.SKIPPED),),
    "xfailed": (an_attempt(Outcome.XFAILED),),
    "flaky": (FAILED, AGAIN, PASSED),
    "flaky_setup": (an_attempt(Outcome.ERROR), PASSED),
    "excused": (FAILED, AGAIN),
    "excused_flake": (FAILED, PASSED),
    "not_run": (),
}
REPORT = a_report(
    a_gate(a_failure()),
    evidence=an_evidence(
        tests=tuple(a_case(f"tests/t.py::{name}", attempts=tried) for name, tried in TESTS.items()),
        errors=(CollectionError(nodeid="tests/broken.py", message="no module named shop"),),
    ),
    quarantine=(an_excuse("tests/t.py::excused"), an_excuse("tests/t.py::excused_flake")),
)


# GitLab: lib/gitlab/ci/parsers/test/junit.rb at 028d8ac9, on top of ActiveSupport's Hash.from_xml.

_CONVERTED = frozenset({
    "date", "datetime", "dateTime", "duration", "integer", "float", "double", "decimal", "boolean",
    "string", "base64Binary", "hexBinary", "file",
})  # fmt: skip


class Disallowed(Exception):
    """GitLab tells `JUnit data parsing failed`, and shows no test at all."""


def from_xml(node: ET.Element) -> Any:
    """One element as ActiveSupport turns it into a Hash: attributes and children share their names."""
    value: dict[str, Any] = {}
    for name, one in (*node.attrib.items(), *((child.tag, from_xml(child)) for child in node)):
        key = name.replace("-", "_")
        if key in value:
            known = value[key] if isinstance(value[key], list) else [value[key]]
            value[key] = [*known, one]
        else:
            value[key] = one
    kind = node.get("type")
    if kind in {"symbol", "yaml"}:
        raise Disallowed(kind)
    if kind == "array" or kind in _CONVERTED:
        raise Disallowed(f"the text of <{node.tag}> would be converted: {kind}")
    text = (node.text or "") + "".join(child.tail or "" for child in node)
    return text if text.strip() else value or None


def gitlab(document: bytes) -> dict[str, dict[str, Any]]:
    """What GitLab keeps: by `suite classname name`, of two equal ones the last."""
    root = from_xml(ET.fromstring(document))
    found: dict[str, dict[str, Any]] = {}
    for suite in listed(root["testsuite"]):
        for case in listed(suite.get("testcase")):
            status, output = next(
                (
                    (status, case[key])
                    for key, status in (
                        ("failure", "failed"),
                        ("error", "error"),
                        ("skipped", "skipped"),
                    )
                    if key in case
                ),
                ("success", None),
            )
            name = f"{suite['name']} {case.get('classname')} {case.get('name')}"
            found[name] = {"status": status, "output": output, "file": case.get("file")}
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


GITLAB = {
    "passed": "success",
    "xpassed": "success",
    "failed": "failed",
    "failed_always": "failed",
    "setup_error": "error",
    "crashed": "error",
    "interrupted": "error",
    "skipped": "skipped",
    "xfailed": "skipped",
    "flaky": "success",
    "flaky_setup": "success",
    "excused": "skipped",
    "excused_flake": "skipped",
    "not_run": "skipped",
}


@pytest.mark.parametrize("name", TESTS)
def test_gitlab_shows_each_test_once_with_its_status(name: str) -> None:
    assert gitlab(render(REPORT))[f"pytest tests.t {name}"]["status"] == GITLAB[name]


def test_gitlab_shows_nothing_but_these_tests_and_the_gates() -> None:
    found = gitlab(render(REPORT))
    assert len(found) == len(TESTS) + 2
    assert found["pytest  tests.broken"]["status"] == "error"
    assert found["gates gates stub"]["status"] == "failed"


def test_gitlab_shows_text_for_each_test_that_did_not_pass() -> None:
    for found in gitlab(render(REPORT)).values():
        assert (found["output"] is None) is (found["status"] == "success")
        assert found["output"] is None or isinstance(found["output"], str)


def test_gitlab_can_copy_the_names_of_failed_tests() -> None:
    assert gitlab(render(REPORT))["pytest tests.t failed"]["file"] == "tests/t.py"


def test_the_port_refuses_what_gitlab_refuses() -> None:
    with pytest.raises(Disallowed):
        gitlab(
            b'<s><testsuite name="s"><testcase><failure type="yaml">x</failure></testcase></testsuite></s>'
        )


@pytest.mark.parametrize("kind", ["yaml", "symbol", "array", "integer", "ValueError"])
def test_no_name_of_an_exception_costs_gitlab_the_report(kind: str) -> None:
    attempts = (an_attempt(failure=a_stack(kind=kind)), an_attempt(failure=a_stack(kind=kind)))
    tests = (a_case("t.py::test", attempts=attempts),)
    found = gitlab(render(a_report(evidence=an_evidence(tests=tests))))
    assert found["pytest t test"] == {
        "status": "failed", "output": "Traceback: boom", "file": "t.py",
    }  # fmt: skip


@given(reports(HOSTILE))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_gitlab_keeps_every_test_of_any_report(report: Report) -> None:
    evidence = report.evidence
    cases = [case for case in evidence.cases if case.attempts or not case.deselected]
    gates = [name for name in gitlab(render(report)) if name.startswith("gates gates ")]
    assert len(gitlab(render(report))) - len(gates) == len(cases) + len(evidence.collection_errors)


# Jenkins: CaseResult.java and SuiteResult.java of the junit-plugin at c64aedde.


def jenkins(document: bytes) -> dict[str, tuple[str, int, int]]:
    """Status, flaky failures and rerun failures, by class and name."""
    found: dict[str, tuple[str, int, int]] = {}
    for case in ET.fromstring(document).iter("testcase"):
        error = case.find("error")
        error = case.find("failure") if error is None else error
        status = "PASSED" if error is None else "FAILED"
        status = "SKIPPED" if case.find("skipped") is not None else status
        attempts = [case.findall(tag) for tag in ("flakyFailure", "rerunFailure")]
        for attempt in (each for group in attempts for each in group):
            assert attempt.get("message")
            assert attempt.get("type")
            assert attempt.findtext("stackTrace")
        name = f"{case.get('classname')}.{case.get('name')}"
        assert name not in found
        found[name] = (status, len(attempts[0]), len(attempts[1]))
    return found


JENKINS = {
    "passed": ("PASSED", 0, 0),
    "xpassed": ("PASSED", 0, 0),
    "failed": ("FAILED", 0, 0),
    "failed_always": ("FAILED", 0, 2),
    "setup_error": ("FAILED", 0, 0),
    "crashed": ("FAILED", 0, 0),
    "interrupted": ("FAILED", 0, 0),
    "skipped": ("SKIPPED", 0, 0),
    "xfailed": ("SKIPPED", 0, 0),
    "flaky": ("PASSED", 2, 0),
    "flaky_setup": ("PASSED", 0, 0),  # it reads no flakyError
    "excused": ("SKIPPED", 0, 2),
    "excused_flake": ("SKIPPED", 1, 0),
    "not_run": ("SKIPPED", 0, 0),
}


@pytest.mark.parametrize("name", TESTS)
def test_jenkins_shows_each_test_with_its_status_and_attempts(name: str) -> None:
    assert jenkins(render(REPORT))[f"tests.t.{name}"] == JENKINS[name]


def test_jenkins_shows_the_gates_beside_the_tests() -> None:
    found = jenkins(render(REPORT))
    assert found["gates.stub"] == ("FAILED", 0, 0)
    assert found[".tests.broken"] == ("FAILED", 0, 0)


# Surefire: surefire-test-report-3.0.xsd at 14e8e1ac, but for what pytest writes beside it.

_CHILDREN = (
    "failure", "rerunFailure", "flakyFailure", "skipped", "error", "rerunError", "flakyError",
    "system-out", "system-err",
)  # fmt: skip
_ONCE = {"failure", "skipped", "error", "system-out", "system-err"}
_SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
_OF_SUITE = ("name", "tests", "errors", "skipped", "failures")


def against_the_schema(document: bytes) -> list[str]:
    """What the schema would object to."""
    wrong: list[str] = []
    for suite in ET.fromstring(document).iter("testsuite"):
        wrong += [f"suite without {name}" for name in _OF_SUITE if suite.get(name) is None]
        cases = suite.findall("testcase")
        wrong += [
            f"time {each.get('time')}"
            for each in (suite, *cases)
            if not _SUREFIRE_TIME.fullmatch(each.get("time") or "none")
        ]
        for case in cases:
            wrong += _against_the_sequence(case)
    return wrong


def _against_the_sequence(case: ET.Element) -> list[str]:
    tags = [child.tag for child in case if child.tag != "properties"]
    wrong = [] if tags == sorted(tags, key=_CHILDREN.index) else [f"order {tags}"]
    wrong += [f"{tag} twice" for tag in _ONCE if tags.count(tag) > 1]
    for child in case:
        if child.tag.endswith(("Failure", "Error", "failure", "error")) and not child.get("type"):
            wrong.append(f"{child.tag} without type")
        if child.tag.endswith(("Failure", "Error")):
            inner = [each.tag for each in child]
            if inner not in (["stackTrace", *rest] for rest in _AFTER_THE_STACK):
                wrong.append(f"{inner} in {child.tag}")
    return wrong


_AFTER_THE_STACK: tuple[list[str], ...] = (
    [], ["system-out"], ["system-err"], ["system-out", "system-err"],
)  # fmt: skip


def test_surefires_schema_has_no_objection() -> None:
    assert against_the_schema(render(REPORT)) == []


@given(reports(HOSTILE))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_surefires_schema_has_no_objection_to_any_report(report: Report) -> None:
    assert against_the_schema(render(report)) == []


# pytest


@pytest.mark.parametrize(
    "nodeid",
    [
        "tests/a/test_b.py::test_c",
        "tests/a/test_b.py::TestD::TestE::test_c[1-x]",
        "tests/test_b.py::test_c[a::b]",
        "tests/test_b.py::test_c[a[b]/c.py]",
        "docs/index.md::index.md",
        "docs/index.md",
        "tests/__init__.py::test_c",
        "test_b.py::test_c@gw0",
    ],
)
def test_a_test_is_named_as_pytest_names_it(nodeid: str) -> None:
    document = render(a_report(evidence=an_evidence(tests=(CaseRecord(nodeid=nodeid),))))
    case = ET.fromstring(document).find("testsuite/testcase")
    assert case is not None
    *classname, name = mangle_test_address(nodeid)
    assert (case.get("classname"), case.get("name")) == (".".join(classname), name)


def verdicts(document: bytes, suite: str) -> dict[tuple[str | None, str | None], list[str]]:
    found = ET.fromstring(document).find(f"testsuite[@name='{suite}']")
    assert found is not None
    known = {"failure", "error", "skipped"}
    return {
        (case.get("classname"), case.get("name")): [each.tag for each in case if each.tag in known]
        for case in found.iter("testcase")
    }


def test_the_file_of_a_real_run_says_of_each_test_what_pytests_own_says(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy('[tool.pytest-gates]\nreports = ["junit"]\n[tool.pytest-gates.tests]\n')
    project.write({
        "tests/test_shop.py": """
        import pytest
        class TestCart:
            def test_good(self): pass
        def test_bad(): assert 0, "]]>\\x1b[31m"
        @pytest.mark.skip
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_x(): assert 0
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_error(broken): pass
        @pytest.mark.parametrize("name", ["a/b", "a::b", "ünï", "<&>"])
        def test_named(name): pass
        """,
    }).commit()  # fmt: skip
    project.run("--junitxml=theirs.xml", *workers)
    ours = (project.root / "gates-report" / "junit.xml").read_bytes()
    theirs = (project.root / "theirs.xml").read_bytes()
    assert verdicts(ours, "pytest") == verdicts(theirs, "pytest")
    assert verdicts(ours, "gates") == {("gates", "tests"): ["failure"]}
    assert against_the_schema(ours) == []
    assert len(gitlab(ours)) == len(verdicts(ours, "pytest")) + 1
