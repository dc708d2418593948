"""Start an external program, keep all it says, and stop it in time. Effects: processes, temporary files.

The only file of pytest-gates that starts a process. Output goes to files, not to pipes: nobody reads
while the tests run, and a program that fills a pipe nobody reads would wait for ever.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess  # nosec B404 - starting other tools is what this file is for
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

STDERR_KEPT = 64 * 1024
_NICENESS = 10


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A program that ended by itself. `stderr` is the end of it, at most STDERR_KEPT bytes."""

    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float


class NotEnded(Exception):
    """The program could not be started, or was stopped because its time was over."""


class Running:
    """A program in the background. Whoever starts one waits for it or stops it."""

    def __init__(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        env: Mapping[str, str],
        polite: bool,
        told: bytes = b"",
    ) -> None:
        """`told` is what it reads on stdin. Raises NotEnded when the program cannot be started at all."""
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-gates-"))
        self._stopped = False
        self._started = time.monotonic()
        self._started_at = time.time()
        try:
            (self._folder / "stdin").write_bytes(told)
            with (
                (self._folder / "stdin").open("rb") as words,
                (self._folder / "stdout").open("wb") as out,
                (self._folder / "stderr").open("wb") as err,
            ):
                self._process = subprocess.Popen(  # noqa: S603  # nosec B603 - argv of ours, no shell
                    argv,
                    cwd=cwd,
                    env=dict(env),
                    stdin=words,
                    stdout=out,
                    stderr=err,
                    # Its own group: stopped whole, and Ctrl-C in the terminal is ours to handle.
                    start_new_session=os.name == "posix",
                )
        except (OSError, ValueError) as why:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise NotEnded(f"{argv[0]} could not be started: {why}") from why
        if polite:
            self._step_back()

    def wait(self, timeout_seconds: float) -> Ended:
        """What it said. `timeout_seconds` counts from its start. Raises NotEnded."""
        if self._stopped:
            raise NotEnded("it was stopped")
        left = max(0.0, self._started + timeout_seconds - time.monotonic())
        try:
            exit_code = self._process.wait(left)
        except subprocess.TimeoutExpired as why:
            self.stop()
            raise NotEnded(
                f"it did not end within {timeout_seconds:g} seconds and was stopped"
            ) from why
        self._kill_group()
        try:
            return Ended(
                exit_code=exit_code,
                stdout=(self._folder / "stdout").read_bytes(),
                stderr=_tail(self._folder / "stderr"),
                seconds=self._seconds_until_last_word(),
            )
        finally:
            self._clean()

    def stop(self) -> None:
        """End it and everything it started, and forget its output. Does nothing the second time."""
        if self._stopped or not self._folder.exists():
            return
        self._stopped = True
        self._kill_group()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._clean()

    def _kill_group(self) -> None:
        """Also what outlived the program: its group keeps the number from being used again."""
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _seconds_until_last_word(self) -> float:
        """How long it ran: it may have ended long before anybody waited for it."""
        last = max((self._folder / name).stat().st_mtime for name in ("stdout", "stderr"))
        return max(0.0, last - self._started_at)

    def _step_back(self) -> None:
        """The tests go first: a background scan must not make them slower."""
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICENESS)

    def _clean(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def run(
    argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float
) -> Ended:
    """Start it and wait. Raises NotEnded."""
    return Running(argv, cwd=cwd, env=env, polite=False).wait(timeout_seconds)


def clean_environment(prefixes: tuple[str, ...]) -> dict[str, str]:
    """This process's environment without what would change a tool's answer or measure its code."""
    # coverage starts itself in every child that inherits these. (7.10 and newer)
    unwanted = (*prefixes, "COVERAGE_PROCESS_", "COV_CORE_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def scripts_folder() -> Path:
    """Where this interpreter's environment keeps its programs."""
    return Path(sys.executable).parent


def _tail(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - STDERR_KEPT))
        return stream.read().decode("utf-8", "replace")
