"""Shows what ruff is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import json

import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Location
from pytest_gates.tools.ruff import TOOL, RuffSettings, command, read
from support.fake_tools import a_context, completed
from support.recorded import recorded

CLEAN = "ruff-0.17.6-clean.json"
FINDINGS = "ruff-0.17.6-findings.json"
SYNTAX_ERROR = "ruff-0.17.6-syntax-error.json"
CONTEXT = a_context(program="/venv/bin/ruff", python_files=("r1.py", "r2.py"))


def argv(settings: RuffSettings) -> tuple[str, ...]:
    return command(settings, CONTEXT).argv


def a_scan(name: str, exit_code: int, stderr: str = "") -> Scan:
    done = completed(recorded(name), exit_code=exit_code, stderr=stderr, context=CONTEXT)
    return read(done, RuffSettings())


def test_ruff_checks_and_never_edits() -> None:
    words = argv(RuffSettings())

    assert words[:2] == ("/venv/bin/ruff", "check")
    assert "--no-fix" in words
    assert "--fix" not in words
    assert "--output-format=json" in words


def test_the_projects_own_exclude_holds_for_named_paths_too() -> None:
    assert "--force-exclude" in argv(RuffSettings())


def test_the_paths_of_the_policy_come_last_behind_two_dashes() -> None:
    words = argv(RuffSettings(paths=("src", "--fix")))

    assert words[words.index("--") :] == ("--", "src", "--fix")
    assert argv(RuffSettings())[-2:] == ("--", ".")


def test_variables_of_ruff_do_not_reach_it_and_it_may_run_before_the_tests() -> None:
    assert TOOL.scrub == ("RUFF_",)
    assert TOOL.quick
    assert TOOL.program == "ruff"


def test_each_violation_is_a_finding_with_a_place_below_the_root() -> None:
    scan = a_scan(FINDINGS, 1)

    assert [(one.rule, one.where) for one in scan.findings] == [
        ("I001", "r1.py:1-2"),
        ("F401", "r1.py:1"),
        ("F401", "r1.py:2"),
        ("F841", "r1.py:6"),
        ("F821", "r1.py:8"),
    ]
    assert scan.findings[4].location == Location(path="r1.py", line=8, column=13)
    assert scan.findings[4].url == "https://docs.astral.sh/ruff/rules/undefined-name"
    assert scan.unread == ()
    assert (scan.tool, scan.version, scan.seconds) == ("ruff", "1.0", 1.235)


def test_ruff_gives_no_severity_so_each_finding_has_none() -> None:
    assert {one.severity for one in a_scan(FINDINGS, 1).findings} == {None}


def test_two_names_unused_in_one_file_have_two_fingerprints() -> None:
    findings = a_scan(FINDINGS, 1).findings

    assert len({one.fingerprint for one in findings}) == len(findings)


def test_a_fingerprint_survives_the_movement_of_lines() -> None:
    output = json.loads(recorded(FINDINGS))
    for one in output:
        one["location"]["row"] += 7
        one["end_location"]["row"] += 7
    moved = read(completed(json.dumps(output), exit_code=1, context=CONTEXT), RuffSettings())

    before = a_scan(FINDINGS, 1).findings
    assert [one.fingerprint for one in moved.findings] == [one.fingerprint for one in before]


def test_a_file_with_a_syntax_error_is_unread_and_no_finding() -> None:
    scan = a_scan(SYNTAX_ERROR, 1)

    assert {one.subject for one in scan.unread} == {"r2.py"}
    assert all("line 1: Expected" in one.why for one in scan.unread)
    assert "invalid-syntax" not in {one.rule for one in scan.findings}
    assert len(scan.findings) == 5


def test_a_violation_without_a_code_is_unread() -> None:
    text = recorded(SYNTAX_ERROR).replace(b'"code": "invalid-syntax"', b'"code": null')

    scan = read(completed(text, exit_code=1, context=CONTEXT), RuffSettings())

    assert {one.subject for one in scan.unread} == {"r2.py"}


def test_a_clean_project_has_no_findings() -> None:
    scan = a_scan(CLEAN, 0)

    assert (scan.findings, scan.unread) == ((), ())


def test_an_empty_answer_about_no_file_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(CLEAN, 0, stderr="warning: No Python files found under the given path(s)\n")

    assert "no Python file" in caught.value.why
    assert "[tool.pytest-gates.ruff]" in caught.value.remedy


def test_a_file_that_ruff_could_not_read_is_not_clean() -> None:
    """Without rule E902 ruff prints `[]`, exits with 0, and only a warning tells. (0.17.6)"""
    warning = "warning: Failed to lint latin.py: stream did not contain valid UTF-8\n"
    scan = a_scan(CLEAN, 0, stderr=warning)

    assert ["latin.py" in one.subject for one in scan.unread] == [True]


def test_a_file_that_ruff_could_not_open_is_unread_and_no_finding() -> None:
    text = recorded(FINDINGS).replace(b'"code": "F821"', b'"code": "E902"')

    scan = read(completed(text, exit_code=1, context=CONTEXT), RuffSettings())

    assert [one.subject for one in scan.unread] == ["r1.py"]


def test_a_violation_without_a_place_is_unread() -> None:
    output = json.loads(recorded(FINDINGS))
    output[0] |= {"location": None, "end_location": None}

    scan = read(completed(json.dumps(output), exit_code=1, context=CONTEXT), RuffSettings())

    assert [(one.subject, one.why) for one in scan.unread] == [("r1.py", output[0]["message"])]
    assert len(scan.findings) == 4


def test_a_windows_path_is_told_in_posix() -> None:
    text = recorded(FINDINGS).replace(b"/project/r1.py", rb"C:\\project\\src\\r1.py")
    context = a_context("C:\\project", program="ruff")

    scan = read(completed(text, exit_code=1, context=context), RuffSettings())

    assert {one.location.path for one in scan.findings if one.location} == {"src/r1.py"}


HALF = recorded(FINDINGS)[: len(recorded(FINDINGS)) // 2]


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param(b"", 0, id="nothing at all, exit 0"),
        pytest.param(b"", 1, id="nothing at all, exit 1"),
        pytest.param(HALF, 1, id="half a report"),
        pytest.param(recorded(FINDINGS), 2, id="a whole report, exit 2"),
        pytest.param(b"[]", 101, id="a panic"),
        pytest.param(b"[]", -11, id="killed"),
        pytest.param(b"[] []", 0, id="two reports"),
        pytest.param(b"{}", 0, id="an object"),
        pytest.param(b"null", 0, id="null"),
        pytest.param(b"[1]", 1, id="numbers"),
        pytest.param(b'[{"code": "F401"}]', 1, id="a violation without a place"),
        pytest.param(
            recorded(FINDINGS).replace(b'"row": 8', b'"row": "8"'), 1, id="a row in words"
        ),
        pytest.param(b'["\xff"]', 1, id="no utf-8"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes, exit_code: int) -> None:
    done = completed(stdout, exit_code=exit_code, stderr="ruff failed\n  Cause: x", context=CONTEXT)

    with pytest.raises(ToolError) as caught:
        read(done, RuffSettings())

    assert f"exit {exit_code}" in caught.value.why
    assert "ruff failed" in caught.value.why
    assert caught.value.remedy


def test_the_settings_of_ruff_are_those_of_the_work_tree() -> None:
    assert RuffSettings().config_files == ("pyproject.toml", "ruff.toml", ".ruff.toml")
