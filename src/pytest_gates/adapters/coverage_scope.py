"""Which files a measurement is about, as whoever measures was told. Effects: reads folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from coverage.exceptions import CoverageException

_PYTHON = (".py", ".pyw")
_NOT_CODE = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "benchmarks", "build", "dist"}
)
_NOT_MODULES = frozenset({"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py"})


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`folders` are real paths; `packages` importable names; both empty: all below the root.

    `include` counts only where neither is named, as in coverage. `guessed`: no settings named them.
    """

    folders: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    guessed: bool = True

    def named(self, root: Path) -> str:
        """What is measured, for people."""
        here = os.path.realpath(root)
        folders = [os.path.relpath(one, here).replace(os.sep, "/") for one in self.folders]
        return ", ".join((*folders, *self.packages))

    def locations(self, measured: Iterable[str]) -> tuple[str, ...] | None:
        """Real paths of the folders and modules to be measured; None where all below the root is.

        `measured` are the real paths of all files that were: they tell where a package lies.
        """
        if not self.folders and not self.packages:
            return None
        found = set(self.folders)
        for package in self.packages:
            folder = f"{os.sep}{package.replace('.', os.sep)}"
            for path in measured:
                end = path.find(f"{folder}{os.sep}")
                if end >= 0:
                    found.add(path[: end + len(folder)])
                elif path.endswith(f"{folder}.py"):
                    found.add(path)
        return tuple(sorted(found))

    def looks_like_no_product(self, path: str) -> bool:
        """Nobody named what is the product, and this file does not look like a part of it."""
        first, _, rest = path.partition("/")
        return self.guessed and (path in _NOT_MODULES or (bool(rest) and first in _NOT_CODE))


def scope_of(measuring: Any, *, guessed: bool = False) -> Scope:
    """From the options of a coverage object, in the folder where it was started."""
    sources = _words(measuring, "source")
    folders = [one for one in sources if Path(one).is_dir()]
    packages = [one for one in sources if one not in folders] + _words(measuring, "source_pkgs")
    folders += _words(measuring, "source_dirs")
    include = _words(measuring, "include")
    return Scope(
        folders=tuple(os.path.realpath(one) for one in folders),
        packages=tuple(packages),
        include=() if folders or packages else tuple(include),
        omit=tuple(_words(measuring, "omit")),
        guessed=guessed or not (folders or packages or include),
    )


def default_source(root: Path) -> tuple[str, ...]:
    """What a project most likely calls its code, as absolute paths: `src`, else its packages and modules.

    The root itself when there is neither: too much rather than nothing.
    """
    if (root / "src").is_dir():
        return (str(root / "src"),)
    packages = [
        str(one.parent)
        for one in sorted(root.glob("*/__init__.py"))
        if one.parent.name not in _NOT_CODE
    ]
    modules = [
        str(one)
        for one in sorted(root.glob("*.py"))
        if one.name not in _NOT_MODULES and not one.name.startswith("test_")
    ]
    # A module alone cannot be named as a source folder; the root then holds it, and all else.
    return tuple(packages) if packages and not modules else (str(root),)


def why_not_code(path: str) -> str | None:
    """Why no statement of the file can be measured, by its name; None when it may be."""
    if path.endswith(_PYTHON):
        return None
    return "a stub: nothing executes it" if path.endswith(".pyi") else "it is not named as Python"


def lies_in(path: str, locations: Iterable[str]) -> bool:
    """Whether a real path is one of these modules, or below one of these folders."""
    return any(path == one or path.startswith(one.rstrip(os.sep) + os.sep) for one in locations)


def _words(measuring: Any, name: str) -> list[str]:
    try:
        value = measuring.get_option(f"run:{name}")
    except CoverageException:  # an option that this version of coverage does not have
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
