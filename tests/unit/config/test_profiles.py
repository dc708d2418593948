"""Profiles: an overlay over the policy, checked whether it is chosen today or not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_gates.config.policy import chosen_report_dir
from pytest_gates.gates.coverage import Floors
from pytest_gates.model.verdict import Mode
from support.policies import (
    STRICT,
    StrictSettings,
    in_gates_toml,
    in_pyproject,
    names,
    problems,
    read,
    settings,
)

HERE = "pyproject.toml [tool.pytest-gates"
BASE = """
[tool.pytest-gates]
report-dir = "base"
[tool.pytest-gates.coverage]
lines = 80
branches = 70
[tool.pytest-gates.coverage.paths]
"src/a/**" = {lines = 90}
"src/b/**" = 91
"""


@pytest.mark.parametrize("profile, blocks", [("ci", True), ("local", False), ("staging", True)])
def test_an_unknown_blocks_everywhere_but_on_a_laptop(profile: str, blocks: bool) -> None:
    policy = read("[tool.pytest-gates.profiles.staging]\n", profile=profile)
    assert policy.block_on_inconclusive is blocks
    assert policy.profile == profile


@pytest.mark.parametrize("profile, blocks", [("ci", True), ("local", False)])
def test_the_default_policy_has_both_built_in_profiles(profile: str, blocks: bool) -> None:
    assert read(None, profile=profile).block_on_inconclusive is blocks


@pytest.mark.parametrize(
    "overlay, profile, blocks", [("block", "local", True), ("warn", "ci", False)]
)
def test_a_profile_says_what_an_unknown_does(overlay: str, profile: str, blocks: bool) -> None:
    text = f'[tool.pytest-gates.profiles.{profile}]\non-inconclusive = "{overlay}"\n'
    assert read(text, profile=profile).block_on_inconclusive is blocks


def test_a_profile_changes_the_keys_it_names_and_no_other() -> None:
    policy = read(
        BASE + "[tool.pytest-gates.profiles.ci]\nfail-fast = true\n"
        "[tool.pytest-gates.profiles.ci.coverage]\nlines = 85\n"
    )
    assert policy.fail_fast
    assert policy.report_dir == "base"
    found = settings(policy, "coverage")
    assert (found.lines, found.branches) == (Decimal(85), Decimal(70))


def test_a_profile_that_is_not_chosen_changes_nothing() -> None:
    text = BASE + "[tool.pytest-gates.profiles.local.coverage]\nlines = 1\n"
    assert settings(read(text), "coverage").lines == Decimal(80)


def test_path_floors_of_a_profile_join_those_of_the_policy() -> None:
    text = BASE + '[tool.pytest-gates.profiles.ci.coverage.paths]\n"src/b/**" = 99\n"lib/**" = 10\n'
    assert settings(read(text), "coverage").paths == {
        "src/a/**": Floors(lines=Decimal(90)),
        "src/b/**": Floors(lines=Decimal(99)),
        "lib/**": Floors(lines=Decimal(10)),
    }


def test_a_branch_floor_of_a_profile_does_not_take_the_line_floor_of_the_glob_away() -> None:
    text = BASE + (
        '[tool.pytest-gates.profiles.ci.coverage.paths]\n"src/a/**" = {branches = 60}\n'
        '"src/b/**" = {branches = 61}\n'
    )
    paths = settings(read(text), "coverage").paths
    assert paths["src/a/**"] == Floors(lines=Decimal(90), branches=Decimal(60))
    assert paths["src/b/**"] == Floors(lines=Decimal(91), branches=Decimal(61))


def test_a_threshold_of_a_profile_knows_where_it_is_written() -> None:
    gate = read(BASE + "[tool.pytest-gates.profiles.ci.coverage]\nlines = 85\n").gate("coverage")
    assert gate is not None
    assert gate.origin_of("lines") == f"{HERE}.profiles.ci.coverage] lines"
    assert gate.origin_of("branches") == f"{HERE}.coverage] branches"


def test_a_path_floor_knows_in_which_of_the_two_tables_it_is_written() -> None:
    text = BASE + '[tool.pytest-gates.profiles.ci.coverage.paths]\n"lib/**" = 10\n'
    gate = read(text).gate("coverage")
    assert gate is not None
    assert gate.origin_of('paths."lib/**"').startswith(f"{HERE}.profiles.ci.coverage]")
    assert gate.origin_of('paths."src/b/**"').startswith(f"{HERE}.coverage]")


@pytest.mark.parametrize(
    "base, overlay, on",
    [
        ("", "ruff = true", True),
        ("", "ruff = {}", True),
        ("ruff = true", "ruff = false", False),
        ("ruff = false", 'ruff = {mode = "warn"}', True),
        ("ruff = false", "", False),
    ],
)
def test_a_profile_turns_a_gate_on_and_off(base: str, overlay: str, on: bool) -> None:
    text = f"[tool.pytest-gates]\n{base}\n[tool.pytest-gates.profiles.ci]\n{overlay}\n"
    assert ("ruff" in names(read(text))) is on


def test_a_profile_makes_a_gate_milder() -> None:
    text = '[tool.pytest-gates.ruff]\n[tool.pytest-gates.profiles.local.ruff]\nmode = "warn"\n'
    assert settings(read(text, profile="local"), "ruff").mode is Mode.WARN
    assert settings(read(text, profile="ci"), "ruff").mode is Mode.BLOCK


@pytest.mark.parametrize(
    "text, profile, folder",
    [
        (BASE, "ci", "base"),
        (BASE + '[tool.pytest-gates.profiles.ci]\nreport-dir = "mine"\n', "ci", "mine"),
        (BASE + '[tool.pytest-gates.profiles.ci]\nreport-dir = "mine"\n', "local", "base"),
        (BASE + "[tool.pytest-gates.profiles.ci]\nreport-dir = 5\n", "ci", "gates-report"),
        (BASE + "[tool.pytest-gates.profiles]\nci = 5\n", "ci", "base"),
        ("[tool.pytest-gates]\nprofiles = 5\n", "ci", "gates-report"),
        ("[tool.pytest-gates]\nreport-dirs = 5\n", "ci", "gates-report"),
        ("", "ci", "gates-report"),
        (None, "ci", "gates-report"),
    ],
)
def test_the_folder_of_the_reports_can_be_read_from_a_wrong_policy_too(
    text: str | None, profile: str, folder: str
) -> None:
    source = in_pyproject(text) if text is not None else None
    assert chosen_report_dir(source, profile) == folder


@pytest.mark.parametrize("text", [None, BASE, "[tool.pytest-gates.profiles.staging]\n"])
def test_a_profile_that_nobody_wrote_is_an_error(text: str | None) -> None:
    (found,) = problems(text, profile="stagin")
    assert found.startswith("--gates-profile stagin: no such profile")


def test_the_nearest_profile_is_proposed() -> None:
    assert problems("[tool.pytest-gates.profiles.staging]\n", profile="stagin") == [
        "--gates-profile stagin: no such profile, did you mean `staging`?"
    ]


@pytest.mark.parametrize("chosen", ["ci", "local"])
@pytest.mark.parametrize(
    "text, problem",
    [
        (
            "report-dirs = 'x'",
            f"{HERE}.profiles.ci] report-dirs: unknown key, did you mean `report-dir`?",
        ),
        ("fail-fast = 1", f"{HERE}.profiles.ci] fail-fast = 1: expected true or false"),
        (
            "coverag = {lines = 1}",
            f"{HERE}.profiles.ci] […] coverag: unknown gate, did you mean `coverage`?",
        ),
        (
            "coverage = {line = 1}",
            f"{HERE}.profiles.ci.coverage] line = 1: unknown key, did you mean `lines`?",
        ),
        (
            "coverage = 1",
            f"{HERE}.profiles.ci.coverage]: expected a table, or false to turn the gate off",
        ),
    ],
)
def test_a_wrong_profile_is_wrong_whether_it_is_chosen_or_not(
    text: str, problem: str, chosen: str
) -> None:
    assert problems(f"[tool.pytest-gates.profiles.ci]\n{text}\n", profile=chosen) == [problem]


@pytest.mark.parametrize("chosen", ["ci", "local"])
def test_a_profile_that_is_no_table_is_told_once(chosen: str) -> None:
    assert problems("[tool.pytest-gates]\nprofiles.ci = 5\n", profile=chosen) == [
        f"{HERE}.profiles.ci]: expected a table"
    ]


def test_a_profile_in_a_profile_is_not_answered_with_its_own_name() -> None:
    (found,) = problems("[tool.pytest-gates.profiles.ci.profiles.x]\n")
    assert found.startswith(f"{HERE}.profiles.ci] ")
    assert "did you mean `profiles`" not in found


def test_wrong_keys_of_the_policy_and_of_all_profiles_are_told_at_once() -> None:
    found = problems(
        "[tool.pytest-gates]\nx = 1\n[tool.pytest-gates.profiles.ci]\ny = 1\n"
        "[tool.pytest-gates.profiles.staging]\nz = 1\n"
    )
    assert [one.split("] ")[1][0] for one in found] == ["x", "y", "z"]


def test_profiles_of_our_own_file_have_no_prefix() -> None:
    assert problems(in_gates_toml("[profiles.ci.coverage]\nline = 1\n")) == [
        "gates.toml [profiles.ci.coverage] line = 1: unknown key, did you mean `lines`?"
    ]


def test_a_profile_need_not_repeat_a_required_value_of_the_policy() -> None:
    text = (
        "[tool.pytest-gates.strict]\nmost = 3\n[tool.pytest-gates.profiles.ci.strict]\nleast = 1\n"
    )
    assert settings(read(text, more=(STRICT,)), "strict") == StrictSettings(most=3, least=1)
