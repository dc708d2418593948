"""Shows that `ruff format` is asked to judge and not to edit, and that its answer counts when it is whole."""

from __future__ import annotations

import json

import pytest

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Location
from pytest_gates.tools.ruff_format import TOOL, RuffFormatSettings, command, read
from support.fake_tools import a_context, completed
from support.recorded import recorded

FINDINGS = recorded("ruff-format-0.17.6-findings.json")
CONTEXT = a_context(program="/venv/bin/ruff", python_files=("a.py", "bad.py"), version="0.17.6")


def a_scan(stdout: bytes | str, exit_code: int, stderr: str = "") -> Scan:
    done = completed(stdout, exit_code=exit_code, stderr=stderr, context=CONTEXT)
    return read(done, RuffFormatSettings())


def only(code: str) -> str:
    return json.dumps([one for one in json.loads(FINDINGS) if one["code"] == code])


def test_ruff_checks_and_never_edits() -> None:
    words = command(RuffFormatSettings(paths=("src", "--diff")), CONTEXT).argv

    assert words[:3] == ("/venv/bin/ruff", "format", "--check")
    assert {"--force-exclude", "--output-format=json"} <= set(words)
    assert words[words.index("--") :] == ("--", "src", "--diff")
    assert TOOL.quick
    assert TOOL.scrub == ("RUFF_",)
    assert "ruff.toml" in RuffFormatSettings().config_files


def test_each_file_is_one_finding_without_a_line_also_a_notebook_of_many_cells() -> None:
    scan = a_scan(FINDINGS, 2)

    assert [one.location for one in scan.findings] == [
        Location(path="a.py"),
        Location(path="odd/n.ipynb"),
    ]
    assert {one.rule for one in scan.findings} == {"unformatted"}
    assert scan.findings[0].remedy == "run `ruff format a.py`"
    assert scan.inputs == 2


def test_what_ruff_could_not_parse_or_decode_is_unread() -> None:
    assert [(one.subject, one.why) for one in a_scan(FINDINGS, 2).unread] == [
        ("bad.py", "line 1: Expected a parameter or the end of the parameter list"),
        ("latin.py", "stream did not contain valid UTF-8"),
    ]


def test_a_formatted_project_has_no_findings() -> None:
    assert (a_scan("[]", 0).findings, a_scan("[]", 0).unread) == ((), ())
    assert len(a_scan(only("unformatted"), 1).findings) == 2


def test_without_a_file_there_is_nothing_to_scan() -> None:
    with pytest.raises(NothingToScan, match="no Python file") as caught:
        a_scan("[]", 0, "warning: No Python files found under the given path(s)\n")
    assert "[tool.pytest-gates.ruff-format]" in caught.value.remedy


def test_a_ruff_that_cannot_answer_in_json_is_too_old() -> None:
    said = (
        "warning: The --output-format flag for the formatter is unstable and requires preview mode"
    )
    with pytest.raises(ToolError, match="cannot say in JSON") as caught:
        a_scan("Would reformat: a.py\n", 1, said)
    assert "--upgrade ruff" in caught.value.remedy


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param("", 2, id="nothing at all, as with a wrong setting"),
        pytest.param("", 0, id="nothing at all, exit 0"),
        pytest.param("[]", 1, id="no file, and the status of some"),
        pytest.param("[]", 2, id="no file, and the status of an abnormal end"),
        pytest.param("[]", 101, id="a panic"),
        pytest.param("[]", -9, id="killed"),
        pytest.param(FINDINGS, 0, id="files, and the status of none"),
        pytest.param(FINDINGS, 1, id="unread files, and the status of unformatted ones"),
        pytest.param(only("unformatted"), 2, id="an abnormal end"),
        pytest.param(FINDINGS[:300], 2, id="half a report"),
        pytest.param("Would reformat: a.py", 1, id="text"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes | str, exit_code: int) -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(stdout, exit_code, "ruff failed\n  Cause: x")
    assert caught.value.remedy == "run `ruff format --check` by hand to see what is wrong"
