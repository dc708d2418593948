"""Scan many files with bandit in several processes, the largest first. Effects: processes.

A worker that dies takes one file with it, which is then named; another worker goes on with the rest.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from pytest_gates.adapters.bandit_engine import Engine, Job, Outcome

Settings = tuple[tuple[str, ...], str | None]
_MOST_PROCESSES = 8
# Below this a worker takes longer to start than it saves: about a third of a second of bandit.
_WORTH_A_PROCESS = 80_000


def outcomes(
    jobs: list[Job], engine: Engine, settings: Settings, processes: int
) -> Iterator[tuple[Job, Outcome]]:
    """Of each job, in the order in which they end; in this process where that is faster."""
    largest_first = sorted(jobs, key=lambda one: (-one.size, one.path))
    count = _count(largest_first, processes)
    if count < 2:  # noqa: PLR2004 - one process is this one
        for job in largest_first:
            yield job, engine.scan(job)
    else:
        yield from _shared_out(largest_first, settings, count)


def _count(jobs: list[Job], processes: int) -> int:
    wanted = processes or min(_usable_processors(), _MOST_PROCESSES)
    worth = 1 + sum(one.size for one in jobs) // _WORTH_A_PROCESS
    return min(wanted, worth, len(jobs))


def _usable_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _context() -> BaseContext:
    """A copy of this process, which has no other threads, starts at once and has bandit in it already.

    Not on macOS, whose own libraries have threads.
    """
    can_fork = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    return multiprocessing.get_context("fork" if can_fork else "spawn")


def _shared_out(jobs: list[Job], settings: Settings, count: int) -> Iterator[tuple[Job, Outcome]]:
    context = _context()
    left = iter(jobs)
    busy: dict[Connection, tuple[BaseProcess, Job]] = {}
    for job in _taken(left, count):
        _start(context, settings, busy, job)
    while busy:
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)  # noqa: S101  # nosec B101 - nothing else was given to it
            process, job = busy.pop(connection)
            try:
                outcome: Outcome = connection.recv()
            except (EOFError, OSError):
                process.join()
                dead = f"the process that scanned it died ({_ending(process.exitcode)})"
                yield job, Outcome(unread=dead)
                connection.close()
                for job in _taken(left, 1):
                    _start(context, settings, busy, job)
                continue
            for following in _taken(left, 1):
                busy[connection] = (process, following)
                _tell(connection, following)
            if connection not in busy:
                connection.close()
                process.join()
            yield job, outcome


def _start(
    context: BaseContext,
    settings: Settings,
    busy: dict[Connection, tuple[BaseProcess, Job]],
    job: Job,
) -> None:
    ours, theirs = context.Pipe()
    # A copy that held the others' ends would keep them waiting for ever if this process were killed.
    inherited = (ours, *busy) if context.get_start_method() == "fork" else ()
    process = context.Process(target=work, args=(theirs, settings, inherited), daemon=True)  # type: ignore[attr-defined]
    process.start()
    theirs.close()
    busy[ours] = (process, job)
    _tell(ours, job)


def _tell(connection: Connection, job: Job) -> None:
    with contextlib.suppress(OSError):  # it died idle: reading from it says so
        connection.send(job)


def _taken(left: Iterator[Job], count: int) -> list[Job]:
    return list(itertools.islice(left, count))


def _ending(exit_code: int | None) -> str:
    return (
        f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit {exit_code}"
    )


def work(connection: Connection, settings: Settings, inherited: tuple[Connection, ...]) -> None:
    """One worker: a job in, an outcome out, until nobody is there."""
    for other in inherited:
        other.close()
    engine = Engine(*settings)
    while True:
        try:
            job: Job = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(engine.scan(job))
