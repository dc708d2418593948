"""Shows what becomes of one result of a SARIF file: rule, severity, place, suppression, fingerprint."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.model.finding import Finding, Severity
from pytest_gates.tools.sarif_log import Log
from pytest_gates.tools.sarif_results import Reading, Suppressions, reading_of

RULE = {
    "id": "R1",
    "shortDescription": {"text": "short"},
    "helpUri": "https://example.org/R1",
    "messageStrings": {"default": {"text": "{0} calls {1}, {2}"}},
    "defaultConfiguration": {"level": "note"},
}


def a_reading(*results: Any, how: str = "reasoned", rules: Any = (RULE,), **run: Any) -> Reading:
    tool = {"driver": {"name": "S", "semanticVersion": "1", "rules": list(rules)}}
    document = {"version": "2.1.0", "runs": [{"tool": tool, "results": results, **run}]}
    log = msgspec.convert(document, type=Log)
    return reading_of("it", log, ("/project", "/real"), Suppressions(how))


def a_finding(
    how: str = "reasoned", rules: Any = (RULE,), run: Any = None, **result: Any
) -> Finding:
    whole = {"message": {"text": "bad"}, "ruleId": "R1", **result}
    (found,) = a_reading(whole, how=how, rules=rules, **(run or {})).findings
    return found


@pytest.mark.parametrize(
    "result, severity",
    [
        ({"level": "none"}, Severity.INFO),
        ({"level": "note"}, Severity.LOW),
        ({"level": "warning"}, Severity.MEDIUM),
        ({"level": "error"}, Severity.HIGH),
        ({}, Severity.LOW),  # as the rule says
        ({"ruleId": "R1/part"}, Severity.LOW),
        ({"ruleId": None, "ruleIndex": 0}, Severity.LOW),
        ({"ruleId": None, "rule": {"index": 0}}, Severity.LOW),
        ({"ruleId": None, "rule": {"id": "R1"}}, Severity.LOW),
        ({"ruleId": "R2", "ruleIndex": 0}, Severity.MEDIUM),  # a place that is not its own
        ({"ruleId": "R2", "ruleIndex": 9}, Severity.MEDIUM),
        ({"ruleId": None}, Severity.MEDIUM),
        ({"kind": "informational"}, Severity.INFO),
        ({"kind": "open", "level": "none"}, None),
        ({"kind": "review", "level": "none"}, None),
        ({"level": "note", "properties": {"security-severity": "9.0"}}, Severity.CRITICAL),
        ({"properties": {"security-severity": "8.9"}}, Severity.HIGH),
        ({"properties": {"security-severity": 4}}, Severity.MEDIUM),
        ({"properties": {"security-severity": "0.1"}}, Severity.LOW),
        ({"properties": {"security-severity": "0.0"}}, Severity.INFO),
        ({"properties": {"security-severity": "10.1"}}, None),
        ({"properties": {"security-severity": "NaN"}}, None),
        ({"properties": {"security-severity": "high"}}, None),
        ({"properties": {"tags": []}, "level": "error"}, Severity.HIGH),
    ],
)
def test_the_severity_is_what_the_scanner_says_and_nothing_milder(
    result: dict[str, Any], severity: Severity | None
) -> None:
    assert a_finding(**result).severity is severity


@pytest.mark.parametrize(
    "descriptor, level, severity",
    [
        ({"id": "R1"}, "error", Severity.HIGH),
        ({"index": 0}, "error", Severity.HIGH),
        ({"index": 7}, "error", Severity.LOW),
        ({}, "error", Severity.LOW),
        ({"id": "R1"}, None, Severity.LOW),
    ],
)
def test_the_configuration_of_the_run_counts_more_than_the_rule(
    descriptor: Any, level: Any, severity: Severity
) -> None:
    override = {"descriptor": descriptor, "configuration": {"level": level}}
    invocation = {"executionSuccessful": True, "ruleConfigurationOverrides": [override]}
    assert a_finding(run={"invocations": [invocation]}).severity is severity
    assert a_finding(run={"invocations": [invocation]}, level="warning").severity is Severity.MEDIUM


def test_a_rule_of_an_extension_is_found() -> None:
    rule = {"id": "E1", "properties": {"security-severity": "9.5"}}
    tool = {"driver": {"name": "S"}, "extensions": [{"name": "E", "rules": [rule]}]}
    by_index: dict[str, Any] = {"ruleId": None, "rule": {"index": 0, "toolComponent": {"index": 0}}}
    lost: dict[str, Any] = {"ruleId": None, "rule": {"index": 0, "toolComponent": {"index": 5}}}
    assert a_finding(run={"tool": tool}, **by_index).rule == "it/E1"
    assert a_finding(run={"tool": tool}, ruleId="E1").severity is Severity.CRITICAL
    assert a_finding(run={"tool": tool}, **lost).rule == "it/no-rule"
    other: dict[str, Any] = {
        "ruleId": None,
        "ruleIndex": 0,
        "rule": {"toolComponent": {"name": "S"}},
    }
    assert a_finding(**other).rule == "it/R1"


@pytest.mark.parametrize(
    "message, said",
    [
        ({"text": "first\nsecond"}, "first"),
        ({"markdown": "*bad*"}, "*bad*"),
        ({"id": "default", "arguments": ["f", "g"]}, "f calls g, {2}"),
        ({"id": "other"}, "short"),
        ({}, "short"),
        ({"text": "\x1b[31m"}, r"\x1b[31m"),
    ],
)
def test_the_message_is_one_line_and_harmless(message: Any, said: str) -> None:
    assert a_finding(message=message).message == said


def test_without_a_word_that_is_said() -> None:
    found = a_finding(rules=(), message={})
    assert (found.message, found.url, found.remedy) == ("no message", None, None)
    assert a_finding(message={"text": "a\nb"}).detail == r"a\nb"


def test_only_an_address_of_the_web_becomes_a_link() -> None:
    assert a_finding().url == "https://example.org/R1"
    assert a_finding(rules=({**RULE, "helpUri": "javascript:alert(1)"},)).url is None


def test_rules_carry_the_name_of_the_scanner_and_keep_their_own_for_waivers() -> None:
    assert (a_finding().rule, a_finding().aliases) == ("it/R1", ("R1",))
    assert a_finding(ruleId="it/R1").aliases == ()
    assert a_finding(ruleId="python:S1").aliases == ("python:S1", "S1")


@pytest.mark.parametrize(
    "told, how, suppressed, doubt",
    [
        ([], "accept", None, False),
        ([{"kind": "inSource"}], "accept", "no reason given (inSource)", False),
        ([{"kind": "inSource"}], "reasoned", None, True),
        ([{"kind": "inSource", "justification": " "}], "reasoned", None, True),
        ([{"kind": "external", "justification": "a test"}], "reasoned", "a test", False),
        ([{"kind": "external", "justification": "a test"}], "ignore", None, False),
        ([{"kind": "external", "status": "rejected", "justification": "x"}], "accept", None, False),
        (
            [
                {"kind": "external", "justification": "x"},
                {"kind": "external", "status": "underReview"},
            ],
            "accept",
            None,
            False,
        ),
    ],
)
def test_a_suppression_counts_as_far_as_the_policy_lets_it(
    told: Any, how: str, suppressed: str | None, doubt: bool
) -> None:
    found = a_finding(how, suppressions=told)
    assert found.suppressed == suppressed
    assert ("suppressed without a reason" in found.message) is doubt


def test_what_is_no_flaw_is_counted_and_not_found() -> None:
    message = {"text": "x"}
    reading = a_reading(
        {"message": message, "kind": "pass"},
        {"message": message, "kind": "notApplicable"},
        {"message": message, "baselineState": "absent"},
        {"message": message, "baselineState": "new"},
        {"message": message, "baselineState": "updated"},
    )
    assert [one.is_new for one in reading.findings] == [True, False]
    assert reading.summary == (
        "S 1, 2 result(s), 2 that tell of no flaw, 1 that are gone since the scanner's baseline, "
        "2 without a place below the root"
    )


def place(uri: str | None, base: str | None = None, **artifact: Any) -> list[Any]:
    artifact |= {"uri": uri} if uri is not None else {}
    artifact |= {"uriBaseId": base} if base is not None else {}
    return [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": 3}}}]


BASES = {
    "%SRCROOT%": {"uri": "file:///project/"},
    "SRC": {"uri": "src/", "uriBaseId": "%SRCROOT%"},
    "AWAY": {"uri": "file:///builds/7/"},
    "LOOP": {"uri": "x/", "uriBaseId": "LOOP"},
    "WEB": {"uri": "https://example.org/"},
    "NONE": {"description": {"text": "the root"}},
}


@pytest.mark.parametrize(
    "uri, base, path",
    [
        ("src/a.py", None, "src/a.py"),
        ("./src//a.py", None, "src/a.py"),
        ("src/../a.py", None, "a.py"),
        ("a%20b.py", None, "a b.py"),
        ("src\\a.py", None, "src/a.py"),
        ("file:///project/src/a.py", None, "src/a.py"),
        ("file://localhost/project/src/a.py", None, "src/a.py"),
        ("file:///real/a.py", None, "a.py"),
        ("/project/a.py", None, "a.py"),
        ("a.py", "%SRCROOT%", "a.py"),
        ("a.py", "SRC", "src/a.py"),
        ("a.py", "AWAY", "a.py"),
        ("a.py", "LOOP", "a.py"),
        ("a.py", "WEB", "a.py"),
        ("a.py", "NONE", "a.py"),
        ("a.py", "UNKNOWN", "a.py"),
        ("../a.py", None, None),
        ("file:///project/../etc/passwd", None, None),
        ("file:///projects/a.py", None, None),
        ("file://server/project/a.py", None, None),
        ("C:\\project\\a.py", None, None),
        ("https://example.org/a.py", None, None),
        ("http://[", None, None),
        ("", None, None),
    ],
)
def test_an_address_becomes_a_path_below_the_root(
    uri: str, base: str | None, path: str | None
) -> None:
    found = a_finding(run={"originalUriBaseIds": BASES}, locations=place(uri, base))
    if path is None:
        assert (found.location, found.subject) == (None, uri)
    else:
        assert found.location is not None
        assert (found.location.path, found.location.line) == (path, 3)


def test_a_root_of_windows_has_paths_of_windows() -> None:
    result = {"message": {"text": "x"}, "locations": place("file:///c:/project/a.py")}
    log = msgspec.convert(
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "S"}}, "results": [result]}]},
        type=Log,
    )
    (found,) = reading_of("it", log, ("c:/project",), Suppressions.ACCEPT).findings
    assert found.location is not None
    assert found.location.path == "a.py"


def test_a_place_may_stand_in_the_list_of_files() -> None:
    run = {"artifacts": [{"location": {"uri": "a.py"}}, {}]}
    assert str(a_finding(run=run, locations=place(None, index=0)).location) == "a.py:3"
    for index in (1, 5, -1):
        assert a_finding(run=run, locations=place(None, index=index)).location is None
    assert a_finding(locations=[{}, {"physicalLocation": {}}]).where == ""


def test_a_line_before_the_first_is_none() -> None:
    bad = {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 0, "endLine": 4}}
    assert str(a_finding(locations=[{"physicalLocation": bad}]).location) == "a.py"
    bare = {"artifactLocation": {"uri": "a.py"}}
    assert str(a_finding(locations=[{"physicalLocation": bare}]).location) == "a.py"


def fingerprint(line: int = 3, text: str = "call()", **prints: str) -> str | None:
    region = {"startLine": line, "snippet": {"text": text}}
    where = [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": region}}]
    return a_finding(locations=where, partialFingerprints=prints).fingerprint


def test_a_fingerprint_survives_moved_lines_and_no_other_change() -> None:
    assert fingerprint(3) == fingerprint(9)
    assert fingerprint(hash="a") == fingerprint(9, hash="a")
    # semgrep gives every finding the fingerprint "requires login".
    assert (
        len({fingerprint(), fingerprint(hash="a"), fingerprint(hash="b"), fingerprint(text="x")})
        == 4
    )
