"""Ask git what was checked out. Effects: starts git."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_gates.adapters.process import Ended, NotEnded, Running, run
from pytest_gates.model.evidence import Checkout, Unavailable

_TIMEOUT_SECONDS = 60.0
_OID = b"# branch.oid "
_NO_GIT = Unavailable(
    why="git does not say which commit this is",
    remedy="run inside a git work tree with git installed; see the reason in `git status`",
)
# A setting of the user, or of the clone, must neither change the answer nor start a program.
_KEPT = (
    "GIT_CONFIG_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
)
_PINNED = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "-c", "status.renames=false")


class CheckoutQuestion:
    """Which commit is checked out, and is the tree clean? Asked at once, answered when wanted."""

    def __init__(self, root: Path, ignored: tuple[str, ...] = ()) -> None:
        """`ignored` are paths, relative to `root`, that may differ: our own reports."""
        excludes = tuple(f":(exclude,literal){path}" for path in _below(root, ignored))
        self._status = _begin(
            root,
            "status",
            "--porcelain=v2",
            "--branch",
            "-z",
            "--untracked-files=normal",
            "--ignore-submodules=none",
            "--",
            ".",
            *excludes,
        )

    def answer(self) -> Checkout | Unavailable:
        said = _end(self._status)
        records = said.split(b"\0") if said is not None else []
        commit = next((one.removeprefix(_OID) for one in records if one.startswith(_OID)), None)
        if commit is None or commit == b"(initial)":
            return _NO_GIT
        dirty = any(one and not one.startswith(b"# ") for one in records)
        return Checkout(commit=commit.decode("ascii"), dirty=dirty)


def checkout(root: Path, ignored: tuple[str, ...] = ()) -> Checkout | Unavailable:
    return CheckoutQuestion(root, ignored).answer()


def listed_files(root: Path, suffixes: tuple[str, ...]) -> tuple[str, ...] | None:
    """Tracked files and untracked ones that are not ignored, POSIX, relative to `root`, sorted.

    None when git cannot say. Files in submodules are not listed by git.
    """
    patterns = tuple(f"*{suffix}" for suffix in suffixes)
    try:
        done = run(
            _argv("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns),
            cwd=root,
            env=_environment(),
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    except NotEnded:
        return None
    if done.exit_code != 0:
        return None
    names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    return tuple(sorted(names))


def _argv(*words: str) -> tuple[str, ...]:
    return ("git", *_PINNED, *words)


def _environment() -> dict[str, str]:
    # No lock for a mere question: the user may be committing in another window.
    # GIT_DIR and its like are set in a git hook and point elsewhere; settings are kept: safe.directory.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _below(root: Path, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that lie below `root`, relative to it; git refuses others, and "." would hide all."""
    inside = (os.path.relpath(root / path, root).replace(os.sep, "/") for path in paths)
    return tuple(path for path in inside if path != "." and path.split("/")[0] != "..")


def _begin(root: Path, *words: str, told: bytes = b"") -> Running | None:
    try:
        return Running(_argv(*words), cwd=root, env=_environment(), polite=False, told=told)
    except NotEnded:
        return None


def _end(running: Running | None) -> bytes | None:
    if running is None:
        return None
    try:
        done: Ended = running.wait(_TIMEOUT_SECONDS)
    except NotEnded:
        return None
    return done.stdout if done.exit_code == 0 else None


class Question:
    """One git command in the background: asked at once, answered when wanted."""

    def __init__(self, root: Path, *words: str) -> None:
        self._running = _begin(root, *words)

    def answer(self) -> bytes | None:
        """All that it printed; None when it failed or there is no git."""
        return _end(self._running)


def output(root: Path, *words: str, told: bytes = b"") -> bytes | None:
    """All that one git command prints, given `told` on stdin; None when it fails or there is no git."""
    return _end(_begin(root, *words, told=told))


def ask(root: Path, *words: str) -> str | None:
    """What one git command says, without the last line end; None when it fails or there is no git."""
    said = _end(_begin(root, *words))
    return None if said is None else said.decode("utf-8", "replace").rstrip("\n")
