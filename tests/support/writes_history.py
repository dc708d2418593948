"""A process that writes runs: `python -m support.writes_history WHERE NAME COUNT TESTS`. Effects: a history.

It says when it begins, waits for a line, and then prints the name of each run that was written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_gates.adapters.history import open_history
from pytest_gates.adapters.history_store import utc_now
from support.history import a_run, flaky


def main(where: str, name: str, count: int, tests: int) -> None:
    nodeids = [f"tests/test_many.py::test_{number}" for number in range(tests)]
    store = open_history(where, Path())
    say("ready")
    sys.stdin.readline()
    for number in range(count):
        run = f"{name}-{number}"
        store.remember(a_run(run, flaky(nodeids[0]), clean=nodeids[1:], started=utc_now()))
        say(run)
    store.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
