"""List what an environment or a lock file holds, then become pip-audit over it. Effects: a main program.

Run as `python -I -m pytest_gates.adapters.audit_environment --path ENTRY ... -- OPTIONS`, or with
`--requirement FILE ...` instead of paths. Being its own process, it costs the test run no time, and
its imports cannot be shadowed by the judged project.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import runpy
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_gates.model.marks import INVENTORY_MARK

# Sources of uv.lock, poetry.lock and pylock.toml that mean: a folder of this project.
_LOCAL_SOURCES = frozenset({"editable", "virtual", "directory", "path"})


class Inventory:
    """Name to version of what is to be audited, and what is left out because it is the project's own."""

    def __init__(self) -> None:
        self.pins: dict[str, str] = {}
        self.local: list[str] = []
        self.unaudited: list[str] = []
        self._seen: set[str] = set()

    def add(self, name: str, version: str, *, local: bool) -> None:
        """The first of a name wins, as it does for `import`."""
        canonical = canonicalize_name(name)
        if canonical in self._seen:
            return
        self._seen.add(canonical)
        if local:
            self.local.append(name)
        else:
            self.pins[name] = version

    def add_environment(self, entries: Iterable[str]) -> None:
        """All distributions on these entries of sys.path."""
        for distribution in importlib.metadata.distributions(path=list(entries)):
            folder = getattr(distribution, "_path", None)
            name = distribution.metadata["Name"]
            if name:
                self.add(name, distribution.version, local=_is_local(distribution))
            else:
                self.unaudited.append(_name_of(folder))

    def add_lock(self, path: Path) -> None:
        """All packages of a pylock.toml (PEP 751), uv.lock or poetry.lock.

        A lock may hold several versions of one package, for several platforms. pip-audit refuses such
        a list and says so: nothing is dropped here to make it pass.
        """
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for package in document.get("packages") or document.get("package") or ():
            name, version = str(package["name"]), package.get("version")
            if _is_local_package(package):
                self.local.append(name)
            elif version is None:  # from a repository or an archive: no version to ask about
                self.unaudited.append(name)
            else:
                self.pins[f"{name}=={version}"] = ""

    def lines(self) -> list[str]:
        """As a requirements file, sorted."""
        return sorted(
            f"{name}=={version}" if version else name for name, version in self.pins.items()
        )


def _name_of(folder: Any) -> str:
    """A broken distribution has only its folder's name."""
    return str(getattr(folder, "name", "")).partition("-")[0].lstrip("~") or "a nameless package"


def _is_local(distribution: importlib.metadata.Distribution) -> bool:
    """Installed from a folder on this machine (PEP 610): its own project, or a part of it."""
    text = distribution.read_text("direct_url.json")
    return text is not None and "dir_info" in json.loads(text)


def _is_local_package(package: dict[str, Any]) -> bool:
    source = package.get("source")
    places = {*package, *(source if isinstance(source, dict) else ())}
    kind = source.get("type") if isinstance(source, dict) else None
    return bool(places & _LOCAL_SOURCES) or kind in {"directory", "file"}


def is_lock(name: str) -> bool:
    """Whether a file that the policy names is a lock file and not a list of requirements."""
    return Path(name).suffix in {".toml", ".lock"}


def main(argv: list[str]) -> None:
    """Never returns: ends as pip-audit does. Its list of pins is deleted at the end."""
    split = argv.index("--")
    words, options = argv[:split], argv[split + 1 :]
    given = list(zip(words[::2], words[1::2], strict=True))
    files = [value for flag, value in given if flag == "--requirement"]
    inventory = Inventory()
    inventory.add_environment(value for flag, value in given if flag == "--path")
    for name in filter(is_lock, files):
        inventory.add_lock(Path(name))
    plain = [name for name in files if not is_lock(name)]
    pins = inventory.lines()
    told = {
        "audited": None if plain else len(pins),
        "local": sorted(inventory.local),
        "unaudited": sorted(inventory.unaudited),
    }
    sys.stderr.write(f"{INVENTORY_MARK}{json.dumps(told)}\n")
    sys.stderr.flush()
    descriptor, temporary = tempfile.mkstemp(prefix="pytest-gates-", suffix=".txt")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(f"{pin}\n" for pin in pins)
        audited = [*plain, temporary] if pins else plain or [temporary]
        requirements = [word for name in audited for word in ("-r", name)]
        sys.argv = ["pip-audit", *options, "--disable-pip", "--no-deps", *requirements]
        runpy.run_module("pip_audit", run_name="__main__", alter_sys=True)
    finally:
        Path(temporary).unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
