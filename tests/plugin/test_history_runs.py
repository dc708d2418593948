"""Runs learn from earlier ones: what is new, what is known, and what a lost history means."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.model.case import Novelty
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.history import HistoryFacts
from support.flaking import ONCE, case_of, run
from support.projects import Project
from support.runs import rules

pytest_plugins = ["support.databases"]

FLAKY = "[tool.pytest-gates.tests]\n[tool.pytest-gates.flaky]\n"
IGNORED = "*.seen\n__pycache__\n.pytest_cache\ngates-report\n"
COIN = """
    import conftest, os
    def test_flaky(): assert not os.environ.get("FLAKES") or not conftest.first_time("a"), "race"
    def test_other(): pass
"""


def a_project(project: Project, policy: str = FLAKY, text: str = COIN) -> Project:
    project.policy(policy).write({"conftest.py": ONCE, "test_it.py": text, ".gitignore": IGNORED})
    project.commit()
    return project


def database(project: Project) -> Path:
    return project.root / ".pytest_cache" / "d" / "gates" / "history.sqlite3"


def flake(project: Project, monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    """A run in which the test fails once and passes when it is tried again."""
    (project.root / "a.seen").unlink(missing_ok=True)
    monkeypatch.setenv("FLAKES", "1")
    try:
        return run(project, *args)
    finally:
        monkeypatch.delenv("FLAKES")


def test_a_flake_is_new_once_and_known_afterwards(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project)
    assert flake(project, monkeypatch, *workers) == 10
    assert "new-flaky-test" in rules(project.result("flaky"))
    for _ in range(3):
        assert run(project, *workers) == 0
    assert flake(project, monkeypatch, *workers) == 0
    assert rules(project.result("flaky")) == ["flaky-test"]
    assert "1 of 4 on the base" in project.result("flaky").findings[0].message


def test_a_clean_history_does_not_excuse_a_first_flake(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project)
    for _ in range(3):
        run(project)
    assert flake(project, monkeypatch) == 10
    assert "0 failures in 3 runs" in project.result("flaky").findings[0].message


def test_a_flake_of_another_branch_is_no_history_of_the_base(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project)
    project.git("checkout", "-q", "-b", "feature")
    flake(project, monkeypatch)
    project.git("checkout", "-q", "main")
    assert flake(project, monkeypatch) == 10


def test_a_change_of_a_flaky_test_makes_it_new_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project, '[tool.pytest-gates]\nbase = "main"\n' + FLAKY)
    flake(project, monkeypatch)
    assert flake(project, monkeypatch) == 0
    project.git("checkout", "-q", "-b", "feature")
    project.write({"test_it.py": COIN.replace('"race"', '"another race"')}).commit()
    assert flake(project, monkeypatch) == 10
    assert case_of(project, "test_flaky").novelty is Novelty.CHANGED


def test_a_history_that_cannot_be_read_makes_a_flake_inconclusive_and_loses_no_report(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project)
    flake(project, monkeypatch)
    database(project).write_bytes(b"this is no database" * 100)
    assert flake(project, monkeypatch) == 11
    history = project.report().evidence.history
    assert isinstance(history, Unavailable)
    assert "history" in history.why
    assert run(project) == 0  # nothing failed, so nothing had to be asked


def test_a_locked_history_does_not_hang_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(project)
    run(project)
    with sqlite3.connect(database(project), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert flake(project, monkeypatch) == 11
    assert isinstance(project.report().evidence.history, Unavailable)


def test_a_run_that_was_stopped_teaches_nothing(project: Project) -> None:
    a_project(project, text="def test_wrong(): assert 0\ndef test_other(): pass\n")
    run(project, "-x")
    run(project)
    history = project.report().evidence.history
    assert isinstance(history, HistoryFacts)
    assert history.base_runs == 0


def test_a_mass_failure_teaches_nothing(project: Project) -> None:
    bodies = "\n".join(f"def test_{number}(): assert {number} < 0" for number in range(12))
    a_project(project, text=bodies)
    run(project)
    run(project)
    history = project.report().evidence.history
    assert isinstance(history, HistoryFacts)
    assert history.base_runs == 0


def test_a_failure_that_the_base_has_too_is_said(project: Project) -> None:
    a_project(project, text="def test_wrong(): assert 0\ndef test_other(): pass\n")
    run(project)
    run(project)
    (note,) = project.result("flaky").findings
    assert "latest run on the base failed too" in note.message


def test_two_runs_at_once_are_both_remembered(project: Project) -> None:
    a_project(project)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "gates", "-p", "no:hypothesispytest",
             "--gates-report-dir", f"report-{number}"],
            cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )
        for number in range(2)
    ]  # fmt: skip
    for one in started:
        one.wait(60)
    with sqlite3.connect(database(project)) as store:
        assert store.execute("SELECT count(*) FROM run").fetchone() == (2,)


def test_a_history_in_postgresql_works_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    a_project(project, '[tool.pytest-gates]\nhistory = "env:HISTORY"\n' + FLAKY)
    monkeypatch.setenv("HISTORY", postgresql_url)
    assert flake(project, monkeypatch) == 10
    assert flake(project, monkeypatch) == 0
    history = project.report().evidence.history
    assert isinstance(history, HistoryFacts)
    assert history.source.startswith("postgresql")
