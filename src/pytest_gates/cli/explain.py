"""`gates explain`: why a gate or a finding of the last report is what it is. Effects: reads files, prints."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from pytest_gates.cli.judging import installed_catalog
from pytest_gates.cli.stored import place_options, stored_report
from pytest_gates.model.text import printable
from pytest_gates.reporters.explained import chosen, explained, names


@click.command()
@click.argument("name", required=False)
@place_options
def explain(name: str | None, report: Path | None, root: Path, config: str | None) -> None:
    """Say why NAME is what it is: what was measured, what is required, what to do.

    NAME is a gate, or a rule, an alias, a place or a package of the report; without it, every gate that did
    not pass. Exits 0 whatever the report says.

    \b
    Examples:
      gates explain
      gates explain coverage
      gates explain CVE-2026-0001
      gates explain src/shop/pay.py artifacts/report.json
    """
    found, _ = stored_report(report, root, config)
    told = chosen(found, name)
    if not told:
        near = difflib.get_close_matches(name or "", names(found), n=3, cutoff=0.3)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise click.UsageError(printable(f"the report knows no {name}{hint}", 600))
    gates = installed_catalog().gates
    for number, one in enumerate(told):
        if number:
            click.echo()
        gate = gates.get(one.result.gate)
        for line in explained(found, one, gate.doc if gate is not None else None):
            click.echo(line)
