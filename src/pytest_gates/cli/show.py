"""`gates show`: the screen of a stored report. Effects: reads files, prints."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from pytest_gates.cli.stored import place_options, stored_report
from pytest_gates.model.text import printable
from pytest_gates.reporters.terminal import Detail, Style, lines

_COLOURS: dict[Style, dict[str, Any]] = {
    Style.TITLE: {"bold": True},
    Style.BAD: {"fg": "red"},
    Style.UNSURE: {"fg": "yellow"},
    Style.GOOD: {"fg": "green"},
    Style.PLAIN: {},
}


@click.command()
@place_options
@click.option("-v", "--verbose", is_flag=True, help="Every finding, measure and note.")
@click.option("-q", "--quiet", is_flag=True, help="One line.")
def show(
    report: Path | None,
    root: Path,
    config: str | None,
    verbose: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> None:
    """Show what the run said. Judges nothing, and exits 0 whatever the report says.

    \b
    Examples:
      gates show
      gates show -v artifacts/report.json
    """
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other")
    found, path = stored_report(report, root, config)
    detail = Detail.FULL if verbose else Detail.QUIET if quiet else Detail.NORMAL
    # None: where a terminal looks. FORCE_COLOR is for logs of CI systems that show colours.
    colour = False if "NO_COLOR" in os.environ else "FORCE_COLOR" in os.environ or None
    for line in lines(found, detail, printable(str(path), 1000)):
        click.secho(line.text, color=colour, **_COLOURS[line.style])
    if not found.finished:
        click.secho("gates: the run did not finish", color=colour, fg="red")
