"""The exit status is pytest's own where that is not 0; else the decision's, and nothing in between."""

from __future__ import annotations

import pytest

from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project

GREEN = "def test_it(): pass\n"
FLAW = "import subprocess\ndef run(words): subprocess.call(words, shell=True)\n"
BANDIT = "[tool.pytest-gates.bandit]\nfail-on = 'high'\n"
CASES = {
    # what is wrong: policy, files, options, status, decision
    "nothing": (ONLY_TESTS, {"test_it.py": GREEN}, (), 0, Decision.PASS),
    "a test": (ONLY_TESTS, {"test_it.py": "def test_it(): assert 0"}, (), 1, Decision.BLOCKED),
    "a finding": (BANDIT, {"app.py": FLAW, "test_it.py": GREEN}, (), 10, Decision.BLOCKED),
    "a finding, warned of": (
        BANDIT + "mode = 'warn'\n",
        {"app.py": FLAW, "test_it.py": GREEN},
        (),
        0,
        Decision.WARN,
    ),
    "an unknown, on a laptop": (
        BANDIT,
        {"app.py": "def f(:", "test_it.py": GREEN},
        ("--gates-profile", "local"),
        0,
        Decision.WARN,
    ),
    "an unknown, in CI": (
        BANDIT,
        {"app.py": "def f(:", "test_it.py": GREEN},
        ("--gates-profile", "ci"),
        11,
        Decision.INCONCLUSIVE,
    ),
    "a test and a finding": (
        BANDIT,
        {"app.py": FLAW, "test_it.py": "def test_it(): assert 0"},
        (),
        1,
        Decision.BLOCKED,
    ),
    "no test and a finding": (BANDIT, {"app.py": FLAW}, (), 5, Decision.BLOCKED),
}


@pytest.mark.parametrize("wrong", CASES)
def test_the_exit_status_says_what_is_wrong(project: Project, wrong: str) -> None:
    policy, files, options, status, decision = CASES[wrong]
    project.policy(policy).write(files).commit()
    assert project.run(*options).ret == status
    report = project.report()
    assert report.decision is decision
    assert report.finished


@pytest.mark.parametrize("wrong", ["nothing", "a test", "a finding", "an unknown, in CI"])
def test_workers_change_no_exit_status(project: Project, wrong: str) -> None:
    policy, files, options, status, decision = CASES[wrong]
    project.policy(policy).write(files).commit()
    assert project.run(*options, "-n2").ret == status
    assert project.report().decision is decision


@pytest.mark.parametrize("ci, status", [("true", 11), ("1", 11), ("false", 0), ("0", 0), ("", 0)])
def test_the_environment_of_ci_chooses_the_profile(
    project: Project, monkeypatch: pytest.MonkeyPatch, ci: str, status: int
) -> None:
    monkeypatch.setenv("CI", ci)
    project.policy(BANDIT).write({"app.py": "def f(:", "test_it.py": GREEN}).commit()
    assert project.run().ret == status
    assert project.report().policy.profile == ("ci" if status else "local")


def test_a_wrong_policy_is_a_usage_error_before_the_first_test(
    project: Project, workers: tuple[str, ...]
) -> None:
    trace = "from pathlib import Path\nPath('ran').write_text('yes')\n" + GREEN
    project.policy("[tool.pytest-gates.coverge]\n").write({"test_it.py": trace}).commit()
    done = project.run(*workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert not (project.root / "ran").exists()
    assert not project.report_path.exists()
    assert project.verify().returncode == 2


def test_quiet_and_verbose_runs_end_alike(project: Project) -> None:
    project.policy(BANDIT).write({"app.py": FLAW, "test_it.py": GREEN}).commit()
    for how in ("-q", "-qq", "-v", "--no-header"):
        assert project.run(how).ret == 10
        assert project.report().decision is Decision.BLOCKED
