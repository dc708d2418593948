"""What a change did is told as git sees it, whatever the names, the layout and the user's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gates.adapters.change import files_at, find_change
from pytest_gates.model.change import Change, FileChange, Hunk
from support.repositories import commit, git, write

ODD_NAMES = (
    "with space.py",
    "line\nbreak.py",
    "café.py",
    'quo"te.py',
    "back\\slash.py",
    "a\tb.py",
    "-rf.py",
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Two branches: `main` holds a file of ten lines, `topic` is checked out on it."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, "pay.py", "".join(f"line_{number} = {number}\n" for number in range(1, 11)))
    commit(root)
    git(root, "checkout", "-q", "-b", "topic")
    return root


def the_change(root: Path, named: str = "main", **words: tuple[str, ...]) -> Change:
    found = find_change(root, named=named, environment={}, **words)
    assert isinstance(found, Change), found
    return found


def the_file(root: Path, path: str = "pay.py") -> FileChange:
    file = the_change(root).file(path)
    assert file is not None
    return file


def edit(root: Path, old: str, new: str, path: str = "pay.py") -> None:
    text = (root / path).read_bytes().decode()
    assert old in text
    (root / path).write_bytes(text.replace(old, new, 1).encode())


def staged(root: Path) -> None:
    git(root, "add", "-A")


def committed(root: Path) -> None:
    commit(root)


def left(root: Path) -> None:
    """Neither staged nor committed."""


@pytest.mark.parametrize("kept", [left, staged, committed])
def test_a_changed_line_is_new_wherever_the_change_lies(
    repo: Path, kept: Callable[[Path], None]
) -> None:
    edit(repo, "line_4 = 4\n", "line_4 = 40\nline_4b = 41\n")
    kept(repo)
    file = the_file(repo)
    assert file.new_lines == ((4, 5),)
    assert (file.line_now(5), file.line_now(4)) == (6, None)


def test_staged_and_unstaged_edits_are_one_change(repo: Path) -> None:
    """Two diffs laid over each other would name lines that have moved since."""
    edit(repo, "line_9 = 9\n", "line_9 = 90\n")
    commit(repo)
    edit(repo, "line_5 = 5\n", "line_5 = 50\n")
    git(repo, "add", "-A")
    edit(repo, "line_1 = 1\n", "# one\n# two\nline_1 = 1\n")
    assert the_file(repo).new_lines == ((1, 2), (7, 7), (11, 11))


@pytest.mark.parametrize("kept", [left, staged, committed])
def test_a_new_file_is_new_from_its_first_line_to_its_last(
    repo: Path, kept: Callable[[Path], None]
) -> None:
    write(repo, "shop/new.py", "a = 1\nb = 2")
    kept(repo)
    file = the_file(repo, "shop/new.py")
    assert (file.base_path, file.new_lines) == (None, ((1, 2),))


def test_an_empty_new_file_has_no_lines(repo: Path) -> None:
    write(repo, "empty.py", "")
    assert the_file(repo, "empty.py").new_lines == ()


def test_what_git_ignores_and_our_own_reports_are_no_change(repo: Path) -> None:
    write(repo, ".gitignore", "build/\n")
    write(repo, "build/x.py", "a = 1\n")
    write(repo, "gates-report/report.json", "{}\n")
    assert [one.path for one in the_change(repo, ignored=("gates-report",)).files] == [".gitignore"]


def test_a_renamed_file_is_followed(repo: Path) -> None:
    (repo / "shop").mkdir()
    git(repo, "mv", "pay.py", "shop/till.py")
    edit(repo, "line_2 = 2\n", "line_2 = 20\n", "shop/till.py")
    file = the_file(repo, "shop/till.py")
    assert (file.base_path, file.new_lines) == ("pay.py", ((2, 2),))
    assert the_change(repo).deleted == ()


def test_a_deleted_file_is_named(repo: Path) -> None:
    git(repo, "rm", "-q", "pay.py")
    assert (the_change(repo).deleted, the_change(repo).files) == (("pay.py",), ())


def test_a_changed_mode_changes_no_line(repo: Path) -> None:
    (repo / "pay.py").chmod(0o755)
    assert the_file(repo).hunks == ()


def test_the_last_line_without_its_end_is_one_line(repo: Path) -> None:
    text = (repo / "pay.py").read_bytes()
    (repo / "pay.py").write_bytes(text.rstrip(b"\n"))
    assert the_file(repo).new_lines == ((10, 10),)
    edit(repo, "line_10 = 10", "line_10 = 10\nline_11 = 11")
    assert the_file(repo).new_lines == ((11, 11),)


def test_other_line_ends_are_a_change_of_each_line(repo: Path) -> None:
    text = (repo / "pay.py").read_bytes()
    (repo / "pay.py").write_bytes(text.replace(b"\n", b"\r\n"))
    assert the_file(repo).new_lines == ((1, 10),)


def test_odd_names_are_read_as_they_are(repo: Path) -> None:
    for name in ODD_NAMES:
        write(repo, name, "a = 1\nb = 2\nc = 3\n")
    commit(repo)
    git(repo, "branch", "-f", "main")
    for name in ODD_NAMES:
        write(repo, name, "a = 1\nb = 20\nc = 3\n")
    found = {one.path: one.hunks for one in the_change(repo).files}
    assert found == dict.fromkeys(sorted(ODD_NAMES), (Hunk(2, 1, 2, 1),))


def test_content_that_looks_like_a_header_is_content(repo: Path) -> None:
    lines = "-- a/x.py\n++ b/x.py\n@@ -1,9 +1,9 @@\ndiff --git a/x.py b/x.py\n"
    write(repo, "notes.py", lines)
    commit(repo)
    git(repo, "branch", "-f", "main")
    write(repo, "notes.py", f"{lines}++ b/y.py\n")
    write(repo, "pay.py", "++ b/z.py\n@@ -1 +1 @@\n")
    assert [one.path for one in the_change(repo).files] == ["notes.py", "pay.py"]
    assert the_file(repo, "notes.py").hunks == (Hunk(4, 0, 5, 1),)


def test_a_name_that_is_no_text_is_not_passed_over(repo: Path) -> None:
    with open(os.fsencode(repo) + b"/odd\xff.py", "wb") as stream:  # noqa: PTH123 - a name in bytes
        stream.write(b"a = 1\n")
    ((path, why),) = the_change(repo).unread
    assert path == "odd\\xff.py"
    assert "UTF-8" in why


def test_links_and_submodules_are_left_out_and_said(repo: Path) -> None:
    (repo / "linked.py").symlink_to("pay.py")
    inner = repo / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    write(inner, "x.py", "a = 1\n")
    commit(inner)
    git(repo, "-c", "advice.addEmbeddedRepo=false", "add", "-A")
    (repo / "untracked.py").symlink_to("pay.py")
    found = the_change(repo)
    assert found.left_out == (
        ("linked.py", "a symbolic link"),
        ("untracked.py", "a symbolic link, or no regular file"),
        ("vendor", "a submodule"),
    )
    assert found.files == ()


def test_attributes_cannot_hide_code(repo: Path) -> None:
    write(repo, ".gitattributes", "*.py binary\n")
    edit(repo, "line_3 = 3\n", "line_3 = 30\n")
    assert the_file(repo).new_lines == ((3, 3),)


def test_no_line_of_a_binary_file_is_known(repo: Path) -> None:
    (repo / "logo.png").write_bytes(b"\x89PNG\0\0\n1\n")
    commit(repo)
    git(repo, "branch", "-f", "main")
    (repo / "logo.png").write_bytes(b"\x89PNG\0\0\n2\n")
    file = the_file(repo, "logo.png")
    assert (file.line_now(1), file.line_at_base(1)) == (None, None)


SETTINGS = (
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.renames", "false"),
    ("diff.context", "5"),
    ("diff.interHunkContext", "9"),
    ("diff.external", "/bin/true"),
    ("diff.algorithm", "patience"),
    ("diff.submodule", "log"),
    ("diff.ignoreSubmodules", "all"),
    ("diff.orderFile", "order"),
    ("diff.relative", "true"),
    ("color.ui", "always"),
    ("color.diff", "always"),
    ("core.quotePath", "true"),
    ("status.showUntrackedFiles", "no"),
)


def test_the_settings_of_the_user_change_nothing(repo: Path) -> None:
    write(repo, "line\n-café.py", "a = 1\n")
    commit(repo)
    git(repo, "branch", "-f", "main")
    (repo / "shop").mkdir()
    git(repo, "mv", "pay.py", "shop/till.py")
    edit(repo, "line_2 = 2\n", "line_2 = 20\n", "shop/till.py")
    edit(repo, "line_5 = 5\n", "", "shop/till.py")
    write(repo, "line\n-café.py", "a = 2\n")
    write(repo, "new.py", "a = 1\n")
    before = the_change(repo)
    for name, value in SETTINGS:
        git(repo, "config", name, value)
    write(repo, "order", "new.py\n")
    assert tuple(one for one in the_change(repo).files if one.path != "order") == before.files
    assert len(before.files) == 3


def test_paths_count_from_the_root_of_the_project(repo: Path) -> None:
    write(repo, "services/till/app.py", "a = 1\n")
    commit(repo)
    git(repo, "branch", "-f", "main")
    write(repo, "services/till/app.py", "a = 2\n")
    edit(repo, "line_1 = 1\n", "line_1 = 10\n")
    root = repo / "services" / "till"
    assert [one.path for one in the_change(root).files] == ["app.py"]
    assert files_at(root, "main", ["app.py", "pay.py"]) == {"app.py": b"a = 1\n"}


def test_the_marks_of_a_merge_that_is_not_finished_are_changed_lines(repo: Path) -> None:
    edit(repo, "line_1 = 1\n", "line_1 = 10\n")
    commit(repo)
    git(repo, "checkout", "-q", "-b", "other", "main")
    edit(repo, "line_1 = 1\n", "line_1 = 11\n")
    commit(repo)
    subprocess.run(["git", "merge", "-q", "topic"], cwd=repo, check=False, capture_output=True)
    assert the_file(repo).new_lines == ((1, 5),)


def test_content_of_the_base_is_read_from_git(repo: Path) -> None:
    names = [*ODD_NAMES, "crlf.py", "empty.py"]
    for name in ODD_NAMES:
        write(repo, name, f"name = {len(name)}\n")
    (repo / "crlf.py").write_bytes(b"a\r\nb")
    (repo / "empty.py").write_bytes(b"")
    (repo / "link.py").symlink_to("pay.py")
    sha = commit(repo)
    git(repo, "rm", "-q", "-r", ".")
    found = files_at(repo, sha, [*names, "link.py", "gone.py"])
    assert found == {
        **{name: b"name = %d\n" % len(name) for name in ODD_NAMES},
        "crlf.py": b"a\r\nb",
        "empty.py": b"",
    }
    assert files_at(repo, sha, ()) == {}
    with pytest.raises(OSError, match="cannot list"):
        files_at(repo, "f" * 40, ["pay.py"])
