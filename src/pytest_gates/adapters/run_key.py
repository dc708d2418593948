"""Which repository, branch and content a run is of, as the history knows runs. Effects: starts git."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from pathlib import Path

from pytest_gates.adapters.git import ask
from pytest_gates.model.evidence import Checkout, Unavailable
from pytest_gates.model.history import BranchKind, RunKey

_REPOSITORY_VARIABLES = ("GITHUB_REPOSITORY", "CI_PROJECT_PATH", "BITBUCKET_REPO_FULL_NAME")
# Set for a change only, in this order of GitHub, GitLab, Bitbucket, Azure.
_CHANGE_VARIABLES = (
    "GITHUB_HEAD_REF",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "BITBUCKET_PR_ID",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
)
_BRANCH_VARIABLES = (
    "GITHUB_REF_NAME",
    "CI_COMMIT_BRANCH",
    "BITBUCKET_BRANCH",
    "BUILD_SOURCEBRANCHNAME",
)
_TARGET_VARIABLES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
)
_DEFAULT_BASES = frozenset({"main", "master", "trunk"})
_REMOTE = re.compile(r"(?:[a-z+]+://)?(?:[^@/]*@)?([^:/]+)(?::\d+)?[:/](.+?)(?:\.git)?/?")


def repository_of(root: Path) -> str:
    """A name that survives a move of the folder: CI's own, else that of `origin`, else the folder's."""
    for name in _REPOSITORY_VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    remote = ask(root, "config", "--get", "remote.origin.url")
    found = _REMOTE.fullmatch(remote) if remote else None
    # Without the host: a mirror, ssh and https are one repository, as CI's own name of it is.
    return found[2] if found is not None else root.resolve().name


def variant_here() -> str:
    """`cpython-3.11-linux`: results of other Pythons and platforms are another test's."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{sys.implementation.name}-{version}-{sys.platform}"


def run_key(
    root: Path,
    *,
    run: str,
    started: dt.datetime,
    checkout: Checkout | Unavailable,
    base: str | None,
) -> RunKey:
    """`base` is what the policy compares with, such as `origin/main`."""
    known = checkout if isinstance(checkout, Checkout) else None
    clean = known is not None and not known.dirty
    branch = _branch(root)
    return RunKey(
        id=run,
        repository=repository_of(root),
        variant=variant_here(),
        branch=branch,
        branch_kind=_kind(branch, base),
        commit=None if known is None else known.commit,
        content=ask(root, "rev-parse", "HEAD^{tree}") if clean else None,
        started=started,
    )


def base_of(policy_base: str | None) -> str | None:
    """The reference a change is compared with: the policy's, else what CI says; None when nobody does."""
    if policy_base:
        return policy_base
    target = _first(_TARGET_VARIABLES)
    return f"origin/{target}" if target else None


def _branch(root: Path) -> str | None:
    named = _first(_BRANCH_VARIABLES)
    if named:
        return named
    found = ask(root, "rev-parse", "--abbrev-ref", "HEAD")
    return None if found in {None, "", "HEAD"} else found


def _kind(branch: str | None, base: str | None) -> BranchKind:
    if branch is None or _first(_CHANGE_VARIABLES):
        return BranchKind.CHANGE
    bases = {base.removeprefix("origin/")} if base else _DEFAULT_BASES
    return BranchKind.BASE if branch in bases else BranchKind.CHANGE


def _first(names: tuple[str, ...]) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)
