"""All commands under one roof; each is imported when it is called. Effects: reads the command line."""

from __future__ import annotations

import importlib

import click

from pytest_gates import __version__

_COMMANDS = {
    "init": "pytest_gates.cli.init:init",
    "verify": "pytest_gates.cli.verify:verify",
    "quarantine": "pytest_gates.cli.quarantine:quarantine",
    "ratchet": "pytest_gates.cli.ratchet:ratchet",
    "waive": "pytest_gates.cli.waive:waive",
    "advisories": "pytest_gates.cli.advisories:advisories",
    "explain": "pytest_gates.cli.explain:explain",
    "report": "pytest_gates.cli.report:report",
    "show": "pytest_gates.cli.show:show",
    "history": "pytest_gates.cli.history:history",
    "schema": "pytest_gates.cli.schema:schema",
}


class _LazyGroup(click.Group):
    """`gates --help` must not pay for what every command imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pytest-gates")
def app() -> None:
    """One honest merge decision from a pytest run.

    Run the tests with `pytest -p gates`; then let `gates verify` enforce the report from outside.
    """
