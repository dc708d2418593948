"""A small repository that was judged once; each test gets a copy of it to spoil, and asks `gates verify`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Judged:
    """A work tree with a report in it. `commit_id` is what the report was made of."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def made(
        cls, root: Path, files: Mapping[str, str], *words: str, status: int | None = 0
    ) -> Judged:
        """`files` written and committed below `root`, then `pytest -p gates WORDS` in it."""
        found = cls(root)
        found.write({".gitignore": "gates-report/\n__pycache__/\n.pytest_cache/\n", **files})
        found.git("init", "-q", "-b", "main")
        found.commit()
        done = found.run(*words)
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return found

    def copy(self, root: Path) -> Judged:
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Judged(root)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "work") -> str:
        """Everything committed; the full SHA."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "pytest", "-p", "gates", *words)

    def verify(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "pytest_gates", "verify", *words)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`python WORDS` in the work tree."""
        return subprocess.run(
            [sys.executable, *words], cwd=self.root, check=False, capture_output=True, text=True
        )

    @property
    def report_path(self) -> Path:
        return self.root / "gates-report" / "report.json"

    def report(self) -> Document:
        found: Document = json.loads(self.report_path.read_bytes())
        return found

    def edit(self, change: Callable[[Document], object]) -> None:
        """The report with `change` made to it."""
        document = self.report()
        change(document)
        self.report_path.write_text(json.dumps(document), encoding="utf-8")

    def shard(self, name: str | None, number: int) -> str:
        """A copy of the report in a file of its own, said to be of shard `name`; its path."""
        document = self.report()
        document["evidence"]["run"]["shard"] = name
        path = self.root / f"shard-{number}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)


def put(*keys: str | int, value: object) -> Callable[[Document], None]:
    """A change for `edit`: the thing at this place becomes `value`."""

    def change(document: Document) -> None:
        inner: Any = document
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change
