"""Files shared out among processes: all are scanned, and one that kills its process is named."""

from __future__ import annotations

import hashlib
import os
import signal
import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # bandit passes stevedore an argument that is to go
    from pytest_gates.adapters import bandit_pool
    from pytest_gates.adapters.bandit_engine import Engine, Job, Outcome

SETTINGS: bandit_pool.Settings = ((), None)
LARGE = 100_000


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(*SETTINGS)


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Nine files of one flaw each."""
    monkeypatch.chdir(tmp_path)
    made: list[Job] = []
    for number in range(9):
        content = b"eval(%d)\n" % number
        (tmp_path / f"{number}.py").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        made.append(Job(path=f"{number}.py", size=number * LARGE, sha256=digest))
    return made


def lines(found: dict[str, Outcome]) -> dict[str, list[str]]:
    return {path: [one.test for one in outcome.facts.issues] for path, outcome in found.items()}


def told(jobs: list[Job], engine: Engine, processes: int) -> dict[str, Outcome]:
    return {
        job.path: outcome
        for job, outcome in bandit_pool.outcomes(jobs, engine, SETTINGS, processes)
    }


@pytest.mark.parametrize("processes", [1, 2, 20])
def test_every_file_has_one_outcome(jobs: list[Job], engine: Engine, processes: int) -> None:
    found = told(jobs, engine, processes)
    assert lines(found) == {f"{number}.py": ["B307"] for number in range(9)}


def test_the_largest_come_first(jobs: list[Job], engine: Engine) -> None:
    order = [job.path for job, _ in bandit_pool.outcomes(jobs, engine, SETTINGS, 1)]
    assert order == [f"{number}.py" for number in reversed(range(9))]


def test_small_files_are_not_worth_a_process(
    jobs: list[Job], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bandit_pool, "_start", None)
    small = [Job(path=one.path, size=100, sha256=one.sha256) for one in jobs]
    assert len(told(small, engine, 0)) == 9


@pytest.mark.parametrize("processes", [2, 3])
def test_a_file_that_kills_its_process_is_named_and_the_rest_is_scanned(
    jobs: list[Job], engine: Engine, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    scan = Engine.scan

    def deadly(self: Engine, job: Job) -> Outcome:
        if job.path in {"8.py", "4.py"}:
            os.kill(os.getpid(), signal.SIGKILL)
        if job.path == "0.py":
            os._exit(3)
        return scan(self, job)

    monkeypatch.setattr(Engine, "scan", deadly)
    found = told(jobs, engine, processes)
    dead = {path: one.unread for path, one in found.items() if one.unread}
    assert dead == {
        "8.py": "the process that scanned it died (signal 9)",
        "4.py": "the process that scanned it died (signal 9)",
        "0.py": "the process that scanned it died (exit 3)",
    }
    assert sum(len(one.facts.issues) for one in found.values()) == 6


def test_where_a_process_cannot_be_copied_a_fresh_one_does_the_same(
    jobs: list[Job], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_gates.adapters.bandit_pool.sys.platform", "darwin")
    assert len(lines(told(jobs[-2:], engine, 2))) == 2
