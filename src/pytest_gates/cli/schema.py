"""`gates schema`: the JSON Schema of report.json. Effects: prints."""

from __future__ import annotations

import json

import click

from pytest_gates.reporters.json import schema as report_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of report.json."""
    click.echo(json.dumps(report_schema(), indent=2, sort_keys=True))
