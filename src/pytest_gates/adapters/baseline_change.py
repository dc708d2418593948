"""What became of the files of a baseline since it was written. Effects: starts git, reads files."""

from __future__ import annotations

from pathlib import Path

from pytest_gates.adapters.baselines import blobs_at
from pytest_gates.adapters.change import find_change
from pytest_gates.adapters.diff import DiffError, hunks_by_name
from pytest_gates.adapters.git import output
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.ratchet import Baseline

_DIFF = (
    "diff",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--text",
)


def change_since(root: Path, baseline: Baseline, *, ignored: tuple[str, ...]) -> Change:
    """From the contents that the baseline knows to those of HEAD. Raises GatesError.

    Its commit may be gone, where a branch was squashed; the contents themselves are most likely still
    there, and only renames cannot be seen then.
    """
    commit = baseline.origin.commit
    found = find_change(root, named=commit, environment={}, ignored=ignored)
    same = isinstance(found, Change) and found.base == commit and _holds(root, commit, baseline)
    if isinstance(found, Change) and same:
        return found
    now = blobs_at(root, "HEAD")
    changed: list[FileChange] = []
    unread: list[tuple[str, str]] = []
    for path, file in sorted(baseline.files.items()):
        blob = now.get(path)
        if blob is None or blob == file.blob:
            continue
        hunks = _hunks(root, file.blob or "", blob)
        if hunks is None:
            unread.append((path, f"its content {(file.blob or '')[:12]} is not in this clone"))
        else:
            changed.append(FileChange(path=path, base_path=path, hunks=hunks))
    return Change(
        base=commit,
        reference=commit,
        how="contents that the baseline names",
        files=tuple(changed),
        deleted=tuple(sorted(baseline.files.keys() - now.keys())),
        unread=tuple(unread),
    )


def _holds(root: Path, commit: str, baseline: Baseline) -> bool:
    """Whether all contents are those of its commit; a merge may have brought entries of others."""
    there = blobs_at(root, commit)
    return all(there.get(path) == file.blob for path, file in baseline.files.items())


def _hunks(root: Path, old: str, new: str) -> tuple[Hunk, ...] | None:
    """None when git does not have both."""
    said = output(root, *_DIFF, "--end-of-options", old, new)
    if said is None:
        return None
    try:
        return next(iter(hunks_by_name(said).values()), ())
    except DiffError:  # pragma: no cover - git prints what it prints for files, too
        return None
