"""Shows what mypy is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import msgspec
import pytest

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Location, Severity
from pytest_gates.tools.mypy import TOOL, MypySettings, command, read
from support.fake_tools import a_context, completed
from support.recorded import recorded

CLEAN = recorded("mypy-2.4.1-clean.json")
FINDINGS = recorded("mypy-2.4.1-findings.json")
BLOCKED = recorded("mypy-2.4.1-blocked.json")
FILES = ("a.py", "src/b.py", "src/deep/c.py", "srcs/d.py")
CONTEXT = a_context(python_files=FILES)
NO_TARGET = "usage: mypy [-h]\nmypy: error: Missing target module, package, files, or command.\n"


def a_scan(stdout: bytes, exit_code: int, stderr: str = "") -> Scan:
    done = completed(stdout, exit_code=exit_code, stderr=stderr, expected=FILES, context=CONTEXT)
    return read(done, MypySettings())


def test_mypy_answers_in_json_and_installs_nothing() -> None:
    words = command(MypySettings(paths=("src",)), CONTEXT).argv

    assert words[:4] == ("python", "-I", "-m", "mypy")
    assert {"--output=json", "--no-install-types", "--no-pretty"} <= set(words)
    assert words[-2:] == ("--", "src")
    assert TOOL.scrub == ("MYPY",)


def test_mypy_keeps_its_cache_where_it_may_or_nowhere() -> None:
    assert "--cache-dir=/dev/null" in command(MypySettings(), CONTEXT).argv
    elsewhere = msgspec.structs.replace(CONTEXT, cache_folder="/cache/mypy")
    assert "--cache-dir=/cache/mypy" in command(MypySettings(), elsewhere).argv


def test_an_internal_error_names_the_cache_that_may_be_damaged() -> None:
    context = msgspec.structs.replace(CONTEXT, cache_folder="/my cache/mypy")
    said = "error: INTERNAL ERROR -- Please try using mypy master on GitHub:\n"
    for where, remedy in ((context, "rm -r '/my cache/mypy'"), (CONTEXT, "by hand")):
        with pytest.raises(ToolError) as caught:
            read(completed(b"", exit_code=2, stderr=said, context=where), MypySettings())
        assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "paths, files",
    [
        ((), FILES),
        ((".",), FILES),
        (("src/", "./a.py"), ("a.py", "src/b.py", "src/deep/c.py")),
        (("nowhere",), ()),
    ],
)
def test_what_is_checked_is_counted(paths: tuple[str, ...], files: tuple[str, ...]) -> None:
    assert command(MypySettings(paths=paths), CONTEXT).expected == files


def test_at_the_base_what_is_not_there_yet_is_not_asked_for() -> None:
    base = msgspec.structs.replace(CONTEXT, at_base=True, files=("stubs/a.pyi",))

    assert command(MypySettings(paths=("src", "new", "stubs")), base).argv[-2:] == ("src", "stubs")
    assert command(MypySettings(paths=("src", "new")), CONTEXT).argv[-2:] == ("src", "new")
    with pytest.raises(NothingToScan):
        command(MypySettings(paths=("new",)), base)


def test_at_the_base_the_project_is_imported_from_the_base() -> None:
    base = msgspec.structs.replace(CONTEXT, at_base=True, own_path=("src", "lib"))

    assert command(MypySettings(), base).env == {"MYPYPATH": "/project/src:/project/lib"}
    assert command(MypySettings(), CONTEXT).env == {}


def test_each_error_is_a_finding_and_each_note_one_that_does_not_fail() -> None:
    scan = a_scan(FINDINGS, 1)

    assert [(one.rule, one.where, one.severity) for one in scan.findings] == [
        ("import-not-found", "a.py:2", None),
        ("misc", "a.py:5", Severity.INFO),
        ("return-value", "a.py:6", None),
        ("annotation-unchecked", "a.py:9", Severity.INFO),
        ("call-arg", "a.py:13-14", None),
        ("return-value", "a.py:13-14", None),
        ("arg-type", "a.py:13", None),
    ]
    assert scan.findings[2].location == Location(path="a.py", line=6, column=12)
    assert "missing-imports" in (scan.findings[0].detail or "")
    assert [MypySettings().fails(one) for one in scan.findings] == [
        True, False, True, False, True, True, True,
    ]  # fmt: skip
    assert len({one.fingerprint for one in scan.findings}) == 7
    assert (scan.tool, scan.version, scan.inputs, scan.unread) == ("mypy", "1.0", 4, ())


def test_a_clean_project_has_no_findings() -> None:
    assert a_scan(CLEAN, 0).findings == ()


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_note_alone_is_a_whole_answer_whatever_the_exit_status(exit_code: int) -> None:
    note = FINDINGS.splitlines()[1]
    assert [one.severity for one in a_scan(note, exit_code).findings] == [Severity.INFO]


def test_names_come_out_relative_and_what_has_no_line_has_none() -> None:
    text = b'{"file": "/project/src\\\\a.py", "line": -1, "column": -1, "message": "m", "severity": "error"}'
    (found,) = a_scan(text, 1).findings

    assert (found.rule, found.location) == ("mypy", Location(path="src/a.py"))


def test_an_error_that_stops_mypy_is_no_answer_about_the_other_files() -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(BLOCKED, 2)

    assert caught.value.why == "mypy checked nothing: bad.py:2: Unexpected EOF while parsing"
    assert caught.value.remedy


def test_without_anything_to_check_the_settings_are_named() -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(b"", 2, NO_TARGET)

    assert "`paths` in [tool.pytest-gates.mypy]" in caught.value.remedy


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param(b"", 1, id="errors and not a line"),
        pytest.param(FINDINGS, 0, id="error lines, exit 0"),
        pytest.param(CLEAN, 2, id="nothing, exit 2"),
        pytest.param(FINDINGS[: len(FINDINGS) // 2], 1, id="half a report"),
        pytest.param(FINDINGS, -9, id="killed"),
        pytest.param(b"a.py:1: error: words", 1, id="words"),
        pytest.param(b"[]", 1, id="an array"),
        pytest.param(b'{"file": "a.py"}', 1, id="no line"),
        pytest.param(b'"\xff"', 1, id="no utf-8"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes, exit_code: int) -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(stdout, exit_code, "a.py: error: INTERNAL ERROR")

    assert f"exit {exit_code}" in caught.value.why
    assert "INTERNAL ERROR" in caught.value.why
    assert caught.value.remedy


def test_the_settings_of_mypy_are_those_of_the_work_tree() -> None:
    assert "setup.cfg" in MypySettings().config_files
    assert MypySettings(only_new=True).needs_change
