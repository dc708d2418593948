"""The `gates` command: isolates itself, then hands over to click. Effects: replaces the process.

Standard library only up to the hand-over: whatever is imported before the interpreter is isolated may be
a folder of the judged repository (PYTHONPATH=., `python -m`).
"""

from __future__ import annotations

import os
import subprocess  # nosec B404 - to start itself again where a process cannot be replaced
import sys


def main() -> None:
    """Entry point of the console script and of `python -m pytest_gates`."""
    if not sys.flags.isolated:
        _become_isolated()
    from pytest_gates.cli.app import app  # noqa: PLC0415 - not before the interpreter is isolated

    app(prog_name="gates")


def _become_isolated() -> None:
    """Start again as `python -I -m pytest_gates`: no PYTHON* variables, no current folder on the path."""
    if not _importable_when_isolated():
        return
    argv = [sys.executable, "-I", "-m", "pytest_gates", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(sys.executable, argv)  # noqa: S606  # nosec B606 - the same interpreter, no shell
    sys.exit(subprocess.call(argv))  # noqa: S603  # nosec B603


def _importable_when_isolated() -> bool:
    """False for an installation that only PYTHONPATH or the user's site folder makes importable."""
    if os.name == "posix" and sys.flags.no_user_site == 0:
        import site  # noqa: PLC0415 - already loaded by the interpreter

        user = site.getusersitepackages()
        if os.path.abspath(__file__).startswith(user + os.sep):  # noqa: PTH100 - nothing more is imported yet
            return False
    return True
