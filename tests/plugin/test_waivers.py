"""Every kind of gate can be excused for a time, by somebody, for a reason; and for no longer."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.model.exceptions import WaiverState
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.osv import OsvServer, advisory
from support.projects import Project

CI = ("--gates-profile", "ci")
TODAY = dt.datetime.now(dt.UTC).date()
DAY = dt.timedelta(days=1)
GREEN = "def test_it(): pass\n"
FLAW = "import subprocess\ndef run(words): subprocess.call(words, shell=True)\n"
HOUSE = """
from pytest_gates.api import Effect, Finding, Gate, GateSettings, Judgement

def evaluate(evidence, settings):
    finding = Finding(rule="no-licence", message="LICENSE is missing", effect=Effect.FAIL,
                      subject="LICENSE", remedy="add one")
    return Judgement(summary="1 missing", findings=(finding,))

def pytest_gates_gates():
    return [Gate(name="house", doc="A licence.", settings=GateSettings, evaluate=evaluate)]
"""

KINDS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    # gate: its policy, a project that fails it, and subjects that name the one failure
    "tests": (
        "[tool.pytest-gates.tests]\n",
        {"test_it.py": "def test_it(): assert False\n"},
        ("test_it.py::test_it", "failed-test", "test_it.py:failed-test", "**:failed-test"),
    ),
    "coverage": (
        "[tool.coverage.run]\nsource = ['.']\n[tool.pytest-gates.coverage]\nlines = 100\n",
        {"shop.py": "def never():\n    return 1\n", "test_it.py": "import shop\n" + GREEN},
        ("total", "lines-below-floor", "total:lines-below-floor"),
    ),
    "bandit": (
        "[tool.pytest-gates.bandit]\nfail-on = 'high'\n",
        {"src/app.py": FLAW, "test_it.py": GREEN},
        ("B602", "src/app.py:B602", "src/**:B602", "**/app.py:B602"),
    ),
    "ruff": (
        "[tool.pytest-gates.ruff]\n",
        {"src/app.py": "import os\n", "test_it.py": GREEN},
        ("F401", "src/app.py:F401", "src/*.py:F401"),
    ),
    "house": (
        "[tool.pytest-gates.house]\n",
        {"conftest.py": HOUSE, "test_it.py": GREEN},
        ("no-licence", "LICENSE", "LIC*:no-licence"),
    ),
}
CASES = [(gate, subject) for gate, (_, _, subjects) in KINDS.items() for subject in subjects]


def waiver(gate: str, subject: str, expires: dt.date = TODAY + 30 * DAY) -> str:
    return (
        f"[[waiver]]\ngate = '{gate}'\nsubject = '{subject}'\nreason = 'SHOP-812'\n"
        f"owner = '@ana'\nexpires = {expires}\n"
    )


def failing(project: Project, gate: str, exceptions: str) -> pytest.RunResult:
    policy, files, _ = KINDS[gate]
    project.policy(policy).write({**files, "gates-exceptions.toml": exceptions}).commit()
    return project.run(*CI)


def state_of(project: Project, number: int = 0) -> WaiverState:
    return project.report().waivers[number].state


@pytest.mark.parametrize("gate, subject", CASES)
def test_a_waived_failure_clears_the_change_and_stays_in_the_report(
    project: Project, gate: str, subject: str
) -> None:
    done = failing(project, gate, waiver(gate, subject))
    result = project.result(gate)
    assert result.verdict is Verdict.PASS
    assert result.failures == ()
    assert [one.waiver.owner for one in result.waived] == ["@ana"]
    assert state_of(project) is WaiverState.USED
    assert project.report().decision is Decision.PASS
    # pytest's own status stands: a failed test is one for whoever reads that.
    assert done.ret == (1 if gate == "tests" else 0)
    if gate != "house":
        assert project.verify().returncode == 0


@pytest.mark.parametrize("gate", KINDS)
def test_an_expired_waiver_excuses_nothing(project: Project, gate: str) -> None:
    done = failing(project, gate, waiver(gate, KINDS[gate][2][0], TODAY - DAY))
    assert done.ret == (1 if gate == "tests" else 10)
    assert project.result(gate).verdict is Verdict.FAIL
    assert project.result(gate).waived == ()
    assert state_of(project) is WaiverState.EXPIRED
    assert any(line.startswith(" EXPIRED") and "@ana" in line for line in done.outlines)
    assert project.verify().returncode == (11 if gate == "house" else 10)


@pytest.mark.parametrize("gate", KINDS)
def test_a_waiver_of_another_gate_excuses_nothing(project: Project, gate: str) -> None:
    other = "ruff" if gate == "tests" else "tests"
    assert failing(project, gate, waiver(other, KINDS[gate][2][0])).ret != 0
    assert project.result(gate).verdict is Verdict.FAIL


def test_a_waiver_that_matches_nothing_is_stale(project: Project) -> None:
    done = failing(project, "ruff", waiver("ruff", "E999") + waiver("ruff", "other/**:F401"))
    assert done.ret == 10
    assert [use.state for use in project.report().waivers] == [WaiverState.STALE] * 2
    assert sum(line.startswith(" STALE") for line in done.outlines) == 2


def test_a_stale_waiver_does_not_block(project: Project) -> None:
    project.policy("[tool.pytest-gates.ruff]\n").write(
        {"test_it.py": GREEN, "gates-exceptions.toml": waiver("ruff", "F401")}
    ).commit()
    assert project.run(*CI).ret == 0
    assert state_of(project) is WaiverState.STALE


def test_a_waiver_of_a_gate_without_evidence_is_untried_not_stale(project: Project) -> None:
    with OsvServer() as server:
        url = server.url
    policy = f"[tool.pytest-gates.pip-audit]\nsource = '{url}'\nrequirements = ['pins.txt']\n"
    project.policy(policy).write(
        {
            "pins.txt": "shop==1.0\n",
            "test_it.py": GREEN,
            "gates-exceptions.toml": waiver("pip-audit", "PYSEC-2026-1"),
        }
    ).commit()
    assert project.run(*CI).ret == 11
    assert state_of(project) is WaiverState.UNTRIED


def test_a_waiver_of_a_gate_that_is_off_is_untried(project: Project) -> None:
    project.policy().write(
        {"test_it.py": GREEN, "gates-exceptions.toml": waiver("bandit", "B602")}
    ).commit()
    assert project.run(*CI).ret == 0
    assert state_of(project) is WaiverState.UNTRIED


@pytest.mark.parametrize(
    "subject", ["PYSEC-2026-1", "CVE-2026-1", "shop 1.0", "shop*:PYSEC-2026-1", "shop *:CVE-2026-1"]
)
def test_a_vulnerability_is_waived_by_its_id_an_alias_or_its_package(
    project: Project, subject: str
) -> None:
    known = {("shop", "1.0"): [advisory("PYSEC-2026-1", "shop", aliases=["CVE-2026-1"])]}
    with OsvServer(known) as server:
        policy = f"[tool.pytest-gates.pip-audit]\nsource = '{server.url}'\n"
        project.policy(policy + "requirements = ['pins.txt']\n").write(
            {
                "pins.txt": "shop==1.0\ncart==1.0\n",
                "test_it.py": GREEN,
                "gates-exceptions.toml": waiver("pip-audit", subject),
            }
        ).commit()
        assert project.run(*CI).ret == 0
    assert state_of(project) is WaiverState.USED
    assert project.verify().returncode == 0


@pytest.mark.parametrize("fixed, status", [(None, 0), ("1.5", 10)])
def test_a_waiver_until_there_is_a_fix_ends_with_it_and_says_where_to_go(
    project: Project, fixed: str | None, status: int
) -> None:
    flaw = advisory("PYSEC-2026-1", "shop", aliases=["CVE-2026-1"], fixed=fixed)
    with OsvServer({("shop", "1.0"): [flaw]}) as server:
        policy = (
            "[tool.pytest-gates]\nmax-waiver = '30d'\n"
            f"[tool.pytest-gates.pip-audit]\nsource = '{server.url}'\n"
        )
        project.policy(policy + "requirements = ['pins.txt']\n").write(
            {
                "pins.txt": "shop==1.0\n",
                "test_it.py": GREEN,
                "gates-exceptions.toml": waiver("pip-audit", "cve-2026-1") + "until-fixed = true\n",
            }
        ).commit()
        done = project.run(*CI)
    assert done.ret == status
    (use,) = project.report().waivers
    if fixed is None:
        assert (use.state, use.fixed_in) == (WaiverState.USED, ())
    else:
        assert (use.state, use.fixed_in) == (WaiverState.LAPSED, ("shop 1.0 -> 1.5",))
        assert any(line.startswith(" LAPSED") and "-> 1.5" in line for line in done.outlines)
    verified = project.verify()
    assert verified.returncode == status
    assert ("whose waiver has lapsed" in verified.stdout) is (fixed is not None)


def test_a_waiver_that_ends_too_late_is_a_usage_error_that_names_the_last_day(
    project: Project,
) -> None:
    policy = "[tool.pytest-gates]\nmax-waiver = '29d'\n[tool.pytest-gates.ruff]\n"
    exceptions = waiver("ruff", "F401", TODAY + 30 * DAY)
    project.policy(policy).write({"test_it.py": GREEN, "gates-exceptions.toml": exceptions})
    done = project.run(*CI)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"today the latest day is {TODAY + 29 * DAY}" in "\n".join(done.errlines)


def test_a_file_that_could_not_be_scanned_can_be_waived_for_a_time(project: Project) -> None:
    project.policy("[tool.pytest-gates.bandit]\n").write(
        {
            "app.py": "x = 1",
            "old.py": "print 'python 2'",
            "test_it.py": GREEN,
            "gates-exceptions.toml": waiver("bandit", "old.py:unread"),
        }
    ).commit()
    assert project.run(*CI).ret == 0
    assert project.result("bandit").waived[0].finding.subject == "old.py"
    assert project.verify().returncode == 0


def test_waivers_count_under_workers_too(project: Project) -> None:
    policy, files, _ = KINDS["bandit"]
    project.policy(policy).write({**files, "gates-exceptions.toml": waiver("bandit", "B602")})
    project.commit()
    assert project.run(*CI, "-n2").ret == 0
    assert state_of(project) is WaiverState.USED


def test_a_waiver_survives_the_movement_of_lines_by_its_fingerprint(project: Project) -> None:
    policy, files, _ = KINDS["bandit"]
    project.policy(policy).write(files).commit()
    assert project.run(*CI).ret == 10
    print_of_it = project.result("bandit").failures[0].fingerprint
    assert print_of_it is not None
    moved = {"src/app.py": "# a comment\n\n\n" + FLAW}
    project.write({**moved, "gates-exceptions.toml": waiver("bandit", print_of_it)}).commit()
    assert project.run(*CI).ret == 0


def test_a_second_flaw_is_not_excused_by_the_waiver_of_the_first(project: Project) -> None:
    policy, files, _ = KINDS["bandit"]
    project.policy(policy).write({**files, "src/two.py": FLAW})
    project.write({"gates-exceptions.toml": waiver("bandit", "src/app.py:B602")}).commit()
    assert project.run(*CI).ret == 10
    assert [str(one.location) for one in project.result("bandit").failures] == ["src/two.py:2"]
    assert len(project.result("bandit").waived) == 1
