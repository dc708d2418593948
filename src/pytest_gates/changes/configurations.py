"""What a change does to the configuration of the tools whose answers are judged. Pure."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pytest_gates.changes.policy_change import from_to, policy_change
from pytest_gates.model.direction import Direction, Shift, shift_of
from pytest_gates.model.finding import Effect, Finding, Location

PYTEST = "pytest"
COVERAGE = "coverage"
BANDIT = "bandit"
_UNSURE = " (nobody can tell which of them is stricter)"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Where one tool is configured: sections of an INI file or a table of a TOML file, or all of a file.

    `file_names` count in any folder where `anywhere`, else in the root alone.
    """

    file_names: tuple[str, ...]
    table: str = ""
    sections: tuple[str, ...] = ()
    anywhere: bool = False


# Read from the documentation of coverage 7.17, pytest 9.2, ruff 0.17 and mypy 1.20.
_PARTS: Mapping[str, tuple[Part, ...]] = {
    COVERAGE: (
        Part(file_names=("pyproject.toml",), table="tool.coverage"),
        Part(file_names=("setup.cfg", "tox.ini"), sections=("coverage:",)),
        Part(file_names=(".coveragerc",), sections=("",)),
        Part(file_names=(".coveragerc.toml",)),
    ),
    PYTEST: (
        Part(file_names=("pyproject.toml",), table="tool.pytest"),
        Part(file_names=("pytest.toml", ".pytest.toml")),
        Part(file_names=("pytest.ini", ".pytest.ini", "tox.ini"), sections=("pytest",)),
        Part(file_names=("setup.cfg",), sections=("tool:pytest",)),
    ),
    "ruff": (
        Part(file_names=("pyproject.toml",), table="tool.ruff", anywhere=True),
        Part(file_names=("ruff.toml", ".ruff.toml"), anywhere=True),
    ),
    BANDIT: (Part(file_names=("pyproject.toml",), table="tool.bandit"),),
    "mypy": (
        Part(file_names=("pyproject.toml",), table="tool.mypy"),
        Part(file_names=("mypy.ini", ".mypy.ini", "setup.cfg"), sections=("mypy",)),
    ),
}
# The last word of a key to its direction; keys of a tool that are not named here are "other".
_DIRECTIONS: Mapping[str, Mapping[str, str]] = {
    COVERAGE: {
        **dict.fromkeys(
            ("omit", "exclude_also", "exclude_lines", "partial_branches", "partial_also"), "more"
        ),
        **dict.fromkeys(
            ("fail_under", "show_missing", "skip_covered", "skip_empty", "precision", "format",
             "sort", "title", "directory", "output", "pretty_print"), "never",
        ),
    },
    PYTEST: dict.fromkeys(
        ("filterwarnings", "markers", "log_cli", "log_level", "log_cli_level", "console_output_style",
         "minversion", "cache_dir", "junit_family", "junit_logging", "required_plugins"), "never",
    ),
    "ruff": dict.fromkeys(("line-length", "indent-width"), "other"),
    "mypy": {},
    BANDIT: dict.fromkeys(("exclude_dirs", "exclude", "skips"), "more"),
}  # fmt: skip
_SHARED = frozenset({"pyproject.toml", "setup.cfg", "tox.ini"})
_FORMATS_ONLY = ("tool.ruff.format.", "format.")


def tools_of(path: str) -> tuple[str, ...]:
    """The tools that this file may configure."""
    return tuple(tool for tool, parts in _PARTS.items() if any(_fits(one, path) for one in parts))


def configuration_changes(
    path: str, base: bytes | None, now: bytes | None, tools: Iterable[str]
) -> tuple[Finding, ...]:
    """Each key of these tools that may have been loosened in one file; None where there is none."""
    found: list[Finding] = []
    for tool in tools:
        parts = [one for one in _PARTS.get(tool, ()) if _fits(one, path)]
        for part in parts:
            try:
                was, new = _keys(path, base, part), _keys(path, now, part)
            except ValueError as why:
                message = f"{path}: the configuration of {tool} cannot be compared: {why}"
                found.append(_finding(path, tool, message, Effect.UNKNOWN))
                continue
            if (base is None) != (now is None) and path.rpartition("/")[2] not in _SHARED:
                word = "new" if base is None else "gone"
                message = f"{path}: {word}; it takes the place of other configuration of {tool}"
                found.append(_finding(path, tool, message, Effect.FAIL))
            found += _compared(path, tool, was, new)
    return tuple(found)


def whole_file_changed(path: str, gate: str) -> Finding:
    """A file that a setting of the policy names, and that nobody here can read."""
    return _finding(path, gate, f"{path}: changed, and the gate `{gate}` goes by it", Effect.FAIL)


def _compared(
    path: str, tool: str, was: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Finding]:
    for key in sorted({*was, *new}):
        first, second = was.get(key), new.get(key)
        shift = shift_of(_direction(tool, key), _listed(first), _listed(second))
        if shift.counts:
            unsure = _UNSURE if shift is Shift.UNKNOWN else ""
            change = from_to(_listed(first), _listed(second))
            yield _finding(path, tool, f"{path} {key}: {change}{unsure}", Effect.FAIL)


def _direction(tool: str, key: str) -> Direction:
    word = key.rpartition(".")[2]
    looser = _DIRECTIONS[tool].get(word, "other")
    if tool == "ruff" and key.startswith(_FORMATS_ONLY):
        looser = "never"
    return Direction(key=key, name=word, looser=looser)


def _listed(value: Any) -> Any:
    """Lists as tuples of text, and several lines of INI as such a list; nothing as the empty list."""
    if value is None:
        return ()
    if isinstance(value, list | Mapping):
        return tuple(str(one) for one in value) or ("empty",)
    if isinstance(value, str):
        lines = (line.strip() for line in value.replace(",", "\n").split("\n"))
        return tuple(line for line in lines if line)
    return (str(value),)


def _fits(part: Part, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name in part.file_names and (part.anywhere or not folder)


def _keys(path: str, content: bytes | None, part: Part) -> dict[str, Any]:
    """The keys of one part, dotted, to their values. Raises ValueError."""
    if content is None:
        return {}
    text = content.decode("utf-8-sig")  # UnicodeDecodeError is a ValueError
    if path.endswith(".toml"):
        return _toml_keys(text, part.table)
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error as why:
        raise ValueError(str(why)) from why
    # A section without a key counts too: by it a file takes the place of another one.
    return {
        f"[{section}]{key}": value
        for section in parser.sections()
        if section.startswith(part.sections)
        for key, value in _items(parser, section)
    }


def _items(parser: configparser.RawConfigParser, section: str) -> list[tuple[str, str]]:
    return [(f".{key}", value) for key, value in parser.items(section)] or [("", "empty")]


def _toml_keys(text: str, table: str) -> dict[str, Any]:
    found: Any = tomllib.loads(text)  # TOMLDecodeError is a ValueError
    for word in table.split(".") if table else ():
        found = found.get(word, {}) if isinstance(found, Mapping) else {}
    return dict(_flat(found, table)) if isinstance(found, Mapping) else {table: found}


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        place = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping) and value:
            yield from _flat(value, place)
        else:
            yield place, value


def _finding(path: str, tool: str, message: str, effect: Effect) -> Finding:
    return policy_change(f"{path}:{tool}", message, effect=effect, location=Location(path=path))
