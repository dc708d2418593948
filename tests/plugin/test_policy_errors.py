"""A wrong policy is a usage error that tells all its problems before a test runs."""

from __future__ import annotations

import pytest

from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import header, lean

_SUITE = {"test_it.py": "def test_it(): open('ran', 'w').close()"}
_PROFILES = """
    [tool.pytest-gates.profiles.ci]
    on-inconclusive = "block"
    [tool.pytest-gates.profiles.nightly.coverage]
    lines = 1
"""
_ALONE = ("--no-gate=pip-audit", "--no-gate=bandit")


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def _gates_of(project: Project) -> list[str]:
    return [result.gate for result in project.report().results]


@pytest.mark.parametrize(
    "policy, told",
    [
        ("[tool.pytest-gates]\nreport-dirs = 'x'", "did you mean `report-dir`?"),
        ("[tool.pytest-gates.coverage]\nline = 90", "did you mean `lines`?"),
        ("[tool.pytest-gates.coverag]\nlines = 90", "did you mean `coverage`?"),
        ("[tool.pytest-gates.coverage]\nlines = 101", "expected a percentage from 0 to 100"),
        ("[tool.pytest-gates.coverage]\nlines = '90'", "a number without quotes"),
        ("[tool.pytest-gates.tests]\nmode = 'blok'", "did you mean `block`?"),
        ("[tool.pytest-gates.bandit]\nfail-on = 'hihg'", "did you mean `high`?"),
        ("[tool.pytest-gates]\nrequired-version = '>=99'", "this is pytest-gates"),
        ("[tool.pytest-gates]\nreports = ['jsn']", "did you mean `json`?"),
        ("[tool.pytest-gates]\ntests = 3", "expected a table"),
        ("[tool]\npytest-gates = 3", "expected a table"),
    ],
)
def test_a_wrong_policy_is_a_usage_error_before_any_test(
    project: Project, policy: str, told: str
) -> None:
    project.policy(policy).write(_SUITE)
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert told in done.stderr.str()
    assert not (project.root / "ran").exists()
    assert not project.report_path.exists()


def test_a_wrong_policy_is_one_usage_error_with_workers(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.coverage]\nline = 90").write(_SUITE)
    done = project.run(*workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.str().count("did you mean `lines`?") == 1
    assert "Traceback" not in done.stderr.str()


def test_all_problems_are_told_at_once(project: Project) -> None:
    project.policy("""
        [tool.pytest-gates]
        report-dirs = "x"
        [tool.pytest-gates.coverage]
        line = 90
        branches = "many"
        [tool.pytest-gates.profiles.ci.tests]
        mode = "sometimes"
    """).write(_SUITE)
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    for told in ("report-dirs", "coverage] line ", "branches = 'many'", "mode = 'sometimes'"):
        assert told in done.stderr.str()


def test_a_mistake_is_told_with_its_file_and_its_table(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nline = 90").write(_SUITE)
    done = project.run()
    assert (
        "pyproject.toml [tool.pytest-gates.coverage] line = 90: unknown key, did you mean `lines`?"
        in done.stderr.str()
    )


def test_a_wrong_waiver_is_a_usage_error(project: Project) -> None:
    project.policy().write(_SUITE)
    project.write({"gates-exceptions.toml": "[[waiver]]\ngate = 'tests'\nsubject = 'x'\n"})
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    for missing in ("reason", "owner", "expires"):
        assert f"`{missing}` is missing" in done.stderr.str()


def test_a_policy_that_is_no_toml_is_a_usage_error(project: Project) -> None:
    project.write({**_SUITE, "gates.toml": "[coverage\nlines = 90\n"})
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "gates.toml: not valid TOML" in done.stderr.str()


def test_gates_toml_holds_the_same_keys_without_the_prefix(project: Project) -> None:
    project.write({**_SUITE, "gates.toml": "[tests]\nmode = 'warn'\n"})
    done = project.run()
    assert done.ret == 0
    assert "policy gates.toml," in header(done)
    assert _gates_of(project) == ["tests"]
    assert project.result("tests").mode == "warn"


def test_two_files_with_a_policy_are_a_usage_error(project: Project) -> None:
    project.policy().write({**_SUITE, "gates.toml": "[tests]\n"})
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "both hold a policy: keep one of them" in done.stderr.str()


def test_a_pyproject_without_our_table_leaves_the_law_to_gates_toml(project: Project) -> None:
    project.policy("[project]\nname = 'shop'\n").write({**_SUITE, "gates.toml": "[tests]\n"})
    done = project.run()
    assert done.ret == 0
    assert project.report().policy.source.startswith("gates.toml")


def test_a_policy_file_that_is_not_there_is_a_usage_error(project: Project) -> None:
    project.policy().write(_SUITE)
    done = project.run("--gates-config=ci/gates.toml")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "ci/gates.toml: there is no such file" in done.stderr.str()


def test_a_named_policy_file_is_the_law(project: Project) -> None:
    project.policy().write({**_SUITE, "ci/gates.toml": "[tests]\nmode = 'warn'\n"})
    done = project.run("--gates-config=ci/gates.toml")
    assert done.ret == 0
    assert project.result("tests").mode == "warn"


def test_the_default_policy_says_so_in_one_line(project: Project) -> None:
    project.write(_SUITE)
    done = project.run(*_ALONE)
    assert done.ret == 0
    about = [line for line in done.outlines if "default policy" in line]
    assert len(about) == 1
    assert "`gates init`" in about[0]


def test_the_default_policy_holds_tests_coverage_and_the_scanners(project: Project) -> None:
    project.write({**_SUITE, "shop.py": "x = 1\n"})
    # Partial and local, so that no scanner is started for this.
    done = project.run("-k", "test_it")
    assert done.ret == 0
    assert _gates_of(project) == ["tests", "coverage", "flaky", "bandit", "pip-audit"]
    assert project.report().policy.gates["bandit"]["fail-on"] == "high"


@pytest.mark.parametrize(
    "value, profile",
    [
        ("true", "ci"),
        ("1", "ci"),
        ("TRUE", "ci"),
        ("false", "local"),
        ("", "local"),
        ("0", "local"),
    ],
)
def test_the_variable_ci_chooses_the_profile(
    project: Project, monkeypatch: pytest.MonkeyPatch, value: str, profile: str
) -> None:
    monkeypatch.setenv("CI", value)
    project.policy().write(_SUITE)
    done = project.run()
    assert f"profile {profile}" in header(done)
    assert project.report().policy.profile == profile


def test_the_profile_asked_for_comes_before_the_variable_ci(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    project.policy().write(_SUITE)
    project.run("--gates-profile=local")
    assert project.report().policy.profile == "local"
    assert project.report().policy.on_inconclusive == "warn"


def test_a_profile_adds_its_gates(project: Project) -> None:
    project.policy(ONLY_TESTS + _PROFILES).write({**_SUITE, "shop.py": "x = 1\n"})
    project.run("--gates-profile=nightly")
    assert _gates_of(project) == ["tests", "coverage"]


def test_an_unknown_profile_is_a_usage_error(project: Project) -> None:
    project.policy(ONLY_TESTS + _PROFILES).write(_SUITE)
    done = project.run("--gates-profile=nihgtly")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "no such profile, did you mean `nightly`?" in done.stderr.str()


def test_a_gate_is_turned_on_for_one_run(project: Project) -> None:
    project.policy().write({**_SUITE, "shop.py": "x = 1\n"})
    done = project.run("--gate=coverage")
    assert done.ret == 0
    assert _gates_of(project) == ["tests", "coverage"]


def test_a_gate_is_turned_off_for_one_run(project: Project) -> None:
    project.policy(ONLY_TESTS + "[tool.pytest-gates.coverage]\nlines = 100\n").write(_SUITE)
    done = project.run("--no-gate=coverage")
    assert done.ret == 0
    assert _gates_of(project) == ["tests"]


def test_turning_off_the_last_gate_leaves_nothing_that_could_pass(project: Project) -> None:
    project.policy().write(_SUITE)
    done = project.run("--no-gate=tests")
    assert done.ret == 11
    assert project.report().decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize("flag", ["--gate", "--no-gate"])
def test_an_unknown_gate_on_the_command_line_is_a_usage_error(project: Project, flag: str) -> None:
    project.policy().write(_SUITE)
    done = project.run(f"{flag}=bandti")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{flag} bandti: no such gate, did you mean `bandit`?" in done.stderr.str()
