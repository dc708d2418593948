"""A tool that hangs, shouts, breaks off or says nothing: its gate is inconclusive, and says why."""

from __future__ import annotations

import json
import os

import pytest

from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import rules

CI = ("--gates-profile", "ci")
ANSWER = (
    '{"dependencies": [{"name": "shop", "version": "1", "vulns": []},'
    ' {"name": "tea", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": []}]}]}'
)
# What our process around pip-audit says: of one package, and of a canary.
AUDITED = {
    "questions": [{"package": {"name": "shop", "version": "1"}, "pin": "shop==1"}],
    "canaries": ["tea==1"],
    "rounds": [{"asked": ["shop==1", "tea==1"], "exit_code": 1, "stdout": ANSWER}],
}
KINDS = {
    "bandit": ("BanditSettings", '{"refused": null, "files": [[]]}'),
    "ruff": ("RuffSettings", "[]"),
    "pip_audit": ("PipAuditSettings", json.dumps(AUDITED)),
}


def a_tool_that(code: str, kind: str = "bandit") -> str:
    """A conftest with a gate `house` whose tool executes `code`, read as the tool `kind` is read."""
    return f"""
import sys
from pytest_gates.gates.scan import scan_gate
from pytest_gates.model.contracts import Command, Tool
from pytest_gates.tools.{kind} import {KINDS[kind][0]}, read

WHOLE = {KINDS[kind][1]!r}
CODE = {code!r}

def command(settings, context):
    return Command(argv=(sys.executable, "-I", "-c", CODE, WHOLE), expected=("a.py",))

TOOL = Tool(
    name="house", distribution="pytest", program=None, command=command, read=read, needs_files=True
)

def pytest_gates_gates():
    return [scan_gate(TOOL, {KINDS[kind][0]}, "The house tool is content.")]
"""


def judged(project: Project, code: str, kind: str = "bandit", *args: str) -> pytest.RunResult:
    policy = "[tool.pytest-gates.house]\ntimeout = '20s'\n"
    project.policy(policy).write({"a.py": "x = 1", "test_it.py": "def test_it(): pass"})
    (project.root / "conftest.py").write_text(a_tool_that(code, kind), encoding="utf-8")
    project.commit()
    return project.run(*CI, *args)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_report_passes(project: Project, kind: str) -> None:
    """The other tests of this file mean something only because of this one."""
    assert judged(project, "import sys; print(sys.argv[1])", kind).ret == 0
    assert project.result("house").verdict is Verdict.PASS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "import sys; print(sys.argv[1][:-3])",
        "print('null')",
        "print('{}')",
        "import sys; print(sys.argv[1]); sys.exit(2)",
        "import os, signal, sys; print(sys.argv[1], flush=True); os.kill(os.getpid(), signal.SIGKILL)",
        "import sys; sys.stdout.buffer.write(b'\\xff\\xfe' + sys.argv[1].encode())",
        "import sys; print('Warning: a new version is available'); print(sys.argv[1])",
    ],
    ids=["nothing", "half", "null", "empty", "status-2", "killed", "not-utf8", "chatty"],
)
def test_less_than_a_whole_report_is_inconclusive(project: Project, kind: str, code: str) -> None:
    done = judged(project, code, kind)
    assert done.ret == 11
    assert project.result("house").verdict is Verdict.INCONCLUSIVE
    assert rules(project.result("house")) == ["no-scan"]
    assert isinstance(project.report().evidence.scans["house"], Unavailable)
    assert project.report().decision is Decision.INCONCLUSIVE


def test_nothing_of_a_tool_blocks_under_workers_too(project: Project) -> None:
    assert judged(project, "pass", "bandit", "-n2").ret == 11
    assert rules(project.result("house")) == ["no-scan"]
    assert project.verify().returncode == 11


def test_a_tool_that_hangs_is_stopped_with_all_it_started(project: Project) -> None:
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('child.pid').write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    conftest = a_tool_that(code)
    project.policy("[tool.pytest-gates.house]\ntimeout = '3s'\n").write(
        {"a.py": "x = 1", "test_it.py": "def test_it(): pass"}
    )
    (project.root / "conftest.py").write_text(conftest, encoding="utf-8")
    project.commit()
    assert project.run(*CI).ret == 11
    (finding,) = project.result("house").findings
    assert "3 seconds" in finding.message
    assert finding.remedy is not None
    assert "timeout" in finding.remedy
    pid = int((project.root / "child.pid").read_text(encoding="utf-8"))
    assert not is_alive(pid)


def test_a_tool_that_shouts_is_heard_to_the_end(project: Project) -> None:
    code = "import sys; sys.stderr.write('x' * 5_000_000); print(sys.argv[1])"
    assert judged(project, code).ret == 0
    scan = project.report().evidence.scans["house"]
    assert isinstance(scan, Scan)
    assert scan.inputs == 1
    assert project.report_path.stat().st_size < 100_000


def test_five_megabytes_of_complaint_are_quoted_briefly(project: Project) -> None:
    code = "import sys; sys.stderr.write('no! ' * 1_250_000); sys.exit(2)"
    done = judged(project, code)
    assert done.ret == 11
    assert rules(project.result("house")) == ["no-scan"]
    assert project.report_path.stat().st_size < 100_000
    assert all(len(line) < 1000 for line in done.outlines)


def test_a_tool_that_is_not_installed_is_inconclusive_and_says_what_to_install(
    project: Project,
) -> None:
    conftest = a_tool_that("pass").replace('distribution="pytest"', 'distribution="no-such-tool"')
    project.policy("[tool.pytest-gates.house]\n").write(
        {"a.py": "x = 1", "test_it.py": "def test_it(): pass"}
    )
    (project.root / "conftest.py").write_text(conftest, encoding="utf-8")
    project.commit()
    assert project.run(*CI).ret == 11
    (finding,) = project.result("house").findings
    assert "not installed" in finding.message
    assert finding.remedy == "install it: pip install no-such-tool"


def is_alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet counts as dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
