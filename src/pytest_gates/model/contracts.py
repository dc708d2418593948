"""What a gate, a tool and a reporter are: values that hold functions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pytest_gates.model.evidence import Evidence, Scan, Unavailable
from pytest_gates.model.report import Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement


class ToolContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool may know of the world when it says how it wants to be started.

    `python_files` are the project's Python files, POSIX, relative to `root`, sorted; `files` are all of
    its files, for a tool that `needs_all_files`. `program` is the path of the tool's own program where it
    is one. `cache_folder` is where the tool may keep a cache of its own, empty where it may keep none.
    `at_base`: `root` holds the base that the change is compared with, so what the settings name may not be
    there yet. `own_path` are the folders from which this environment imports the judged project, as they
    lie below `root`; only told at the base, where the installed ones are those of another tree. `changed`
    are the files that differ from the base and are still there, or why nobody knows them; None for a tool
    that does not ask.
    """

    root: str
    python: str
    python_files: tuple[str, ...]
    sys_path: tuple[str, ...]
    program: str
    version: str
    files: tuple[str, ...] = ()
    cache_folder: str = ""
    at_base: bool = False
    changed: tuple[str, ...] | Unavailable | None = None
    own_path: tuple[str, ...] = ()


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a tool. `expected` names what it must look at, for `read` to compare.

    `told` is what it reads on its standard input.
    """

    argv: tuple[str, ...]
    expected: tuple[str, ...] = ()
    env: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    told: bytes = b""


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that has ended by itself."""

    command: Command
    context: ToolContext
    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float


def _not_known(settings: object) -> bool:  # noqa: ARG001 - one shape for all tools
    return False


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One external program.

    `distribution` is what to install when it is missing; `program` the script to start, None for
    `python -I -m module`. `scrub` are prefixes of environment variables that must not reach it.
    `command(settings, context)` says how to start it. `read(completed, settings)` returns a Scan and
    raises ToolError unless it holds a whole report, NothingToScan where the tree holds nothing for it.
    `quick` tools may run before the first test. A tool that does not say `needs_all_files` sees of the
    base no more than Python files and what can configure a tool. `static(settings)`: whether its answer
    depends on files of the tree alone, and it runs none of their code whatever they hold; only then may
    `gates verify --rescan` start it.
    """

    name: str
    distribution: str
    program: str | None
    command: Callable[[Any, ToolContext], Command]
    read: Callable[[Completed, Any], Scan]
    scrub: tuple[str, ...] = ()
    quick: bool = False
    needs_files: bool = False
    needs_all_files: bool = False
    static: Callable[[Any], bool] = _not_known


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One judge.

    `settings` is a GateSettings subclass: parser, validation, defaults and documentation of the
    gate's table. `evaluate(evidence, settings)` is pure. `doc` is one sentence for people.
    `tells_fixes`: its findings say in `fixed_in` what to go to, so a waiver may end there.
    """

    name: str
    doc: str
    settings: type[GateSettings]
    evaluate: Callable[[Evidence, Any], Judgement]
    tool: Tool | None = None
    uses_coverage: bool = False
    tells_fixes: bool = False


class Reporter(msgspec.Struct, frozen=True, kw_only=True):
    """One output format: `render` is pure, the file is written by an adapter."""

    name: str
    file_name: str
    render: Callable[[Report], bytes]
