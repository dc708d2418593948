"""What third parties may implement, in a pytest plugin, a conftest or an installed package. Pure.

Hooks return values; none of them can soften a verdict. A package that also declares its hooks in the
entry-point group `pytest_gates` is known to `gates verify`, which imports nothing of the judged project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # read at every pytest start on the machine: nothing of ours is imported for real
    from collections.abc import Iterable

    from pytest_gates.model.contracts import Gate, Reporter, Tool
    from pytest_gates.model.report import Report

hookspec = pluggy.HookspecMarker("pytest")
ENTRY_POINT_GROUP = "pytest_gates"


@hookspec
def pytest_gates_gates() -> Iterable[Gate]:  # type: ignore[empty-body]
    """Gates to add to the built-in ones; their names become tables of the policy."""


@hookspec
def pytest_gates_tools() -> Iterable[Tool]:  # type: ignore[empty-body]
    """Tools to run beside the tests; a gate of the same name reads `evidence.scans[name]`."""


@hookspec
def pytest_gates_reporters() -> Iterable[Reporter]:  # type: ignore[empty-body]
    """Formats to add to the built-in ones; their names may stand in `reports`."""


@hookspec
def pytest_gates_judged(report: Report) -> None:
    """Called once with the finished report, after it was written. What it returns is ignored."""
