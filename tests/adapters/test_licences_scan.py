"""Shows that the licences are listed from the folders that are told, by an isolated program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from pytest_gates.model.package import Package


def test_the_packages_of_the_told_folders_are_listed(tmp_path: Path) -> None:
    info = tmp_path / "site" / "idna-3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: idna\nVersion: 3\nLicense-Expression: MIT\n", encoding="utf-8"
    )
    (tmp_path / "msgspec.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "pytest_gates.adapters.licences_scan"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        input=msgspec.json.encode([str(tmp_path / "site")]),
    )
    assert msgspec.json.decode(done.stdout, type=tuple[Package, ...]) == (
        Package(name="idna", version="3", licence="MIT", licence_from="License-Expression"),
    )
