"""Shows that a base is scanned once, and that nothing but the same answer is taken from the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pytest_gates.adapters import scan_cache
from pytest_gates.errors import NothingToScan
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.tools import ruff
from support.bases import ONLY_NEW, a_repository, known, places
from support.fake_tools import fake_tool
from support.repositories import commit, git, write

WHOLE = "print('WHOLE')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_repository(tmp_path / "root")


def test_the_same_base_under_the_same_settings_is_scanned_once(root: Path, tmp_path: Path) -> None:
    write(root, "src/b.py", "import os\n")
    write(root, "ruff.toml", 'lint.select = ["F401"]\n')
    commit(root)
    git(root, "tag", "-f", "base")
    settings = ruff.RuffSettings()
    first = known(root, ruff.TOOL, settings, tmp_path / "cache")
    assert places(first) == [("F401", "src/b.py:1")]
    # The work tree is no part of the key.
    write(root, "src/new.py", "import os\n")
    commit(root)
    again = known(root, ruff.TOOL, settings, tmp_path / "cache")
    assert again.scan == msgspec.structs.replace(first.scan, from_cache=True)
    assert again.findings == first.findings
    # Settings of the policy, settings of the tool, and the base are.
    other = ruff.RuffSettings(paths=("src",))
    assert not known(root, ruff.TOOL, other, tmp_path / "cache").scan.from_cache
    write(root, "ruff.toml", 'lint.select = ["E501"]\n')
    assert not known(root, ruff.TOOL, settings, tmp_path / "cache").scan.from_cache
    git(root, "checkout", "-q", "ruff.toml")
    git(root, "tag", "-f", "base")
    assert not known(root, ruff.TOOL, settings, tmp_path / "cache").scan.from_cache


def _put_a_folder_there(path: Path) -> None:
    path.unlink()
    path.mkdir()


def test_a_damaged_entry_is_no_entry(root: Path, tmp_path: Path) -> None:
    damages: list[Callable[[Path], object]] = [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"key":"', b'"key":"0')),
        lambda path: path.write_bytes(b'{"key": 1, "scan": null}'),
        lambda path: path.write_bytes(b"[" * 100_000),
        lambda path: path.write_bytes(b"\xff"),
        _put_a_folder_there,
    ]
    tool = fake_tool(WHOLE)
    assert not known(root, tool, ONLY_NEW, tmp_path / "cache").scan.from_cache
    for damage in damages:
        assert known(root, tool, ONLY_NEW, tmp_path / "cache").scan.from_cache
        (entry,) = (tmp_path / "cache" / "scans").iterdir()
        damage(entry)
        assert not known(root, tool, ONLY_NEW, tmp_path / "cache").scan.from_cache


def test_nothing_to_scan_is_remembered_too(root: Path, tmp_path: Path) -> None:
    def read(done: Completed, settings: object) -> Scan:
        raise NothingToScan("nothing", "name something")

    tool = fake_tool(WHOLE, read=read)
    assert not known(root, tool, ONLY_NEW, tmp_path).scan.from_cache
    assert known(root, tool, ONLY_NEW, tmp_path).scan.from_cache


def test_the_cache_is_bounded_and_one_that_cannot_be_written_is_none(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_cache, "_KEPT", 2)
    cache = tmp_path / "cache"
    for timeout in (60, 61, 62, 63):
        known(root, fake_tool(WHOLE), CodeScanSettings(timeout=timeout), cache)
    assert len(list((cache / "scans").iterdir())) == 2
    assert not known(root, fake_tool(WHOLE), CodeScanSettings(timeout=60), cache).scan.from_cache
    monkeypatch.setattr(scan_cache, "_MOST_BYTES", 5)
    assert not known(root, fake_tool(WHOLE), CodeScanSettings(timeout=60), cache).scan.from_cache
    write(tmp_path, "file", "")
    assert not known(root, fake_tool(WHOLE), ONLY_NEW, tmp_path / "file").scan.from_cache


def test_settings_that_nobody_can_write_down_are_never_remembered(
    root: Path, tmp_path: Path
) -> None:
    tool = fake_tool(WHOLE)
    assert not known(root, tool, object(), tmp_path).scan.from_cache
    assert not known(root, tool, object(), tmp_path).scan.from_cache
