"""Read the policy's files, list the project's, write reports whole or not at all. Effects: files."""

from __future__ import annotations

import datetime as dt
import os
import sysconfig
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from pytest_gates.adapters.git import listed_files
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.policy import PolicySource

GATES_FILE = "gates.toml"
PYPROJECT = "pyproject.toml"
TABLE = "tool.pytest-gates"
_PYTHON_SUFFIXES = (".py", ".pyw")
# Folders that hold other people's code or nothing of ours, where there is no git to say so.
_FOREIGN = frozenset({"node_modules", "__pycache__", "build", "dist", "site-packages"})


def find_policy_file(root: Path, named: str | None) -> PolicySource | None:
    """The policy of the project at `root`, or None when it has not written one.

    `named` is a file the user pointed at: it must exist. Raises ConfigError, also when two files
    both hold a policy, since only one of them can be the law.
    """

    def text_of(name: str) -> str | None:
        path = root / name
        return read_text(path) if path.is_file() else None

    return chosen_policy_file(text_of, named, f"below {root}")


def chosen_policy_file(
    text_of: Callable[[str], str | None], named: str | None, where: str
) -> PolicySource | None:
    """As `find_policy_file`, of files of which `text_of` tells the text, None where there is none.

    `where` says for people where they were looked for. Raises ConfigError, and what `text_of` raises.
    """
    if named is not None:
        text = text_of(named)
        if text is None:
            raise ConfigError((f"policy file {named}: there is no such file {where}",))
        table = TABLE if named.rpartition("/")[2] == PYPROJECT else ""
        return PolicySource(file_name=named, text=text, table=table)
    own, shared = text_of(GATES_FILE), text_of(PYPROJECT)
    in_shared = shared is not None and _has_table(shared)
    if shared is not None and not in_shared and own is None:
        _refuse_misspelt_table(shared)
    if own is not None:
        if in_shared:
            raise ConfigError(
                (f"{GATES_FILE} and {PYPROJECT} [{TABLE}] both hold a policy: keep one of them",)
            )
        return PolicySource(file_name=GATES_FILE, text=own, table="")
    if shared is not None and in_shared:
        return PolicySource(file_name=PYPROJECT, text=shared, table=TABLE)
    return None


def text_below(root: Path, name: str) -> str | None:
    """The text of a file that need not be there. Raises ConfigError when it cannot be read as text."""
    path = root / name
    return read_text(path) if path.exists() else None


def read_text(path: Path) -> str:
    """Raises ConfigError when the file cannot be read as UTF-8 text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigError((f"{path.name}: cannot be read: {why}",)) from why


def today_utc() -> dt.date:
    """The day by which exceptions end, the same everywhere."""
    return dt.datetime.now(dt.UTC).date()


def is_project_itself(root: Path) -> bool:
    """Whether `root` is the source tree of pytest-gates."""
    try:
        document = tomllib.loads((root / PYPROJECT).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    project = document.get("project")
    return isinstance(project, dict) and project.get("name") == "pytest-gates"


def judge_inside(root: Path) -> Path | None:
    """Our own package, when the judged tree brought it along: such a judge may say anything.

    Environments below the root (`.venv`, `.tox`) are not part of the tree; this project is.
    """
    own = Path(__file__).resolve().parent.parent
    if not own.is_relative_to(root.resolve()) or is_project_itself(root):
        return None
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    return None if any(own.is_relative_to(place) for place in installed) else own


def python_files(root: Path) -> tuple[str, ...]:
    """The project's Python files, POSIX, relative to `root`, sorted.

    A link is left out when it leads to another file of the list; else it is code like any other.

    What git tracks or would track; without git all files outside hidden folders, environments and
    build folders.
    """
    listed = listed_files(root, _PYTHON_SUFFIXES)
    names = listed if listed is not None else _walked(root, _PYTHON_SUFFIXES)
    known = {(root / name).resolve() for name in names if not (root / name).is_symlink()}
    return tuple(
        name
        for name in names
        if (path := root / name).is_file() and not (path.is_symlink() and path.resolve() in known)
    )


def project_files(root: Path) -> tuple[str, ...]:
    """All files of the project, POSIX, relative to `root`, sorted; links and other repositories too."""
    listed = listed_files(root, ())
    names = listed if listed is not None else _walked(root, ("",))
    return tuple(name for name in names if os.path.lexists(root / name))


def _walked(root: Path, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            one
            for one in folders
            if not one.startswith(".")
            and one not in _FOREIGN
            and not (here / one / "pyvenv.cfg").exists()
        ]
        found += [
            (here / one).relative_to(root).as_posix() for one in files if one.endswith(suffixes)
        ]
    return tuple(sorted(found))


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one, never a half.

    Raises GatesError when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            # mkstemp makes files that only their owner reads; a CI's uploader may be somebody else.
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as why:
        raise GatesError(
            f"the report cannot be written to {path}: {why.strerror or why}; "
            "make the folder writable or name another one with report-dir"
        ) from why


def _refuse_misspelt_table(text: str) -> None:
    """A policy that nobody reads would be the default one in disguise."""
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return
    for name in tool if isinstance(tool, dict) else ():
        if name.replace("_", "-").rstrip("s") == "pytest-gate":
            raise ConfigError(
                (f"{PYPROJECT} [tool.{name}]: nobody reads this table, did you mean [{TABLE}]?",)
            )


def _has_table(text: str) -> bool:
    """Whether pyproject.toml holds our table; a file that is no TOML holds none that we can read."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Let the parser of the policy complain with the place of the error, if it may be ours.
        return f"[{TABLE}" in text
    tool = document.get("tool")
    return isinstance(tool, dict) and "pytest-gates" in tool
