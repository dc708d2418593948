"""A small project in a temporary folder: written, committed, run under the gates, and its report read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from unittest import mock

import pytest

from pytest_gates.model.report import Report
from pytest_gates.model.verdict import GateResult
from pytest_gates.reporters import json

ONLY_TESTS = "[tool.pytest-gates.tests]\n"
"""A policy without tools: a test of ours must not wait for scanners that it does not speak of."""


class Project:
    """Files below `root`; `run` starts pytest in a process of its own, with `-p gates`."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root: Path = pytester.path

    def write(self, files: Mapping[str, str]) -> Project:
        """Dedented text by POSIX path."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def policy(self, text: str = ONLY_TESTS) -> Project:
        """pyproject.toml with this text."""
        return self.write({"pyproject.toml": text})

    def commit(self, message: str = "work") -> str:
        """Everything committed; the full SHA."""
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def run(self, *args: str) -> pytest.RunResult:
        """`pytest -p gates …` in a process of its own."""
        with mock.patch.dict(os.environ):
            if self._measures_coverage():
                # The outer measurement of our own code would be the one that the inner run attaches to.
                for name in [one for one in os.environ if one.startswith("COVERAGE_PROCESS_")]:
                    del os.environ[name]
            # Without plugins that make each inner run longer, and warn of settings that they miss.
            lean = ("-p", "no:hypothesispytest", "-p", "no:asyncio")
            return self.pytester.runpytest_subprocess("-p", "gates", *lean, *args)

    def _measures_coverage(self) -> bool:
        files = [self.root / name for name in ("pyproject.toml", "gates.toml")]
        texts = [
            path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()
        ]
        return not any("gates" in text for text in texts) or any(
            "coverage" in text for text in texts
        )

    def verify(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`gates verify …` in the project's folder."""
        return subprocess.run(
            [sys.executable, "-m", "pytest_gates", "verify", *args],
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )

    @property
    def report_path(self) -> Path:
        return self.root / "gates-report" / "report.json"

    def report(self) -> Report:
        return json.parse(self.report_path.read_bytes())

    def result(self, gate: str) -> GateResult:
        return next(one for one in self.report().results if one.gate == gate)
