"""Waiting for something that another process does, up to a bound that only a broken test reaches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_BOUND_SECONDS = 30.0
_STEP_SECONDS = 0.01


def wait_until(claim: Callable[[], bool]) -> None:
    """Returns as soon as `claim` holds. Raises AssertionError when it never does."""
    end = time.monotonic() + _BOUND_SECONDS
    while not claim():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(_STEP_SECONDS)


def pid_in(path: Path) -> int:
    """The process id that another process writes into `path`, followed by a line end."""
    wait_until(lambda: path.is_file() and path.read_text(encoding="ascii").endswith("\n"))
    return int(path.read_text(encoding="ascii"))


def ends_soon(pid: int) -> bool:
    """Whether a process that was killed has gone: the system needs a moment for it."""
    for _ in range(100):
        if not is_alive(pid):
            return True
        time.sleep(_STEP_SECONDS)
    return False


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs; one that only waits to be buried does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc").is_dir()
