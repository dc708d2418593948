"""The text of the policy and its exceptions as they stand in a commit. Effects: starts git.

Nothing is checked out: the files of the change stay where they are, and only git's objects are read.
"""

from __future__ import annotations

from pathlib import Path

from pytest_gates.adapters.files import chosen_policy_file
from pytest_gates.adapters.git import ask, output
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.policy import PolicySource

_REGULAR = frozenset({"100644", "100755"})


def policy_file_at(root: Path, commit: str, named: str | None) -> PolicySource | None:
    """The policy of the project at `root` in `commit`, None when it had none there.

    Raises ConfigError where it is no regular file or no text, GatesError where git cannot say.
    """
    return chosen_policy_file(lambda name: text_at(root, commit, name), named, f"in {commit[:12]}")


def text_at(root: Path, commit: str, path: str) -> str | None:
    """One file, relative to `root`, as text; None when `commit` does not have it.

    A link is refused: what it leads to may be anything. Raises ConfigError and GatesError.
    """
    where = f"{path} in {commit[:12]}"
    listed = output(root, "--literal-pathspecs", "ls-tree", "-z", commit, "--", path)
    if listed is None:
        raise GatesError(f"git cannot say what {where} is; is the commit in this clone?")
    entries = [one for one in listed.split(b"\0") if one]
    if not entries:
        return None
    head, _, _ = entries[0].partition(b"\t")
    mode, kind, blob = head.decode("ascii", "replace").split(" ")
    if len(entries) > 1 or kind != "blob" or mode not in _REGULAR:
        raise ConfigError((f"{where}: is no regular file; a policy cannot be a link",))
    content = output(root, "cat-file", "blob", blob)
    if content is None:
        raise GatesError(f"git does not have the content of {where}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise ConfigError((f"{where}: cannot be read: {why}",)) from why


def parting(root: Path, target: str) -> str | None:
    """Where the checked-out commit and `target` parted; None where that is not one known commit."""
    found = (ask(root, "merge-base", "--all", target, "HEAD") or "").split()
    return found[0] if len(found) == 1 else None
