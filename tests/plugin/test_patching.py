"""Real changes in real repositories, and which statements of them are to be covered."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_gates.adapters.change import find_change
from pytest_gates.changes.statements import statements_of
from pytest_gates.errors import EvidenceMissing
from pytest_gates.model.case import CaseRecord
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.measured import MeasuredFiles, MeasuredLines
from pytest_gates.model.patch import Newness, PatchFacts
from pytest_gates.plugin.patching import Patching
from support.evidence import a_case
from support.repositories import commit, git

BASE = """
def price(kind):
    return 3


def legacy(amount,
           reason):
    log(amount,
        reason)
    audit(amount)
    settle(amount)
    return amount
"""


class _Measurement:
    """Every statement can be executed, and none was. Folders of `named` are measured on purpose."""

    def __init__(self, root: Path, named: Sequence[str] = ()) -> None:
        self._root = root
        self._named = named
        self.asked: list[str] = []

    def of_files(
        self, paths: Sequence[str], *, without: tuple[str, ...]
    ) -> MeasuredFiles | Unavailable:
        self.asked = list(paths)
        return MeasuredFiles(files={one: self._lines(one) for one in paths}, branch=False)

    def measures(self, folder: str) -> bool:
        return folder in self._named

    def _lines(self, path: str) -> MeasuredLines:
        try:
            found = statements_of((self._root / path).read_bytes())
        except (EvidenceMissing, OSError):
            return MeasuredLines()
        lines = tuple(one.first for one in found)
        return MeasuredLines(executable=lines, missing=lines, executed=False)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """`src/shop.py` on main; `topic` is checked out."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, "src/shop.py", BASE)
    commit(root)
    git(root, "checkout", "-q", "-b", "topic")
    return root


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(dedent(text).lstrip("\n").encode())


def edit(root: Path, old: str, new: str, path: str = "src/shop.py") -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def change_of(root: Path) -> Change:
    found = find_change(root, named="main", environment={})
    assert isinstance(found, Change), found
    return found


def patched(
    root: Path,
    *cases: CaseRecord,
    named: Sequence[str] = (),
    later: int = 60,
    testpaths: Sequence[str] = (),
) -> PatchFacts | Unavailable:
    """`later` seconds after the last edit the run begins."""
    ini = {"python_files": ["test_*.py", "*_test.py"], "testpaths": list(testpaths)}
    config = SimpleNamespace(rootpath=root, getini=ini.__getitem__)
    started = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=later)
    patching = Patching(
        cast("Any", config), change_of(root), cast("Any", _Measurement(root, named)), started
    )
    return patching.facts(cases, without=())


def facts(root: Path, *cases: CaseRecord, **words: Any) -> PatchFacts:
    found = patched(root, *cases, **words)
    assert isinstance(found, PatchFacts), found
    return found


def new(root: Path) -> dict[str, list[tuple[int, int]]]:
    """Lines of the new statements, by path."""
    return {
        file.path: [(one.first, one.last) for one in file.statements if one.newness is Newness.NEW]
        for file in facts(root).files
    }


def test_an_argument_in_the_third_line_of_a_call(repo: Path) -> None:
    edit(repo, "        reason)\n    audit", "        reason, 1)\n    audit")
    assert new(repo) == {"src/shop.py": [(7, 8)]}


def test_a_new_file_tracked_or_not(repo: Path) -> None:
    write(repo, "src/a.py", "x = 1\n")
    commit(repo)
    write(repo, "src/b.py", "y = 1\n")
    assert new(repo) == {"src/a.py": [(1, 1)], "src/b.py": [(1, 1)]}


def test_committed_code_and_an_unstaged_docstring_above_it(repo: Path) -> None:
    (repo / "src/shop.py").write_text(BASE.lstrip("\n") + "\n\ndef late():\n    return 1\n")
    commit(repo)
    edit(repo, "def price", '"""' + "Long.\n" * 7 + '"""\ndef price')
    git(repo, "add", "-A")
    edit(repo, "def legacy", "# staged and unstaged\ndef legacy")
    assert new(repo) == {"src/shop.py": [(23, 23), (24, 24)]}


def test_an_untested_function_moved_to_another_file(repo: Path) -> None:
    head, _, tail = BASE.partition("def legacy")
    write(repo, "src/shop.py", head)
    write(repo, "src/old.py", "import shop\n\n\ndef legacy" + tail)
    moved = facts(repo).files[0]
    assert moved.path == "src/old.py"
    assert [one.newness for one in moved.statements] == [Newness.NEW, *[Newness.MOVED] * 5]


def test_a_file_that_was_split_and_deleted(repo: Path) -> None:
    write(repo, "src/first.py", "x = 1\n" + BASE)
    (repo / "src/shop.py").unlink()
    assert new(repo) == {"src/first.py": [(1, 1)]}


def test_a_formatter_ran(repo: Path) -> None:
    edit(repo, "log(amount,\n        reason)", "log(\n        amount,\n        reason,\n    )")
    assert new(repo) == {"src/shop.py": []}


def test_line_ends_of_another_system_and_a_last_line_without_one(repo: Path) -> None:
    text = (repo / "src/shop.py").read_bytes()
    (repo / "src/shop.py").write_bytes(text.replace(b"\n", b"\r\n").rstrip(b"\r\n"))
    assert new(repo) == {"src/shop.py": []}


def test_renamed_and_edited(repo: Path) -> None:
    git(repo, "mv", "src/shop.py", "src/store.py")
    edit(repo, "return 3", "return 4", "src/store.py")
    assert new(repo) == {"src/store.py": [(2, 2)]}


def test_only_renamed_made_executable_or_deleted(repo: Path) -> None:
    git(repo, "mv", "src/shop.py", "src/store.py")
    (repo / "src/store.py").chmod(0o755)
    assert new(repo) == {}
    (repo / "src/store.py").unlink()
    assert new(repo) == {}


def test_main_that_moved_on_is_not_this_change(repo: Path) -> None:
    write(repo, "src/mine.py", "x = 1\n")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write(repo, "src/theirs.py", "y = 1\n")
    commit(repo)
    git(repo, "checkout", "-q", "topic")
    assert new(repo) == {"src/mine.py": [(1, 1)]}


def test_tests_are_out_of_scope_and_said(repo: Path) -> None:
    write(repo, "tests/support/x.py", "x = 1\n")
    write(repo, "src/shop/tests/deep.py", "x = 1\n")
    write(repo, "src/test_shop.py", "x = 1\n")
    write(repo, "src/test_tool.py", "x = 1\n")  # named like a test, and none was collected in it
    write(repo, "src/conftest.py", "x = 1\n")
    write(repo, "README.md", "x\n")
    collected = (a_case("src/test_shop.py::test_it"), a_case("src/shop.py::shop.price"))
    found = facts(repo, *collected, testpaths=["src/shop/tests", "src"])
    assert [one.path for one in found.files] == ["src/test_tool.py"]
    assert [path for path, _ in found.out_of_scope] == [
        "src/conftest.py",
        "src/shop/tests/deep.py",
        "src/test_shop.py",
        "tests/support/x.py",
    ]


def test_tests_that_are_measured_on_purpose_are_judged(repo: Path) -> None:
    write(repo, "tests/x.py", "x = 1\n")
    assert [one.path for one in facts(repo, named=["tests"]).files] == ["tests/x.py"]


def test_what_cannot_be_judged_is_unread(repo: Path) -> None:
    write(repo, "src/broken.py", "x = (\n")
    found = facts(repo)
    assert [path for path, _ in found.unread] == ["src/broken.py"]
    assert [path for path, _ in facts(repo, later=-60).unread] == ["src/broken.py"]
    (repo / "src" / os.fsdecode(b"caf\xe9.py")).write_bytes(b"x = 1\n")
    assert any("no UTF-8" in why for _, why in facts(repo).unread)


def test_a_file_that_was_removed_meanwhile_is_unread(repo: Path) -> None:
    write(repo, "src/gone.py", "x = 1\n")
    change = change_of(repo)
    (repo / "src/gone.py").unlink()
    ini = {"python_files": ["test_*.py"], "testpaths": []}
    config = SimpleNamespace(rootpath=repo, getini=ini.__getitem__)
    started = dt.datetime.now(dt.UTC)
    patching = Patching(cast("Any", config), change, cast("Any", _Measurement(repo)), started)
    found = patching.facts((), without=())
    assert isinstance(found, PatchFacts)
    assert found.unread == (("src/gone.py", "it cannot be read: No such file or directory"),)


def test_a_base_of_which_the_content_is_missing_is_unknown(repo: Path) -> None:
    edit(repo, "return 3", "return 4")
    change = change_of(repo)
    for blob in (repo / ".git/objects").glob("??/*"):
        if git(repo, "cat-file", "-t", blob.parent.name + blob.name).strip() == "blob":
            blob.unlink()
            break
    ini = {"python_files": ["test_*.py"], "testpaths": []}
    config = SimpleNamespace(rootpath=repo, getini=ini.__getitem__)
    started = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    found = Patching(cast("Any", config), change, cast("Any", _Measurement(repo)), started).facts(
        (), without=()
    )
    assert isinstance(found, Unavailable)
    assert "the files of the base cannot be read" in found.why


def test_an_old_base_that_is_no_python_is_a_note(repo: Path) -> None:
    git(repo, "checkout", "-q", "main")
    write(repo, "src/two.py", "print 'a'\nx = 1\n")
    commit(repo)
    git(repo, "checkout", "-q", "-b", "port")
    write(repo, "src/two.py", "print('a')\nx = 1\n")
    found = facts(repo)
    assert [one.first for one in found.files[0].statements] == [1]
    assert "src/two.py could not be parsed at the base" in found.notes[0]
