"""The report of the last run, for commands that show it and judge nothing. Effects: reads files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_gates.cli.judging import read_report, report_folder
from pytest_gates.errors import GatesError
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.reporters import json

Command = TypeVar("Command", bound=Callable[..., Any])


def place_options(command: Command) -> Command:
    """REPORT, --root and --config: where the report lies."""
    options: tuple[Callable[[Command], Command], ...] = (
        click.argument("report", required=False, type=click.Path(path_type=Path)),
        click.option(
            "--root",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            default=Path(),
            help="Folder of the project.  [default: this one]",
        ),
        click.option("--config", metavar="FILE", help="File of the policy, relative to the root."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def stored_report(report: Path | None, root: Path, config: str | None) -> tuple[Report, Path]:
    """The report, and where it lies. Raises click.UsageError where there is none to read."""
    path = report or root / report_folder(root, config, "ci") / json.REPORTER.file_name
    try:
        return read_report(path), path
    except GatesError as why:
        said = f"{path}: {why}; run `pytest -p gates`, or name its report"
        raise click.UsageError(printable(said, 1000)) from why
