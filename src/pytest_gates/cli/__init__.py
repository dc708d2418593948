"""The `gates` command: isolates itself, then hands over to click. Effects: replaces the process.

Until then only what the interpreter itself has loaded is imported: anything else may be a file of the
judged repository (PYTHONPATH=., `python -m`).
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the console script and of `python -m pytest_gates`."""
    if not (sys.flags.ignore_environment and sys.flags.safe_path):
        _become_isolated()
    from pytest_gates.cli.app import app  # noqa: PLC0415 - not before the interpreter is isolated

    app(prog_name="gates")


def _become_isolated() -> None:
    """Start again without PYTHON* variables and without the current folder on the path."""
    # -I would also hide the user's site folder, which may be where this command is installed.
    flags = ["-E", "-P"] if _in_user_site() else ["-I"]
    argv = [sys.executable, *flags, "-m", "pytest_gates", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(sys.executable, argv)  # noqa: S606  # nosec B606 - the same interpreter, no shell
    import subprocess  # noqa: PLC0415  # nosec B404 - only where a process cannot be replaced

    sys.exit(subprocess.call(argv))  # noqa: S603  # nosec B603 - argv of ours, no shell


def _in_user_site() -> bool:
    import site  # noqa: PLC0415 - loaded by the interpreter at its start

    return os.path.abspath(__file__).startswith(site.getusersitepackages() + os.sep)  # noqa: PTH100
