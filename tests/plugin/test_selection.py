"""A run of a part of the suite says so: in one line on a laptop, and it does not pass in CI."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import Verdict
from pytest_gates.reporters import json
from support.projects import ONLY_TESTS, Project
from support.runs import block, lean, said

_SUITE = {
    "tests/test_one.py": """
        import pytest

        @pytest.mark.slow
        def test_a(): pass

        def test_b(): pass
    """,
    "tests/test_two.py": "def test_c(): pass",
    "more/README": "no tests here",
}
_MARKERS = '[tool.pytest.ini_options]\nmarkers = ["slow"]\n'
_PARTS = [
    (("-k", "test_a"), "-k test_a"),
    (("-m", "slow"), "-m slow"),
    (("--lf",), "--lf"),
    (("--sw",), "--stepwise"),
    (("tests/test_one.py::test_a",), "tests/test_one.py::test_a"),
    (("tests/test_one.py",), "tests/test_one.py"),
    (("--deselect", "tests/test_one.py::test_a"), "--deselect tests/test_one.py::test_a"),
    (("--ignore", "tests/test_two.py"), "--ignore tests/test_two.py"),
    (("--ignore-glob", "*two.py"), "--ignore-glob *two.py"),
]
_WHOLES: list[tuple[str, ...]] = [
    (),
    (".",),
    ("tests",),
    ("tests/",),
    ("-x",),
    ("--maxfail=1",),
    ("--ff",),
    ("-p", "no:doctest"),
    ("tests", "more"),
]


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.fixture
def suite(project: Project) -> Project:
    return project.policy(ONLY_TESTS + _MARKERS).write(_SUITE)


@pytest.mark.parametrize("words, reason", _PARTS, ids=str)
def test_a_part_of_the_suite_is_told_in_the_words_of_the_user(
    suite: Project, words: tuple[str, ...], reason: str
) -> None:
    done = suite.run(*words)
    assert done.ret == 0
    assert suite.report().evidence.run.selection == (reason,)
    assert suite.result("tests").verdict is Verdict.INCONCLUSIVE
    assert said(done) == [f"gates: not judged, partial run ({reason})"]
    assert not block(done.outlines)


@pytest.mark.parametrize("words, reason", _PARTS, ids=str)
def test_a_part_of_the_suite_does_not_pass_in_ci(
    suite: Project, words: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    done = suite.run(*words)
    assert done.ret == 11
    assert suite.report().decision is Decision.INCONCLUSIVE
    assert reason in "\n".join(block(done.outlines))


@pytest.mark.parametrize("words", _WHOLES, ids=" ".join)
def test_the_whole_suite_is_judged_however_it_is_named(
    suite: Project, words: tuple[str, ...]
) -> None:
    done = suite.run(*words, "--gates-profile=ci")
    assert done.ret == 0
    assert suite.report().evidence.run.selection == ()
    assert suite.report().decision is Decision.PASS


def test_workers_tell_the_same_selection(suite: Project, workers: tuple[str, ...]) -> None:
    done = suite.run("-k", "test_a", *workers)
    assert done.ret == 0
    assert said(done) == ["gates: not judged, partial run (-k test_a)"]
    assert [one.deselected for one in suite.report().evidence.cases].count(True) == 2


def test_all_reasons_are_told(suite: Project) -> None:
    suite.run("-k", "test_a", "-m", "slow", "tests/test_one.py")
    assert suite.report().evidence.run.selection == ("-k test_a", "-m slow", "tests/test_one.py")


def test_the_testpaths_of_the_project_are_its_suite(suite: Project) -> None:
    suite.policy(ONLY_TESTS + _MARKERS + 'testpaths = ["tests"]\n')
    suite.write({"other/test_other.py": "def test_other(): pass"})
    assert suite.run("--gates-profile=ci").ret == 0
    assert suite.report().evidence.run.selection == ()


def test_a_folder_beside_the_testpaths_is_a_part(suite: Project) -> None:
    suite.policy(ONLY_TESTS + _MARKERS + 'testpaths = ["tests", "other"]\n')
    suite.write({"other/test_other.py": "def test_other(): pass"})
    suite.run("tests")
    assert suite.report().evidence.run.selection == ("tests",)


@pytest.mark.parametrize(
    "own",
    [
        ["-k", "not test_a"],
        ["-m", "not slow"],
        ["-mnot slow"],
        ["--deselect", "tests/test_one.py::test_a"],
        ["--ignore=tests/test_two.py"],
        ["tests/test_one.py"],
    ],
    ids=" ".join,
)
def test_what_the_addopts_of_the_project_select_is_its_suite(
    suite: Project, own: list[str]
) -> None:
    suite.policy(f"{ONLY_TESTS}{_MARKERS}addopts = {own!r}\n")
    assert suite.run("--gates-profile=ci").ret == 0
    assert suite.report().evidence.run.selection == ()


@pytest.mark.parametrize(
    "own, words, reason",
    [
        (["-m", "not slow"], ("-m", "slow"), "-m slow"),
        (["-k", "not test_a"], ("-k", "test_a"), "-k test_a"),
        (["-p", "no:doctest"], ("-k", "test"), "-k test"),
    ],
    ids=["-m", "-k", "-p"],
)
def test_a_selection_that_only_looks_like_the_one_in_addopts_is_a_part(
    suite: Project, own: list[str], words: tuple[str, ...], reason: str
) -> None:
    suite.policy(f"{ONLY_TESTS}{_MARKERS}addopts = {own!r}\n")
    suite.run(*words)
    assert suite.report().evidence.run.selection == (reason,)


def test_a_selection_in_the_environment_is_a_part(
    suite: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k test_a")
    suite.run()
    assert suite.report().evidence.run.selection == ("-k test_a",)


@pytest.mark.parametrize(
    "override",
    ["addopts=-k test_a", "testpaths=tests/test_one.py", "python_files=test_one.py"],
)
def test_a_suite_that_the_command_line_redefines_is_not_the_whole_one(
    suite: Project, override: str
) -> None:
    done = suite.run("-o", override, "--gates-profile=ci")
    assert done.ret == 11
    assert suite.report().evidence.run.selection


def test_a_subfolder_of_the_suite_is_a_part_when_the_run_is_started_in_it(
    suite: Project,
) -> None:
    suite.write({"tests/unit/test_unit.py": "def test_unit(): pass"})
    report = _run_in(suite, "tests/unit")
    assert report.evidence.run.selection


def test_the_suite_is_whole_when_the_run_is_started_in_its_folder(suite: Project) -> None:
    report = _run_in(suite, "tests")
    assert report.evidence.run.selection == ()
    assert len(report.evidence.cases) == 3


def test_collecting_alone_is_a_part_and_exits_as_pytest_does(
    suite: Project, workers: tuple[str, ...]
) -> None:
    done = suite.run("--collect-only", *workers)
    assert done.ret == 0
    assert suite.report().evidence.run.selection == ("--collect-only",)
    assert said(done) == ["gates: not judged, partial run (--collect-only)"]


def test_a_run_that_stopped_at_its_first_failure_is_told_as_stopped(
    suite: Project, workers: tuple[str, ...]
) -> None:
    suite.write({"tests/test_one.py": "def test_a(): assert False\ndef test_b(): pass\n"})
    done = suite.run("-x", *workers)
    assert done.ret == (2 if workers else 1)  # pytest's own: xdist calls it an interruption
    assert suite.report().evidence.run.selection == ()
    assert "stopping after 1 failures" in (suite.report().evidence.run.stopped_early or "")
    assert suite.report().decision is Decision.BLOCKED


def test_a_partial_run_is_judged_where_the_policy_allows_it(suite: Project) -> None:
    suite.policy(ONLY_TESTS + "allow-partial = true\n" + _MARKERS)
    done = suite.run("-k", "test_a", "--gates-profile=ci")
    assert done.ret == 0
    assert suite.report().decision is Decision.PASS


def test_a_failure_in_a_part_of_the_suite_is_still_a_failure(
    suite: Project, workers: tuple[str, ...]
) -> None:
    suite.write({"tests/test_two.py": "def test_c(): assert False"})
    done = suite.run("-k", "test_c", *workers)
    assert done.ret == 1
    assert suite.report().decision is Decision.BLOCKED


def _run_in(project: Project, folder: str) -> Report:
    argv = [sys.executable, "-m", "pytest", "-p", "gates"]
    subprocess.run(argv, cwd=project.root / folder, check=True, capture_output=True)
    return json.parse(project.report_path.read_bytes())
