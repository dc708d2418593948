"""`gates report`: a stored report in another form. Effects: reads and writes files, prints."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_gates.adapters.files import write_whole
from pytest_gates.cli.judging import installed_catalog
from pytest_gates.cli.stored import place_options, stored_report
from pytest_gates.errors import GatesError
from pytest_gates.model.text import printable


@click.command()
@place_options
@click.option(
    "--format",
    "name",
    metavar="NAME",
    required=True,
    help="Form to write, such as markdown, sarif or github; `help` lists all.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.  [default: standard output]",
)
def report(
    report: Path | None, root: Path, config: str | None, name: str, output: Path | None
) -> None:
    """Write a stored REPORT in another form. Judges nothing, and exits 0 whatever the report says.

    \b
    Examples:
      gates report --format github
      gates report --format markdown >> "$GITHUB_STEP_SUMMARY"
      gates report artifacts/report.json --format sarif -o report.sarif
    """
    known = installed_catalog().reporters
    if name == "help":
        for one in known.values():
            click.echo(f"{one.name:<12} {one.file_name}")
        return
    if name not in known:
        raise click.UsageError(
            f"--format {printable(name)!r} is unknown; one of {', '.join(known)}"
        )
    found, _ = stored_report(report, root, config)
    text = known[name].render(found)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        write_whole(output, text)
    except GatesError as why:
        raise click.ClickException(printable(str(why), 1000)) from why
