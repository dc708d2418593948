"""Shows that a tool that hangs, stumbles, lies or is missing is unknown, and never clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_gates.adapters.scans import Scans
from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.settings import ScanSettings
from pytest_gates.tools import bandit, ruff
from support.fake_tools import fake_tool, python_argv
from support.waiting import is_alive, pid_in

WHOLE = "print('WHOLE')"
SETTINGS = ScanSettings(timeout=60)


def answer(root: Path, tool: Tool, settings: object = SETTINGS) -> Scan | Unavailable:
    scans = Scans(root)
    scans.start(tool, settings)
    found = scans.answer(tool.name)
    assert found is not None
    return found


def unknown(root: Path, tool: Tool, settings: object = SETTINGS) -> Unavailable:
    """The answer, which must be unknown, with a reason and a remedy."""
    found = answer(root, tool, settings)
    assert isinstance(found, Unavailable)
    assert found.why
    assert found.remedy
    return found


def test_a_whole_answer_is_a_scan(tmp_path: Path, temporary: Path) -> None:
    found = answer(tmp_path, fake_tool(WHOLE))

    assert isinstance(found, Scan)
    assert (found.tool, found.inputs, found.version) == ("fake", 1, pytest.__version__)
    assert list(temporary.iterdir()) == []


def test_a_tool_that_hangs_is_stopped_and_the_limit_is_named(
    tmp_path: Path, temporary: Path
) -> None:
    mark = tmp_path / "pid"
    code = (
        f"import os, time; open({str(mark)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    )
    scans = Scans(tmp_path)
    scans.start(fake_tool(code), ScanSettings(timeout=1))
    pid = pid_in(mark)

    found = scans.answer("fake")

    assert isinstance(found, Unavailable)
    assert "fake" in found.why
    assert "within 1 seconds" in found.why
    assert "`timeout` in [tool.pytest-gates.fake]" in found.remedy
    assert not is_alive(pid)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="exits 0 with nothing"),
        pytest.param("raise SystemExit(1)", id="exits 1 with nothing"),
        pytest.param("print('WHO')", id="half an answer"),
        pytest.param(WHOLE + "; raise SystemExit(3)", id="a whole answer and an odd exit"),
        pytest.param("import os; os.kill(os.getpid(), 9)", id="killed"),
    ],
)
def test_an_answer_that_is_not_whole_is_unknown(tmp_path: Path, code: str) -> None:
    found = unknown(tmp_path, fake_tool(code))

    assert "no whole report" in found.why
    assert found.remedy == "say WHOLE"


def test_five_megabytes_on_standard_error_are_no_obstacle(tmp_path: Path) -> None:
    code = f"import sys; sys.stderr.write('x' * 5_000_000); {WHOLE}"

    assert isinstance(answer(tmp_path, fake_tool(code)), Scan)


def test_half_a_json_of_a_real_tool_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n", encoding="utf-8")

    def command(settings: object, context: ToolContext) -> Command:
        code = """print('{"refused": null, "files": [[nul')"""
        return Command(argv=python_argv(code), expected=("a.py",))

    tool = fake_tool("", name="bandit", command=command, read=bandit.read, needs_files=True)

    found = unknown(tmp_path, tool, bandit.BanditSettings())

    assert "bandit left no whole report (exit 0" in found.why


def test_a_tool_that_is_not_installed_is_unknown_and_says_what_to_install(tmp_path: Path) -> None:
    found = unknown(tmp_path, fake_tool(WHOLE, name="deep", distribution="no-such-distribution"))

    assert found == Unavailable(
        why="deep is not installed in the environment of the tests",
        remedy="install it: pip install no-such-distribution",
    )


def test_a_program_that_vanished_is_unknown(tmp_path: Path) -> None:
    def command(settings: object, context: ToolContext) -> Command:
        return Command(argv=("no-such-program-anywhere",))

    assert "no-such-program-anywhere" in unknown(tmp_path, fake_tool("", command=command)).why


def test_a_program_is_looked_for_beside_the_interpreter_and_then_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "a-fake-program"
    program.write_text("#!/bin/sh\necho WHOLE\n", encoding="utf-8")
    program.chmod(0o755)

    def command(settings: object, context: ToolContext) -> Command:
        return Command(argv=(context.program,))

    tool = fake_tool("", distribution="no-such", program="a-fake-program", command=command)
    assert isinstance(answer(tmp_path, tool), Unavailable)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    found = answer(tmp_path, tool)

    assert isinstance(found, Scan)
    assert found.version == "unknown"


@pytest.mark.parametrize("error", [ValueError("odd\nvalue"), KeyError("x"), RuntimeError()])
def test_a_tool_that_cannot_say_what_to_start_is_unknown_and_named(
    tmp_path: Path, error: Exception
) -> None:
    def command(settings: object, context: ToolContext) -> Command:
        raise error

    found = unknown(tmp_path, fake_tool("", command=command))

    assert "fake" in found.why
    assert type(error).__name__ in found.why
    assert "\n" not in found.why
    assert not found.remedy.startswith("install it")


def test_a_tool_may_refuse_with_its_own_words(tmp_path: Path) -> None:
    def command(settings: object, context: ToolContext) -> Command:
        raise ToolError("nothing to look at", "name something")

    found = unknown(tmp_path, fake_tool("", command=command))

    assert found == Unavailable(why="nothing to look at", remedy="name something")


@pytest.mark.parametrize("error", [ValueError("odd\x1b[31m\nvalue"), RecursionError(), KeyError(1)])
def test_a_reader_that_stumbles_knows_nothing(tmp_path: Path, error: Exception) -> None:
    def read(done: Completed, settings: object) -> Scan:
        raise error

    found = unknown(tmp_path, fake_tool(WHOLE, read=read))

    assert "the answer of fake could not be read" in found.why
    assert type(error).__name__ in found.why
    assert found.why.isprintable()


@pytest.mark.parametrize("nonsense", [None, [], "clean"])
def test_a_reader_that_returns_no_scan_knows_nothing(tmp_path: Path, nonsense: Any) -> None:
    def read(done: Completed, settings: object) -> Scan:
        scan: Scan = nonsense
        return scan

    unknown(tmp_path, fake_tool(WHOLE, read=read))


def test_a_tool_that_was_never_started_has_no_answer(tmp_path: Path) -> None:
    assert Scans(tmp_path).answer("fake") is None
    assert Scans(tmp_path).answers() == {}


def test_a_tool_is_started_once_and_answers_as_often_as_it_is_asked(tmp_path: Path) -> None:
    mark = tmp_path / "starts"
    code = f"open({str(mark)!r}, 'a').write('x'); {WHOLE}"
    scans = Scans(tmp_path)
    scans.start(fake_tool(code), SETTINGS)
    scans.start(fake_tool(code), SETTINGS)
    first = scans.answer("fake")
    scans.start(fake_tool(code), SETTINGS)

    assert scans.answer("fake") is first
    assert scans.answers() == {"fake": first}
    assert mark.read_text(encoding="utf-8") == "x"


def test_all_tools_answer_each_for_itself(tmp_path: Path) -> None:
    scans = Scans(tmp_path)
    scans.start(fake_tool(WHOLE, name="good"), SETTINGS)
    scans.start(fake_tool("", name="mute"), SETTINGS)
    scans.start(fake_tool(WHOLE, name="absent", distribution="no-such"), SETTINGS)

    found = scans.answers()

    assert {name: type(one) for name, one in found.items()} == {
        "good": Scan,
        "mute": Unavailable,
        "absent": Unavailable,
    }


def test_what_is_stopped_is_unknown_for_the_reason_given(tmp_path: Path, temporary: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        f"import os, time; open({str(mark)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    )
    scans = Scans(tmp_path)
    scans.start(fake_tool(WHOLE, name="done"), SETTINGS)
    done = scans.answer("done")
    scans.start(fake_tool(code, name="slow"), SETTINGS)
    pid = pid_in(mark)

    scans.stop("the run was interrupted")
    scans.stop("again")

    assert scans.answers() == {
        "done": done,
        "slow": Unavailable(why="stopped: the run was interrupted", remedy="run again"),
    }
    assert not is_alive(pid)
    assert list(temporary.iterdir()) == []


def test_settings_of_a_third_party_need_no_timeout(tmp_path: Path) -> None:
    assert isinstance(answer(tmp_path, fake_tool(WHOLE), object()), Scan)


def test_a_tool_runs_in_the_root_without_the_variables_it_must_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_OUTPUT", "elsewhere")
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "x")
    code = (
        "import os; names = {'FAKE_OUTPUT', 'PYTEST_CURRENT_TEST', 'FAKELESS'} & set(os.environ);"
        f"print('WHOLE' if names == {{'FAKELESS'}} and os.getcwd() == {str(tmp_path.resolve())!r}"
        " else names)"
    )

    assert isinstance(
        answer(tmp_path, fake_tool(code, scrub=("FAKE_",), env={"FAKELESS": "1"})), Scan
    )


def context_of(root: Path, *, needs_files: bool = False) -> ToolContext:
    seen: list[ToolContext] = []

    def command(settings: object, context: ToolContext) -> Command:
        seen.append(context)
        return Command(argv=python_argv(WHOLE))

    assert isinstance(answer(root, fake_tool("", command=command, needs_files=needs_files)), Scan)
    (found,) = seen
    return found


def test_a_tool_that_needs_them_gets_the_files_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    assert context_of(tmp_path, needs_files=True).python_files == ("a.py",)
    assert context_of(tmp_path).python_files == ()
    assert context_of(tmp_path).python == sys.executable
    assert context_of(tmp_path).root == str(tmp_path)


def test_the_judged_tree_is_no_place_to_look_for_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "src", root / ".venv" / "lib", outside):
        folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
    entries = ["", str(root), str(root / "src"), str(root / ".venv" / "lib"), str(outside)]
    monkeypatch.setattr(sys, "path", [*entries, str(tmp_path / "nowhere"), *sys.path])

    found = context_of(root).sys_path

    assert found[:2] == (str(root / ".venv" / "lib"), str(outside))
    assert not {"", str(root), str(root / "src"), str(tmp_path / "nowhere")} & set(found)


@pytest.mark.parametrize("entry", [".", "src", "{root}/../root", "{root}/src"])
def test_no_spelling_of_the_judged_tree_makes_it_such_a_place(
    tmp_path: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "path", [entry.format(root=root), *sys.path])

    inside = {str(Path(one).resolve()) for one in context_of(root).sys_path}

    assert not inside & {str(root.resolve()), str((root / "src").resolve())}


def test_a_project_below_the_interpreters_own_folder_is_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that works in /usr/src/app with the interpreter of /usr."""
    root = tmp_path / "src" / "app"
    root.mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])

    assert str(root) not in context_of(root).sys_path


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
def test_a_link_to_the_judged_tree_makes_it_no_such_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, link = tmp_path / "root", tmp_path / "link"
    root.mkdir()
    link.symlink_to(root)
    monkeypatch.setattr(sys, "path", [str(root), str(link), *sys.path])

    for judged in (root, link):
        assert not {str(root), str(link)} & set(context_of(judged).sys_path)


@pytest.mark.parametrize("tool", [bandit.TOOL, ruff.TOOL], ids=["bandit", "ruff"])
def test_a_folder_of_the_judged_tree_named_like_a_tool_is_not_the_tool(
    tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bandit", "ruff", "yaml", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('mine')", encoding="utf-8")
        (tmp_path / name / "__main__.py").write_text("print('{}')", encoding="utf-8")
    (tmp_path / "a.py").write_text("import os\nexec('1')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    settings = bandit.BanditSettings() if tool is bandit.TOOL else ruff.RuffSettings()
    found = answer(tmp_path, tool, settings)

    assert isinstance(found, Scan)
    assert {"bandit": "B102", "ruff": "F401"}[tool.name] in {one.rule for one in found.findings}
    assert found.unread == ()


def test_a_bandit_file_in_a_subfolder_silences_nothing(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("exec('1')\n", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "src"):
        (folder / ".bandit").write_text("[bandit]\nskips = B102\n", encoding="utf-8")

    found = answer(tmp_path, bandit.TOOL, bandit.BanditSettings())

    assert isinstance(found, Scan)
    assert [one.rule for one in found.findings] == ["B102"]


def test_ruff_does_not_edit_what_it_judges_although_the_project_says_fix(tmp_path: Path) -> None:
    text = "import os\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    (tmp_path / "ruff.toml").write_text("fix = true\nunsafe-fixes = true\n", encoding="utf-8")

    found = answer(tmp_path, ruff.TOOL, ruff.RuffSettings())

    assert isinstance(found, Scan)
    assert [one.rule for one in found.findings] == ["F401"]
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == text


def test_a_file_that_ruff_cannot_decode_is_unread_whatever_rules_are_chosen(
    tmp_path: Path,
) -> None:
    (tmp_path / "latin.py").write_bytes(b"import os  # caf\xe9\n")
    (tmp_path / "ruff.toml").write_text('lint.select = ["F"]\n', encoding="utf-8")

    found = answer(tmp_path, ruff.TOOL, ruff.RuffSettings())

    if isinstance(found, Scan):
        assert ["latin.py" in one.subject for one in found.unread] == [True]
    else:
        assert "latin.py" in found.why
