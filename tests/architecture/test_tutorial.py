"""The tutorial is played as it is written, and shows the screens that it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.documents import DOCS, Block, all_blocks

PAGE = DOCS / "tutorial" / "first-gated-run.md"
# The tests have an environment already.
_INSTALLS = ("python -m venv", ". .venv", "pip install")
# Exit statuses that the text tells of, in the order in which pytest and `gates verify` are called.
_STATUSES = (10, 10, 0, 0, 11, 0)


def play(root: Path) -> tuple[list[tuple[Block, str]], list[int]]:
    """Each screen with what was really printed before it, and the statuses of the gates."""
    screens: list[tuple[Block, str]] = []
    statuses: list[int] = []
    printed = ""
    for block in all_blocks(PAGE):
        path = root / (block.title or "pyproject.toml")
        if block.title:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "toml":
            path.write_text(path.read_text("utf-8") + "\n" + block.text, encoding="utf-8")
        elif block.language == "text":
            screens.append((block, printed))
        elif block.language == "console":
            for line in block.text.splitlines():
                command = line.removeprefix("$ ")
                if command.startswith(_INSTALLS):
                    continue
                done = said(command, root)
                printed = done.stdout
                if command.startswith(("pytest", "gates")):
                    statuses.append(done.returncode)
                else:
                    assert done.returncode == 0, (command, done.stderr)
    return screens, statuses


def said(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    """One line of the page, with the pytest and the gates of this environment."""
    scripts = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((scripts, os.environ["PATH"])),
        "COLUMNS": "100",
    }
    return subprocess.run(
        ["sh", "-c", command],
        cwd=root,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def plain(screen: str) -> str:
    """Without what differs from run to run and from Python to Python."""
    without_ids = re.sub(r"\b[0-9a-f]{8,12}\b", "ID", screen)
    without_core = re.sub(r"(by pytest-gates), \w+", r"\1, CORE", without_ids)
    return re.sub(r"=* (.*) in \d+\.\d+s =*", r"\1", without_core)


@pytest.mark.skipif(sys.platform == "win32", reason="the page speaks to a POSIX shell")
@pytest.mark.usefixtures("unmeasured")
def test_the_tutorial_prints_the_screens_that_it_shows(tmp_path: Path) -> None:
    screens, statuses = play(tmp_path)
    assert tuple(statuses) == _STATUSES
    assert len(screens) == len(_STATUSES)
    for shown, printed in screens:
        for line in plain(shown.text).splitlines():
            assert line in plain(printed).splitlines(), printed
