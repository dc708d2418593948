"""Scan again what can be scanned without running any code of the change. Effects: processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from pytest_gates.adapters.scans import Scans
from pytest_gates.catalog import Catalog
from pytest_gates.cli.bench import Scanned
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Tool
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.new_findings import NewFindings


class Rescans(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, for each of the policies that were named; `left` are gates of other tools."""

    found: tuple[Scanned, ...]
    left: tuple[str, ...]


class _Asked(msgspec.Struct, frozen=True):
    """One tool under one policy, at work on the tree and, where only new findings count, on the base."""

    gate: GatePolicy
    scans: Scans
    news: NewFindings

    def answer(self) -> Scan | Unavailable:
        name = self.gate.name
        found = self.scans.answer(name)
        if found is None:  # pragma: no cover - it was started
            return Unavailable(why=f"{name} was not started", remedy="report this as a bug")
        return self.news.compared(name, found)


def rescan(
    root: Path,
    policies: tuple[Policy, ...],
    known: Catalog,
    change: Callable[[], Change | Unavailable],
) -> Rescans:
    """All static gates of these policies on the tree at `root`, at the same time.

    A tool with the same settings in two policies is asked once. `change` is what is new, asked for only
    where a gate wants to know.
    """
    asked: list[_Asked] = []
    wanted: list[dict[str, _Asked]] = []
    left: dict[str, None] = {}
    for policy in policies:
        mine: dict[str, _Asked] = {}
        for gate in policy.gates:
            tool = _tool_of(gate, known)
            if tool is not None and tool.static(gate.settings):
                mine[gate.name] = _asked(root, gate, tool, asked, change)
            elif tool is not None:
                left[gate.name] = None
        wanted.append(mine)
    found = tuple({name: one.answer() for name, one in mine.items()} for mine in wanted)
    return Rescans(found=found, left=tuple(left))


def _asked(
    root: Path,
    gate: GatePolicy,
    tool: Tool,
    asked: list[_Asked],
    change: Callable[[], Change | Unavailable],
) -> _Asked:
    for other in asked:
        if (other.gate.name, other.gate.settings) == (gate.name, gate.settings):
            return other
    new = _Asked(gate, Scans(root, change=change), NewFindings(root, None, change))
    new.scans.start(tool, gate.settings)
    new.news.start(tool, gate.settings, new.scans.context)
    asked.append(new)
    return new


def _tool_of(gate: GatePolicy, known: Catalog) -> Tool | None:
    own = known.gates.get(gate.name)
    return (own.tool if own is not None else None) or known.tools.get(gate.name)
