"""The one list of what exists: built-in gates, tools and reporters, joined by those from hooks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from pytest_gates.errors import ConfigError
from pytest_gates.gates import coverage, coverage_ratchet, flaky, patch_coverage, tests
from pytest_gates.gates.licences import licences_gate
from pytest_gates.gates.scan import scan_gate
from pytest_gates.model.contracts import Gate, Reporter, Tool
from pytest_gates.reporters import (
    azure,
    ctrf,
    cyclonedx,
    github,
    gitlab,
    json,
    junit,
    markdown,
    sarif,
    sonar,
    teamcity,
)
from pytest_gates.tools import bandit, licences, mypy, pip_audit, ruff, ruff_format, secrets
from pytest_gates.tools import sarif as sarif_files

GATES: tuple[Gate, ...] = (
    tests.GATE,
    coverage.GATE,
    patch_coverage.GATE,
    coverage_ratchet.GATE,
    flaky.GATE,
    scan_gate(ruff.TOOL, ruff.RuffSettings, "ruff has nothing to object to."),
    scan_gate(
        ruff_format.TOOL,
        ruff_format.RuffFormatSettings,
        "Every file is formatted as `ruff format` would.",
    ),
    scan_gate(mypy.TOOL, mypy.MypySettings, "mypy has nothing to object to."),
    scan_gate(bandit.TOOL, bandit.BanditSettings, "bandit found no security flaw in the code."),
    scan_gate(
        secrets.TOOL,
        secrets.SecretsSettings,
        "No token or key that its issuer's form gives away stands in a file.",
    ),
    scan_gate(
        pip_audit.TOOL,
        pip_audit.PipAuditSettings,
        "No installed package has a known vulnerability.",
        tells_fixes=True,
    ),
    licences_gate(licences.TOOL),
    scan_gate(
        sarif_files.TOOL,
        sarif_files.SarifSettings,
        "The reports of other scanners are there, and hold nothing that fails.",
    ),
)
REPORTERS: tuple[Reporter, ...] = (
    json.REPORTER,
    markdown.REPORTER,
    sarif.REPORTER,
    junit.REPORTER,
    gitlab.REPORTER,
    ctrf.REPORTER,
    sonar.REPORTER,
    cyclonedx.REPORTER,
    github.REPORTER,
    azure.REPORTER,
    teamcity.REPORTER,
)
COVERAGE_FILE = "coverage.data"
"""Written beside the reports, by no reporter."""

Named = TypeVar("Named", Gate, Tool, Reporter)

DEFAULT_POLICY: Mapping[str, Mapping[str, Any]] = {
    "tests": {},
    "coverage": {},
    "flaky": {},
    "bandit": {"fail-on": "high"},
    "pip-audit": {},
}
"""In force where a project has written none: tables as they would stand in the file."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be switched on in this process, by name, built-in first."""

    gates: Mapping[str, Gate]
    tools: Mapping[str, Tool]
    reporters: Mapping[str, Reporter]


def catalog(
    gates: Iterable[Gate] = (), tools: Iterable[Tool] = (), reporters: Iterable[Reporter] = ()
) -> Catalog:
    """Built-ins and those from third parties. Raises ConfigError when two share a name."""
    all_gates = _by_name("gate", (*GATES, *gates))
    _check_tool_names(all_gates.values())
    own_tools = tuple(gate.tool for gate in all_gates.values() if gate.tool is not None)
    all_reporters = _by_name("reporter", (*REPORTERS, *reporters))
    _check_file_names(all_reporters.values())
    return Catalog(
        gates=all_gates,
        tools=_by_name("tool", (*own_tools, *tools)),
        reporters=all_reporters,
    )


def _check_tool_names(gates: Iterable[Gate]) -> None:
    """A scan is found by the name of its gate."""
    problems = tuple(
        f"gate `{gate.name}`: its tool is called `{gate.tool.name}`; give both the same name"
        for gate in gates
        if gate.tool is not None and gate.tool.name != gate.name
    )
    if problems:
        raise ConfigError(problems)


def _check_file_names(reporters: Iterable[Reporter]) -> None:
    """A format writes one file of its own, in the report folder, and nobody else's."""
    taken = {COVERAGE_FILE: "the coverage data"}
    problems: list[str] = []
    for reporter in reporters:
        name = reporter.file_name
        where = f"reporter `{reporter.name}` file_name = {name!r}"
        if not name or name.startswith(".") or "/" in name or "\\" in name:
            problems.append(f"{where}: expected the plain name of a file, such as report.txt")
        elif name in taken:
            problems.append(f"{where}: {taken[name]} is written there; choose another name")
        taken.setdefault(name, f"the report of `{reporter.name}`")
    if problems:
        raise ConfigError(tuple(problems))


def _by_name(kind: str, values: Iterable[Named]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for value in values:
        known = found.setdefault(value.name, value)
        # The same value from a plugin and from the entry-point group is one thing, named twice.
        if known is not value:
            raise ConfigError((f"two {kind}s are called `{value.name}`: rename one of them",))
    return found
