"""What a gate, a tool and a reporter are: values that hold functions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pytest_gates.model.evidence import Evidence, Scan
from pytest_gates.model.report import Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement


class ToolContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool may know of the world when it says how it wants to be started.

    `python_files` are the project's Python files, POSIX, relative to `root`, sorted.
    `program` is the path of the tool's own program where it is one.
    """

    root: str
    python: str
    python_files: tuple[str, ...]
    sys_path: tuple[str, ...]
    program: str
    version: str


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a tool. `expected` names what it must look at, for `read` to compare."""

    argv: tuple[str, ...]
    expected: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that has ended by itself."""

    command: Command
    context: ToolContext
    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One external program.

    `distribution` is what to install when it is missing; `program` the script to start, None for
    `python -I -m module`. `scrub` are prefixes of environment variables that must not reach it.
    `command(settings, context)` says how to start it. `read(completed, settings)` returns a Scan and
    raises ToolError unless it holds a whole report. `quick` tools may run before the first test.
    """

    name: str
    distribution: str
    program: str | None
    command: Callable[[Any, ToolContext], Command]
    read: Callable[[Completed, Any], Scan]
    scrub: tuple[str, ...] = ()
    quick: bool = False
    needs_files: bool = False


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One judge.

    `settings` is a GateSettings subclass: parser, validation, defaults and documentation of the
    gate's table. `evaluate(evidence, settings)` is pure. `doc` is one sentence for people.
    """

    name: str
    doc: str
    settings: type[GateSettings]
    evaluate: Callable[[Evidence, Any], Judgement]
    tool: Tool | None = None
    uses_coverage: bool = False


class Reporter(msgspec.Struct, frozen=True, kw_only=True):
    """One output format: `render` is pure, the file is written by an adapter."""

    name: str
    file_name: str
    render: Callable[[Report], bytes]
