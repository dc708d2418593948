"""Gates, tools, reporters and listeners of others: they add to the verdict, and cannot soften it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.projects import ONLY_TESTS, Project
from support.runs import rules

CI = ("--gates-profile", "ci")
GREEN = {"test_it.py": "def test_it(): pass\n"}
RED = {"test_it.py": "def test_it(): assert False\n"}
HOUSE = """
import sys
from decimal import Decimal
from typing import Annotated
from pytest_gates.api import (
    Command, Effect, Finding, Gate, GateSettings, Judgement, Measure, Percent, Reporter, Scan, Tool
)

class HouseSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    most_tests: int = 10
    share: Percent = Decimal("50")

def evaluate(evidence, settings):
    count = len(evidence.cases)
    found = Finding(rule="too-many-tests", message=f"{count} tests", effect=Effect.FAIL)
    return Judgement(
        summary=f"{count} of {settings.most_tests}",
        measures=(Measure(name="tests", observed=str(count), required=str(settings.most_tests),
                          setting="most-tests"),),
        findings=(found,) if count > settings.most_tests else (),
    )

def scanned(evidence, settings):
    scan = evidence.scans["counter"]
    return Judgement(summary=f"{scan.inputs} counted")

def command(settings, context):
    return Command(argv=(sys.executable, "-I", "-c", "print(7)"))

def read(done, settings):
    return Scan(tool="counter", version="1", inputs=int(done.stdout))

def render(report):
    return f"{report.decision}\\n".encode()

def pytest_gates_gates():
    yield Gate(name="house", doc="Few tests.", settings=HouseSettings, evaluate=evaluate)
    yield Gate(name="counter", doc="Counted.", settings=GateSettings, evaluate=scanned)

def pytest_gates_tools():
    return [Tool(name="counter", distribution="pytest", program=None, command=command, read=read)]

def pytest_gates_reporters():
    return [Reporter(name="house", file_name="house.txt", render=render)]

def pytest_gates_judged(report):
    import pathlib
    with pathlib.Path("heard.txt").open("a") as stream:
        stream.write(f"{report.decision} {report.finished}\\n")
"""
ALL_FOUR = (
    "[tool.pytest-gates]\nreports = ['json', 'house']\n[tool.pytest-gates.house]\nmost-tests = 1\n"
    "[tool.pytest-gates.counter]\n"
)


def installed(project: Project, code: str, group: str) -> Path:
    """A package with a `.dist-info` folder, outside the project; its folder."""
    site = project.root.parent / f"{project.root.name}-site"
    info = site / "pytest_house-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "pytest_house.py").write_text(code, encoding="utf-8")
    metadata = "Metadata-Version: 2.1\nName: pytest-house\nVersion: 1.0\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\nhouse = pytest_house\n", encoding="utf-8")
    return site


def test_all_four_hooks_are_heard_from_a_conftest(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(ALL_FOUR).write({"conftest.py": HOUSE, **GREEN}).commit()
    assert project.run(*workers, *CI).ret == 0
    assert project.result("house").summary == "1 of 1"
    assert project.result("counter").summary == "7 counted"
    assert (project.root / "gates-report/house.txt").read_text(encoding="utf-8") == "pass\n"
    assert (project.root / "heard.txt").read_text(encoding="utf-8") == "pass True\n"


def test_a_gate_of_others_blocks_like_one_of_ours(
    project: Project, workers: tuple[str, ...]
) -> None:
    two = {"test_it.py": "def test_one(): pass\ndef test_two(): pass\n"}
    project.policy(ALL_FOUR).write({"conftest.py": HOUSE, **two}).commit()
    done = project.run(*workers)
    assert done.ret == 10
    assert rules(project.result("house")) == ["too-many-tests"]
    (measure,) = project.result("house").measures
    assert measure.origin == "pyproject.toml [tool.pytest-gates.house] most-tests"
    assert any("too-many-tests" in line for line in done.outlines)


@pytest.mark.parametrize("group", ["pytest11", "pytest_gates"])
def test_an_installed_package_needs_no_conftest(
    project: Project, monkeypatch: pytest.MonkeyPatch, group: str, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed(project, HOUSE, group)))
    project.policy(ALL_FOUR).write(GREEN).commit()
    assert project.run(*workers, *CI).ret == 0
    assert project.result("counter").summary == "7 counted"
    assert (project.root / "heard.txt").read_text(encoding="utf-8") == "pass True\n"


def test_a_package_that_is_named_in_both_groups_is_one_package(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = installed(project, HOUSE, "pytest11")
    with (site / "pytest_house-1.0.dist-info/entry_points.txt").open("a") as stream:
        stream.write("[pytest_gates]\nhouse = pytest_house\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    project.policy(ALL_FOUR).write(GREEN).commit()
    assert project.run(*CI).ret == 0
    assert (project.root / "heard.txt").read_text(encoding="utf-8") == "pass True\n"


@pytest.mark.parametrize(
    "table, problem",
    [
        ("[tool.pytest-gates.house]\nmost-test = 1\n", "did you mean `most-tests`?"),
        ("[tool.pytest-gates.house]\nmost-tests = 'few'\n", "expected a whole number"),
        ("[tool.pytest-gates.house]\nshare = 120\n", "a percentage from 0 to 100"),
        ("[tool.pytest-gates.hose]\n", "did you mean `house`?"),
        ("[tool.pytest-gates]\nreports = ['hose']\n", "did you mean `house`?"),
    ],
)
def test_the_settings_of_others_are_checked_like_ours(
    project: Project, table: str, problem: str
) -> None:
    project.policy(table).write({"conftest.py": HOUSE, **GREEN}).commit()
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert problem in done.stderr.str()
    assert not project.report_path.exists()


@pytest.mark.parametrize(
    "hook, value",
    [
        ("gates", "Gate(name='tests', doc='', settings=GateSettings, evaluate=always)"),
        ("gates", "Gate(name='coverage', doc='', settings=GateSettings, evaluate=always)"),
        ("reporters", "Reporter(name='json', file_name='other.json', render=str)"),
        (
            "tools",
            "Tool(name='bandit', distribution='pytest', program=None, command=always, read=always)",
        ),
    ],
)
def test_nobody_takes_the_place_of_a_built_in_part(project: Project, hook: str, value: str) -> None:
    conftest = (
        "from pytest_gates.api import *\n"
        "def always(evidence, settings): return Judgement(summary='fine')\n"
        f"def pytest_gates_{hook}(): return [{value}]\n"
    )
    project.policy().write({"conftest.py": conftest, **RED}).commit()
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "rename one of them" in done.stderr.str()


@pytest.mark.parametrize(
    "file_name", ["report.json", "../report.json", "coverage.data", "{outside}"]
)
def test_a_reporter_does_not_write_over_what_is_not_its_own(
    project: Project, file_name: str
) -> None:
    file_name = file_name.format(outside=project.root.parent / "forged.txt")
    conftest = (
        "from pytest_gates.api import Reporter\n"
        "def render(report): return b'forged'\n"
        "def pytest_gates_reporters():\n"
        f"    return [Reporter(name='house', file_name={file_name!r}, render=render)]\n"
    )
    project.policy("[tool.pytest-gates]\nreports = ['house']\n")
    project.write({"conftest.py": conftest, **GREEN}).commit()
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "file_name" in done.stderr.str()


def crashing(body: str) -> str:
    return (
        "from pytest_gates.api import *\nimport sys, pytest\n"
        f"def evaluate(evidence, settings):\n    {body}\n"
        "def pytest_gates_gates():\n"
        "    return [Gate(name='house', doc='', settings=GateSettings, evaluate=evaluate)]\n"
    )


@pytest.mark.parametrize(
    "body",
    ["1 / 0", "return None", "return 'pass'", "raise AssertionError", "assert evidence is None"],
)
def test_a_gate_that_crashes_is_inconclusive(project: Project, body: str) -> None:
    project.policy("[tool.pytest-gates.house]\n")
    project.write({"conftest.py": crashing(body), **GREEN}).commit()
    done = project.run(*CI)
    assert done.ret == 11
    (finding,) = project.result("house").findings
    assert finding.rule == "gate-crashed"
    assert "Traceback" in (finding.detail or "")
    assert project.result("tests").verdict is Verdict.PASS
    assert "INTERNALERROR" not in done.stdout.str()


@pytest.mark.parametrize(
    "body",
    ["sys.exit(0)", "pytest.skip('x')", "pytest.fail('x')", "pytest.exit('x', returncode=0)"],
)
def test_a_gate_that_leaves_does_not_take_the_decision_along(project: Project, body: str) -> None:
    project.policy("[tool.pytest-gates.house]\n")
    project.write({"conftest.py": crashing(body), **GREEN}).commit()
    assert project.run(*CI).ret != 0
    verified = project.verify("--accept-recorded", "house")
    assert verified.returncode == 11, verified.stderr


@pytest.mark.parametrize(
    "body",
    ["1 / 0", "return 'text'", "return None", "raise SystemExit(0)"],
)
def test_a_reporter_that_crashes_changes_no_verdict(project: Project, body: str) -> None:
    conftest = (
        "from pytest_gates.api import Reporter\n"
        f"def render(report):\n    {body}\n"
        "def pytest_gates_reporters():\n"
        "    return [Reporter(name='house', file_name='house.txt', render=render)]\n"
    )
    project.policy("[tool.pytest-gates]\nreports = ['house']\n")
    project.write({"conftest.py": conftest, **RED}).commit()
    done = project.run()
    assert done.ret == 1
    assert project.report().decision is Decision.BLOCKED
    assert project.verify().returncode == 10
    assert any("reporter `house`" in line for line in done.outlines)


@pytest.mark.parametrize(
    "body",
    [
        "1 / 0",
        "report.results = ()",
        "report.evidence.scans.clear(); report.policy.gates.clear()",
        "import msgspec; msgspec.structs.force_setattr(report, 'decision', report.decision.PASS)",
        "return 'pass'",
    ],
)
def test_a_listener_changes_no_verdict(project: Project, body: str) -> None:
    conftest = crashing("return Judgement(summary='bad', findings=(BAD,))")
    conftest += "BAD = Finding(rule='bad', message='bad', effect=Effect.FAIL)\n"
    conftest += f"def pytest_gates_judged(report):\n    {body}\n"
    project.policy("[tool.pytest-gates.house]\n").write({"conftest.py": conftest, **GREEN}).commit()
    assert project.run().ret == 10
    assert project.report().decision is Decision.BLOCKED


def test_a_gate_that_is_not_installed_for_verify_must_be_accepted_by_name(
    project: Project,
) -> None:
    """A conftest is of the judged project: `gates verify` does not import it."""
    conftest = crashing("return Judgement(summary='fine')")
    project.policy("[tool.pytest-gates.house]\n").write({"conftest.py": conftest, **GREEN}).commit()
    assert project.run(*CI).ret == 0
    assert project.verify().returncode == 11
    assert "not installed here" in project.verify().stdout
    accepted = project.verify("--accept-recorded", "house")
    assert accepted.returncode == 0
    assert "taken as recorded" in accepted.stdout


def test_nothing_of_others_makes_a_failed_test_good(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(ONLY_TESTS).write({"conftest.py": HOUSE, **RED}).commit()
    assert project.run(*workers).ret == 1
    assert project.report().decision is Decision.BLOCKED
