"""Suites of trivial passing tests, in files of a hundred. Effects: files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_A_FILE = 100
SOURCE = "src"

POLICIES = {
    "tests": "[tool.pytest-gates.tests]\n",
    "flaky": "[tool.pytest-gates.tests]\n[tool.pytest-gates.flaky]\n",
    "coverage": "[tool.pytest-gates.tests]\n[tool.pytest-gates.coverage]\n",
}
"""Policies without tools: what is left is pytest, coverage and pytest-gates itself."""


def write_suite(folder: Path, tests: int, policy: str = "tests") -> Path:
    """A project with that many tests, its code in `src`; what was there before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tests").mkdir(parents=True)
    (folder / SOURCE).mkdir()
    (folder / SOURCE / "shop.py").write_text("def price():\n    return 1\n", encoding="utf-8")
    settings = "[tool.pytest.ini_options]\npythonpath = ['src']\n"
    (folder / "pyproject.toml").write_text(settings + POLICIES[policy], encoding="utf-8")
    for first in range(0, tests, _A_FILE):
        names = range(first, min(tests, first + _A_FILE))
        text = "import shop\n\n" + "\n".join(f"def test_{n:06d}():\n    pass\n" for n in names)
        path = folder / "tests" / f"test_{first // _A_FILE:04d}.py"
        path.write_text(text, encoding="utf-8")
    return folder
