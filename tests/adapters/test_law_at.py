"""The law as git keeps it, and the branch it is in force on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.adapters.law_at import parting, policy_file_at, text_at
from pytest_gates.adapters.merge_base import Base, find_target, is_by_default, last_commit
from pytest_gates.adapters.signatures import signed_commit
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.evidence import Unavailable
from support.repositories import commit, git, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a folder of a repository, whose `main` has moved on since `change` left it."""
    git(tmp_path, "init", "-q", "-b", "main")
    project = tmp_path / "project"
    write(project, "pyproject.toml", "[tool.pytest-gates.tests]\n")
    write(project, "deep/er/exceptions.toml", "# none\n")
    write(project, "[x]*.toml", "odd name\n")
    write(project, "x1.toml", "what a glob would fit\n")
    (project / "bytes.toml").write_bytes(b"\xff")
    (project / "link.toml").symlink_to("pyproject.toml")
    commit(project)
    git(tmp_path, "checkout", "-q", "-b", "change")
    write(project, "new.py", "")
    commit(project)
    git(tmp_path, "checkout", "-q", "main")
    write(project, "pyproject.toml", "")
    write(project, "gates.toml", "\ufeff[tests]\n")
    commit(project)
    git(tmp_path, "checkout", "-q", "change")
    return project


def test_a_policy_is_read_where_it_stood(root: Path) -> None:
    here, there = policy_file_at(root, "HEAD", None), policy_file_at(root, "main", None)
    assert here is not None
    assert there is not None
    assert (here.file_name, here.table) == ("pyproject.toml", "tool.pytest-gates")
    assert (there.file_name, there.text) == ("gates.toml", "[tests]\n")
    assert policy_file_at(root, "HEAD", "deep/er/exceptions.toml") is not None
    with pytest.raises(ConfigError, match="no such file in"):
        policy_file_at(root, "HEAD", "gates.toml")


def test_one_file_is_read_by_its_very_name(root: Path) -> None:
    assert text_at(root, "HEAD", "deep/er/exceptions.toml") == "# none\n"
    assert text_at(root, "HEAD", "[x]*.toml") == "odd name\n"
    assert text_at(root, "HEAD", "no-such.toml") is None


@pytest.mark.parametrize("name", ["link.toml", "bytes.toml", "deep"])
def test_only_a_regular_text_can_be_the_law(root: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        text_at(root, "HEAD", name)


def test_a_commit_that_is_not_here_is_no_empty_one(root: Path) -> None:
    with pytest.raises(GatesError, match="is the commit in this clone"):
        text_at(root, "0" * 40, "pyproject.toml")


def test_where_they_parted(root: Path) -> None:
    assert parting(root, "main") == git(root, "rev-parse", "main^")
    assert parting(root, "no-such") is None


def found(root: Path, named: str | None = None, **environment: str) -> Base | Unavailable:
    return find_target(root, named=named, environment=environment)


def commit_of(target: Base | Unavailable) -> str:
    assert isinstance(target, Base), target
    return target.commit


def test_the_law_is_at_the_tip_not_where_they_parted(root: Path) -> None:
    tip = git(root, "rev-parse", "main")
    assert commit_of(found(root)) == tip
    assert is_by_default(found(root))
    assert commit_of(found(root, "main")) == tip
    assert not is_by_default(found(root, "main"))
    assert commit_of(found(root, GITHUB_BASE_REF="main")) == tip


def test_gitlabs_own_merge_base_is_no_law(root: Path) -> None:
    tip, parted = git(root, "rev-parse", "main"), git(root, "rev-parse", "main^")
    variables = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": parted,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    }
    assert commit_of(found(root, **variables)) == tip
    missing = found(root, **{**variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "stable"})
    assert isinstance(missing, Unavailable)
    assert "git fetch" in missing.remedy
    assert not is_by_default(missing)


def test_nobody_names_anything(root: Path) -> None:
    git(root, "remote", "add", "origin", "nowhere")
    assert isinstance(found(root), Unavailable)
    assert is_by_default(found(root))


def test_the_last_commit_of_a_change(root: Path) -> None:
    """A merge is taken apart only where CI says that it has made it."""
    tip = git(root, "rev-parse", "HEAD")
    assert last_commit(root, {}) == tip
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = git(root, "rev-parse", "HEAD")
    assert last_commit(root, {}) == merge
    gitlab = {
        "CI_MERGE_REQUEST_EVENT_TYPE": "merged_result",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": tip,
        "CI_COMMIT_SHA": merge,
    }
    assert last_commit(root, gitlab) == tip
    assert last_commit(root, {**gitlab, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "0" * 40}) == merge
    assert last_commit(root, {**gitlab, "CI_MERGE_REQUEST_EVENT_TYPE": "detached"}) == merge
    github = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/1/merge",
        "GITHUB_SHA": merge,
    }
    assert last_commit(root, github) == tip
    assert last_commit(root / "..", {**github, "GITHUB_SHA": tip}) == merge
    assert last_commit(root, {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_SHA": merge}) == tip
    assert last_commit(root, {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_SHA": tip}) == merge


def test_no_git_has_no_last_commit(tmp_path: Path) -> None:
    assert last_commit(tmp_path, {}) is None
    assert signed_commit(tmp_path, "HEAD") is None


def test_a_commit_without_a_signature_tells_its_trailers(root: Path) -> None:
    message = "subject\n\nGates-Approved-By: Ana\n <ana@example.org>\nGates-Approved-By: Bea\n"
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    found = signed_commit(root, "HEAD")
    assert found is not None
    assert found.approvers == ("Ana <ana@example.org>", "Bea")
    assert (found.status, found.keys, found.committer) == ("N", (), "Ana <ana@example.org>")
