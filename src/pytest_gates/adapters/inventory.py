"""What is installed on a path, or listed in a file, and who asks for it. Effects: reads files."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_gates.adapters.inventory_chains import chains
from pytest_gates.adapters.inventory_listing import Listing
from pytest_gates.adapters.inventory_locks import LOCKS, is_pylock, pylock
from pytest_gates.adapters.inventory_requirements import requirements
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import first_line, printable

_LONGEST_NAME = 200
_LONGEST_LICENCE = 100
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_SHARED_FOLDERS = frozenset({"site-packages", "dist-packages"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ONLY_WITH_EXTRA = re.compile(r";.*\bextra\s*==")
Node = tuple[str, str]
"""Canonical name, and an extra of it that somebody asks for, empty for the package itself."""


def listed(path: Path) -> tuple[Package, ...]:
    """What a requirements file or a lock file holds, by name. Raises ToolError."""
    return listing(path).packages


def listing(path: Path) -> Listing:
    """The same, with what was left out and why. Raises ToolError for what nobody can read or pin."""
    reader = pylock if is_pylock(path.name) else LOCKS.get(path.name)
    if reader is not None:
        return reader(path)
    if path.suffix in {".toml", ".lock"}:
        raise ToolError(
            f"{printable(str(path))}: no lock file of a kind that is known here",
            "name a pylock.toml, uv.lock, poetry.lock, or export it as a requirements file",
        )
    return requirements(path)


def environment(entries: Iterable[str]) -> tuple[Package, ...]:
    """All distributions on these entries of sys.path, by name.

    The first folder that holds a name wins, as for `import`. Where one folder holds two versions of
    it, as a broken upgrade leaves behind, nobody knows which one is imported: both are told.
    """
    entries = list(entries)
    found: dict[tuple[str, str], _Installed] = {}
    folders: dict[str, str] = {}
    for one in _installed(entries):
        if folders.setdefault(one.canonical, one.folder) == one.folder:
            found.setdefault((one.canonical, one.version or ""), one)
    by_name: dict[str, _Installed] = {}
    for one in found.values():
        by_name.setdefault(one.canonical, one)
    ways = _ways(by_name)
    return tuple(
        Package(
            name=one.name,
            version=one.version,
            required_by=ways.get(one.canonical, ()),
            local=one.local,
            licence=one.licence[0],
            licence_from=one.licence[1],
        )
        for _, one in sorted(found.items())
    )


class _Installed:
    """One distribution, as its metadata tell of it."""

    def __init__(
        self, distribution: importlib.metadata.Distribution, *, linked: bool = False
    ) -> None:
        info = getattr(distribution, "_path", None)  # no public way to it (3.11 to 3.14)
        place = Path(str(info)) if info is not None else Path()
        try:
            self._headers = _headers(distribution)
        except (OSError, ValueError):
            self._headers = Message()
        told = self._text("Name")
        self.name = printable(told or _name_of(place), _LONGEST_NAME)
        self.canonical = canonicalize_name(self.name)
        # Without a name, whatever else the metadata say is of nobody knows whom.
        self.version = (self._text("Version") or None) if told else None
        self.leftover = place.name.startswith("~")
        self.folder = str(place.parent)
        self.local = linked or _is_local(distribution) or _in_a_project(place)

    @property
    def requires(self) -> list[str]:
        return [str(one) for one in self._headers.get_all("Requires-Dist", [])]

    @property
    def licence(self) -> tuple[str | None, str]:
        """What the metadata say, and in which field. PEP 639 first."""
        expression = self._text("License-Expression")
        if expression:
            return expression, "License-Expression"
        text = str(self._headers.get("License", "")).strip()
        words = printable(text, _LONGEST_LICENCE) if text.upper() != "UNKNOWN" else ""
        # Some projects put the whole text of their licence there: classifiers say more.
        if words and "\n" not in text and len(text) <= _LONGEST_LICENCE:
            return words, "License"
        classifiers = [
            printable(one, _LONGEST_LICENCE)
            for one in map(str, self._headers.get_all("Classifier", []))
            if one.startswith("License ::")
        ]
        if classifiers:
            return "; ".join(classifiers), "Classifier"
        return (first_line(text, _LONGEST_LICENCE), "License") if words else (None, "")

    def _text(self, field: str) -> str:
        return printable(str(self._headers.get(field, "")).strip(), _LONGEST_NAME)


def _installed(entries: list[str]) -> Iterator[_Installed]:
    """What an interrupted uninstall left behind comes last: nothing imports it any more."""
    found = [_Installed(one) for one in importlib.metadata.distributions(path=entries)]
    yield from (one for one in found if not one.leftover)
    for folder in _linked(entries):
        for one in importlib.metadata.distributions(path=[folder]):
            yield _Installed(one, linked=True)
    yield from (one for one in found if one.leftover)


def _linked(entries: Iterable[str]) -> Iterator[str]:
    """Folders that `setup.py develop` has left a link to."""
    for entry in entries:
        for link in sorted(Path(entry or ".").glob("*.egg-link")):
            with contextlib.suppress(OSError, ValueError):
                yield first_line(link.read_text(encoding="utf-8"), 4096)


def _headers(distribution: importlib.metadata.Distribution) -> Message:
    """Of its metadata without the description: parsing that takes most of the time."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    if not text:  # an .egg-info that is a file has no other way to be read
        return HeaderParser().parsestr(distribution.read_text("") or "", headersonly=True)
    return HeaderParser().parsestr(re.split(r"\r?\n\r?\n", text, maxsplit=1)[0])


def _name_of(place: Path) -> str:
    """A broken distribution has only its folder's name."""
    return place.name.partition("-")[0].lstrip("~") or "a nameless package"


def _is_local(distribution: importlib.metadata.Distribution) -> bool:
    """Installed from a folder on this machine (PEP 610). What cannot be read is no reason to trust it."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "null")
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(origin, dict) and "dir_info" in origin


def _in_a_project(place: Path) -> bool:
    """An .egg-info in the source tree of a project, as `setup.py develop` leaves it."""
    if place.suffix != ".egg-info" or place.parent.name in _SHARED_FOLDERS:
        return False
    return any(
        (folder / name).is_file()
        for folder in (place.parent, place.parent.parent)
        for name in _PROJECT_FILES
    )


def _ways(installed: dict[str, _Installed]) -> dict[str, tuple[str, ...]]:
    """What leads to each name, as names are written."""
    known: dict[Node, tuple[Node, ...]] = {}

    def needs(node: Node) -> tuple[Node, ...]:
        if node not in known:
            known[node] = tuple(_needs(installed, *node))
        return known[node]

    nodes = [(name, "") for name in sorted(installed)]
    ways = chains(nodes, needs, [one for one in nodes if installed[one[0]].local])
    return {
        name: tuple(dict.fromkeys(installed[step].name for step, _ in ways[name, ""]))
        for name in installed
    }


def _needs(installed: dict[str, _Installed], name: str, extra: str) -> Iterator[Node]:
    """What a package asks for in this interpreter; with an extra, only what that one adds."""
    for text in installed[name].requires:
        word = _NAME.match(text)
        wanted = canonicalize_name(word.group()) if word is not None else ""
        # Reading a requirement is slow: most are of packages that are not there, or of extras.
        if wanted not in installed or (not extra and _needs_an_extra(text)):
            continue
        try:
            asked = Requirement(text)
            marker = asked.marker
            here = marker is None or marker.evaluate({"extra": extra})
            if extra and here and (marker is None or marker.evaluate({"extra": ""})):
                here = False
        except (InvalidRequirement, ValueError):
            continue
        if here:
            yield wanted, ""
            for one in sorted(asked.extras):
                yield wanted, canonicalize_name(one)


def _needs_an_extra(text: str) -> bool:
    return _ONLY_WITH_EXTRA.search(text) is not None and " or " not in text
