"""Ask a tool what it finds at the base of a small repository."""

from __future__ import annotations

from pathlib import Path

from pytest_gates.adapters.base_scans import BaseFindings, BaseScans
from pytest_gates.adapters.change import find_change
from pytest_gates.adapters.scans import Scans
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Tool
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.settings import CodeScanSettings
from support.repositories import commit, git, write

ONLY_NEW = CodeScanSettings(only_new=True, timeout=60)


def a_repository(root: Path) -> Path:
    """One commit, tagged `base`, of which bandit finds B102 in src/a.py:1."""
    write(root, "src/a.py", "exec('1')\n")
    write(root, "data.bin", "x")
    git(root, "init", "-q", "-b", "main")
    commit(root)
    git(root, "tag", "base")
    return root


def a_change(root: Path) -> Change:
    found = find_change(root, named="base", environment={})
    assert isinstance(found, Change)
    return found


def ask(
    root: Path, tool: Tool, settings: object = ONLY_NEW, cache: Path | None = None
) -> BaseFindings | Unavailable:
    scans = BaseScans(root, a_change(root), cache)
    scans.start(tool, settings, Scans(root, cache).context)
    scans.start(tool, settings, Scans(root, cache).context)
    found = scans.answer(tool.name)
    assert found is not None
    assert scans.answer(tool.name) is found
    return found


def known(root: Path, tool: Tool, settings: object, cache: Path | None = None) -> BaseFindings:
    found = ask(root, tool, settings, cache)
    assert isinstance(found, BaseFindings), found
    return found


def places(found: BaseFindings) -> list[tuple[str, str]]:
    return [(one.rule, one.where) for one in found.findings]
