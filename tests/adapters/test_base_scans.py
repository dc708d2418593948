"""Shows what a tool is shown of the base: git's objects under the settings of today, in another folder."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import msgspec
import pytest

from pytest_gates.adapters import base_scans
from pytest_gates.adapters.base_listing import list_base
from pytest_gates.adapters.base_scans import BaseScans
from pytest_gates.adapters.base_tree import Order, lay_out
from pytest_gates.adapters.scans import Scans
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.tools import bandit, mypy, ruff, secrets
from support.bases import ONLY_NEW, a_change, a_repository, ask, known, places
from support.fake_tools import fake_tool, python_argv
from support.repositories import commit, git, write
from support.waiting import is_alive, pid_in

WHOLE = "print('WHOLE')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_repository(tmp_path / "root")


def seen(root: Path, *, everything: bool) -> str:
    """The files in the folder that a tool is started in."""
    told: list[str] = []
    code = (
        "import os; print(sorted(os.path.relpath(os.path.join(d, f)) for d, _, n in os.walk('.')"
        " for f in n))"
    )

    def read(done: Completed, settings: object) -> Scan:
        told.append(done.stdout.decode().strip())
        return Scan(tool="fake", version="1", inputs=1)

    known(root, fake_tool(code, read=read, needs_all_files=everything), ONLY_NEW)
    return told[0]


def test_the_base_is_scanned_and_not_the_work_tree(root: Path, temporary: Path) -> None:
    write(root, "src/a.py", "import os\n\nexec('1')\nexec('2')\n")
    before = git(root, "status", "--porcelain")

    found = known(root, bandit.TOOL, bandit.BanditSettings(only_new=True))

    assert places(found) == [("B102", "src/a.py:1")]
    assert (found.scan.commit, found.scan.findings) == (git(root, "rev-parse", "base"), 1)
    assert not found.scan.from_cache
    assert git(root, "status", "--porcelain") == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "tool, settings, expected",
    [
        (ruff.TOOL, ruff.RuffSettings(only_new=True), ("F401", "src/b.py:1")),
        (mypy.TOOL, mypy.MypySettings(only_new=True, paths=("src", "not-yet")), ("assignment", "src/b.py:2")),
        (secrets.TOOL, secrets.SecretsSettings(only_new=True), ("npm-token", "src/b.py:3")),
    ],
    ids=["ruff", "mypy", "secrets"],
)  # fmt: skip
def test_places_come_out_relative_to_the_root(
    root: Path, tool: Tool, settings: object, expected: tuple[str, str]
) -> None:
    token = "npm_" + "aB3dE6gH9j" * 3 + "Qq1Ww2"
    write(root, "src/b.py", f"import os\nx: int = ''\ny = '{token}'\n")
    commit(root)
    git(root, "tag", "-f", "base")
    (root / "src" / "b.py").unlink()

    assert expected in places(known(root, tool, settings))


def test_a_tool_sees_code_and_settings_or_all_and_no_link_or_submodule(
    root: Path, tmp_path: Path
) -> None:
    (root / "link.py").symlink_to("src/a.py")
    write(root, ".gitattributes", "*.py export-ignore filter=lost\n")
    git(root, "config", "filter.lost.smudge", "false")
    write(root, ".gitignore", "src\n")
    write(tmp_path, "other/x.py", "")
    git(tmp_path / "other", "init", "-q")
    commit(tmp_path / "other")
    git(
        root,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(tmp_path / "other"),
        "sub",
    )
    git(root, "add", "-f", "src")
    commit(root)
    git(root, "tag", "-f", "base")

    some = seen(root, everything=False)
    everything = seen(root, everything=True)

    assert some == "['.gitignore', 'src/a.py']"
    assert everything == "['.gitattributes', '.gitignore', '.gitmodules', 'data.bin', 'src/a.py']"
    found = known(root, bandit.TOOL, bandit.BanditSettings())
    assert set(found.elsewhere) == {"link.py", "sub"}
    assert "not followed in the base: 2 link(s), submodule(s) (link.py, sub)" in found.notes


def test_a_root_below_the_repositorys_finds_the_settings_above_it(root: Path) -> None:
    write(root, "ruff.toml", 'lint.select = ["E501"]\n')
    write(root, "src/long.py", f"x = '{'y' * 200}'\n")
    commit(root)
    git(root, "tag", "-f", "base")

    found = known(root / "src", ruff.TOOL, ruff.RuffSettings())

    assert places(found) == [("E501", "long.py:1")]


def test_the_settings_of_today_judge_the_base_and_their_own_findings_are_left_out(
    root: Path,
) -> None:
    write(root, "src/old.py", "import os\n")
    write(root, "src/ruff.toml", 'lint.select = ["E501"]\n')
    write(root, "gone/.ruff.toml", 'lint.select = ["W"]\n')
    write(root, "gone/b.py", "import os\n")
    write(root, ".gitignore", "ruff.toml\n")
    git(root, "add", "-f", ".")
    commit(root)
    git(root, "tag", "-f", "base")
    assert places(known(root, ruff.TOOL, ruff.RuffSettings())) == []

    write(root, "src/ruff.toml", 'lint.select = ["F"]\n')
    write(root, "ruff.toml", 'lint.select = ["F401"]\n')  # git ignores it
    (root / "gone" / ".ruff.toml").unlink()
    write(root, "pyproject.toml", "[project]\nname = 1\n")
    found = known(root, ruff.TOOL, ruff.RuffSettings())

    assert places(found) == [("F401", "gone/b.py:1"), ("F401", "src/old.py:1")]
    assert (
        "the base was judged by the settings of today: "
        "gone/.ruff.toml, pyproject.toml, ruff.toml, src/ruff.toml"
    ) in found.notes


def test_a_base_with_nothing_to_scan_has_no_findings(root: Path) -> None:
    """A folder that the policy names, and that this change brings."""
    for paths in (("new/**",), ("src/*.txt",)):
        found = known(root, bandit.TOOL, bandit.BanditSettings(paths=paths))
        assert (found.findings, found.scan.findings) == ((), 0)
        assert "the base holds nothing for it to look at" in found.notes
    found = known(root, mypy.TOOL, mypy.MypySettings(paths=("new",)))
    assert found.findings == ()


def test_what_the_tool_could_not_read_at_the_base_is_said(root: Path) -> None:
    write(root, "bad.py", "x = (\n")
    commit(root)
    git(root, "tag", "-f", "base")

    found = known(root, bandit.TOOL, bandit.BanditSettings())

    assert "not looked at in the base: 1 file(s) (bad.py)" in found.notes


@pytest.mark.parametrize(
    "code, why",
    [
        ("", "no whole report"),
        ("raise SystemExit(3)", "no whole report"),
        ("import os; os.kill(os.getpid(), 9)", "no whole report"),
        ("import time; time.sleep(600)", "within 1 seconds"),
    ],
)
def test_a_tool_that_fails_at_the_base_is_unknown_and_leaves_nothing_behind(
    root: Path, temporary: Path, tmp_path: Path, code: str, why: str
) -> None:
    settings = CodeScanSettings(only_new=True, timeout=1)
    found = ask(root, fake_tool(code), settings, tmp_path / "cache")

    assert isinstance(found, Unavailable)
    assert f"at the base {git(root, 'rev-parse', 'base')[:10]}: " in found.why
    assert why in found.why
    assert found.remedy
    assert list(temporary.iterdir()) == []
    assert not list(tmp_path.glob("cache/scans/*"))


def test_a_tool_that_cannot_be_asked_is_unknown(root: Path, temporary: Path) -> None:
    def command(settings: object, context: ToolContext) -> Command:
        raise ValueError("odd")

    found = ask(root, fake_tool("", command=command))
    assert isinstance(found, Unavailable)
    assert "odd" in found.why
    missing = ask(root, fake_tool("", distribution="no-such-distribution"))
    assert isinstance(missing, Unavailable)
    assert "not installed" in missing.why
    absent = fake_tool("", command=lambda _, __: Command(argv=("no-such-program",)))
    gone = ask(root, absent)
    assert isinstance(gone, Unavailable)
    assert "the base could not be laid out for fake: no-such-program: " in gone.why
    assert list(temporary.iterdir()) == []


def test_a_lost_object_is_unknown(root: Path, temporary: Path) -> None:
    blob = git(root, "rev-parse", "base:src/a.py")
    write(root, "src/a.py", "x = 1\n")
    change = a_change(root)
    path = root / ".git" / "objects" / blob[:2] / blob[2:]
    path.unlink()
    scans = BaseScans(root, change, None)

    scans.start(bandit.TOOL, bandit.BanditSettings(), Scans(root).context)
    found = scans.answer("bandit")

    assert isinstance(found, Unavailable)
    assert "src/a.py" in found.why
    assert list(temporary.iterdir()) == []


def test_a_base_that_git_does_not_know_is_unknown(root: Path) -> None:
    change = msgspec.structs.replace(a_change(root), base="0" * 40)
    scans = BaseScans(root, change, None)

    scans.start(bandit.TOOL, bandit.BanditSettings(), Scans(root).context)

    found = scans.answer("bandit")
    assert isinstance(found, Unavailable)
    assert "git ls-tree" in found.remedy
    assert list_base(root, "0" * 40) is None


def test_settings_that_cannot_be_read_are_unknown(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "ruff.toml")

    monkeypatch.setattr(base_scans, "laid_over", refuse)
    found = ask(root, ruff.TOOL, ruff.RuffSettings())

    assert isinstance(found, Unavailable)
    assert "ruff.toml" in found.why


def test_stopped_is_unknown_and_nothing_goes_on(
    root: Path, temporary: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    code = (
        f"import os, time; open({str(mark)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    )
    scans = BaseScans(root, a_change(root), None)
    assert scans.answer("fake") is None
    scans.start(fake_tool(code), ONLY_NEW, Scans(root).context)
    pid = pid_in(mark)

    scans.stop("the run was interrupted")

    assert scans.answer("fake") == Unavailable(
        why="stopped: the run was interrupted", remedy="run again"
    )
    assert not is_alive(pid)
    assert list(temporary.iterdir()) == []


def test_a_hostile_tree_cannot_leave_its_folder(tmp_path: Path) -> None:
    for path in (b"../out", b"a//b", b"/etc/x", b".git/hooks/x", b"a/.GIT/x", b"."):
        order = Order(
            root=str(tmp_path), folder=str(tmp_path / "t"), done=str(tmp_path / "done"),
            blobs=(), files=((path, b"x"),),
        )  # fmt: skip
        with pytest.raises(OSError, match="not a path below the root"):
            lay_out(order)
    assert not (tmp_path / "done").exists()


def test_an_editable_installation_does_not_lead_a_type_checker_to_the_work_tree(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "src/shop/py.typed", "")
    site = tmp_path / "site"
    write(site, "a.pth", f"import os\n{root / 'src'}\n{tmp_path}\n{root}\nrelative\n")
    write(site, "b.pth", f"{root / 'untyped'}\n")
    (site / "c.pth").write_bytes(b"\xff")
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(site))
    told: list[ToolContext] = []

    def command(settings: object, context: ToolContext) -> Command:
        told.append(context)
        return Command(argv=python_argv(WHOLE))

    known(root, fake_tool("", command=command, needs_files=True), ONLY_NEW, tmp_path / "cache")

    (context,) = told
    assert context.own_path == ("src",)
    assert context.at_base
    assert context.python_files == ("src/a.py",)
    assert set(context.files) == {"src/a.py", "data.bin"}
    assert context.cache_folder == str(tmp_path / "cache" / "fake-base")
    assert not Path(context.root).exists()
    assert sys.executable == context.python
