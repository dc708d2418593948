"""With fail-fast the quick gates come first: when one blocks, no test is run."""

from __future__ import annotations

import time

import pytest

from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import rules, said

RUFF = "[tool.ruff.lint]\nselect = ['F401']\n[tool.pytest-gates.ruff]\n"
POLICY = "[tool.pytest-gates]\nfail-fast = true\n" + RUFF
TRACE = {"test_it.py": "from pathlib import Path\ndef test_it(): Path('ran').write_text('yes')\n"}
UNUSED = {"app.py": "import os\n"}
SLEEPER = """
import sys
from pytest_gates.api import Command, Gate, Judgement, ScanSettings, Tool

TOOL = Tool(name="slow", distribution="pytest", program=None, read=lambda done, settings: None,
            command=lambda settings, context: Command(
                argv=(sys.executable, "-c", "import time; time.sleep(120)")))
GATE = Gate(name="slow", doc="Sleeps.", settings=ScanSettings, tool=TOOL,
            evaluate=lambda evidence, settings: Judgement(summary=evidence.scans["slow"].why))

def pytest_gates_gates():
    return [GATE]
"""


def test_no_test_runs_when_ruff_objects(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(POLICY).write({**UNUSED, **TRACE}).commit()
    done = project.run(*workers)
    assert done.ret == 10
    assert not (project.root / "ran").exists()
    report = project.report()
    assert report.decision is Decision.BLOCKED
    assert report.finished
    assert "fail-fast" in (report.evidence.run.stopped_early or "")
    assert rules(project.result("ruff")) == ["F401"]
    assert project.result("tests").verdict is not Verdict.PASS
    assert project.verify().returncode == 10


def test_the_tests_run_when_ruff_is_content(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(POLICY).write({"app.py": "x = 1\n", **TRACE}).commit()
    assert project.run(*workers).ret == 0
    assert (project.root / "ran").exists()
    assert project.report().evidence.run.stopped_early is None
    assert project.verify().returncode == 0


def test_the_option_does_the_same_as_the_policy(project: Project) -> None:
    project.policy(RUFF).write({**UNUSED, **TRACE}).commit()
    assert project.run("--gates-fail-fast").ret == 10
    assert not (project.root / "ran").exists()


def test_without_it_the_tests_run_all_the_same(project: Project) -> None:
    project.policy(RUFF).write({**UNUSED, **TRACE}).commit()
    assert project.run().ret == 10
    assert (project.root / "ran").exists()


def test_a_gate_that_only_warns_stops_nothing(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(POLICY + "mode = 'warn'\n").write({**UNUSED, **TRACE}).commit()
    assert project.run(*workers).ret == 0
    assert (project.root / "ran").exists()
    assert project.report().decision is Decision.WARN


@pytest.mark.parametrize("profile, status", [("ci", 11), ("local", 0)])
def test_an_unknown_stops_only_where_unknown_blocks(
    project: Project, profile: str, status: int
) -> None:
    project.policy(POLICY).write({"app.py": "def f(:\n", **TRACE}).commit()
    assert project.run("--gates-profile", profile).ret == status
    assert (project.root / "ran").exists() is (status == 0)
    assert project.verify().returncode == 11


def test_a_waived_finding_stops_nothing(project: Project) -> None:
    project.policy(POLICY).write({**UNUSED, **TRACE})
    project.write(
        {
            "gates-exceptions.toml": """
            [[waiver]]
            gate = "ruff"
            subject = "F401"
            reason = "generated"
            owner = "@ana"
            expires = 2099-12-31
            """
        }
    ).commit()
    assert project.run().ret == 0
    assert (project.root / "ran").exists()


def test_the_screen_says_that_no_test_was_run(project: Project) -> None:
    project.policy(POLICY).write({**UNUSED, **TRACE}).commit()
    done = project.run()
    assert any("no test was run: ruff blocked first" in line for line in done.outlines)
    assert "no tests ran" in done.outlines[-1]
    assert said(done) == []


def test_a_failed_run_before_leaves_nothing_green(project: Project) -> None:
    project.policy(POLICY).write({"app.py": "x = 1\n", **TRACE}).commit()
    assert project.run().ret == 0
    project.write(UNUSED).commit()
    assert project.run().ret == 10
    assert project.report().decision is Decision.BLOCKED


def test_all_quick_gates_are_shown_and_the_others_are_stopped_and_not_waited_for(
    project: Project, workers: tuple[str, ...]
) -> None:
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
    project.policy(
        "[tool.pytest-gates]\nfail-fast = true\n[tool.pytest-gates.ruff-format]\n"
        "[tool.pytest-gates.secrets]\n[tool.pytest-gates.slow]\n"
    )
    project.write({"app.py": f"x=1\nT = '{token}'\n", "conftest.py": SLEEPER, **TRACE}).commit()
    started = time.monotonic()
    done = project.run(*workers)
    assert time.monotonic() - started < 60
    assert done.ret == 10
    assert not (project.root / "ran").exists()
    shown = "\n".join(done.outlines)
    assert "unformatted app.py: is not formatted" in shown
    assert "next: run `ruff format app.py`" in shown
    assert "github-token (high) app.py:2" in shown
    assert project.result("slow").summary.endswith(
        "stopped: ruff-format, secrets blocked first (fail-fast)"
    )
    assert (project.root / "app.py").read_text(encoding="utf-8").startswith("x=1\n")
