"""What a requirements file of pip pins, with the files that it names. Effects: reads files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_gates.adapters.inventory_listing import Listing, content_of, shown
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import first_line, printable

_NAMED = 3
_LONGEST_NAME = 200
_MOST_FILES = 200


def requirements(path: Path) -> Listing:
    """Exact pins of this file and of those it names with -r; a pin in a -c file counts as one.

    A requirement that comes from a repository or an archive has no version. Raises ToolError.
    """
    reading = _Reading()
    reading.read(path, constrains=False)
    return reading.listing()


class _Reading:
    """One file and all that it leads to."""

    def __init__(self) -> None:
        self._packages: list[Package] = []
        self._unpinned: list[tuple[str, str, Package]] = []
        self._constraints: dict[str, str] = {}
        self._left_out: list[str] = []
        self._seen: set[tuple[Path, bool]] = set()

    def read(self, path: Path, *, constrains: bool) -> None:
        """Raises ToolError."""
        if (path.resolve(), constrains) in self._seen:
            return
        self._seen.add((path.resolve(), constrains))
        if len(self._seen) > _MOST_FILES:
            raise ToolError(f"{shown(path)}: too many files lead to each other", "name fewer files")
        file = _parsed(path)
        if file.invalid_lines:
            wrong = file.invalid_lines[0]
            raise _wrong(path, wrong.line_number, wrong.line, wrong.error_message)
        for one in file.requirements:
            self._take(path, one, constrains=constrains)
        for option in file.options:
            for key, also in (("requirements", constrains), ("constraints", True)):
                for name in option.options.get(key, ()):
                    self.read(_beside(path, name, option.line_number), constrains=also)

    def listing(self) -> Listing:
        """What all files together say. Raises ToolError where a version is left open."""
        open_ended = []
        for name, where, package in self._unpinned:
            version = self._constraints.get(name)
            if version is None:
                open_ended.append(where)
            else:
                self._packages.append(_pinned(package, version))
        if open_ended:
            more = f" and {len(open_ended) - _NAMED} more" if len(open_ended) > _NAMED else ""
            raise ToolError(
                f"not pinned to one version: {'; '.join(open_ended[:_NAMED])}{more}",
                "pin every requirement exactly (name==version), for example with pip-compile or "
                "`uv pip compile`, or name a lock file",
            )
        known: dict[tuple[str, str, str], Package] = {}
        for one in self._packages:
            known.setdefault((canonicalize_name(one.name), one.version or "", one.source), one)
        return Listing(
            packages=tuple(one for _, one in sorted(known.items())),
            left_out=tuple(self._left_out),
        )

    def _take(self, path: Path, asked: Any, *, constrains: bool) -> None:
        line = printable(asked.requirement_line.line or "", 100)
        where = f"{shown(path)}:{asked.line_number}: {line}"
        if not _applies(path, asked):
            if not constrains:
                self._left_out.append(f"{where}: the marker is false here")
            return
        name = printable(asked.name or _place_of(asked), _LONGEST_NAME)
        package = Package(name=name, local=_is_folder(path, asked), source=shown(path))
        version = None if asked.link is not None else _exact(asked.specifier)
        if constrains:
            if version is not None:
                self._constraints.setdefault(canonicalize_name(name), version)
        elif asked.link is not None or asked.is_editable:
            self._packages.append(package)
        elif version is None:
            self._unpinned.append((canonicalize_name(name), where, package))
        else:
            self._packages.append(_pinned(package, version))


def _applies(path: Path, asked: Any) -> bool:
    """Whether the requirement is meant for this interpreter. Raises ToolError."""
    try:
        return asked.marker is None or bool(asked.marker.evaluate({"extra": ""}))
    except ValueError as why:
        raise _wrong(path, asked.line_number, asked.line, str(why)) from why


def _pinned(package: Package, version: str) -> Package:
    return Package(
        name=package.name,
        version=printable(version, _LONGEST_NAME),
        local=package.local,
        source=package.source,
    )


def _parsed(path: Path) -> Any:
    # Only some policies name such a file, and importing it takes a tenth of a second.
    from pip_requirements_parser import RequirementsFile  # type: ignore[import-untyped]  # noqa: PLC0415

    content_of(path)
    try:
        return RequirementsFile.from_file(str(path))
    except Exception as why:  # it raises what it likes at text that pip would refuse
        raise _wrong(path, None, "", f"{type(why).__name__}: {why}") from why


def _wrong(path: Path, line: int | None, text: str | None, why: str) -> ToolError:
    place = f"{shown(path)}:{line}" if line is not None else shown(path)
    quoted = f" `{printable(text, 100)}`" if text else ""
    return ToolError(
        f"{place}{quoted} is no requirement: {first_line(why, 200)}",
        "write it as pip understands it, or take it out of the file",
    )


def _beside(path: Path, name: str, line: int) -> Path:
    if "://" in name:
        raise _wrong(path, line, name, "it is on a server, and nothing is downloaded here")
    return path.parent / name


def _exact(specifiers: Any) -> str | None:
    """The one version that they allow, None where they leave it open."""
    exact = [
        str(one.version)
        for one in specifiers or ()
        if one.operator in {"==", "==="} and not str(one.version).endswith(".*")
    ]
    return exact[0] if len(exact) == 1 else None


def _place_of(asked: Any) -> str:
    return str(asked.link.url if asked.link is not None else asked.requirement_line.line)


def _is_folder(path: Path, asked: Any) -> bool:
    """A folder on this machine: the project itself, or a part of it."""
    if asked.link is None or asked.link.is_vcs:
        return False
    place = str(asked.link.url).removeprefix("file://").partition("#")[0]
    if "://" in place:
        return False
    return Path(place).is_dir() or (path.parent / place).is_dir()
