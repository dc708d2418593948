"""The base of a change is found where CI or the policy name it, and never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_gates.adapters.change import find_change
from pytest_gates.adapters.merge_base import Base, find_base
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import Unavailable
from support.repositories import commit, git, write


class Remote:
    """A repository on a server: `topic` left `main` at `fork`, and `main` has moved on since."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        git(root, "init", "-q", "-b", "main")
        write(root, "pay.py", "a = 1\nb = 2\nc = 3\n")
        commit(root, "first")
        write(root, "till.py", "a = 1\n")
        self.fork = commit(root, "fork")
        git(root, "checkout", "-q", "-b", "topic")
        write(root, "pay.py", "a = 1\nb = 20\nc = 3\n")
        self.head = commit(root, "change")
        git(root, "checkout", "-q", "main")
        write(root, "till.py", "a = 1\nb = 2\n")
        self.tip = commit(root, "meanwhile")
        git(root, "checkout", "-q", "-b", "merged", "main")
        git(root, "merge", "-q", "--no-ff", "-m", "merge", "topic")
        self.merge = git(root, "rev-parse", "HEAD")
        git(root, "update-ref", "refs/pull/7/merge", "merged")
        git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(root, "checkout", "-q", "main")

    def clone(self, ref: str, *, depth: int | None) -> Path:
        """As CI systems fetch: one ref, the last commits of it, no branch."""
        here = self.root.parent / f"clone-{ref.replace('/', '-')}-{depth}"
        here.mkdir()
        git(here, "init", "-q")
        git(here, "remote", "add", "origin", self.root.as_uri())
        limit = () if depth is None else (f"--depth={depth}",)
        git(here, "fetch", "-q", "--no-tags", *limit, "origin", f"+{ref}:refs/remotes/pull")
        git(here, "checkout", "-q", "--detach", "refs/remotes/pull")
        return here

    def of_github(self, **more: str) -> dict[str, str]:
        return {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_BASE_REF": "main",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_SHA": self.merge,
            **more,
        }


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


def the_base(root: Path, named: str | None = None, **environment: str) -> Base:
    found = find_base(root, named=named, environment=environment)
    assert isinstance(found, Base), found
    return found


def no_base(root: Path, named: str | None = None, **environment: str) -> Unavailable:
    found = find_base(root, named=named, environment=environment)
    assert isinstance(found, Unavailable), found
    return found


def fetched(root: Path, remedy: str) -> None:
    """Do what we told the user to do."""
    assert remedy.startswith("git fetch ")
    git(root, *remedy.split()[1:])


@pytest.mark.parametrize("named", ["origin/main", "main", "HEAD~1"])
def test_a_named_base_is_left_where_the_change_left_it(remote: Remote, named: str) -> None:
    here = remote.clone("refs/heads/topic", depth=None)
    git(here, "fetch", "-q", "origin", "+refs/heads/main:refs/remotes/origin/main")
    git(here, "branch", "main", "refs/remotes/origin/main")
    assert the_base(here, named).commit == remote.fork


def test_lines_of_the_base_that_moved_on_are_not_the_changes(remote: Remote) -> None:
    """`..` would count them."""
    here = remote.clone("refs/heads/topic", depth=None)
    git(here, "fetch", "-q", "origin", "+refs/heads/main:refs/remotes/origin/main")
    found = find_change(here, named="origin/main", environment={})
    assert isinstance(found, Change)
    assert [(one.path, one.new_lines) for one in found.files] == [("pay.py", ((2, 2),))]


@pytest.mark.parametrize("named", [None, "origin/main"])
def test_the_merge_that_ci_made_needs_two_commits_only(remote: Remote, named: str | None) -> None:
    here = remote.clone("refs/pull/7/merge", depth=2)
    assert the_base(here, named, **remote.of_github()).commit == remote.tip
    azure = {
        "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
        "BUILD_SOURCEVERSION": remote.merge,
        "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
    }
    assert the_base(here, named, **azure).commit == remote.tip
    found = find_change(here, named=named, environment=remote.of_github())
    assert isinstance(found, Change)
    assert [(one.path, one.new_lines) for one in found.files] == [("pay.py", ((2, 2),))]


def test_a_merge_of_another_commit_or_into_another_branch_is_no_base(remote: Remote) -> None:
    here = remote.clone("refs/pull/7/merge", depth=2)
    assert "origin/release" in no_base(here, "origin/release", **remote.of_github()).why
    no_base(here, **remote.of_github(GITHUB_SHA=remote.head))
    no_base(here, **remote.of_github(GITHUB_EVENT_NAME="push"))


def test_a_clone_of_one_commit_says_what_to_fetch(remote: Remote) -> None:
    here = remote.clone("refs/pull/7/merge", depth=1)
    found = no_base(here, **remote.of_github())
    assert "main (named by GITHUB_BASE_REF) is not in this clone" in found.why
    fetched(here, found.remedy)
    assert the_base(here, **remote.of_github()).commit == remote.tip


def test_a_base_of_one_commit_is_not_enough(remote: Remote) -> None:
    """Both ends are there, and nobody knows where they parted: not a pass, not `..`."""
    here = remote.clone("refs/heads/topic", depth=1)
    git(here, "fetch", "-q", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    found = no_base(here, "origin/main")
    assert "shallow" in found.why
    fetched(here, found.remedy)
    assert the_base(here, "origin/main").commit == remote.fork


@pytest.mark.parametrize(
    "variable, value",
    [
        ("GITHUB_BASE_REF", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "{fork}"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("BITBUCKET_PR_DESTINATION_COMMIT", "{tip}"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
        ("CHANGE_TARGET", "main"),
    ],
)
def test_what_ci_says_is_understood(remote: Remote, variable: str, value: str) -> None:
    here = remote.clone("refs/heads/topic", depth=None)
    git(here, "fetch", "-q", "origin", "+refs/heads/main:refs/remotes/origin/main")
    found = the_base(here, **{variable: value.format(fork=remote.fork, tip=remote.tip)})
    assert found.commit == remote.fork
    assert variable in found.how


def test_a_merged_results_pipeline_of_gitlab_counts_from_its_target(remote: Remote) -> None:
    here = remote.clone("refs/heads/merged", depth=None)
    said = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": remote.tip,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": remote.fork,
    }
    assert the_base(here, **said).commit == remote.tip


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"base": {"sha": "{fork}"}}, "number": 7},
        {"merge_group": {"base_sha": "{fork}"}},
    ],
    ids=["pull request", "merge queue"],
)
def test_the_event_of_github_names_a_commit(
    remote: Remote, tmp_path: Path, event: dict[str, object]
) -> None:
    here = remote.clone("refs/heads/topic", depth=None)
    text = json.dumps(event).replace("{fork}", remote.fork)
    write(tmp_path, "event.json", text)
    assert the_base(here, GITHUB_EVENT_PATH=str(tmp_path / "event.json")).commit == remote.fork


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pull_request": 1}'])
def test_an_event_that_cannot_be_read_is_nothing(remote: Remote, tmp_path: Path, text: str) -> None:
    here = remote.clone("refs/heads/topic", depth=None)
    write(tmp_path, "event.json", text)
    no_base(here, GITHUB_EVENT_PATH=str(tmp_path / "event.json"))
    no_base(here, GITHUB_EVENT_PATH=str(tmp_path / "gone.json"))


def test_without_a_word_it_is_the_remotes_own_branch(remote: Remote) -> None:
    here = remote.root.parent / "plain"
    git(remote.root.parent, "clone", "-q", "-b", "topic", remote.root.as_uri(), str(here))
    assert the_base(here).commit == remote.fork
    assert the_base(here).reference == "origin/HEAD"
    git(here, "remote", "set-head", "origin", "--delete")
    assert the_base(here).reference == "origin/main"


def test_a_repository_without_a_remote_has_its_own_main(remote: Remote) -> None:
    git(remote.root, "checkout", "-q", "topic")
    assert the_base(remote.root).commit == remote.fork
    git(remote.root, "branch", "-q", "-m", "main", "develop")
    assert "nobody says" in no_base(remote.root).why


def test_a_criss_cross_of_merges_has_a_base_and_says_so(remote: Remote) -> None:
    here = remote.root
    git(here, "branch", "old-main", "main")
    git(here, "merge", "-q", "-m", "one way", "topic")
    git(here, "checkout", "-q", "topic")
    git(here, "merge", "-q", "-m", "and back", "old-main")
    found = the_base(here, "main")
    assert found.commit in {remote.tip, remote.head}
    assert "one of 2" in found.how


def test_strangers_have_no_base(remote: Remote) -> None:
    git(remote.root, "checkout", "-q", "--orphan", "stranger")
    commit(remote.root)
    assert "no common commit" in no_base(remote.root, "main").why


@pytest.mark.parametrize("named", ["--help", "-x", "main..topic", "no such thing", "$(touch x)"])
def test_a_name_is_never_an_option(remote: Remote, named: str) -> None:
    assert named in no_base(remote.root, named).why


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    assert "git" in no_base(tmp_path).why
    git(tmp_path, "init", "-q")
    assert "git" in no_base(tmp_path, "main").why
