"""Variables and options that turn the gates off, or most of the suite: `gates verify` notices."""

from __future__ import annotations

import pytest

from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import rules

ALWAYS = "[tool.pytest.ini_options]\naddopts = '-p gates'\n"
COVERED = ALWAYS + "[tool.pytest-gates.coverage]\n[tool.coverage.run]\nsource = ['.']\n"


def run_plain(project: Project, *args: str) -> pytest.RunResult:
    """`pytest …`, activated by the project's own addopts."""
    return project.pytester.runpytest_subprocess(*args)


def test_a_run_that_was_switched_off_by_the_environment_leaves_no_report(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    project.policy(ALWAYS + ONLY_TESTS).write({"test_it.py": "def test_it(): assert True"}).commit()
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:gates")
    assert run_plain(project, *workers).ret == 0
    assert not project.report_path.exists()
    verified = project.verify()
    assert verified.returncode == 11
    assert "no report" in verified.stdout


def test_yesterdays_report_does_not_stand_for_a_run_that_was_switched_off(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy(ALWAYS + ONLY_TESTS).write({"test_it.py": "def test_it(): pass"}).commit()
    assert run_plain(project).ret == 0
    assert project.verify().returncode == 0
    project.write({"test_it.py": "def test_it(): assert not True"}).commit("break it")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:gates")
    assert run_plain(project, "--co").ret == 0
    assert project.report().decision is Decision.PASS
    verified = project.verify()
    assert verified.returncode == 11
    assert "tested commit" in verified.stdout


@pytest.mark.parametrize(
    "words",
    [
        "--no-gate coverage",
        "--no-gate tests",
        "--gates-config other.toml",
    ],
)
def test_a_run_under_another_policy_is_no_run_under_this_one(
    project: Project, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    project.policy(COVERED).write(
        {
            "other.toml": "[tests]\nallow-partial = true\n",
            "shop.py": "x = 1",
            "test_it.py": "import shop\ndef test_it(): pass",
        }
    ).commit()
    monkeypatch.setenv("PYTEST_ADDOPTS", words)
    assert run_plain(project).ret == 0
    verified = project.verify()
    assert verified.returncode == 11
    assert "another policy" in verified.stdout


def test_a_report_that_was_sent_elsewhere_is_not_the_report(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy(ALWAYS + ONLY_TESTS).write({"test_it.py": "def test_it(): pass"}).commit()
    monkeypatch.setenv("PYTEST_ADDOPTS", "--gates-report-dir elsewhere")
    assert run_plain(project).ret == 0
    assert (project.root / "elsewhere" / "report.json").exists()
    assert project.verify().returncode == 11


@pytest.mark.parametrize(
    "words",
    [
        "-k test_good",
        "--deselect tests/test_bad.py",
        "--ignore tests/test_bad.py",
        "--ignore-glob '*bad*'",
        "tests/test_good.py",
        "-o testpaths=tests/test_good.py",
        "-o python_files=test_good.py",
        "-o python_functions=test_good*",
        "-o norecursedirs=deep",
        "--override-ini=testpaths=tests/test_good.py",
        "-c other.ini",
        "--rootdir=. -c other.ini",
    ],
)
def test_what_the_environment_leaves_out_makes_the_run_a_part(
    project: Project, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    settings = ALWAYS + "testpaths = ['tests']\n" + ONLY_TESTS
    project.policy(settings).write(
        {
            "other.ini": "[pytest]\ntestpaths = tests/test_good.py\naddopts = -p gates\n",
            "tests/test_good.py": "def test_good(): pass",
            "tests/test_bad.py": "def test_bad(): pass",
            "tests/deep/test_deep.py": "def test_deep(): pass",
        }
    ).commit()
    monkeypatch.setenv("PYTEST_ADDOPTS", words)
    assert run_plain(project, "--gates-profile", "ci").ret == 11
    assert "partial-run" in rules(project.result("tests"))
    assert project.verify().returncode == 11


def test_what_the_projects_own_settings_leave_out_is_not_a_part(project: Project) -> None:
    settings = "[tool.pytest.ini_options]\naddopts = '-p gates --ignore=tests/slow'\n"
    project.policy(settings + "testpaths = ['tests']\n" + ONLY_TESTS).write(
        {"tests/test_it.py": "def test_it(): pass", "tests/slow/test_s.py": "def test_s(): pass"}
    ).commit()
    assert run_plain(project, "--gates-profile", "ci").ret == 0
    assert project.report().evidence.run.selection == ()
    assert project.verify().returncode == 0
