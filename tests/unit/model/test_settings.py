"""A gate asks for nothing unless it says so: what nobody needs is not looked for, and costs nothing."""

from __future__ import annotations

from pytest_gates.model.settings import GateSettings, ScanSettings


def test_a_gate_needs_nothing_by_itself() -> None:
    for settings in (GateSettings(), ScanSettings()):
        assert not settings.needs_change
        assert not settings.needs_branches
        assert not settings.needs_patch


def test_a_tool_that_says_nothing_of_it_is_quick_and_scans_everything() -> None:
    assert not ScanSettings().takes_long
    assert not ScanSettings().scans_changed
