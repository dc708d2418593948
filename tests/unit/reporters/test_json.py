"""report.json holds the whole report, and nothing that is not one is read as one."""

from __future__ import annotations

import contextlib
import json as plain_json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_gates.errors import GatesError
from pytest_gates.model.report import SCHEMA_VERSION, Report
from pytest_gates.reporters.json import REPORTER, parse, render, schema
from support.any_report import HOSTILE, WORDS, reports
from support.evidence import a_case, a_failure, a_file, a_gate, a_report, an_evidence, files

WHOLE = render(a_report(a_gate(a_failure())))


@given(reports(WORDS))
@settings(max_examples=40)
def test_what_is_written_is_read_again_as_it_was(report: Report) -> None:
    assert parse(render(report)) == report


@given(reports(HOSTILE))
@settings(max_examples=40)
def test_no_text_of_a_test_or_a_tool_makes_a_report_unreadable(report: Report) -> None:
    written = render(report)
    again = parse(written)
    assert again.decision is report.decision
    assert [one.verdict for one in again.results] == [one.verdict for one in report.results]
    assert render(again) == written


def test_a_lone_surrogate_is_spelled_out_wherever_it_stands() -> None:
    evidence = an_evidence(
        tests=(a_case("t.py::test_\udc80"),),
        coverage=files(a_file("src/\udcff.py")),
        scans={"tool\ud800": a_report().evidence.coverage},  # type: ignore[dict-item]
    )
    again = parse(render(a_report(a_gate(a_failure(subject="\udc81")), evidence=evidence)))
    assert again.evidence.cases[0].nodeid == r"t.py::test_\udc80"
    assert list(again.evidence.scans) == [r"tool\ud800"]
    assert again.results[0].findings[0].subject == r"\udc81"


def test_it_is_utf_8_on_one_line() -> None:
    written = render(a_report(a_gate(a_failure(message="für\n100 €"))))
    assert "für\\n100 €" in written.decode("utf-8")
    assert b"\n" not in written


@pytest.mark.parametrize("keep", [0, 1, 20, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_part_of_a_report_is_no_report(keep: int) -> None:
    with pytest.raises(GatesError, match="not a whole report"):
        parse(WHOLE[:keep])


@given(st.integers(0, len(WHOLE) - 1))
def test_no_beginning_of_a_report_is_one(keep: int) -> None:
    with pytest.raises(GatesError):
        parse(WHOLE[:keep])


@pytest.mark.parametrize(
    "text",
    [
        b"null",
        b"[]",
        b"{}",
        b"0",
        b'"report"',
        b"\xff\xfe",
        b'{"schema": "1"}',
        b'{"schema": 1.5}',
        b'{"schema": true}',
        b'{"schema": 1}',
        b'{"schema": 1, "generator": 5}',
        b'{"schema": 1, "generator": "\xff"}',
        b"<html></html>",
        b"[" * 100_000,
        b'{"schema":' + b"[" * 100_000,
        b'{"schema":1,"results":' + b"[" * 100_000,
        WHOLE + b"x",
        WHOLE + WHOLE,
        WHOLE.replace(b'"blocked"', b'"fine"'),
        WHOLE.replace(b'"results":', b'"resluts":'),
        WHOLE.replace(b'"verdict":"fail"', b'"verdict":"passed"'),
        WHOLE.replace(b'"effect":"fail"', b'"effect":null'),
    ],
)
def test_what_is_no_report_is_refused(text: bytes) -> None:
    assert text != WHOLE
    with pytest.raises(GatesError, match="not a whole report"):
        parse(text)


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_ends_the_program(text: bytes) -> None:
    with pytest.raises(GatesError):
        parse(text)


@given(st.data())
@settings(max_examples=60)
def test_a_report_with_one_value_replaced_is_read_or_refused(data: st.DataObject) -> None:
    document = plain_json.loads(WHOLE)
    holder: Any = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            holder = inner
            continue
        holder[key] = data.draw(st.sampled_from([None, -1, 10**30, "", "x", [], {}, 1.5, True]))
        break
    with contextlib.suppress(GatesError):
        assert isinstance(parse(plain_json.dumps(document).encode()), Report)


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, -1])
def test_a_report_of_another_schema_version_is_told_with_both(version: int) -> None:
    report = a_report(schema=version, generator="pytest-gates 9.9")
    with pytest.raises(GatesError) as caught:
        parse(render(report))
    assert str(caught.value).startswith(
        f"schema version {version} (written by pytest-gates 9.9), expected {SCHEMA_VERSION}"
    )


def test_another_version_is_told_although_its_report_has_another_shape() -> None:
    with pytest.raises(GatesError, match=r"schema version 7 \(written by unknown\), expected 1"):
        parse(b'{"schema": 7, "results": "none"}')


@pytest.mark.parametrize("key", ["started", "finished"])
def test_a_time_without_a_zone_is_refused(key: str) -> None:
    document = plain_json.loads(WHOLE)
    document["evidence"]["run"][key] = "2026-11-20T11:30:00"
    with pytest.raises(GatesError, match="not a whole report"):
        parse(plain_json.dumps(document).encode())


def test_the_time_of_the_judgement_has_a_zone() -> None:
    document = plain_json.loads(WHOLE)
    document["judged"] = "2026-11-20T11:30:00"
    with pytest.raises(GatesError, match="not a whole report"):
        parse(plain_json.dumps(document).encode())


@given(reports(HOSTILE))
@settings(max_examples=15)
def test_the_published_schema_describes_every_report(report: Report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(plain_json.loads(render(report)))


def test_the_published_schema_refuses_another_decision() -> None:
    document = plain_json.loads(WHOLE)
    document["decision"] = "fine"
    assert not jsonschema.Draft202012Validator(schema()).is_valid(document)


def test_the_schema_names_its_dialect_and_version() -> None:
    document = schema()
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["title"] == f"pytest-gates report, schema version {SCHEMA_VERSION}"


def test_the_file_is_called_report_json() -> None:
    assert (REPORTER.name, REPORTER.file_name) == ("json", "report.json")
