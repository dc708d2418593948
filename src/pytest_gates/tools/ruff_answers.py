"""What `ruff check` and `ruff format` have in common: their settings, and how their JSON is read. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Completed
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.model.text import first_line


class RuffPaths(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """What both tables understand; everything else is decided by the project's own ruff settings."""

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


class Place(msgspec.Struct, frozen=True):
    """A row and a column, both from 1."""

    row: int
    column: int


class Diagnostic(msgspec.Struct, frozen=True):
    """One entry of ruff's JSON; what could not be opened has no place. (0.17.6)"""

    code: str | None
    message: str
    filename: str
    location: Place | None
    end_location: Place | None
    url: str | None = None

    @property
    def why(self) -> str:
        """The message, with its line where there is one."""
        return f"line {self.location.row}: {self.message}" if self.location else self.message


def diagnostics(completed: Completed, subcommand: str, exits: frozenset[int]) -> list[Diagnostic]:
    """All of them. Raises ToolError unless ruff left a whole report, and one of these exit statuses."""
    if completed.exit_code in exits:
        try:
            return msgspec.json.decode(completed.stdout, type=list[Diagnostic])
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = first_line(completed.stderr) or "nothing on stderr"
    raise ToolError(
        f"ruff left no whole JSON report (exit {completed.exit_code}; {said})",
        f"run `ruff {subcommand}` by hand to see what is wrong",
    )


def refuse_nothing(completed: Completed, gate: str) -> None:
    """ruff says so, prints `[]` and exits 0. (0.17.6) Raises NothingToScan."""
    if "No Python files found" in completed.stderr:
        raise NothingToScan(
            "ruff found no Python file to check",
            f"check `paths` in [tool.pytest-gates.{gate}] and ruff's own exclude",
        )


def relative(name: str, root: str) -> str:
    """POSIX and relative to the root; ruff prints absolute names."""
    posix = name.replace("\\", "/")
    return posix.removeprefix(root.replace("\\", "/").rstrip("/") + "/")
