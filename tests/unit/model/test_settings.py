"""A gate asks for nothing unless it says so: what nobody needs is not looked for, and costs nothing."""

from __future__ import annotations

from pytest_gates.model.settings import GateSettings, ScanSettings


def test_a_gate_needs_nothing_by_itself() -> None:
    for settings in (GateSettings(), ScanSettings()):
        assert not settings.needs_change
        assert not settings.needs_branches
        assert not settings.needs_patch
