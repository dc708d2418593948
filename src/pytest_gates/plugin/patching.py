"""The change, both texts of its files and what was executed of them, joined. Effects: git, reads files."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from pytest_gates.adapters.change import files_at
from pytest_gates.changes.patch import ChangedFile, GoneText, Patch, patch_of
from pytest_gates.model.case import CaseRecord
from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.measured import MeasuredFiles
from pytest_gates.model.patch import PatchFacts
from pytest_gates.model.text import well_formed

if TYPE_CHECKING:
    from pytest_gates.adapters.measure import Measurement

_PYTHON = (".py", ".pyw", ".pyi", "")
_TEST_FOLDERS = frozenset({"tests", "test", "testing"})
_A_TEST = "tests, which nobody measures"


class Patching:
    """The patch of one run, once its tests have ended."""

    def __init__(
        self, config: pytest.Config, change: Change, measurement: Measurement, started: dt.datetime
    ) -> None:
        self._root: Path = config.rootpath
        self._change = change
        self._measurement = measurement
        self._started = started.timestamp()
        self._names: list[str] = list(config.getini("python_files"))
        self._folders = _test_folders(config)
        self._texts: dict[str, bytes] = {}
        self._unread: list[tuple[str, str]] = [
            (path, why) for path, why in change.unread if _may_be_python(path)
        ]

    def facts(
        self, cases: Iterable[CaseRecord], *, without: tuple[str, ...]
    ) -> PatchFacts | Unavailable:
        """What was executed in the contexts `without` does not count."""
        changed = [one for one in self._change.files if one.hunks and _may_be_python(one.path)]
        modules = frozenset(case.nodeid.partition("::")[0] for case in cases)
        tests = [one.path for one in changed if self._is_test(one.path, modules)]
        paths = [one.path for one in changed if one.path not in set(tests)]
        measured = self._measurement.of_files(paths, without=without)
        if isinstance(measured, Unavailable):
            return measured
        try:
            patch = self._patch(changed, measured)
        except OSError as why:
            return Unavailable(
                why=f"the files of the base cannot be read: {why}",
                remedy="fetch the whole history of the base (`git fetch --unshallow`), then run again",
            )
        out = (*measured.out_of_scope, *((path, _A_TEST) for path in tests))
        return PatchFacts(
            files=patch.files,
            branch=measured.branch,
            out_of_scope=tuple(sorted(out)),
            unread=tuple(sorted((*self._unread, *measured.unread, *patch.unread))),
            notes=(*measured.notes, *map(well_formed, patch.notes)),
            lower_bound=measured.lower_bound,
        )

    def _patch(self, changed: list[FileChange], measured: MeasuredFiles) -> Patch:
        """Raises OSError when git does not hand over the base."""
        judged = [one for one in changed if one.path in measured.files and self._read(one.path)]
        if not judged:
            return Patch(files=())
        others = [one for one in changed if one not in judged and _is_python(one.base_path)]
        deleted = [path for path in self._change.deleted if _is_python(path)]
        wanted = [one.base_path for one in (*judged, *others) if one.base_path is not None]
        base = files_at(self._root, self._change.base, (*wanted, *deleted))
        absent = [path for path in wanted if path not in base]
        if absent:
            raise OSError(f"{absent[0]} is not in {self._change.base[:12]}")
        return patch_of(
            [
                ChangedFile(
                    change=one,
                    now=self._texts[one.path],
                    base=None if one.base_path is None else base[one.base_path],
                    measured=measured.files[one.path],
                )
                for one in judged
            ],
            [
                *(
                    GoneText(change=one, now=self._texts[one.path], base=base[one.base_path])
                    for one in others
                    if one.base_path is not None and self._read(one.path)
                ),
                *(GoneText(change=None, now=b"", base=base[one]) for one in deleted if one in base),
            ],
            measured.exclusions,
        )

    def _read(self, path: str) -> bool:
        """Keep the text as git compared it; False, and said, where it is another one by now."""
        if path in self._texts:
            return True
        file = self._root / path
        try:
            self._texts[path] = file.read_bytes()
            written = file.stat().st_mtime
        except OSError as why:
            self._unread.append((path, f"it cannot be read: {why.strerror}"))
            return False
        if written > self._started:
            self._unread.append((path, "it was written while the tests ran"))
            return False
        return True

    def _is_test(self, path: str, modules: frozenset[str]) -> bool:
        """What pytest collected as a module of tests, what serves it, and the folders of tests."""
        name = PurePosixPath(path).name
        if name == "conftest.py":
            return True
        if path in modules and any(fnmatch.fnmatch(name, one) for one in self._names):
            return True
        # Somebody who measures the folder of tests wants its code judged as well.
        return any(
            path.startswith(f"{folder}/") and not self._measurement.measures(folder)
            for folder in self._folders
        )


def _test_folders(config: pytest.Config) -> tuple[str, ...]:
    """Folders, relative to the root, that are named like one of tests: its own, or in `testpaths`."""
    named = [one.strip("/") for one in config.getini("testpaths")]
    return (
        *_TEST_FOLDERS,
        *(one for one in named if PurePosixPath(one).name in _TEST_FOLDERS - {one}),
    )


def _may_be_python(path: str) -> bool:
    return PurePosixPath(path).suffix in _PYTHON


def _is_python(path: str | None) -> bool:
    return path is not None and PurePosixPath(path).suffix in {".py", ".pyw"}
