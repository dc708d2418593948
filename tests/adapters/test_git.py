"""Shows that git's answer depends on the checkout alone, and that asking starts nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.adapters.git import CheckoutQuestion, checkout, listed_files
from pytest_gates.model.evidence import Checkout, Unavailable

ODD_NAMES = (
    "with space.py",
    "line\nbreak.py",
    "café.py",
    'quo"te.py',
    "back\\slash.py",
    "tab\there.py",
    "-rf.py",
    ":(exclude)x.py",
)


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, message: str = "work") -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """One commit that holds `a.py`."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("A = 1\n", encoding="utf-8")
    commit(root)
    return root


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A program that leaves `started.mark` beside it when somebody starts it."""
    script = tmp_path / "started"
    script.write_text(f"#!/bin/sh\ntouch '{script}.mark'\nexit 0\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def was_started(script: Path) -> bool:
    return Path(f"{script}.mark").exists()


def head(root: Path) -> str:
    return git(root, "rev-parse", "HEAD")


def test_a_clean_tree_is_its_commit(repo: Path) -> None:
    assert checkout(repo) == Checkout(commit=head(repo), dirty=False)


def test_a_changed_file_makes_the_tree_dirty(repo: Path) -> None:
    (repo / "a.py").write_text("A = 22\n", encoding="utf-8")

    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)


@pytest.mark.parametrize("change", ["staged", "deleted", "mode", "untracked", "untracked folder"])
def test_every_other_difference_makes_it_dirty_too(repo: Path, change: str) -> None:
    match change:
        case "staged":
            (repo / "a.py").write_text("A = 22\n", encoding="utf-8")
            git(repo, "add", "a.py")
        case "deleted":
            (repo / "a.py").unlink()
        case "mode":
            (repo / "a.py").chmod(0o755)
        case "untracked":
            (repo / "new.txt").write_text("", encoding="utf-8")
        case _:
            (repo / "new").mkdir()
            (repo / "new" / "b.py").write_text("", encoding="utf-8")

    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)


def test_what_gitignore_names_is_no_difference(repo: Path) -> None:
    (repo / ".gitignore").write_text("*.log\n", encoding="utf-8")
    commit(repo)
    (repo / "x.log").write_text("", encoding="utf-8")

    assert checkout(repo) == Checkout(commit=head(repo), dirty=False)


@pytest.mark.parametrize("folder", ["gates-report", "out/gates report", "[odd]*"])
def test_our_own_reports_are_no_difference(repo: Path, folder: str) -> None:
    (repo / folder).mkdir(parents=True)
    (repo / folder / "report.json").write_text("{}", encoding="utf-8")

    assert checkout(repo, ignored=(folder,)) == Checkout(commit=head(repo), dirty=False)
    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)


def test_beside_our_own_reports_other_differences_count(repo: Path) -> None:
    (repo / "gates-report").mkdir()
    (repo / "gates-report" / "report.json").write_text("{}", encoding="utf-8")
    (repo / "gates-report-2").write_text("", encoding="utf-8")

    assert checkout(repo, ignored=("gates-report",)) == Checkout(commit=head(repo), dirty=True)


def test_a_report_folder_outside_the_repository_is_no_obstacle(repo: Path, tmp_path: Path) -> None:
    assert checkout(repo, ignored=(str(tmp_path / "reports"),)) == Checkout(
        commit=head(repo), dirty=False
    )
    assert checkout(repo, ignored=("../reports",)) == Checkout(commit=head(repo), dirty=False)


@pytest.mark.parametrize("folder", [".", "./", "", "gates-report/.."])
def test_a_report_folder_that_is_the_whole_tree_hides_no_difference(
    repo: Path, folder: str
) -> None:
    (repo / "a.py").write_text("A = 22\n", encoding="utf-8")

    assert checkout(repo, ignored=(folder,)) != Checkout(commit=head(repo), dirty=False)


def test_a_detached_head_is_a_commit(repo: Path) -> None:
    first = head(repo)
    commit(repo, "second")
    git(repo, "checkout", "-q", "--detach", first)

    assert checkout(repo) == Checkout(commit=first, dirty=False)


def test_a_merge_commit_is_a_commit(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "side")
    (repo / "b.py").write_text("", encoding="utf-8")
    commit(repo, "side")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", "side")

    assert len(git(repo, "rev-list", "--parents", "-1", "HEAD").split()) == 3
    assert checkout(repo) == Checkout(commit=head(repo), dirty=False)


def test_a_merge_with_conflicts_is_dirty(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "side")
    (repo / "a.py").write_text("A = 2\n", encoding="utf-8")
    commit(repo, "side")
    git(repo, "checkout", "-q", "main")
    (repo / "a.py").write_text("A = 3\n", encoding="utf-8")
    commit(repo, "main")
    subprocess.run(["git", "merge", "-q", "side"], cwd=repo, check=False, capture_output=True)

    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)
    assert listed_files(repo, (".py",)) == ("a.py",)


def test_a_shallow_clone_is_a_commit(repo: Path, tmp_path: Path) -> None:
    last = commit(repo, "second")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", repo.as_uri(), str(shallow))

    assert git(shallow, "rev-list", "--count", "HEAD") == "1"
    assert checkout(shallow) == Checkout(commit=last, dirty=False)


def test_a_linked_work_tree_has_a_commit_of_its_own(repo: Path, tmp_path: Path) -> None:
    first = head(repo)
    commit(repo, "second")
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), first)

    assert checkout(tmp_path / "linked") == Checkout(commit=first, dirty=False)


def test_a_folder_of_a_repository_speaks_for_itself(repo: Path) -> None:
    (repo / "part").mkdir()
    (repo / "part" / "b.py").write_text("", encoding="utf-8")
    commit(repo)
    (repo / "part" / "gates-report").mkdir()
    (repo / "part" / "gates-report" / "report.json").write_text("{}", encoding="utf-8")

    found = checkout(repo / "part", ignored=("gates-report",))

    assert found == Checkout(commit=head(repo), dirty=False)
    assert listed_files(repo / "part", (".py",)) == ("b.py",)


def test_before_the_first_commit_there_is_no_answer(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    found = checkout(tmp_path)

    assert isinstance(found, Unavailable)
    assert found.why
    assert found.remedy


def test_without_a_repository_there_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert isinstance(checkout(tmp_path), Unavailable)
    assert listed_files(tmp_path, (".py",)) is None


def test_without_git_there_is_no_answer(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))

    assert isinstance(checkout(repo), Unavailable)
    assert listed_files(repo, (".py",)) is None


def test_a_broken_repository_is_no_clean_one(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"not an index")

    assert isinstance(checkout(repo), Unavailable)
    assert listed_files(repo, (".py",)) is None


def test_both_questions_may_wait_while_others_work(repo: Path, temporary: Path) -> None:
    question = CheckoutQuestion(repo)
    before = head(repo)

    assert question.answer() == Checkout(commit=before, dirty=False)
    assert list(temporary.iterdir()) == []


def test_odd_file_names_are_listed_as_they_are(repo: Path) -> None:
    for name in ODD_NAMES[:4]:
        (repo / name).write_text("", encoding="utf-8")
    commit(repo)
    for name in ODD_NAMES[4:]:
        (repo / name).write_text("", encoding="utf-8")

    assert listed_files(repo, (".py",)) == tuple(sorted(("a.py", *ODD_NAMES)))
    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text")
def test_a_file_name_that_is_no_text_can_be_opened_by_what_is_listed(repo: Path) -> None:
    (repo / os.fsdecode(b"caf\xe9.py")).write_text("", encoding="utf-8")

    listed = listed_files(repo, (".py",))

    assert listed is not None
    assert len(listed) == 2
    assert all((repo / name).is_file() for name in listed)


def test_tracked_and_untracked_files_are_listed_but_not_ignored_ones(repo: Path) -> None:
    (repo / ".gitignore").write_text("build/\n", encoding="utf-8")
    for name in ("build/c.py", "src/b.py", "src/b.txt", "src/b.pyw", "src/pyx"):
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_text("", encoding="utf-8")

    assert listed_files(repo, (".py", ".pyw")) == ("a.py", "src/b.py", "src/b.pyw")


@pytest.mark.parametrize(
    "setting",
    [
        "status.showUntrackedFiles=no",
        "core.quotepath=true",
        "status.relativePaths=false",
        "status.branch=true",
        "status.short=true",
        "status.showStash=true",
        "status.renames=copies",
        "color.ui=always",
        "color.status=always",
        "core.abbrev=4",
        "advice.statusHints=true",
        "core.untrackedCache=true",
        "feature.manyFiles=true",
    ],
)
@pytest.mark.parametrize("dirty", [False, True])
def test_no_setting_of_the_user_changes_the_answer(
    repo: Path, setting: str, dirty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "café.py").write_text("", encoding="utf-8")
    commit(repo)
    if dirty:
        (repo / "ñew.py").write_text("", encoding="utf-8")
    config = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    git(repo, "config", "--file", str(config), *setting.split("="))

    assert checkout(repo) == Checkout(commit=head(repo), dirty=dirty)
    assert listed_files(repo, (".py",)) == ("a.py", "café.py", *(["ñew.py"] if dirty else []))


@pytest.mark.parametrize("setting", ["diff.ignoreSubmodules=all", "submodule.sub.ignore=all"])
def test_a_changed_submodule_is_a_difference_whatever_the_settings_say(
    repo: Path, setting: str, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    git(tmp_path, "clone", "-q", repo.as_uri(), str(inner))
    allow = ("-c", "protocol.file.allow=always")
    git(repo, *allow, "submodule", "--quiet", "add", inner.as_uri(), "sub")
    commit(repo)
    git(repo, "config", *setting.split("="))
    assert checkout(repo) == Checkout(commit=head(repo), dirty=False)

    (repo / "sub" / "a.py").write_text("A = 333\n", encoding="utf-8")

    assert checkout(repo) == Checkout(commit=head(repo), dirty=True)


@pytest.mark.parametrize("scope", ["global", "repository"])
def test_asking_starts_no_program_that_a_setting_names(
    repo: Path, scope: str, started: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = repo / ".git" / "config"
    if scope == "global":
        config = tmp_path / "gitconfig"
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    settings = ("core.fsmonitor", "core.pager", "pager.status", "diff.external", "core.editor")
    for name in (*settings, "core.askPass", "core.sshCommand", "alias.status", "alias.ls-files"):
        git(repo, "config", "--file", str(config), name, str(started))
    (repo / "a.py").write_text("A = 22\n", encoding="utf-8")
    assert not was_started(started)

    found = checkout(repo)
    listed = listed_files(repo, (".py",))

    assert not was_started(started)
    assert found == Checkout(commit=found.commit if isinstance(found, Checkout) else "", dirty=True)
    assert listed == ("a.py",)


def test_asking_starts_no_hook_of_the_repository(repo: Path, started: Path) -> None:
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout", "query-watchman"):
        shutil.copy(started, repo / ".git" / "hooks" / name)
    os.utime(repo / "a.py", (1, 1))

    assert checkout(repo) == Checkout(commit=head(repo), dirty=False)
    assert not was_started(started)


def test_asking_changes_no_file_of_the_repository(repo: Path) -> None:
    os.utime(repo / "a.py", (1, 1))
    index = repo / ".git" / "index"
    before = index.read_bytes()

    checkout(repo)
    listed_files(repo, (".py",))

    assert index.read_bytes() == before


@pytest.mark.parametrize(
    "variable",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_LITERAL_PATHSPECS", "GIT_ICASE_PATHSPECS"],
)
def test_no_variable_of_git_points_the_question_elsewhere(
    repo: Path, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git hook that runs the tests sets some of these."""
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", repo.as_uri(), str(other))
    commit(other, "elsewhere")
    (other / "only-there.py").write_text("", encoding="utf-8")
    commit_here = head(repo)
    values = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(tmp_path / "no-index"),
    }
    monkeypatch.setenv(variable, values.get(variable, "1"))

    assert checkout(repo, ignored=("gates-report",)) == Checkout(commit=commit_here, dirty=False)
    (repo / "new.py").write_text("", encoding="utf-8")
    assert checkout(repo, ignored=("gates-report",)) == Checkout(commit=commit_here, dirty=True)
    assert listed_files(repo, (".py",)) == ("a.py", "new.py")
