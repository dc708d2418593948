"""The one list of what exists: built-in gates, tools and reporters, joined by those from hooks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from pytest_gates.errors import ConfigError
from pytest_gates.gates import coverage, tests
from pytest_gates.gates.scan import scan_gate
from pytest_gates.model.contracts import Gate, Reporter, Tool
from pytest_gates.reporters import json
from pytest_gates.tools import bandit, pip_audit, ruff

GATES: tuple[Gate, ...] = (
    tests.GATE,
    coverage.GATE,
    scan_gate(ruff.TOOL, ruff.RuffSettings, "ruff has nothing to object to."),
    scan_gate(bandit.TOOL, bandit.BanditSettings, "bandit found no security flaw in the code."),
    scan_gate(
        pip_audit.TOOL,
        pip_audit.PipAuditSettings,
        "No installed package has a known vulnerability.",
    ),
)
REPORTERS: tuple[Reporter, ...] = (json.REPORTER,)

Named = TypeVar("Named", Gate, Tool, Reporter)

DEFAULT_POLICY: Mapping[str, Mapping[str, Any]] = {
    "tests": {},
    "coverage": {},
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
    own_tools = tuple(gate.tool for gate in all_gates.values() if gate.tool is not None)
    return Catalog(
        gates=all_gates,
        tools=_by_name("tool", (*own_tools, *tools)),
        reporters=_by_name("reporter", (*REPORTERS, *reporters)),
    )


def _by_name(kind: str, values: Iterable[Named]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for value in values:
        known = found.setdefault(value.name, value)
        # The same value from a plugin and from the entry-point group is one thing, named twice.
        if known is not value:
            raise ConfigError((f"two {kind}s are called `{value.name}`: rename one of them",))
    return found
