"""Which repository, branch and content a run is of."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from pytest_gates.adapters.git import checkout
from pytest_gates.adapters.run_key import base_of, repository_of, run_key
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.history import BranchKind, RunKey

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "CI_PROJECT_PATH",
        "CI_COMMIT_BRANCH",
        "BITBUCKET_BRANCH",
        "BUILD_SOURCEBRANCHNAME",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("one\n")
    commit(root)
    return root


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "work")


def key_of(root: Path, base: str | None = None) -> RunKey:
    return run_key(root, run="r", started=NOW, checkout=checkout(root), base=base)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/team/shop.git",
        "https://user:secret@example.org/team/shop",
        "ssh://git@example.org:2222/team/shop.git",
        "git@example.org:team/shop.git",
        "https://example.org/team/shop/",
    ],
)
def test_a_repository_is_called_by_the_path_of_its_origin_without_host_or_password(
    tree: Path, url: str
) -> None:
    git(tree, "remote", "add", "origin", url)
    assert repository_of(tree) == "team/shop"


def test_without_an_origin_it_is_called_as_its_folder(tree: Path) -> None:
    assert repository_of(tree) == "shop"


def test_ci_has_the_first_word(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/till")
    assert repository_of(tree) == "team/till"


def test_equal_files_have_one_content_key_under_different_commits(tree: Path) -> None:
    first = key_of(tree)
    commit(tree)
    second = key_of(tree)
    assert first.commit != second.commit
    assert first.content == second.content is not None


def test_uncommitted_changes_have_no_content_key(tree: Path) -> None:
    (tree / "a.py").write_text("two\n")
    assert key_of(tree).content is None


@pytest.mark.parametrize(
    "branch, base, kind",
    [
        ("main", None, BranchKind.BASE),
        ("master", None, BranchKind.BASE),
        ("feature", None, BranchKind.CHANGE),
        ("develop", "origin/develop", BranchKind.BASE),
        ("main", "origin/develop", BranchKind.CHANGE),
    ],
)
def test_the_branch_that_changes_are_merged_into_is_the_base(
    tree: Path, branch: str, base: str | None, kind: BranchKind
) -> None:
    git(tree, "checkout", "-q", "-B", branch)
    assert key_of(tree, base).branch_kind is kind


def test_a_detached_head_is_no_base(tree: Path) -> None:
    git(tree, "checkout", "-q", "--detach")
    key = key_of(tree)
    assert (key.branch, key.branch_kind) == (None, BranchKind.CHANGE)


def test_a_pull_request_is_a_change_whatever_its_branch_is_called(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_HEAD_REF", "main")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    assert key_of(tree).branch_kind is BranchKind.CHANGE


def test_ci_says_the_branch_of_a_detached_head(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tree, "checkout", "-q", "--detach")
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    assert key_of(tree).branch_kind is BranchKind.BASE


def test_without_git_a_run_is_of_a_change_without_a_commit(tmp_path: Path) -> None:
    none = Unavailable(why="no git", remedy="install it")
    key = run_key(tmp_path, run="r", started=NOW, checkout=none, base=None)
    assert (key.commit, key.content, key.branch_kind) == (None, None, BranchKind.CHANGE)


def test_the_base_is_the_policys_else_what_ci_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_of(None) is None
    monkeypatch.setenv("GITHUB_BASE_REF", "develop")
    assert base_of(None) == "origin/develop"
    assert base_of("origin/main") == "origin/main"
