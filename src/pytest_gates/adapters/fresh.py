"""Run pytest once more in a process that shares nothing with this one. Effects: processes, files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pytest_gates.adapters.process import NotEnded, run

VARIABLE = "PYTEST_GATES_TRIAL"
"""Names the folder in which a fresh pytest finds its order, and leaves its answer."""

_ORDER = "order"
_ANSWER = "answer"
_SAID_LIMIT = 300
_NOT_INHERITED = ("PYTEST_XDIST_", "PYTEST_CURRENT_TEST", "COVERAGE_PROCESS_", "COV_CORE_")
_START = "import sys; sys.path[:] = {path!r}; import pytest; sys.exit(pytest.console_main())"


class FreshStart(msgspec.Struct, frozen=True, kw_only=True):
    """How the tests were started: folder, environment and import path before any of them ran."""

    folder: Path
    environment: Mapping[str, str]
    import_path: tuple[str, ...]


def fresh_start(folder: Path) -> FreshStart:
    """As it is now."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
    }
    return FreshStart(folder=folder, environment=kept, import_path=tuple(sys.path))


def run_fresh(
    start: FreshStart, arguments: tuple[str, ...], order: bytes, timeout_seconds: float
) -> bytes | str:
    """The answer to `order`, or why there is none.

    `@gates-folder@` in an argument becomes a folder of this trial, removed after it.
    """
    folder = Path(tempfile.mkdtemp(prefix="pytest-gates-fresh-"))
    try:
        (folder / _ORDER).write_bytes(order)
        argv = (
            sys.executable,
            "-P",
            "-c",
            _START.format(path=list(start.import_path)),
            *(one.replace("@gates-folder@", str(folder)) for one in arguments),
        )
        try:
            ended = run(
                argv,
                cwd=start.folder,
                env={**start.environment, VARIABLE: str(folder), "TMPDIR": str(folder)},
                timeout_seconds=timeout_seconds,
            )
        except NotEnded as why:
            return f"a fresh pytest gave no answer: {why}"
        answer = folder / _ANSWER
        if not answer.is_file():
            last = (ended.stdout.decode("utf-8", "replace") + ended.stderr).strip()
            return (
                f"a fresh pytest ended with status {ended.exit_code} and no answer: "
                f"{last[-_SAID_LIMIT:]}"
            )
        return answer.read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def order_given(folder: str) -> bytes:
    """In the fresh process: what it was started for. Raises OSError."""
    return (Path(folder) / _ORDER).read_bytes()


def leave_answer(folder: str, answer: bytes) -> None:
    """In the fresh process: whole or not at all."""
    unfinished = Path(folder) / f"{_ANSWER}.part"
    unfinished.write_bytes(answer)
    unfinished.rename(Path(folder) / _ANSWER)
