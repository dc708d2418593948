"""A pytest that shares nothing with this one: started as the run was, and asked one question."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from pytest_gates.adapters.fresh import VARIABLE, FreshStart, fresh_start, run_fresh
from pytest_gates.plugin.copies import Result
from pytest_gates.plugin.lab import FreshOrder


@pytest.fixture
def project(tmp_path: Path, unmeasured: None) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest-gates.tests]\n")
    (tmp_path / "test_it.py").write_text(
        "import os\nSTATE = []\ndef test_first(): STATE.append(1)\n"
        "def test_second(): assert not STATE, os.environ.get('SECRET')\n"
    )
    return tmp_path


def asked(*before: str, target: str = "test_it.py::test_second", times: int = 1) -> bytes:
    return msgspec.msgpack.encode(
        FreshOrder(before=before, target=target, times=times, scope="function", setting="after")
    )


ARGUMENTS = ("-p", "gates", "-p", "no:hypothesispytest", "--basetemp=@gates-folder@/pytest")


def outcomes(start: FreshStart, order: bytes) -> list[str] | str:
    answer = run_fresh(start, ARGUMENTS, order, 60)
    if isinstance(answer, str):
        return answer
    told = msgspec.msgpack.decode(answer, type=tuple[Result, ...] | str)
    return told if isinstance(told, str) else [str(one.attempt.outcome) for one in told]


def test_it_runs_what_was_asked_in_that_order(project: Path) -> None:
    start = fresh_start(project)
    assert outcomes(start, asked()) == ["passed"]
    assert outcomes(start, asked("test_it.py::test_first")) == ["failed"]
    assert outcomes(start, asked(times=2)) == ["passed", "passed"]


def test_it_writes_no_report_and_leaves_no_cache(project: Path) -> None:
    outcomes(fresh_start(project), asked())
    assert not (project / "gates-report").exists()


def test_a_test_that_is_not_collected_is_no_outcome(project: Path) -> None:
    answer = outcomes(fresh_start(project), asked(target="test_it.py::test_gone"))
    assert answer == "a fresh pytest did not collect test_it.py::test_gone"


def test_a_pytest_that_cannot_start_says_why(project: Path) -> None:
    (project / "conftest.py").write_text("raise RuntimeError('broken here')\n")
    answer = outcomes(fresh_start(project), asked())
    assert "no answer" in answer
    assert "broken here" in answer


def test_one_that_hangs_is_stopped(project: Path) -> None:
    (project / "conftest.py").write_text("import time\ntime.sleep(60)\n")
    answer = run_fresh(fresh_start(project), ARGUMENTS, asked(), 2)
    assert "within 2 seconds" in str(answer)


def test_it_has_the_environment_of_the_start_and_nothing_of_workers_or_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setenv("COVERAGE_PROCESS_START", "x")
    start = fresh_start(tmp_path)
    monkeypatch.setenv("LATER", "1")
    assert start.environment["KEPT"] == "1"
    assert not {"PYTEST_XDIST_WORKER", "COVERAGE_PROCESS_START", "LATER"} & start.environment.keys()
    assert start.import_path == tuple(sys.path)
    assert VARIABLE not in os.environ
