"""One value of a table: converted exactly, or answered with what was expected in its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.config.values import expanded, nearest, parse_table, shown
from pytest_gates.model.flaky_settings import FlakySettings, TestReruns
from pytest_gates.model.settings import ForeignSettings, GateSettings
from pytest_gates.model.verdict import Mode
from support.policies import problems, read, settings

PERCENT = "expected a percentage from 0 to 100"
DURATION = 'expected a time above zero, such as 90, "90s", "10m", "2h" or "30d"'
BANDIT = "[tool.pytest-gates.bandit]\n"
COVERAGE = "[tool.pytest-gates.coverage]\n"


@given(st.integers(0, 100), st.text("0123456789", max_size=12))
def test_a_percentage_is_kept_digit_by_digit(whole: int, decimals: str) -> None:
    text = f"{whole}.{decimals}" if decimals and whole < 100 else str(whole)
    assert settings(read(f"{COVERAGE}lines = {text}"), "coverage").lines == Decimal(text)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3).filter(
        lambda number: not 0 <= number <= 100
    )
)
def test_a_number_that_is_no_percentage_is_refused(number: Decimal) -> None:
    (found,) = problems(f"{COVERAGE}lines = {number:f}")
    assert found.endswith(f": {PERCENT}")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "100.0000000000000000000001"])
def test_no_trick_makes_a_percentage(text: str) -> None:
    (found,) = problems(f"{COVERAGE}lines = {text}")
    assert found.endswith(PERCENT)


@pytest.mark.parametrize("text", ['"90"', '"90%"', "true", "[90]", "2027-01-31", "{of = 1}"])
def test_what_is_no_number_is_no_percentage(text: str) -> None:
    (found,) = problems(f"{COVERAGE}branches = {text}")
    assert found.endswith(f"{PERCENT}, a number without quotes")


def test_a_percentage_never_passes_through_a_binary_float() -> None:
    floor = settings(read(f"{COVERAGE}lines = 94.9000000000000000000000001"), "coverage").lines
    assert floor == Decimal("94.9000000000000000000000001")


@given(st.integers(1, 10**6), st.sampled_from("smhd"), st.sampled_from(["", " "]))
def test_a_duration_is_a_number_of_units(number: int, unit: str, gap: str) -> None:
    policy = read(f'{BANDIT}timeout = "{number}{gap}{unit}"')
    size = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}[unit]
    assert settings(policy, "bandit").timeout == number * size


@pytest.mark.parametrize("text, seconds", [("90", 90), ('"90"', 90), ('" 2m "', 120)])
def test_a_bare_number_is_in_seconds(text: str, seconds: int) -> None:
    assert settings(read(f"{BANDIT}timeout = {text}"), "bandit").timeout == seconds


@pytest.mark.parametrize(
    "text", ["0", '"0m"', "-5", '"-5s"', "1.5", '"1.5h"', '"10 min"', '"m"', '""', "true", "[1]"]
)
def test_what_is_no_time_above_zero_is_no_duration(text: str) -> None:
    (found,) = problems(f"{BANDIT}timeout = {text}")
    assert found.endswith(DURATION)


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_a_problem(text: str) -> None:
    found: list[str] = []
    values = parse_table(_Timed, {"every": text}, "here", found)
    assert (values is None) is bool(found)
    assert values is None or values.every > 0


@pytest.mark.parametrize(
    "gate, line, expected",
    [
        ("bandit", 'skips = "B101"', "a list, in square brackets"),
        ("bandit", "skips = [101]", "a string"),
        ("bandit", "config = 5", "a string"),
        ("coverage", "paths = 5", "a table"),
        ("tests", "allow-partial = 1", "true or false"),
        ("tests", 'allow-partial = "true"', "true or false"),
        ("tests", 'mode = "blok"', "one of block, warn, did you mean `block`?"),
        ("tests", 'mode = "zzz"', "one of block, warn"),
        ("tests", "mode = true", "one of block, warn"),
        (
            "bandit",
            'fail-on = "med"',
            "one of low, medium, high, did you mean `medium`?",
        ),
    ],
)
def test_a_value_of_another_type_is_answered_with_the_expected_one(
    gate: str, line: str, expected: str
) -> None:
    (found,) = problems(f"[tool.pytest-gates.{gate}]\n{line}\n")
    key, _, value = line.partition(" = ")
    value = value.replace('"', "'")
    assert (
        found == f"pyproject.toml [tool.pytest-gates.{gate}] {key} = {value}: expected {expected}"
    )


class _Timed(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    every: Annotated[int, msgspec.Meta(extra={"quantity": "duration"})] = 1
    times: int = 1
    about: Annotated[str, msgspec.Meta(description="No quantity.")] = ""
    inner: GateSettings | None = None


def test_a_table_that_is_not_ours_to_read_may_hold_anything_beside_its_mode() -> None:
    found: list[str] = []
    values = parse_table(ForeignSettings, {"mode": "warn", "most": 3}, "here", found)
    assert values == ForeignSettings(mode=Mode.WARN)
    assert not found


def test_the_mode_of_a_table_that_is_not_ours_is_checked_all_the_same() -> None:
    found: list[str] = []
    assert parse_table(ForeignSettings, {"mode": "off", "most": 3}, "here", found) is None
    assert found == ["here mode = 'off': expected one of block, warn"]


def test_a_literal_is_answered_with_its_choices() -> None:
    (found,) = problems('[tool.pytest-gates]\non-inconclusive = "blok"\n')
    assert found == (
        "pyproject.toml [tool.pytest-gates] on-inconclusive = 'blok': "
        "expected one of block, warn, did you mean `block`?"
    )


@pytest.mark.parametrize("value", [True, "3", Decimal(3)])
def test_a_whole_number_is_not_a_truth_value_or_a_text(value: object) -> None:
    found: list[str] = []
    assert parse_table(_Timed, {"times": value}, "here", found) is None
    assert found == [f"here times = {shown(value)}: expected a whole number"]


def test_a_table_inside_a_table_is_read_like_one() -> None:
    found: list[str] = []
    values = parse_table(_Timed, {"inner": {"mode": "warn"}, "about": "x"}, "here", found)
    assert values == _Timed(inner=GateSettings(mode=Mode.WARN), about="x")
    assert not found


@pytest.mark.parametrize(
    "inner, problem",
    [
        ({"mod": 1}, "here inner mod = 1: unknown key, did you mean `mode`?"),
        (5, "here inner = 5: expected a table"),
    ],
)
def test_a_wrong_table_inside_a_table_is_told_with_its_place(inner: object, problem: str) -> None:
    found: list[str] = []
    assert parse_table(_Timed, {"inner": inner}, "here", found) is None
    assert found == [problem]


@pytest.mark.parametrize(
    "name, known, hint",
    [
        ("lin", ["lines", "branches"], ", did you mean `lines`?"),
        ("xyz", ["lines", "branches"], "; known: branches, lines"),
        ("xyz", [], ""),
    ],
)
def test_the_nearest_name_is_proposed_or_all_are_named(
    name: str, known: list[str], hint: str
) -> None:
    assert nearest(name, known) == hint


@pytest.mark.parametrize(
    "text, as_shown",
    [
        ("90", "90"),
        ("90.50", "90.50"),
        ("true", "true"),
        ("'x'", "'x'"),
        ("{a = 1}", "{…}"),
        ("2027-01-31", "2027-01-31"),
        ("10:00:00", "10:00:00"),
        ("[1.50, true]", "[1.50, true]"),
        ('"a\\nb"', r"'a\nb'"),
    ],
)
def test_a_value_is_shown_as_it_stands_in_the_file(text: str, as_shown: str) -> None:
    (found,) = problems(f"[tool.pytest-gates.tests]\nnone = {text}\n")
    assert f" none = {as_shown}: unknown key" in found


def test_a_long_value_is_shortened() -> None:
    assert len(shown("x" * 5000)) == 60


@pytest.mark.parametrize(
    "source",
    [
        "pypi",
        "osv",
        "http://127.0.0.1:8000/v1/query",
        "http://localhost/",
        "http://[::1]:80",
        "https://me:secret@osv.example.org/v1/query",
        "offline:advisories.jsonl.gz",
    ],
)
def test_a_source_of_advisories_is_a_known_word_an_address_or_a_place(source: str) -> None:
    table = "[tool.pytest-gates.pip-audit]\nsource = "
    assert settings(read(f'{table}"{source}"\n'), "pip-audit").source == source


@pytest.mark.parametrize(
    "source",
    [
        "pipy",
        "",
        "offline:",
        "https://",
        "http://osv.example.org/v1/query",
        "http://localhost@osv.example.org/",
        "http://localhost:80@osv.example.org/",
        "http://127.0.0.1.example.org/",
    ],
)
def test_nobody_on_the_way_may_answer_in_the_place_of_a_source(source: str) -> None:
    (found,) = problems(f'[tool.pytest-gates.pip-audit]\nsource = "{source}"\n')
    assert 'expected "pypi", "osv", the URL of an OSV server (https, or http on this' in found


def test_a_canary_is_a_package_and_its_version() -> None:
    table = "[tool.pytest-gates.pip-audit]\ncanary = "
    assert settings(read(f'{table}"Jinja2==2.10"\n'), "pip-audit").canary == "Jinja2==2.10"
    for wrong in ('"jinja2"', '"jinja2>=2"', '"--dry-run==1"', '"a==1\\n-r x"', "1"):
        (found,) = problems(f"{table}{wrong}\n")
        assert "expected a package and its version" in found


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_a_count_is_a_whole_number_from_0(number: int) -> None:
    found: list[str] = []
    values = parse_table(FlakySettings, {"reruns": number, "flaky": number}, "here", found)
    assert values == FlakySettings(reruns=number, flaky=number)
    assert not found


@pytest.mark.parametrize("key", ["reruns", "flaky"])
@pytest.mark.parametrize("value", [-1, True, "3", 1.5, Decimal(3), [1], {"most": 1}])
def test_what_is_no_whole_number_from_0_is_no_count(key: str, value: object) -> None:
    found: list[str] = []
    assert parse_table(FlakySettings, {key: value}, "here", found) is None
    assert found == [f"here {key} = {shown(value)}: expected a whole number from 0"]


def test_a_bare_value_stands_for_the_one_key_that_people_mean() -> None:
    found: list[str] = []
    table = {"tests": {"t.py": 3, "u.py": {"delay": "2s"}}}
    values = parse_table(FlakySettings, table, "here", found)
    assert values is not None
    assert values.tests == {"t.py": TestReruns(reruns=3), "u.py": TestReruns(delay=2)}


@pytest.mark.parametrize(
    "value, problem",
    [
        ("x", "reruns = 'x': expected a whole number from 0"),
        (True, "reruns = true: expected a whole number from 0"),
        ({"rerun": 1}, "rerun = 1: unknown key, did you mean `reruns`?"),
    ],
)
def test_a_wrong_bare_value_is_told_with_the_key_that_it_stands_for(
    value: object, problem: str
) -> None:
    found: list[str] = []
    assert parse_table(FlakySettings, {"tests": {"t.py": value}}, "here", found) is None
    assert found == [f'here tests."t.py" {problem}']


@pytest.mark.parametrize(
    "table, written_out",
    [
        ({"tests": {"t.py": 3}}, {"tests": {"t.py": {"reruns": 3}}}),
        ({"tests": {"t.py": {"delay": 1}}}, {"tests": {"t.py": {"delay": 1}}}),
        (
            {"tests": {"a": 1, "b": {"reruns": 2}}, "reruns": 3},
            {"tests": {"a": {"reruns": 1}, "b": {"reruns": 2}}, "reruns": 3},
        ),
        ({"tests": {"t.py": "wrong"}}, {"tests": {"t.py": {"reruns": "wrong"}}}),
        ({"tests": 5}, {"tests": 5}),
        ({"unknown": {"t.py": 3}}, {"unknown": {"t.py": 3}}),
        ({}, {}),
    ],
)
def test_shorthands_are_written_out_and_all_else_is_left_alone(
    table: dict[str, Any], written_out: dict[str, Any]
) -> None:
    before = repr(table)
    assert expanded(FlakySettings, table) == written_out
    assert repr(table) == before


def test_a_table_of_plain_values_has_no_shorthand() -> None:
    table = {"limits": {"t.py": 3}}
    assert expanded(_Limits, table) == table


class _Limits(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    limits: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.integers(0, 9) | st.fixed_dictionaries({"reruns": st.integers(0, 9)}),
        max_size=4,
    )
)
def test_a_table_means_the_same_with_its_shorthands_written_out(tests: dict[str, Any]) -> None:
    found: list[str] = []
    table = {"tests": tests}
    written_out = expanded(FlakySettings, table)
    assert expanded(FlakySettings, written_out) == written_out
    assert parse_table(FlakySettings, table, "here", found) == parse_table(
        FlakySettings, written_out, "here", found
    )
    assert not found


@pytest.mark.parametrize(
    "line, said",
    [
        ('allow = ["MITT"]', "SPDX identifier (SPDX knows no licence `MITT`, did you mean `MIT`?)"),
        ('deny = ["MIT OR ISC"]', "expected an SPDX identifier (it names several licences"),
        ("allow = [3]", "expected an SPDX identifier, in quotes"),
        ('assume = { idna = "MIT OR" }', "expected an SPDX expression (it is no SPDX expression)"),
        ("", "neither `allow` nor `deny` is set"),
    ],
)  # fmt: skip
def test_a_licence_is_one_that_spdx_knows(line: str, said: str) -> None:
    (found,) = problems(f"[tool.pytest-gates.licences]\n{line}\n")
    assert said in found


def test_a_licence_is_kept_as_spdx_writes_it_today() -> None:
    table = (
        '[tool.pytest-gates.licences]\nallow = ["mit", "GPL-2.0+"]\nassume = { x = "isc or mit" }\n'
    )
    found = settings(read(table), "licences")
    assert found.allow == ("MIT", "GPL-2.0-or-later")
    assert found.assume == {"x": "ISC OR MIT"}
