"""What ruff is asked and how its JSON is read. Pure."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, fingerprint_of
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.model.text import first_line

_SYNTAX_ERROR = "invalid-syntax"
# What could not be parsed, and what could not be opened or decoded.
_UNREAD_CODES = frozenset({None, _SYNTAX_ERROR, "E902"})
# Without rule E902 only a warning tells, and ruff exits 0: "warning: Failed to lint x.py: …". (0.17.6)
_FAILED = re.compile(
    r"^(?:warning|error): Failed to lint (?P<path>.+?): (?P<why>.*)$", re.MULTILINE
)


class RuffSettings(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.ruff]`; the rules are those of the project's own ruff settings."""

    paths: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Files and folders to check, relative to the root.",
            extra={"looser": "fewer"},
        ),
    ] = (".",)

    @property
    def config_files(self) -> tuple[str, ...]:
        return ("pyproject.toml", "ruff.toml", ".ruff.toml")


class _Place(msgspec.Struct, frozen=True):
    row: int
    column: int


class _Violation(msgspec.Struct, frozen=True):
    code: str | None
    message: str
    filename: str
    location: _Place
    end_location: _Place
    url: str | None = None


def command(settings: RuffSettings, context: ToolContext) -> Command:
    """--no-fix: a project that sets `fix = true` must not have its work tree edited by its judge."""
    return Command(
        argv=(
            context.program,
            "check",
            "--no-fix",
            "--no-show-fixes",
            "--force-exclude",
            "--output-format=json",
            "--",
            *settings.paths,
        ),
    )


def read(completed: Completed, settings: RuffSettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """Raises ToolError unless ruff left a whole report of at least one file."""
    violations = _decoded(completed)
    # ruff says so, prints `[]` and exits 0. (0.17.6)
    if "No Python files found" in completed.stderr:
        raise NothingToScan(
            "ruff found no Python file to check",
            "check `paths` in [tool.pytest-gates.ruff] and ruff's own exclude",
        )
    root = completed.context.root
    unread = tuple(
        Unread(subject=_relative(one.filename, root), why=f"line {one.location.row}: {one.message}")
        for one in violations
        if one.code in _UNREAD_CODES
    ) + tuple(
        Unread(subject=_relative(found["path"], root), why=found["why"] or "ruff could not read it")
        for found in _FAILED.finditer(completed.stderr)
    )
    return Scan(
        tool="ruff",
        version=completed.context.version,
        inputs=len(completed.context.python_files),
        findings=tuple(_finding(one, root) for one in violations if one.code not in _UNREAD_CODES),
        unread=unread,
        seconds=round(completed.seconds, 3),
    )


def _decoded(completed: Completed) -> list[_Violation]:
    # 0: clean, 1: violations, 2: abnormal end. (ruff 0.17.6)
    if completed.exit_code in {0, 1}:
        try:
            return msgspec.json.decode(completed.stdout, type=list[_Violation])
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = first_line(completed.stderr) or "nothing on stderr"
    raise ToolError(
        f"ruff left no whole JSON report (exit {completed.exit_code}; {said})",
        "run `ruff check` by hand to see what is wrong",
    )


def _finding(violation: _Violation, root: str) -> Finding:
    path = _relative(violation.filename, root)
    rule = violation.code or _SYNTAX_ERROR
    end = violation.end_location.row
    return Finding(
        rule=rule,
        message=violation.message,
        location=Location(
            path=path,
            line=violation.location.row,
            end_line=end if end != violation.location.row else None,
            column=violation.location.column,
        ),
        url=violation.url,
        remedy=f"run `ruff check {path}`",
        fingerprint=fingerprint_of(rule, path, violation.message),
    )


def _relative(name: str, root: str) -> str:
    """POSIX and relative to the root; ruff prints absolute names."""
    posix = name.replace("\\", "/")
    return posix.removeprefix(root.replace("\\", "/").rstrip("/") + "/")


TOOL = Tool(
    name="ruff",
    distribution="ruff",
    program="ruff",
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    scrub=("RUFF_",),
    quick=True,
    needs_files=True,
)
