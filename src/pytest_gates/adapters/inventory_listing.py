"""What a file that lists packages says, and how it is read whole. Effects: reads files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import printable

_LONGEST_NAME = 200
LONGEST_FILE = 64 * 1024 * 1024


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """`left_out` says of each line that asks for nothing here what it is, and why."""

    packages: tuple[Package, ...]
    left_out: tuple[str, ...] = ()


def shown(path: Path) -> str:
    """A path as messages name it."""
    return printable(path.as_posix())


def content_of(path: Path) -> bytes:
    """Raises ToolError for what is no file, or is too long to be one that somebody wrote."""
    try:
        content = _beginning(path)
    except (OSError, ValueError) as why:
        raise ToolError(
            f"{shown(path)} cannot be read: {printable(str(why))}",
            "check `requirements` in [tool.pytest-gates.pip-audit]; "
            "paths are relative to the root of the project",
        ) from why
    if len(content) > LONGEST_FILE:
        raise ToolError(
            f"{shown(path)} is larger than {LONGEST_FILE // 1024**2} MiB",
            "name the list of packages itself",
        )
    return content


def _beginning(path: Path) -> bytes:
    """Raises OSError, also for a named pipe: that would be waited for without an end."""
    if not path.is_file():
        raise FileNotFoundError("there is no such file")
    with path.open("rb") as stream:
        return stream.read(LONGEST_FILE + 1)


def document_of(path: Path) -> dict[str, Any]:
    """A TOML file. Raises ToolError."""
    try:
        return tomllib.loads(content_of(path).decode("utf-8"))
    except (ValueError, RecursionError) as why:
        raise broken(path, f"it is no TOML: {why}") from why


def broken(path: Path, what: str) -> ToolError:
    """What to raise for a lock file that does not hold what its kind must hold."""
    return ToolError(
        f"{shown(path)} cannot be read as a lock file: {printable(what)}",
        "write it again with the tool that made it",
    )


def tables(value: Any, where: str, path: Path) -> list[dict[str, Any]]:
    """A list of tables; None is an empty one. Raises ToolError."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise broken(path, f"`{where}` is no list of tables")
    return value


def table(value: Any, where: str, path: Path) -> dict[str, Any]:
    """A table; None is an empty one. Raises ToolError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise broken(path, f"`{where}` is no table")
    return value


def name_of(entry: dict[str, Any], path: Path) -> str:
    """Raises ToolError for a package without a name."""
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip():
        raise broken(path, "a package has no name")
    return printable(name.strip(), _LONGEST_NAME)


def version_of(entry: dict[str, Any], path: Path) -> str | None:
    """As it is written. Raises ToolError for what is no text."""
    version = entry.get("version")
    if version is not None and not isinstance(version, str):
        raise broken(path, f"the version of {name_of(entry, path)} is no text")
    return printable(version.strip(), _LONGEST_NAME) or None if version is not None else None
