"""The policy's table: what it turns on, and every sentence a wrong one is answered with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_gates.catalog import DEFAULT_POLICY, GATES
from pytest_gates.config.exceptions import Exceptions, with_exceptions
from pytest_gates.config.policy import Overrides, parse_document, policy_table, settings_of
from pytest_gates.errors import ConfigError
from pytest_gates.gates import coverage
from pytest_gates.gates.coverage import Floors
from pytest_gates.model.finding import Severity
from pytest_gates.model.verdict import Mode
from support.evidence import a_policy, a_waiver, by_name
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
TOP = "[tool.pytest-gates]\n"


def test_without_a_table_the_default_policy_is_in_force_and_says_so() -> None:
    policy = read("[tool.other]\nx = 1\n")
    assert policy.is_default
    assert policy.source == "the default policy"
    assert names(policy) == {"tests", "coverage", "flaky", "bandit", "pip-audit"}
    assert settings(policy, "bandit").fail_on is Severity.HIGH


@pytest.mark.parametrize("text", ["", "tool = 5\n", "[tool]\nx = 1\n", "[tool.pytest-gate]\n"])
def test_a_file_without_our_table_is_no_policy(text: str) -> None:
    assert policy_table(in_pyproject(text)) is None


def test_no_file_at_all_is_no_policy_either() -> None:
    assert read(None) == read("")


@pytest.mark.parametrize("text", [None, ""])
def test_a_threshold_of_the_default_policy_is_not_said_to_stand_in_a_file(text: str | None) -> None:
    gate = read(text).gate("bandit")
    assert gate is not None
    assert "default policy" in gate.origin_of("fail-on")
    assert "[" not in gate.origin_of("fail-on")


def test_a_table_turns_its_gate_on_and_no_other() -> None:
    assert names(read("[tool.pytest-gates.ruff]\n")) == {"tests", "ruff"}


def test_the_tests_are_judged_even_if_nobody_asks_for_it() -> None:
    assert names(read(TOP)) == {"tests"}


@pytest.mark.parametrize(
    "text, on",
    [
        ("tests = false\nruff = true\n", {"ruff"}),
        ("tests = true\n", {"tests"}),
        ("ruff = false\n", {"tests"}),
    ],
)
def test_a_gate_is_turned_on_and_off_by_a_truth_value(text: str, on: set[str]) -> None:
    assert names(read(TOP + text)) == on


def test_every_key_of_the_top_is_read() -> None:
    policy = read(
        TOP
        + 'report-dir = "out"\nreports = ["markdown", "json"]\nexpect = ["unit", "e2e"]\n'
        + 'base = "origin/main"\nexceptions = "excuses.toml"\nfail-fast = true\n'
        + 'on-inconclusive = "warn"\nrequired-version = ">=0.1"\nhistory = "off"\n'
    )
    assert policy.report_dir == "out"
    assert policy.reports == ("json", "markdown")
    assert policy.expect == ("unit", "e2e")
    assert policy.base == "origin/main"
    assert policy.exceptions_file == "excuses.toml"
    assert policy.fail_fast
    assert not policy.block_on_inconclusive
    assert policy.history == "off"


def test_earlier_runs_are_remembered_in_the_cache_folder_unless_more_is_said() -> None:
    assert read(TOP).history == "sqlite"
    assert read(None).history == "sqlite"


@pytest.mark.parametrize(
    "text",
    [
        "sqlite",
        "off",
        "sqlite:../shared/history.db",
        "postgresql://gates@db/history?sslmode=require",
        "env:GATES_HISTORY",
    ],
)
def test_a_place_of_the_history_is_kept_as_it_is_written(text: str) -> None:
    assert read(f'{TOP}history = "{text}"\n').history == text


@pytest.mark.parametrize(
    "text",
    [
        *('""', '"sqlite:"', '"sqlite: "', '"SQLite"', '"postgresql://"', '"mysql://db"', '"env:"'),
        *('"env:1ST"', '"env:A B"', '"history.db"', "true", "5", '["off"]', '"sqlite:a\\nb"'),
    ],
)
def test_what_is_no_place_of_a_history_is_told_with_those_that_are(text: str) -> None:
    (found,) = problems(f"{TOP}history = {text}\n")
    assert found.startswith(f"{HERE}] history = ")
    assert found.endswith(
        'expected "sqlite", "sqlite:<file>", "postgresql://…", "env:<NAME of a variable>" or "off"'
    )


def test_a_password_in_a_wrong_value_is_not_repeated_on_the_screen() -> None:
    (found,) = problems(f'{TOP}history = "postgres://gates:pa@ss/w0rd@db/history"\n')
    assert "'postgres://gates:…@db/history'" in found


def test_a_file_of_our_own_holds_the_same_keys_without_the_prefix() -> None:
    policy = read(in_gates_toml('report-dir = "out"\n[coverage]\nlines = 90\n'))
    assert policy.source == "gates.toml"
    assert policy.report_dir == "out"
    gate = policy.gate("coverage")
    assert gate is not None
    assert gate.origin_of("lines") == "gates.toml [coverage] lines"


def test_thresholds_are_exact_and_know_where_they_are_written() -> None:
    policy = read("[tool.pytest-gates.coverage]\nlines = 94.90\n")
    assert str(settings(policy, "coverage").lines) == "94.90"
    gate = policy.gate("coverage")
    assert gate is not None
    assert gate.origin_of("lines") == f"{HERE}.coverage] lines"
    assert gate.origin_of("branches") == f"{HERE}.coverage] branches (default)"


def test_a_bare_number_is_the_line_floor_of_a_glob() -> None:
    text = '[tool.pytest-gates.coverage.paths]\n"src/**" = 98.5\n"lib/**" = {branches = 80}\n'
    assert settings(read(text), "coverage").paths == {
        "src/**": Floors(lines=Decimal("98.5")),
        "lib/**": Floors(branches=Decimal(80)),
    }


@pytest.mark.parametrize(
    "text, problem",
    [
        (TOP + "report-dirs = 1", f"{HERE}] report-dirs: unknown key, did you mean `report-dir`?"),
        (
            "[tool.pytest-gates.coverag]\nlines = 90",
            f"{HERE}] […] coverag: unknown gate, did you mean `coverage`?",
        ),
        (
            "[tool.pytest-gates.coverage]\nline = 90",
            f"{HERE}.coverage] line = 90: unknown key, did you mean `lines`?",
        ),
        (
            '[tool.pytest-gates.coverage.paths]\n"lib/**" = {line = 90}',
            f'{HERE}.coverage] paths."lib/**" line = 90: unknown key, did you mean `lines`?',
        ),
        (
            '[tool.pytest-gates.coverage.paths]\n"lib/**" = "90"',
            (
                f"{HERE}.coverage] paths.\"lib/**\" lines = '90': "
                "expected a percentage from 0 to 100, a number without quotes"
            ),
        ),
        (
            TOP + "coverage = 90",
            f"{HERE}.coverage]: expected a table, or false to turn the gate off",
        ),
        (TOP + 'reports = ["jsn"]', f"{HERE}] reports: no such format 'jsn', did you mean `json`?"),
        (
            TOP + 'required-version = "one"',
            f"{HERE}] required-version = 'one': expected a version range such as \">=0.1,<2\"",
        ),
        (
            TOP + 'required-version = ">=9"',
            (
                f"{HERE}] required-version = '>=9': this is pytest-gates 0.1.0; install a version "
                'that fits, for example `pip install "pytest-gates>=9"`'
            ),
        ),
        ("[tool]\npytest-gates = 5", f"{HERE}]: expected a table"),
        (TOP + "profiles = 5", f"{HERE}.profiles]: expected a table of tables"),
        (TOP + "profiles.ci = 5", f"{HERE}.profiles.ci]: expected a table"),
    ],
)
def test_a_wrong_policy_is_told_what_where_and_what_to_do(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_formats_are_not_checked_where_nobody_writes_any() -> None:
    assert read(TOP + 'reports = ["of-a-plugin"]', reporters=None).reports == (
        "json",
        "of-a-plugin",
    )


def test_what_is_no_toml_is_told_with_its_place() -> None:
    (found,) = problems("[tool.pytest-gates\n")
    assert found.startswith("pyproject.toml: not valid TOML: ")
    assert "line 1" in found


def test_all_problems_of_all_gates_are_told_at_once() -> None:
    found = problems(
        TOP + "report-dirs = 1\n[tool.pytest-gates.coverage]\nline = 1\nlines = 101\n"
        "[tool.pytest-gates.bandit]\nfail-on = 3\n[tool.pytest-gates.pip-audi]\n"
    )
    assert len(found) == 5


def test_a_wrong_key_at_the_top_does_not_hide_what_else_is_wrong_there() -> None:
    found = problems(TOP + 'fail-fast = 1\nreports = ["jsn"]\nrequired-version = ">=9"\n')
    assert [one.split("] ")[1].split(" ")[0].rstrip(":") for one in found] == [
        "fail-fast",
        "required-version",
        "reports",
    ]


def test_a_version_that_is_not_released_yet_satisfies_its_range() -> None:
    assert read(TOP + 'required-version = ">=0.1.0,<1"\n').profile == "ci"


@pytest.mark.parametrize(
    "overrides, on",
    [
        (Overrides(gates_on=("ruff",)), {"tests", "coverage", "ruff"}),
        (Overrides(gates_off=("coverage",)), {"tests"}),
        (Overrides(gates_off=("tests",)), {"coverage"}),
        (Overrides(gates_on=("ruff",), gates_off=("ruff",)), {"tests", "coverage"}),
    ],
)
def test_the_command_line_turns_gates_on_and_off(overrides: Overrides, on: set[str]) -> None:
    assert names(read("[tool.pytest-gates.coverage]\n", overrides=overrides)) == on


def test_the_command_line_wins_over_the_file() -> None:
    overrides = Overrides(report_dir="there", base="v1", fail_fast=True)
    policy = read(TOP + 'report-dir = "here"\nbase = "main"\n', overrides=overrides)
    assert (policy.report_dir, policy.base, policy.fail_fast) == ("there", "v1", True)


@pytest.mark.parametrize(
    "overrides, problem",
    [
        (
            Overrides(gates_on=("bandi",)),
            "--gate bandi: no such gate, did you mean `bandit`?",
        ),
        (
            Overrides(gates_off=("bandi",)),
            "--no-gate bandi: no such gate, did you mean `bandit`?",
        ),
    ],
)
def test_an_unknown_gate_is_told_with_the_option_that_named_it(
    overrides: Overrides, problem: str
) -> None:
    assert problems(TOP, overrides=overrides) == [problem]


def test_a_gate_of_a_third_party_has_its_table_like_the_others() -> None:
    policy = read("[tool.pytest-gates.strict]\nmost = 3\n", more=(STRICT,))
    assert settings(policy, "strict") == StrictSettings(most=3)


@pytest.mark.parametrize("text", [TOP + "strict = true\n", "[tool.pytest-gates.strict]\n"])
def test_a_gate_that_lacks_a_required_value_is_an_error_and_not_off(text: str) -> None:
    (found,) = problems(text, more=(STRICT,))
    assert "`most` is missing" in found


def test_a_gate_that_the_command_line_turns_on_without_its_required_value_is_not_off() -> None:
    (found,) = problems(TOP, more=(STRICT,), overrides=Overrides(gates_on=("strict",)))
    assert "`most` is missing" in found


def test_settings_of_one_gate_can_be_read_before_the_others_are_known() -> None:
    source = in_pyproject("[tool.pytest-gates.coverage]\nlines = 90\n[tool.pytest-gates.mine]\n")
    found = settings_of(
        coverage.GATE, source, default=DEFAULT_POLICY, profile="ci", overrides=Overrides()
    )
    assert found == coverage.CoverageSettings(lines=Decimal(90))


@pytest.mark.parametrize(
    "text, overrides, on",
    [
        (None, Overrides(), True),
        ("", Overrides(), True),
        (TOP, Overrides(), False),
        (TOP, Overrides(gates_on=("coverage",)), True),
        (None, Overrides(gates_off=("coverage",)), False),
    ],
)
def test_settings_of_one_gate_are_none_where_it_is_off(
    text: str | None, overrides: Overrides, on: bool
) -> None:
    source = in_pyproject(text) if text is not None else None
    found = settings_of(
        coverage.GATE, source, default=DEFAULT_POLICY, profile="ci", overrides=overrides
    )
    assert (found is not None) is on


def test_waivers_join_the_policy() -> None:
    waiver = a_waiver(gate="bandit")
    policy = with_exceptions(a_policy(), Exceptions(waivers=(waiver,)), by_name(*GATES))
    assert policy.waivers == (waiver,)


def test_a_waiver_of_an_unknown_gate_is_an_error() -> None:
    waivers = (a_waiver(gate="bandti"), a_waiver(gate="bandit"), a_waiver(gate="zzz"))
    with pytest.raises(ConfigError) as caught:
        with_exceptions(a_policy(), Exceptions(waivers=waivers), by_name(*GATES))
    assert caught.value.problems == (
        "gates-exceptions.toml [[waiver]] gate = 'bandti': no such gate, did you mean `bandit`?",
        (
            "gates-exceptions.toml [[waiver]] gate = 'zzz': no such gate; "
            f"known: {', '.join(sorted(by_name(*GATES)))}"
        ),
    )


def test_numbers_of_a_document_are_exact() -> None:
    assert parse_document("x = 0.1\n", "any.toml") == {"x": Decimal("0.1")}


def test_a_mode_is_read_for_every_gate() -> None:
    needed = {"licences": 'allow = ["MIT"]\n', "sarif": 'files = { semgrep = "s.sarif" }\n'}
    text = "".join(
        f'[tool.pytest-gates.{gate.name}]\nmode = "warn"\n{needed.get(gate.name, "")}'
        for gate in GATES
    )
    assert {gate.settings.mode for gate in read(text).gates} == {Mode.WARN}
