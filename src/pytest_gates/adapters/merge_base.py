"""Find the commit that a change is compared with. Effects: starts git, reads CI's event file.

Never `..`, never a guess: where the history at hand does not reach far enough, the answer is which command
fetches the rest. Variables as GitHub, GitLab, Bitbucket, Azure, Buildkite and Jenkins document them (2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from pytest_gates.adapters.git import ask
from pytest_gates.model.evidence import Unavailable

_MOST_BYTES = 32 << 20
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MERGE_REF = re.compile(r"refs/pull/\d+/merge")
_TWO_PARENTS = 3
_ORIGIN = "refs/remotes/origin/"


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """`commit` is full, `reference` what was named, `how` the way from one to the other, in words."""

    commit: str
    reference: str
    how: str


class _Named(msgspec.Struct, frozen=True):
    """Something to compare with: a branch of `origin`, or any revision. `why` says who named it."""

    name: str
    why: str
    branch: bool = False


class _Event(msgspec.Struct, frozen=True):
    """The part of GitHub's event file that names commits."""

    class Head(msgspec.Struct, frozen=True):
        sha: str

    class PullRequest(msgspec.Struct, frozen=True):
        base: _Event.Head

    class MergeGroup(msgspec.Struct, frozen=True):
        base_sha: str

    pull_request: PullRequest | None = None
    merge_group: MergeGroup | None = None


def find_base(
    root: Path, *, named: str | None, environment: Mapping[str, str]
) -> Base | Unavailable:
    """`named` by the policy or the command line, else by CI's `environment`, else `origin/HEAD`."""
    if ask(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        return Unavailable(
            why="git does not say which commit this is, so nothing can be compared with it",
            remedy="run inside a git work tree with a commit in it, with git installed",
        )
    merged = _merge_of_ci(root, environment)
    if merged is not None and (not named or named.removeprefix("origin/") == _target(environment)):
        return merged
    missing: _Named | None = None
    for candidate in _candidates(root, named, environment):
        tip = _resolved(root, candidate)
        if tip is not None:
            return _merge_base(root, candidate, tip)
        missing = missing or candidate
    return _nothing(root, missing)


def find_target(
    root: Path, *, named: str | None, environment: Mapping[str, str]
) -> Base | Unavailable:
    """The tip of what this change is to be merged into, for the law that is in force there today.

    Never where they parted: who branches off an old commit would be judged by an old law.
    """
    merged = None if named else _merge_of_ci(root, environment)
    if merged is not None:
        return merged
    missing: _Named | None = None
    for candidate in _candidates(root, named, environment):
        if candidate.why == "named by CI_MERGE_REQUEST_DIFF_BASE_SHA":
            continue
        tip = _resolved(root, candidate)
        if tip is not None:
            shown = candidate.name.removeprefix("refs/remotes/").removeprefix("refs/heads/")
            return Base(commit=tip, reference=shown, how=candidate.why)
        missing = missing or candidate
    return _nothing(root, missing)


def last_commit(root: Path, environment: Mapping[str, str]) -> str | None:
    """The last commit that its author wrote: HEAD, or the side that CI merged. None when git cannot say.

    Only where CI says that the merge is its own: anybody can push a merge commit whose second side is a
    commit that somebody has signed.
    """
    words = (ask(root, "rev-list", "--parents", "-n1", "HEAD") or "").split()
    if len(words) == _TWO_PARENTS and _is_merge_of_ci(root, environment, words):
        return words[2]
    return words[0] if words else None


def _is_merge_of_ci(root: Path, environment: Mapping[str, str], words: list[str]) -> bool:
    by_gitlab = (
        environment.get("CI_MERGE_REQUEST_EVENT_TYPE") in {"merged_result", "merge_train"}
        and environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") == words[2]
        and environment.get("CI_COMMIT_SHA") == words[0]
    )
    by_queue = (
        environment.get("GITHUB_EVENT_NAME") == "merge_group"
        and environment.get("GITHUB_SHA") == words[0]
    )
    return by_gitlab or by_queue or _merge_of_ci(root, environment) is not None


def is_by_default(target: Base | Unavailable) -> bool:
    """Whether nobody named it, neither CI nor a person."""
    if isinstance(target, Unavailable):
        return target.why.startswith(_NOBODY)
    return target.how == _BY_DEFAULT


def _target(environment: Mapping[str, str]) -> str:
    """The branch that a pull request of GitHub or Azure is to be merged into; empty for others."""
    azure = environment.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix("refs/heads/")
    return environment.get("GITHUB_BASE_REF", "") or azure


def _merge_of_ci(root: Path, environment: Mapping[str, str]) -> Base | None:
    """CI merged the change into its base for this run: the first parent is the base, at depth 2 already."""
    github = (
        environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request")
        and _MERGE_REF.fullmatch(environment.get("GITHUB_REF", "")) is not None
    )
    azure = _MERGE_REF.fullmatch(environment.get("BUILD_SOURCEBRANCH", "")) is not None
    tested = environment.get("GITHUB_SHA" if github else "BUILD_SOURCEVERSION")
    words = (ask(root, "rev-list", "--parents", "-n1", "HEAD") or "").split()
    if not (github or azure) or len(words) != _TWO_PARENTS or words[0] != tested:
        return None
    if ask(root, "cat-file", "-e", f"{words[1]}^{{commit}}") is None:
        return None
    how = "first parent of the merge that CI made of this pull request and its base"
    return Base(commit=words[1], reference="HEAD^1", how=how)


_BY_DEFAULT = "nobody named a base"
_NOBODY = "nobody says what this change is to be compared with"


def _candidates(root: Path, named: str | None, environment: Mapping[str, str]) -> Iterator[_Named]:
    """In the order of trust. Somebody who names a base is not answered with another one."""
    if named:
        yield _Named(named, "named by the policy or the command line")
        return
    by_ci = tuple(_named_by_ci(environment))
    if by_ci:
        yield from by_ci
        return
    yield _Named("refs/remotes/origin/HEAD", _BY_DEFAULT)
    yield from (_Named(f"{_ORIGIN}{one}", _BY_DEFAULT) for one in ("main", "master"))
    if not ask(root, "remote"):
        yield from (_Named(f"refs/heads/{one}", _BY_DEFAULT) for one in ("main", "master"))


def _named_by_ci(environment: Mapping[str, str]) -> Iterator[_Named]:
    event = _event(environment)
    if event is not None and event.merge_group is not None:
        yield _Named(event.merge_group.base_sha, "merge queue of GitHub")
    for variable, is_branch in (
        ("GITHUB_BASE_REF", True),
        # Set where GitLab merged the change into its target for this pipeline, else empty.
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", False),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", False),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", True),
        ("BITBUCKET_PR_DESTINATION_COMMIT", False),
        ("BITBUCKET_PR_DESTINATION_BRANCH", True),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", True),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", True),
        ("CHANGE_TARGET", True),
    ):
        value = environment.get(variable, "").strip()
        if value:
            yield _Named(value.removeprefix("refs/heads/"), f"named by {variable}", is_branch)
        if variable == "GITHUB_BASE_REF" and event is not None and event.pull_request is not None:
            yield _Named(event.pull_request.base.sha, "base of GitHub's pull request")


def _event(environment: Mapping[str, str]) -> _Event | None:
    """None where there is none, or none that can be read: the branch's name is asked then."""
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        file = Path(path)
        if file.stat().st_size > _MOST_BYTES:
            return None
        return msgspec.json.decode(file.read_bytes(), type=_Event)
    except (OSError, msgspec.DecodeError):
        return None


def _resolved(root: Path, wanted: _Named) -> str | None:
    if wanted.branch:
        names: tuple[str, ...] = (f"{_ORIGIN}{wanted.name}", f"refs/heads/{wanted.name}")
    else:
        names = (wanted.name,)
    for name in names:
        if name.startswith("-"):
            continue
        found = ask(
            root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        if found is not None and _SHA.fullmatch(found):
            return found
    return None


def _merge_base(root: Path, wanted: _Named, tip: str) -> Base | Unavailable:
    shown = wanted.name.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    found = (ask(root, "merge-base", "--all", tip, "HEAD") or "").split()
    if found:
        how = f"merge-base of {shown} and HEAD; {wanted.why}"
        if len(found) > 1:  # criss-cross: any of them shows too much rather than too little
            how += f"; one of {len(found)}"
        return Base(commit=found[0], reference=shown, how=how)
    if _is_shallow(root):
        return Unavailable(
            why=f"this clone is shallow, and its history does not reach where {shown} and HEAD parted",
            remedy="git fetch --no-tags --unshallow origin",
        )
    return Unavailable(
        why=f"{shown} and HEAD have no common commit",
        remedy="name another base: --gates-base, or `base` in the policy",
    )


def _nothing(root: Path, missing: _Named | None) -> Unavailable:
    if missing is None or missing.why == _BY_DEFAULT:
        return Unavailable(
            why=f"{_NOBODY}: no `base` in the policy, no variable of CI, no origin/HEAD",
            remedy='set `base = "origin/main"` in the policy, or: git remote set-head origin --auto',
        )
    name = missing.name
    why = f"{name} ({missing.why}) is not in this clone"
    if _SHA.fullmatch(name):
        return Unavailable(why=why, remedy=f"git fetch --no-tags {_depth(root)}origin {name}")
    branch = name.removeprefix("refs/remotes/").removeprefix("origin/").removeprefix("refs/heads/")
    if not re.fullmatch(r"[\w./-]+", branch) or branch.startswith("-"):
        return Unavailable(why=why, remedy="name a branch, a tag or a commit that exists")
    refspec = f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
    return Unavailable(why=why, remedy=f"git fetch --no-tags {_depth(root)}origin {refspec}")


def _depth(root: Path) -> str:
    return "--unshallow " if _is_shallow(root) else ""


def _is_shallow(root: Path) -> bool:
    return ask(root, "rev-parse", "--is-shallow-repository") == "true"
