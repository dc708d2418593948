"""`gates verify` asks which commit was tested, and compares it with the one that is to be merged."""

from __future__ import annotations

import shutil

import pytest

from support.judged import Judged, put


def test_a_report_of_another_commit_is_inconclusive(green: Judged) -> None:
    tested = green.git("rev-parse", "HEAD")
    new = green.commit("another")
    done = green.verify()
    assert done.returncode == 11
    assert f"tested commit {tested[:12]}, expected {new[:12]}" in done.stdout


def test_a_commit_can_be_named_whole_or_abbreviated(green: Judged) -> None:
    tested = green.git("rev-parse", "HEAD")
    green.commit("another")
    assert green.verify("--commit", tested).returncode == 0
    assert green.verify("--commit", tested[:7]).returncode == 0
    assert green.verify("--commit", tested.upper()).returncode == 0


@pytest.mark.parametrize("length", [0, 1, 4, 6])
def test_too_short_an_abbreviation_names_nothing(green: Judged, length: int) -> None:
    """An empty one is what an unset variable of a CI job leaves."""
    tested = green.git("rev-parse", "HEAD")
    assert green.verify("--commit", tested[:length]).returncode == 11


def test_a_longer_name_than_the_commit_is_another_commit(green: Judged) -> None:
    tested = green.git("rev-parse", "HEAD")
    assert green.verify("--commit", tested + "0").returncode == 11
    assert green.verify("--commit", "0" * 40).returncode == 11


def test_a_branch_is_not_a_commit(green: Judged) -> None:
    """What it points at tomorrow is another commit than what was tested."""
    assert green.verify("--commit", "main").returncode == 11


def test_without_git_the_commit_is_unknown_unless_nobody_asks(green: Judged) -> None:
    shutil.rmtree(green.root / ".git")
    done = green.verify()
    assert done.returncode == 11
    assert "git does not say" in done.stdout
    assert green.verify("--any-commit").returncode == 0


def test_any_commit_clears_only_the_question_of_the_commit(red: Judged) -> None:
    red.commit("another")
    assert red.verify("--any-commit").returncode == 10


def test_a_run_that_did_not_know_its_commit_is_inconclusive(green: Judged) -> None:
    unknown = {"kind": "unavailable", "why": "no git there", "remedy": "install git"}
    green.edit(put("evidence", "run", "checkout", value=unknown))
    done = green.verify()
    assert done.returncode == 11
    assert "no git there" in done.stdout
    assert green.verify("--any-commit").returncode == 0


def test_a_dirty_tree_is_said(green: Judged) -> None:
    assert "uncommitted" not in green.verify().stdout
    green.write({"test_it.py": "def test_it(): pass  # changed\n"})
    assert green.run().returncode == 0
    done = green.verify()
    assert done.returncode == 0
    assert "uncommitted changes" in done.stdout


def test_the_reports_themselves_do_not_make_the_tree_dirty(green: Judged) -> None:
    green.write({".gitignore": "__pycache__/\n.pytest_cache/\n"})
    green.commit("reports are not ignored")
    assert green.run().returncode == 0
    assert "uncommitted" not in green.verify().stdout
