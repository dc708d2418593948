"""What ruff is asked and how its JSON is read. Pure."""

from __future__ import annotations

import re

from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, fingerprint_of
from pytest_gates.tools import ruff_answers
from pytest_gates.tools.ruff_answers import Diagnostic, diagnostics, refuse_nothing, relative

_SYNTAX_ERROR = "invalid-syntax"
# What could not be parsed, and what could not be opened or decoded.
_UNREAD_CODES = frozenset({None, _SYNTAX_ERROR, "E902"})
# 0: clean, 1: violations, 2: abnormal end. (ruff 0.17.6)
_EXITS = frozenset({0, 1})
# Without rule E902 only a warning tells, and ruff exits 0: "warning: Failed to lint x.py: …". (0.17.6)
_FAILED = re.compile(
    r"^(?:warning|error): Failed to lint (?P<path>.+?): (?P<why>.*)$", re.MULTILINE
)


class RuffSettings(ruff_answers.RuffPaths, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.ruff]`; the rules are those of the project's own ruff settings."""


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
    violations = diagnostics(completed, "check", _EXITS)
    refuse_nothing(completed, TOOL.name)
    root = completed.context.root
    unread = tuple(
        Unread(subject=relative(one.filename, root), why=one.why)
        for one in violations
        if _is_unread(one)
    ) + tuple(
        Unread(subject=relative(found["path"], root), why=found["why"] or "ruff could not read it")
        for found in _FAILED.finditer(completed.stderr)
    )
    return Scan(
        tool=TOOL.name,
        version=completed.context.version,
        inputs=len(completed.context.python_files),
        findings=tuple(_finding(one, root) for one in violations if not _is_unread(one)),
        unread=unread,
        seconds=round(completed.seconds, 3),
    )


def _is_unread(violation: Diagnostic) -> bool:
    """Also what has no place: that is no violation of a line of anybody's."""
    return violation.code in _UNREAD_CODES or violation.location is None


def _finding(violation: Diagnostic, root: str) -> Finding:
    path = relative(violation.filename, root)
    rule = violation.code or _SYNTAX_ERROR
    start, end = violation.location, violation.end_location
    line = start.row if start is not None else None
    return Finding(
        rule=rule,
        message=violation.message,
        location=Location(
            path=path,
            line=line,
            end_line=end.row if end is not None and end.row != line else None,
            column=start.column if start is not None else None,
        ),
        url=violation.url,
        remedy=f"run `ruff check {path}`",
        fingerprint=fingerprint_of(rule, path, violation.message),
    )


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
