"""A measurement in a process of its own: coverage cannot measure two things in one process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import msgspec

from pytest_gates.model.coverage import CoverageFacts, FileCoverage
from pytest_gates.model.evidence import Unavailable

Facts = CoverageFacts | Unavailable

_HEAD = """
import os, sys
from pathlib import Path
import coverage, msgspec
from pytest_gates.adapters.measure import Measurement
root = Path(os.environ["GATES_TEST_ROOT"])
sys.path.insert(0, str(root / "src"))
def begin(branches=False, source=()):
    return Measurement(root, branches=branches, source=source)
def show(measurement):
    facts = measurement.facts()
    measurement.close()
    Path(os.environ["GATES_TEST_FACTS"]).write_bytes(msgspec.json.encode(facts))
"""

SHOP = """
    def price(kind):
        if kind == "tea":
            return 3
        return 4


    def unsold():
        return None
"""
"""Lines 1, 2, 3, 4, 7, 8 can run; lines 3, 4 and 8 do not by an import alone."""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Dedented text by POSIX path; the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return root


def measured(
    root: Path,
    code: str,
    *options: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Facts:
    """What `show(measurement)` in `code` told. `code` finds `begin`, `show` and `root`."""
    told = root.parent / f"{root.name}-facts.json"
    told.unlink(missing_ok=True)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }
    done = subprocess.run(
        [sys.executable, *options, "-c", _HEAD + dedent(code)],
        cwd=cwd or root,
        env={
            **inherited,
            "GATES_TEST_ROOT": str(root),
            "GATES_TEST_FACTS": str(told),
            **(env or {}),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    facts: Facts = msgspec.json.decode(told.read_bytes(), type=CoverageFacts | Unavailable)
    return facts


def known(facts: Facts) -> CoverageFacts:
    assert isinstance(facts, CoverageFacts), facts
    return facts


def unknown(facts: Facts) -> Unavailable:
    assert isinstance(facts, Unavailable), facts
    assert facts.why
    assert facts.remedy
    return facts


def one_file(facts: Facts, path: str = "src/shop.py") -> FileCoverage:
    """The named file of facts that must be known."""
    return next(one for one in known(facts).files if one.path == path)
