"""What lock files hold: pylock.toml (PEP 751), uv.lock, poetry.lock. Effects: reads files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from pytest_gates.adapters.inventory_chains import chains
from pytest_gates.adapters.inventory_listing import (
    Listing,
    broken,
    document_of,
    name_of,
    shown,
    table,
    tables,
    version_of,
)
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import printable

_PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")
_UV_VERSION = 1
_POETRY_MAJORS = frozenset({1, 2})
_PYLOCK_MAJOR = 1
# Which extras and groups will be installed is decided later: their packages are all audited.
_CHOSEN_LATER = re.compile(r"\b(extras?|dependency_groups)\b")
_LOCAL_IN_UV = frozenset({"editable", "virtual", "directory"})
Entry = dict[str, Any]


def is_pylock(name: str) -> bool:
    """Whether PEP 751 gives this meaning to a file's name."""
    return _PYLOCK.fullmatch(name) is not None


def pylock(path: Path) -> Listing:
    """Raises ToolError."""
    document = document_of(path)
    _check_version(path, "lock-version", document.get("lock-version"), {_PYLOCK_MAJOR})
    kept: list[Entry] = []
    left_out: list[str] = []
    for one in tables(document.get("packages"), "packages", path):
        marker = one.get("marker")
        if marker is None or _applies(marker, path):
            kept.append(one)
        else:
            line = f"{shown(path)}: {name_of(one, path)} ; {printable(marker, 100)}"
            left_out.append(f"{line}: the marker is false here")

    def needs(one: Entry) -> Iterable[Entry]:
        return tables(one.get("dependencies"), "dependencies", path)

    packages = _packages(path, kept, needs, lambda one: "directory" in one)
    return Listing(packages=packages, left_out=tuple(left_out))


def uv(path: Path) -> Listing:
    """Raises ToolError. Packages for other platforms, and all versions of a package, are kept."""
    document = document_of(path)
    _check_version(path, "version", document.get("version"), {_UV_VERSION})

    def needs(one: Entry) -> Iterator[Entry]:
        yield from tables(one.get("dependencies"), "dependencies", path)
        for key in ("optional-dependencies", "dev-dependencies"):
            for name, group in sorted(table(one.get(key), key, path).items()):
                yield from tables(group, f"{key}.{name}", path)

    def local(one: Entry) -> bool:
        return bool(_LOCAL_IN_UV & set(table(one.get("source"), "source", path)))

    entries = tables(document.get("package"), "package", path)
    return Listing(packages=_packages(path, entries, needs, local))


def poetry(path: Path) -> Listing:
    """Raises ToolError. The packages of all groups and extras are kept."""
    document = document_of(path)
    metadata = table(document.get("metadata"), "metadata", path)
    _check_version(path, "lock-version", metadata.get("lock-version"), _POETRY_MAJORS)

    def needs(one: Entry) -> Iterator[Entry]:
        for name in sorted(table(one.get("dependencies"), "dependencies", path)):
            yield {"name": name}

    def local(one: Entry) -> bool:
        return table(one.get("source"), "source", path).get("type") == "directory"

    entries = tables(document.get("package"), "package", path)
    return Listing(packages=_packages(path, entries, needs, local))


LOCKS: Mapping[str, Callable[[Path], Listing]] = {"uv.lock": uv, "poetry.lock": poetry}
"""Readers by the name of the file."""


def _check_version(path: Path, key: str, told: Any, known: Iterable[int]) -> None:
    """Nobody knows what a newer layout leaves out of the tables that we know."""
    try:
        major = int(str(told).partition(".")[0])
    except ValueError:
        raise broken(path, f"it has no `{key}`") from None
    if major not in known:
        raise ToolError(
            f"{shown(path)} has `{key}` {printable(str(told), 40)}; "
            f"known here: {', '.join(map(str, sorted(known)))}",
            "upgrade pytest-gates, or name a pylock.toml or an exported requirements file instead",
        )


def _applies(marker: Any, path: Path) -> bool:
    if not isinstance(marker, str):
        raise broken(path, "a `marker` is no text")
    if _CHOSEN_LATER.search(marker):
        return True
    try:
        return Marker(marker).evaluate()
    except (InvalidMarker, ValueError, RecursionError) as why:
        raise broken(path, f"a `marker` says nothing: {marker}") from why


def _packages(
    path: Path,
    entries: list[Entry],
    needs: Callable[[Entry], Iterable[Entry]],
    local: Callable[[Entry], bool],
) -> tuple[Package, ...]:
    """Sorted by name and version. Nodes of the graph are places in `entries`."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(entries):
        places[canonicalize_name(name_of(one, path))].append(place)
    known: dict[int, tuple[int, ...]] = {}

    def needed(place: int) -> tuple[int, ...]:
        if place not in known:
            known[place] = tuple(
                found
                for one in needs(entries[place])
                for found in places.get(canonicalize_name(name_of(one, path)), ())
                if _may_be(one, entries[found])
            )
        return known[place]

    order = sorted(
        range(len(entries)),
        key=lambda one: (
            canonicalize_name(name_of(entries[one], path)),
            version_of(entries[one], path) or "",
        ),
    )
    ways = chains(order, needed, [one for one in order if local(entries[one])])
    return tuple(
        Package(
            name=name_of(entries[one], path),
            version=version_of(entries[one], path),
            required_by=tuple(name_of(entries[step], path) for step in ways[one]),
            local=local(entries[one]),
            source=shown(path),
        )
        for one in order
    )


def _may_be(asked: Entry, entry: Entry) -> bool:
    """Whether an entry is what a dependency speaks of: it tells as much as makes it the only one."""
    return all(
        asked.get(key) is None or asked[key] == entry.get(key) for key in ("version", "source")
    )
