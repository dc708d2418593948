"""junit.xml: any text comes back as it was, and the file stays small enough to be read."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    CollectionError,
    Diagnosis,
    Failure,
    FlakeClass,
    Outcome,
    Setting,
)
from pytest_gates.model.report import Report
from pytest_gates.reporters.junit import render
from pytest_gates.reporters.xml import element, escaped
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_case,
    a_report,
    a_run,
    a_stack,
    an_attempt,
    an_evidence,
    an_excuse,
)
from support.junit import VERDICTS, child, one, read, tags, written

TEXTS = (
    HOSTILE
    | st.text()
    | st.sampled_from(["]]>", "<![CDATA[", "&amp;", "\r\n\t \n", "\ufffe", "\x85"])
)
SPELLED = {
    *"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
}


def back(text: str) -> str:
    """The documented replacement, one character at a time."""
    out = ""
    for char in text:
        code = ord(char)
        control = (code < 0x20 and char not in "\t\n\r") or 0x7F <= code < 0xA0
        if control:
            out += f"\\x{code:02x}"
        elif char in SPELLED or 0xD800 <= code < 0xE000:
            out += f"\\u{code:04x}"
        else:
            out += char
    return out


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_any_text_is_read_as_it_was_written(value: str, text: str) -> None:
    document = element("a", {"b": value}, element("c", {}, escaped(text)))
    root = ET.fromstring(document.encode())
    assert root.get("b") == back(value)
    assert (root.findtext("c") or "") == back(text)


SHORT = TEXTS.filter(lambda text: len(text) < 400)
SPEAKING = SHORT.filter(lambda text: bool(text.strip()))
FAILURES = st.builds(
    Failure,
    signature=TEXTS,
    kind=TEXTS,
    phase=TEXTS,
    text=SHORT,
    stdout=SHORT,
    stderr=SHORT,
    log=SHORT,
)
ATTEMPTS = st.builds(
    Attempt,
    outcome=st.sampled_from(Outcome),
    setting=st.sampled_from(Setting),
    message=st.none() | TEXTS,
    failure=st.none() | FAILURES,
    seconds=st.floats(0, 1e6),
)
DIAGNOSES = st.builds(
    Diagnosis,
    kind=st.sampled_from(FlakeClass),
    why=TEXTS,
    because=st.lists(TEXTS, max_size=2).map(tuple),
    command=st.none() | TEXTS,
    probability=st.none() | st.floats(0, 100),
)
CASES = st.builds(
    CaseRecord,
    nodeid=TEXTS,
    attempts=st.lists(ATTEMPTS, max_size=4).map(tuple),
    deselected=st.booleans(),
    diagnosis=st.none() | DIAGNOSES,
)


@given(SPEAKING, SPEAKING, SHORT, SHORT)
@settings(max_examples=100)
def test_any_failure_is_read_as_it_was_told(message: str, stack: str, out: str, err: str) -> None:
    failure = a_stack(stack, stdout=out, stderr=err)
    case = one(an_attempt(failure=failure, message=message))
    found = child(case, "failure")
    assert found.get("message") == back(message)
    assert found.text == back(stack)
    assert (case.findtext("system-out") or "") == back(out)
    assert (case.findtext("system-err") or "") == back(err)


@given(st.lists(CASES, max_size=4), st.lists(SHORT, max_size=2), TEXTS)
@settings(max_examples=100)
def test_any_test_is_one_testcase_that_is_counted_once(
    cases: list[CaseRecord], errors: list[str], stopped: str
) -> None:
    uncollected = tuple(CollectionError(nodeid=text, message=text) for text in errors)
    evidence = an_evidence(
        tests=tuple(cases), run=a_run(stopped_early=stopped, shard=stopped), errors=uncollected
    )
    use = tuple(an_excuse(case.nodeid, owner=stopped, reason=stopped) for case in cases[:2])
    root = read(a_report(evidence=evidence, quarantine=use))
    tests, gates = root.findall("testsuite")
    listed = [case for case in cases if case.attempts or not case.deselected]
    assert tests.get("tests") == str(len(listed) + len(errors))
    for found in (tests, gates):
        assert counted(found) == {word: int(found.get(word, "")) for word in counted(found)}
    for word in ("tests", *VERDICTS.values()):
        assert int(root.get(word, "")) == sum(int(each.get(word, "")) for each in (tests, gates))
    unique = {(each.get("classname"), each.get("name")) for each in tests.iter("testcase")}
    assert len(unique) == len(listed) + len(errors)


def counted(found: ET.Element) -> dict[str, int]:
    cases = found.findall("testcase")
    kinds = Counter(each.tag for case in cases for each in case if each.tag in VERDICTS)
    assert all(sum(each.tag in VERDICTS for each in case) <= 1 for case in cases)
    return {"tests": len(cases), **{word: kinds[tag] for tag, word in VERDICTS.items()}}


@given(CASES)
@settings(max_examples=100)
def test_only_what_passed_or_is_excused_looks_passed(case: CaseRecord) -> None:
    for found in written(case).iter("testcase"):
        if not {*VERDICTS} & {*tags(found)}:
            assert any(each.passed for each in case.attempts)


@given(reports(HOSTILE))
@settings(max_examples=30)
def test_any_report_is_xml(report: Report) -> None:
    assert len(read(report)) == 2


# Size


def test_a_mass_of_long_failures_stays_below_what_gitlab_reads() -> None:
    long = a_stack("x" * 19_000 + "the end", stdout="y" * 10_000, stderr="z" * 10_000)
    tests = tuple(
        a_case(f"t.py::t{number}", attempts=(an_attempt(failure=long),) * 2)
        for number in range(1500)
    )
    document = render(a_report(evidence=an_evidence(tests=tests)))
    assert len(document) < 30_000_000
    found = ET.fromstring(document).find("testsuite/testcase/failure")
    assert found is not None
    assert re.match(r"\.\.\. \d+ characters cut \.\.\.\nx+the end$", found.text or "")


def test_a_few_long_failures_are_kept_whole() -> None:
    found = child(one(an_attempt(failure=a_stack("x" * 19_000))), "failure")
    assert found.text == "x" * 19_000


def test_a_message_is_a_headline() -> None:
    case = one(an_attempt(message="m" * 10_000, failure=a_stack(kind="K" * 10_000)))
    assert child(case, "failure").get("message") == "m" * 500 + "..."
    assert child(case, "failure").get("type") == "K" * 500 + "..."
