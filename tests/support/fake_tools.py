"""Tools that exist only in a test: a line of Python in the place of an external program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan


def python_argv(code: str, *args: str) -> tuple[str, ...]:
    """An argv that executes `code` in this interpreter, with nothing of the environment in it."""
    return (sys.executable, "-I", "-c", code, *args)


def a_context(
    root: Path | str = "/project",
    *,
    python_files: tuple[str, ...] = (),
    sys_path: tuple[str, ...] = (),
    program: str = "",
    python: str = "python",
    version: str = "1.0",
) -> ToolContext:
    """What the world would tell a tool."""
    return ToolContext(
        root=str(root),
        python=python,
        python_files=python_files,
        sys_path=sys_path,
        program=program,
        version=version,
    )


def completed(
    stdout: bytes | str = b"",
    *,
    exit_code: int = 0,
    stderr: str = "",
    expected: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    context: ToolContext | None = None,
) -> Completed:
    """A tool that has said `stdout`."""
    return Completed(
        command=Command(argv=("tool",), expected=expected, notes=notes),
        context=context or a_context(),
        exit_code=exit_code,
        stdout=stdout.encode() if isinstance(stdout, str) else stdout,
        stderr=stderr,
        seconds=1.23456,
    )


def read_word(done: Completed, settings: object) -> Scan:
    """The reader of the fake tools: whole only if it says WHOLE and exits with 0."""
    if done.exit_code != 0 or done.stdout.strip() != b"WHOLE":
        raise ToolError(f"no whole report (exit {done.exit_code})", "say WHOLE")
    return Scan(tool="fake", version=done.context.version, inputs=1, seconds=done.seconds)


def fake_tool(  # noqa: PLR0913 - the fields of a Tool
    code: str,
    *,
    name: str = "fake",
    distribution: str = "pytest",
    program: str | None = None,
    command: Callable[[Any, ToolContext], Command] | None = None,
    read: Callable[[Completed, Any], Scan] = read_word,
    scrub: tuple[str, ...] = (),
    quick: bool = True,
    needs_files: bool = False,
    needs_all_files: bool = False,
    env: Mapping[str, str] | None = None,
) -> Tool:
    """A tool that executes `code`. `distribution` is one that is installed wherever tests run."""

    def its_command(settings: object, context: ToolContext) -> Command:
        return Command(argv=python_argv(code), env=dict(env or {}))

    return Tool(
        name=name,
        distribution=distribution,
        program=program,
        command=command or its_command,
        read=read,
        scrub=scrub,
        quick=quick,
        needs_files=needs_files,
        needs_all_files=needs_all_files,
    )
