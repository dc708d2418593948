"""Shows which file is the policy, which files are the project, and that reports are written whole."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import pytest_gates
from pytest_gates.adapters import files
from pytest_gates.adapters.files import (
    find_policy_file,
    is_project_itself,
    judge_inside,
    python_files,
    write_whole,
)
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.policy import PolicySource

OURS = "[tool.pytest-gates.tests]\n"
OTHERS = "[tool.ruff]\nline-length = 100\n"


def write(root: Path, **texts: str) -> None:
    """`gates__toml="…"` writes gates.toml."""
    for name, text in texts.items():
        (root / name.replace("__", ".")).write_text(text, encoding="utf-8")


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", encoding="utf-8")


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def test_a_project_without_a_policy_has_none(tmp_path: Path) -> None:
    assert find_policy_file(tmp_path, None) is None
    write(tmp_path, pyproject__toml=OTHERS)
    assert find_policy_file(tmp_path, None) is None


def test_the_table_in_pyproject_is_the_policy(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml=OTHERS + OURS)

    assert find_policy_file(tmp_path, None) == PolicySource(
        file_name="pyproject.toml", text=OTHERS + OURS, table="tool.pytest-gates"
    )


@pytest.mark.parametrize("text", ["[tests]\n", ""])
def test_gates_toml_is_the_policy_even_when_it_is_empty(tmp_path: Path, text: str) -> None:
    write(tmp_path, gates__toml=text, pyproject__toml=OTHERS)

    assert find_policy_file(tmp_path, None) == PolicySource(
        file_name="gates.toml", text=text, table=""
    )


def test_two_policies_are_an_error_that_names_both(tmp_path: Path) -> None:
    write(tmp_path, gates__toml="", pyproject__toml=OURS)

    with pytest.raises(ConfigError) as caught:
        find_policy_file(tmp_path, None)

    (problem,) = caught.value.problems
    assert "gates.toml" in problem
    assert "pyproject.toml [tool.pytest-gates]" in problem


@pytest.mark.parametrize(
    "name, table", [("law.toml", ""), ("ci/gates.toml", ""), ("ci/pyproject.toml", files.TABLE)]
)
def test_a_named_file_wins_over_all_others(tmp_path: Path, name: str, table: str) -> None:
    (tmp_path / "ci").mkdir()
    write(tmp_path, gates__toml="", pyproject__toml=OURS)
    (tmp_path / name).write_text("# mine\n", encoding="utf-8")

    found = find_policy_file(tmp_path, name)

    assert found == PolicySource(file_name=name, text="# mine\n", table=table)


@pytest.mark.parametrize("name", ["law.toml", "ci"])
def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "ci").mkdir()
    write(tmp_path, pyproject__toml=OURS)

    with pytest.raises(ConfigError, match=f"policy file {name}: there is no such file"):
        find_policy_file(tmp_path, name)


@pytest.mark.parametrize(
    "text, is_ours", [("[tool.pytest-gates\n", True), ("[tool.ruff\n", False), ("= 1", False)]
)
def test_a_broken_pyproject_is_ours_only_if_it_names_us(
    tmp_path: Path, text: str, is_ours: bool
) -> None:
    write(tmp_path, pyproject__toml=text)

    assert (find_policy_file(tmp_path, None) is not None) is is_ours


def test_an_empty_table_is_a_policy(tmp_path: Path) -> None:
    write(tmp_path, pyproject__toml="[tool.pytest-gates]\n")

    assert find_policy_file(tmp_path, None) is not None


@pytest.mark.parametrize("spelling", ["tool = {pytest-gates = {}}", '["tool"."pytest-gates"]'])
def test_another_spelling_of_the_table_is_the_same_table(tmp_path: Path, spelling: str) -> None:
    write(tmp_path, pyproject__toml=spelling)

    assert find_policy_file(tmp_path, None) is not None


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "gates.toml").write_bytes(b"\xef\xbb\xbf[tests]\n")

    found = find_policy_file(tmp_path, None)

    assert found is not None
    assert found.text == "[tests]\n"


@pytest.mark.parametrize("name", ["gates.toml", "pyproject.toml"])
def test_a_policy_that_is_no_utf_8_is_an_error_of_the_policy(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"# caf\xe9\n[tool.pytest-gates]\n")

    with pytest.raises(ConfigError, match=f"{name}: cannot be read"):
        find_policy_file(tmp_path, None)


def test_a_report_is_written_whole_and_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "report.json"
    before = os.umask(0o077)
    try:
        write_whole(path, b"{}")
    finally:
        os.umask(before)

    assert path.read_bytes() == b"{}"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["report.json"]


def test_a_reader_keeps_the_old_report_while_a_new_one_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, b"old")
    with path.open("rb") as reader:
        write_whole(path, b"new and longer")

        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_in_the_place_of_the_report_does_not_lead_the_writing_elsewhere(
    tmp_path: Path,
) -> None:
    target = tmp_path / "precious"
    target.write_text("precious", encoding="utf-8")
    path = tmp_path / "report.json"
    path.symlink_to(target)

    write_whole(path, b"{}")

    assert target.read_text(encoding="utf-8") == "precious"
    assert path.read_bytes() == b"{}"


def test_a_report_folder_that_is_a_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "gates-report").write_text("", encoding="utf-8")
    path = tmp_path / "gates-report" / "report.json"

    with pytest.raises(GatesError) as caught:
        write_whole(path, b"{}")

    assert str(path) in str(caught.value)
    assert "report-dir" in str(caught.value)


def test_a_report_that_cannot_take_its_place_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()

    with pytest.raises(GatesError, match="report-dir"):
        write_whole(tmp_path / "report.json", b"{}")

    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_an_interrupted_writing_leaves_the_old_report_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    write_whole(path, b"old")

    def interrupt(_self: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("report.json", b"old")]


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="a folder that its owner cannot write"
)
def test_a_folder_without_write_permission_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(GatesError, match="Permission denied"):
            write_whole(tmp_path / "report.json", b"{}")
    finally:
        tmp_path.chmod(0o755)


def test_in_a_repository_the_project_is_what_git_tracks_or_would_track(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("out/\n.venv/\n", encoding="utf-8")
    touch(tmp_path, "a.py", "gone.py", "build/b.py", ".github/c.py", "forced/out/d.py")
    touch(tmp_path, "a.txt", "out/x.py", ".venv/lib/x.py", "win.pyw", "stub.pyi")
    git(tmp_path, "add", "-f", "a.py", "gone.py", "build", "forced/out/d.py")
    (tmp_path / "gone.py").unlink()

    assert python_files(tmp_path) == (
        ".github/c.py",
        "a.py",
        "build/b.py",
        "forced/out/d.py",
        "win.pyw",
    )


def test_without_git_hidden_folders_and_those_of_others_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    touch(tmp_path, "a.py", "src/shop/b.py", "tests/c.py", "my env/pyvenv.cfg", "my env/lib/x.py")
    touch(tmp_path, ".tox/x.py", "node_modules/x.py", "build/x.py", "src/__pycache__/x.py")
    touch(tmp_path, "src/site-packages/x.py", "dist/x.py", "readme.md", ".hidden.py")

    assert python_files(tmp_path) == (".hidden.py", "a.py", "src/shop/b.py", "tests/c.py")


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
@pytest.mark.parametrize("with_git", [True, False])
def test_links_are_left_out(
    tmp_path: Path, with_git: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    touch(tmp_path, "outside/x.py", "root/a.py")
    (root / "link.py").symlink_to(root / "a.py")
    (root / "broken.py").symlink_to(root / "nothing.py")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "round").symlink_to(root)
    if with_git:
        git(root, "init", "-q")
        git(root, "add", "-A")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))

    assert python_files(root) == ("a.py",)


@pytest.mark.parametrize("with_git", [True, False])
def test_a_project_without_python_files_has_none(
    tmp_path: Path, with_git: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "readme.md")
    if with_git:
        git(tmp_path, "init", "-q")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))

    assert python_files(tmp_path) == ()


def judge_at(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if the running pytest_gates had been imported from below `place`."""
    own = place / "pytest_gates"
    (own / "adapters").mkdir(parents=True)
    monkeypatch.setattr(files, "__file__", str(own / "adapters" / "files.py"))
    return own


def test_a_judge_that_the_judged_tree_brought_along_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = judge_at(tmp_path / "vendor", monkeypatch)

    assert judge_inside(tmp_path) == own.resolve()
    assert judge_inside(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("name", ["purelib", "platlib"])
def test_a_judge_in_an_environment_below_the_root_is_installed(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / ".venv" / "lib" / "site-packages"
    judge_at(site, monkeypatch)
    elsewhere = str(tmp_path / "elsewhere")
    monkeypatch.setattr(sysconfig, "get_path", lambda one: str(site) if one == name else elsewhere)

    assert judge_inside(tmp_path) is None


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_to_the_judged_tree_hides_no_judge_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    judge_at(real, monkeypatch)
    (tmp_path / "link").symlink_to(real)

    assert judge_inside(tmp_path / "link") is not None


@pytest.mark.parametrize(
    "text, itself",
    [
        ('[project]\nname = "pytest-gates"\n', True),
        ('[project]\nname = "shop"\n', False),
        ('name = "pytest-gates"\n', False),
        ('project = "pytest-gates"\n', False),
        ("[project\n", False),
        (None, False),
    ],
)
def test_only_this_project_may_be_judged_by_its_own_tree(
    tmp_path: Path, text: str | None, itself: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_at(tmp_path / "src", monkeypatch)
    if text is not None:
        write(tmp_path, pyproject__toml=text)

    assert is_project_itself(tmp_path) is itself
    assert (judge_inside(tmp_path) is None) is itself


def test_a_copied_package_finds_itself_in_the_judged_tree(tmp_path: Path) -> None:
    real = Path(pytest_gates.__file__).parent
    (tmp_path / "pytest_gates").symlink_to(real)
    copied = tmp_path / "lib" / "pytest_gates"
    for source in real.rglob("*.py"):
        target = copied / source.relative_to(real)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from pytest_gates.adapters.files import judge_inside; print(judge_inside(Path(sys.argv[1])))"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path), str(tmp_path / "lib")],
        check=True,
        capture_output=True,
        text=True,
    )

    assert Path(done.stdout.strip()) == copied.resolve()
