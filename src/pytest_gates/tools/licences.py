"""How the licences of the environment are listed, and how the list is read. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan
from pytest_gates.model.licences_settings import LicencesSettings
from pytest_gates.model.package import Package
from pytest_gates.model.text import first_line


def command(settings: LicencesSettings, context: ToolContext) -> Command:  # noqa: ARG001 - one shape for all tools
    """Our own list, from the metadata of what can be imported here."""
    return Command(
        argv=(context.python, "-I", "-m", "pytest_gates.adapters.licences_scan"),
        told=msgspec.json.encode(context.sys_path),
    )


def read(completed: Completed, settings: LicencesSettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """Raises ToolError unless it is a whole list of at least one package."""
    packages = _decoded(completed)
    if not packages:
        raise ToolError(
            "no installed package was found in the environment of the tests",
            "check that the tests run in the environment that holds them",
        )
    return Scan(
        tool="licences",
        version=completed.context.version,
        inputs=len(packages),
        seconds=round(completed.seconds, 3),
        packages=packages,
    )


def _decoded(completed: Completed) -> tuple[Package, ...]:
    if completed.exit_code == 0:
        try:
            return msgspec.json.decode(completed.stdout, type=tuple[Package, ...])
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    lines = [one for one in completed.stderr.splitlines() if one.strip()]
    said = first_line(lines[-1]) if lines else "nothing on stderr"
    raise ToolError(
        f"the licences could not be listed (exit {completed.exit_code}; {said})",
        "run again, and report it if it stays",
    )


TOOL = Tool(
    name="licences",
    distribution="pytest-gates",
    program=None,
    command=command,
    read=read,
)
