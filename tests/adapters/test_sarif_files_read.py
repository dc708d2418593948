"""Shows what is read of the files that other scanners have left, and what is told of their age."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from pytest_gates.adapters.sarif_files import found
from pytest_gates.model.sarif_files import Asked, Found, Place


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit, which holds `app.py`, `old.sarif` and a file that is gone."""
    for name in ("app.py", "old.sarif", "gone.py"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    (tmp_path / "gone.py").unlink()
    return tmp_path


def one(root: Path, path: str, most: int = 1000) -> Place:
    return found(root, Asked(files={"it": path}, most=most)).files["it"]


def test_a_fresh_file_is_read_with_its_moment(root: Path) -> None:
    (root / "new.sarif").write_bytes(b"\xef\xbb\xbf{}")
    place = one(root, "new.sarif")
    assert (place.why, place.text) == (None, "{}")
    assert abs(place.moment - time.time()) < 60


def test_the_newest_tracked_file_and_the_commit_are_told(root: Path) -> None:
    os.utime(root / "old.sarif", (1, 1))
    os.utime(root / "app.py", (2_000, 2_000))
    (root / "untracked").touch()
    told = found(root, Asked(files={}, most=1))
    assert told.newest is not None
    assert (told.newest.path, told.newest.moment) == ("app.py", 2_000)
    assert len(told.commit or "") == 40
    assert root.as_posix() in told.roots


def test_without_git_nobody_knows_what_changed(tmp_path: Path) -> None:
    (tmp_path / "a.sarif").write_text("{}", encoding="utf-8")
    told = found(tmp_path, Asked(files={"it": "a.sarif"}, most=9))
    assert (told.commit, told.newest, told.files["it"].why) == (None, None, None)


def test_a_report_that_is_part_of_the_commit_is_none(root: Path) -> None:
    (root / "link.sarif").symlink_to("old.sarif")
    (root / "sub").mkdir()
    for path in ("old.sarif", "./sub/../old.sarif", "link.sarif", str(root / "old.sarif")):
        assert "it is part of the commit" in (one(root, path).why or ""), path


def test_what_cannot_be_read_says_why(root: Path) -> None:
    (root / "big.sarif").write_bytes(b" " * 1001)
    (root / "latin.sarif").write_bytes(b"\xe9")
    (root / "folder.sarif").mkdir()
    os.mkfifo(root / "pipe.sarif")
    (root / "loop.sarif").symlink_to("loop.sarif")
    for path, why in (
        ("none.sarif", "there is no such file"),
        ("big.sarif", "it is larger than"),
        ("latin.sarif", "it is not UTF-8"),
        ("folder.sarif", "it cannot be read"),
        ("pipe.sarif", "it is no file"),
        ("loop.sarif", "it cannot be read"),
        ("a\0b", "it cannot be read"),
    ):
        assert why in (one(root, path).why or ""), path


def test_a_file_that_is_still_written_is_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "new.sarif").write_text("{}", encoding="utf-8")
    real, asked = os.fstat, []

    def growing(number: int) -> os.stat_result:
        state = real(number)
        asked.append(number)
        return os.stat_result([*state[:6], state.st_size + len(asked), *state[7:10]])

    monkeypatch.setattr(os, "fstat", growing)
    assert one(root, "new.sarif").why == "somebody is still writing to it"


def test_the_program_reads_what_it_is_told_to(root: Path) -> None:
    (root / "new.sarif").write_text("{}", encoding="utf-8")
    (root / "msgspec.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "pytest_gates.adapters.sarif_files"],
        cwd=root,
        check=True,
        capture_output=True,
        input=msgspec.json.encode(Asked(files={"it": "new.sarif"}, most=9)),
    )
    assert msgspec.json.decode(done.stdout, type=Found).files["it"].text == "{}"
