"""Shows that whatever a tool says, its reader gives a Scan that can be written down or a ToolError."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.errors import ToolError
from pytest_gates.model.audit import Audited, Question, Round
from pytest_gates.model.contracts import Completed, Tool
from pytest_gates.model.evidence import Scan
from pytest_gates.model.package import Package
from pytest_gates.model.settings import ScanSettings
from pytest_gates.tools import bandit, mypy, pip_audit, ruff, ruff_format, secrets
from support.fake_tools import completed

TOOLS: list[tuple[Tool, ScanSettings, tuple[str, ...]]] = [
    (bandit.TOOL, bandit.BanditSettings(), ("a.py",)),
    (pip_audit.TOOL, pip_audit.PipAuditSettings(), (pip_audit.ENVIRONMENT,)),
    (pip_audit.TOOL, pip_audit.PipAuditSettings(), ("requirements.txt",)),
    (ruff.TOOL, ruff.RuffSettings(), ()),
    (ruff_format.TOOL, ruff_format.RuffFormatSettings(), ()),
    (mypy.TOOL, mypy.MypySettings(), ("a.py",)),
    (secrets.TOOL, secrets.SecretsSettings(), ("a.py",)),
]
each_tool: Callable[..., Any] = pytest.mark.parametrize(
    "tool, settings, expected",
    TOOLS,
    ids=["bandit", "environment", "requirements", "ruff", "ruff-format", "mypy", "secrets"],
)

NAMES = """errors metrics results filename reason test_id issue_text issue_severity code
issue_confidence line_number line_range col_offset more_info dependencies name version vulns
skip_reason id fix_versions aliases description message location end_location row column url
file line severity hint scanned findings unread binary elsewhere rule path digest"""
KEYS = st.sampled_from(NAMES.split())
WORDS = st.sampled_from(["LOW", "HIGH", "UNDEFINED", "a.py", "././a.py", "", "\0", "\x1b[31m", "é"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
SMALL = st.integers(min_value=-2, max_value=300)
ISSUE = st.fixed_dictionaries(
    {
        "test_id": WORDS,
        "issue_text": WORDS,
        "issue_severity": WORDS,
        "issue_confidence": WORDS,
        "filename": WORDS,
        "line_number": st.integers(),
        "line_range": st.lists(st.integers(), max_size=3),
    },
    optional={"code": st.text(), "col_offset": SMALL, "more_info": st.none() | WORDS},
)
SECRET = st.fixed_dictionaries(
    {"rule": WORDS, "path": WORDS, "line": SMALL, "column": SMALL, "digest": st.just("0" * 12)}
)
PLACE = st.fixed_dictionaries({"row": st.integers(), "column": st.integers()})
VIOLATION = st.fixed_dictionaries(
    {
        "code": st.none() | WORDS,
        "message": WORDS,
        "filename": WORDS,
        "location": PLACE,
        "end_location": PLACE,
    }
)
VULNERABILITY = st.fixed_dictionaries(
    {"id": WORDS, "fix_versions": st.lists(WORDS, max_size=2)},
    optional={"aliases": st.lists(WORDS, max_size=2), "description": st.text()},
)
DEPENDENCY = st.fixed_dictionaries(
    {"name": WORDS},
    optional={
        "version": st.none() | WORDS,
        "vulns": st.none() | st.lists(VULNERABILITY, max_size=2),
        "skip_reason": st.none() | WORDS,
    },
)
LIKELY = st.one_of(
    st.fixed_dictionaries(
        {
            "errors": st.lists(st.fixed_dictionaries({"filename": WORDS, "reason": WORDS})),
            "metrics": st.dictionaries(WORDS, VALUES, max_size=3),
            "results": st.lists(ISSUE, max_size=3),
        }
    ),
    st.fixed_dictionaries({"dependencies": st.lists(DEPENDENCY, max_size=3)}),
    st.lists(VIOLATION, max_size=3),
    st.fixed_dictionaries(
        {"file": WORDS, "line": SMALL, "column": SMALL, "message": WORDS, "severity": WORDS},
        optional={"code": st.none() | WORDS, "end_line": SMALL},
    ),
    st.fixed_dictionaries(
        {
            "scanned": SMALL,
            "findings": st.lists(SECRET, max_size=2),
            "unread": st.lists(st.tuples(WORDS, WORDS), max_size=1),
            "binary": st.lists(WORDS, max_size=1),
            "elsewhere": st.just([]),
        }
    ),
)
EXITS = st.sampled_from([0, 1, 2, -9, 101])


def gives_a_scan_or_a_tool_error(tool: Tool, done: Completed, settings: ScanSettings) -> None:
    try:
        scan = tool.read(done, settings)
    except ToolError as unknown:
        told = (unknown.why, unknown.remedy)
        assert all(told)
    else:
        assert isinstance(scan, Scan)
        assert msgspec.json.decode(msgspec.json.encode(scan), type=Scan) == scan


@each_tool
@given(stdout=st.binary(max_size=300), stderr=st.text(max_size=100), exit_code=EXITS)
def test_arbitrary_bytes(
    tool: Tool,
    settings: ScanSettings,
    expected: tuple[str, ...],
    stdout: bytes,
    stderr: str,
    exit_code: int,
) -> None:
    done = completed(stdout, exit_code=exit_code, stderr=stderr, expected=expected)
    gives_a_scan_or_a_tool_error(tool, done, settings)


@each_tool
@given(value=LIKELY | VALUES, exit_code=st.sampled_from([0, 1]))
def test_arbitrary_json(
    tool: Tool,
    settings: ScanSettings,
    expected: tuple[str, ...],
    value: object,
    exit_code: int,
) -> None:
    done = completed(json.dumps(value), exit_code=exit_code, expected=expected)
    gives_a_scan_or_a_tool_error(tool, done, settings)


@given(
    value=LIKELY | VALUES,
    pins=st.lists(st.sampled_from(["a-py==1", "low==LOW", "==", "x"]), max_size=2),
    canaries=st.lists(st.sampled_from(["a-py==1", "x"]), max_size=1),
    exit_code=st.none() | EXITS,
    said=st.text(max_size=40),
)
def test_arbitrary_audits(
    value: object, pins: list[str], canaries: list[str], exit_code: int | None, said: str
) -> None:
    package = Package(name="a.py", version="1")
    whole = Audited(
        questions=tuple(Question(package=package, pin=pin) for pin in pins),
        canaries=tuple(canaries),
        rounds=(Round(asked=(*pins, *canaries), exit_code=exit_code, stdout=json.dumps(value)),),
        said=said,
    )
    try:
        done = completed(msgspec.json.encode(whole))
    except UnicodeEncodeError:
        return
    gives_a_scan_or_a_tool_error(pip_audit.TOOL, done, pip_audit.PipAuditSettings())
