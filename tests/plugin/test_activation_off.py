"""When nobody names the gates, or somebody takes them back, nothing happens."""

from __future__ import annotations

import pytest

from support.projects import ONLY_TESTS, Project
from support.runs import added, header, lean, plain

_MODULES = """
    import sys

    def test_modules():
        ours = {name for name in sys.modules if name.partition(".")[0] == "pytest_gates"}
        assert ours == {"pytest_gates", "pytest_gates.plugin", "pytest_gates.hookspecs"}
        heavy = {"coverage", "msgspec", "click"}
        assert not heavy & set(sys.modules)
"""
_SUITES = {
    "green": ("def test_it(): pass", 0),
    "red": ("def test_it(): assert False", 1),
    "empty": ("", 5),
    "uncollectable": ("import nothing_of_that_name", 2),
}


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.mark.parametrize("suite, status", _SUITES.values(), ids=_SUITES)
def test_unnamed_gates_change_nothing(
    project: Project, workers: tuple[str, ...], suite: str, status: int
) -> None:
    # Even with a policy that would block: only `-p gates` makes it law.
    project.policy(ONLY_TESTS + "[tool.pytest-gates.coverage]\nlines = 100\n")
    project.write({"test_it.py": suite})
    with_plugin = plain(project, *workers)
    without = plain(project, *workers, "-p", "no:gates")
    assert with_plugin.ret == without.ret
    if not workers:  # xdist ends with 1 where a file cannot be collected
        assert without.ret == status
    # The installed distribution is named among the plugins, as pytest does with each.
    assert [line for line in added(with_plugin, without) if not line.startswith("plugins:")] == []
    assert not (project.root / "gates-report").exists()


def test_unnamed_gates_import_nothing(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write({"test_it.py": _MODULES})
    # Of the plugins that are installed beside, only ours (and xdist) is of interest.
    others = ("pytest_cov", "rerunfailures", "timeout")
    blocked = [word for name in others for word in ("-p", f"no:{name}")]
    done = plain(project, *blocked, *workers)
    done.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "words",
    [("-p", "gates", "-p", "no:gates"), ("-pgates", "-pno:gates")],
    ids=" ".join,
)
def test_the_last_word_of_the_command_line_turns_the_gates_off(
    project: Project, workers: tuple[str, ...], words: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"})
    done = plain(project, *words, *workers)
    assert done.ret == 0
    assert not header(done)
    assert not project.report_path.exists()


def test_the_command_line_takes_back_what_addopts_named(project: Project) -> None:
    project.policy(ONLY_TESTS + '[tool.pytest.ini_options]\naddopts = ["-p", "gates"]\n')
    project.write({"test_it.py": "def test_it(): pass"})
    done = plain(project, "-p", "no:gates")
    assert done.ret == 0
    assert not header(done)
    assert not project.report_path.exists()


@pytest.mark.parametrize(
    "option",
    [
        "--gates-profile=ci",
        "--gates-config=pyproject.toml",
        "--gates-report-dir=out",
        "--gates-base=main",
        "--gates-shard=unit",
        "--gates-fail-fast",
        "--gate=bandit",
        "--no-gate=bandit",
    ],
)
def test_an_option_of_gates_that_are_not_active_is_a_usage_error(
    project: Project, option: str
) -> None:
    project.policy().write({"test_it.py": "def test_it(): open('ran', 'w').close()"})
    done = plain(project, option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    flag = option.partition("=")[0]
    assert f"{flag}: the gates are not active in this run; add `-p gates`" in done.stderr.str()
    assert not (project.root / "ran").exists()


@pytest.mark.parametrize("question", ["--help", "--version", "-VV", "--fixtures", "--markers"])
def test_a_question_to_pytest_is_answered_and_nothing_is_judged(
    project: Project, question: str
) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"})
    done = project.run(question)
    assert done.ret == 0
    assert not project.report_path.exists()
    assert not [line for line in done.outlines if line.startswith("gates:")]


def test_fixtures_are_shown_in_ci_and_nothing_blocks(project: Project) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"})
    done = project.run("--fixtures", "--gates-profile=ci")
    assert done.ret == 0


def test_help_is_given_although_the_policy_is_wrong(project: Project) -> None:
    project.policy("[tool.pytest-gates]\nwrong = 1\n")
    done = project.run("--help")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["*--gates-profile=NAME*"])
