"""What `ruff format --check` is asked and how its JSON is read. Pure."""

from __future__ import annotations

import shlex

from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, fingerprint_of
from pytest_gates.tools.ruff_answers import (
    Diagnostic,
    RuffPaths,
    diagnostics,
    refuse_nothing,
    relative,
)

_UNFORMATTED = "unformatted"
# 0: all formatted, 1: some are not, 2: abnormal end, or some could not be read or parsed. (ruff 0.17.6)
_EXITS = frozenset({0, 1, 2})
_TOO_OLD = "--output-format flag for the formatter is unstable"


class RuffFormatSettings(RuffPaths, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.ruff-format]`; the style is that of the project's own ruff settings."""


def command(settings: RuffFormatSettings, context: ToolContext) -> Command:
    """--check: a judge does not edit."""
    return Command(
        argv=(
            context.program,
            "format",
            "--check",
            "--force-exclude",
            "--output-format=json",
            "--",
            *settings.paths,
        ),
    )


def read(completed: Completed, settings: RuffFormatSettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """Raises ToolError unless ruff left a whole report of at least one file."""
    if _TOO_OLD in completed.stderr:
        raise ToolError(
            f"ruff {completed.context.version} cannot say in JSON which files are not formatted",
            "install a newer one: pip install --upgrade ruff",
        )
    found = diagnostics(completed, "format --check", _EXITS)
    refuse_nothing(completed, TOOL.name)
    unformatted = [one for one in found if one.code == _UNFORMATTED]
    others = [one for one in found if one.code != _UNFORMATTED]
    _refuse_contradiction(completed, found, others)
    root = completed.context.root
    return Scan(
        tool=TOOL.name,
        version=completed.context.version,
        inputs=len(completed.context.python_files),
        findings=tuple(_finding(path) for path in _paths(unformatted, root)),
        unread=tuple(Unread(subject=relative(one.filename, root), why=one.why) for one in others),
        seconds=round(completed.seconds, 3),
    )


def _refuse_contradiction(
    completed: Completed, found: list[Diagnostic], others: list[Diagnostic]
) -> None:
    """The exit status must say the same as the list. Raises ToolError."""
    status = 2 if others else 1 if found else 0
    if completed.exit_code != status:
        raise ToolError(
            f"ruff format told of {len(found)} file(s) and ended with {completed.exit_code}, "
            f"expected {status}",
            "run `ruff format --check` by hand to see what is wrong",
        )


def _paths(unformatted: list[Diagnostic], root: str) -> list[str]:
    """Each once, in ruff's order: a notebook is told cell by cell."""
    return list(dict.fromkeys(relative(one.filename, root) for one in unformatted))


def _finding(path: str) -> Finding:
    return Finding(
        rule=_UNFORMATTED,
        message="is not formatted",
        # Without a line: a file is formatted or it is not, and an old one stays old wherever it is edited.
        location=Location(path=path),
        remedy=f"run `ruff format {shlex.quote(path)}`",
        fingerprint=fingerprint_of(_UNFORMATTED, path, ""),
    )


TOOL = Tool(
    name="ruff-format",
    distribution="ruff",
    program="ruff",
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    scrub=("RUFF_",),
    quick=True,
    needs_files=True,
)
