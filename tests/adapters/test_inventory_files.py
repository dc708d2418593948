"""Shows what lock files and requirements files are understood to hold, and that nothing is passed over."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_gates.adapters.inventory import listed, listing
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import printable

UV = """
    version = 1
    revision = 3
    [[package]]
    name = "shop"
    version = "0.1.0"
    source = { editable = "." }
    dependencies = [
        { name = "tea", version = "1.0", source = { registry = "r" }, marker = "sys_platform == 'win32'" },
        { name = "tea", version = "2.0", source = { registry = "r" } },
    ]
    [package.optional-dependencies]
    nice = [{ name = "cup" }]
    [package.dev-dependencies]
    dev = [{ name = "Milk" }]
    [[package]]
    name = "workspace"
    version = "0.1.0"
    source = { virtual = "." }
    [[package]]
    name = "tea"
    version = "1.0"
    source = { registry = "r" }
    dependencies = [{ name = "leaf" }]
    [[package]]
    name = "tea"
    version = "2.0"
    source = { registry = "r" }
    [[package]]
    name = "milk"
    version = "2.0"
    source = { git = "https://example.org/milk.git" }
    [[package]]
    name = "cup"
    version = "1.0"
    source = { path = "wheels/cup-1.0-py3-none-any.whl" }
    [[package]]
    name = "leaf"
    version = "3.0"
    source = { registry = "r" }
    """
POETRY = """
    [[package]]
    name = "tea"
    version = "1.0"
    groups = ["main"]
    [package.dependencies]
    Leaf = { version = "*", markers = "x" }
    missing = "*"
    [[package]]
    name = "leaf"
    version = "3.0"
    groups = ["dev"]
    optional = true
    [[package]]
    name = "till"
    version = "1.0"
    [package.source]
    type = "directory"
    url = "../till"
    [[package]]
    name = "cup"
    version = "1.0"
    [package.source]
    type = "file"
    url = "cup.whl"
    [metadata]
    lock-version = "2.1"
    """
PYLOCK = """
    lock-version = "1.0"
    [[packages]]
    name = "tea"
    version = "1.0"
    dependencies = [{ name = "leaf", version = "3.0" }]
    [[packages]]
    name = "leaf"
    version = "3.0"
    marker = "python_version >= '3' or 'nice' in extras"
    [[packages]]
    name = "colorama"
    version = "0.4"
    marker = "python_version < '3'"
    [[packages]]
    name = "shop"
    [packages.directory]
    path = "."
    [[packages]]
    name = "milk"
    [packages.vcs]
    type = "git"
    url = "https://example.org/milk.git"
    commit-id = "1"
    """


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def told(packages: tuple[Package, ...]) -> list[tuple[str, str | None, tuple[str, ...], bool]]:
    return [(one.name, one.version, one.required_by, one.local) for one in packages]


def test_a_uv_lock_is_read_with_all_versions_and_its_graph(tmp_path: Path) -> None:
    path = written(tmp_path, "uv.lock", UV)

    assert told(listed(path)) == [
        ("cup", "1.0", ("shop",), False),
        ("leaf", "3.0", ("shop", "tea"), False),
        ("milk", "2.0", ("shop",), False),
        ("shop", "0.1.0", (), True),
        ("tea", "1.0", ("shop",), False),
        ("tea", "2.0", ("shop",), False),
        ("workspace", "0.1.0", (), True),
    ]
    assert {one.source for one in listed(path)} == {path.as_posix()}


def test_a_poetry_lock_is_read_with_all_groups_and_its_graph(tmp_path: Path) -> None:
    assert told(listed(written(tmp_path, "poetry.lock", POETRY))) == [
        ("cup", "1.0", (), False),
        ("leaf", "3.0", ("tea",), False),
        ("tea", "1.0", (), False),
        ("till", "1.0", (), True),
    ]


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.test.toml"])
def test_a_pylock_is_read_but_for_what_is_not_meant_for_this_interpreter(
    tmp_path: Path, name: str
) -> None:
    whole = listing(written(tmp_path, name, PYLOCK))

    assert told(whole.packages) == [
        ("leaf", "3.0", ("tea",), False),
        ("milk", None, (), False),
        ("shop", None, (), True),
        ("tea", "1.0", (), False),
    ]
    (left_out,) = whole.left_out
    assert "colorama ; python_version < '3': the marker is false here" in left_out


def refused(path: Path) -> str:
    with pytest.raises(ToolError) as caught:
        listed(path)
    assert path.name in caught.value.why
    assert caught.value.remedy
    return caught.value.why


@pytest.mark.parametrize(
    "name, text, why",
    [
        ("uv.lock", "[[package", "no TOML"),
        ("uv.lock", "a = " + "[" * 100_000, "no TOML"),
        ("uv.lock", "", "no `version`"),
        ("uv.lock", "version = 2", "known here: 1"),
        ("uv.lock", "version = 1\npackage = 1", "no list of tables"),
        ("uv.lock", "version = 1\n[[package]]\nversion = '1'", "no name"),
        ("uv.lock", "version = 1\n[[package]]\nname = 'a'\nversion = 1", "is no text"),
        ("uv.lock", "version = 1\n[[package]]\nname = 'a'\nsource = 1", "is no table"),
        (
            "uv.lock",
            "version = 1\n[[package]]\nname = 'a'\ndependencies = ['b']",
            "no list of tables",
        ),
        ("poetry.lock", "[[package]]\nname = 'a'", "no `lock-version`"),
        ("poetry.lock", "[metadata]\nlock-version = '3.0'", "known here: 1, 2"),
        ("pylock.toml", "lock-version = '2.0'", "known here: 1"),
        ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nname = 'a'\nmarker = 1", "is no text"),
        (
            "pylock.toml",
            "lock-version = '1.0'\n[[packages]]\nname = 'a'\nmarker = 'x'",
            "says nothing",
        ),
    ],
)
def test_a_lock_that_is_broken_or_newer_is_refused(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    assert why in refused(written(tmp_path, name, text))


@pytest.mark.parametrize("name", ["uv.lock", "requirements.txt"])
def test_a_file_that_is_not_there_or_too_large_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no such file" in refused(tmp_path / name)
    monkeypatch.setattr("pytest_gates.adapters.inventory_listing.LONGEST_FILE", 3)
    assert "larger than" in refused(written(tmp_path, name, "a==1"))


def test_requirements_are_read_with_hashes_extras_markers_and_nested_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, "sub/more.txt", "leaf==3.0\n-r ../requirements.txt\n-c pins.txt\n")
    written(
        tmp_path, "sub/pins.txt", "cup==2.0\nunused==1.0\nspoon<9\ncup==3.0; python_version < '3'\n"
    )
    (tmp_path / "till").mkdir()
    path = written(
        tmp_path,
        "requirements.txt",
        """
        --index-url https://example.org/simple
        Tea_Pot[hot,nice]==1.0 \\
            --hash=sha256:aaaa \\
            --hash=sha256:bbbb
            # via shop
        milk === 2.0 ; python_version >= "3"
        colorama==0.4 ; python_version < "3"
        cup
        spoon==1.0,>=0.5
        tea-pot==1.0
        tea-pot==1.1
        -e ./till
        -e git+https://example.org/jug.git#egg=jug
        lid @ https://example.org/lid-1.0-py3-none-any.whl
        -r sub/more.txt
        """,
    )
    whole = listing(path)

    assert [(one.name, one.version, one.local) for one in whole.packages] == [
        ("./till", None, True),
        ("cup", "2.0", False),
        ("jug", None, False),
        ("leaf", "3.0", False),
        ("lid", None, False),
        ("milk", "2.0", False),
        ("spoon", "1.0", False),
        ("Tea_Pot", "1.0", False),
        ("tea-pot", "1.1", False),
    ]
    (left_out,) = whole.left_out
    assert "requirements.txt:8: colorama==0.4" in left_out
    assert left_out.endswith("the marker is false here")


@pytest.mark.parametrize(
    "text, why",
    [
        ("tea>=1", "requirements.txt:1: tea>=1"),
        ("milk==1\ntea==1.*", "requirements.txt:2: tea==1.*"),
        ("tea", "not pinned to one version"),
        ("a\nb\nc\nd\ne", "and 2 more"),
        ("no such thing ==", "is no requirement"),
        ("--no-such-option", "is no requirement"),
        ("tea==1 ; python_version ~= 'x'", "is no requirement"),
        ("-r https://example.org/more.txt", "nothing is downloaded"),
        ("-r gone.txt", "gone.txt cannot be read"),
        ("-c gone.txt", "gone.txt cannot be read"),
        ("# -*- coding: no-such-code -*-", "LookupError"),
    ],
)
def test_what_leaves_a_version_open_is_refused_with_its_line(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(ToolError) as caught:
        listed(written(tmp_path, "requirements.txt", text))
    assert why in caught.value.why


def test_a_thousand_files_that_lead_to_each_other_come_to_an_end(tmp_path: Path) -> None:
    for number in range(300):
        written(tmp_path, f"{number}.txt", f"-r {number + 1}.txt\n")

    with pytest.raises(ToolError, match="too many files"):
        listed(tmp_path / "0.txt")


LINES = st.lists(
    st.sampled_from(["tea==1", "milk", "-r x", "-e .", "--hash=", "\\", "#", ";", "@", "a b"])
    | st.text(max_size=12),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(lines=LINES, name=st.sampled_from(["r.txt", "uv.lock", "poetry.lock", "pylock.toml"]))
def test_any_text_is_read_or_refused(tmp_path: Path, lines: list[str], name: str) -> None:
    path = tmp_path / name
    path.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")

    try:
        said = [one.name for one in listed(path)]
    except ToolError as why:
        said = [why.why, why.remedy]

    assert [printable(one, 5000) for one in said] == said
