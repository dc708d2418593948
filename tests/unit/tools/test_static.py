"""Which tools may look at a change without running any of its code."""

from __future__ import annotations

from pytest_gates.catalog import GATES
from pytest_gates.tools.pip_audit import TOOL, PipAuditSettings


def test_the_tools_that_only_read() -> None:
    static = {gate.name for gate in GATES if gate.tool and gate.tool.static(gate.settings())}
    assert static == {"bandit", "ruff", "ruff-format", "secrets"}


def test_pip_audit_over_files_reads_only_them() -> None:
    assert not TOOL.static(PipAuditSettings())
    assert TOOL.static(PipAuditSettings(requirements=("uv.lock",)))
