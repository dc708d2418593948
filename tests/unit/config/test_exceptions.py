"""The exceptions file: an excuse without owner, reason and end is a wrong policy."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.catalog import GATES
from pytest_gates.config.exceptions import Exceptions, parse_exceptions, with_text
from pytest_gates.errors import ConfigError
from pytest_gates.model.exceptions import Waiver
from support.evidence import a_policy

FILE = "gates-exceptions.toml"
FIRST = f"{FILE} [[waiver]] number 1"
ENTRY = {
    "gate": '"bandit"',
    "subject": '"src/**:B602"',
    "reason": '"a literal"',
    "owner": '"@ana"',
    "expires": "2027-01-31",
}


def entry(**changes: str | None) -> str:
    """One `[[waiver]]`; None leaves a key out."""
    kept = {key: value for key, value in {**ENTRY, **changes}.items() if value is not None}
    return "\n".join(["[[waiver]]", *(f"{key} = {value}" for key, value in kept.items()), ""])


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_exceptions(text, FILE)
    return list(caught.value.problems)


def test_a_whole_entry_is_a_waiver() -> None:
    assert parse_exceptions(entry(), FILE).waivers == (
        Waiver(
            gate="bandit",
            subject="src/**:B602",
            reason="a literal",
            owner="@ana",
            expires=dt.date(2027, 1, 31),
        ),
    )


def test_an_empty_file_excuses_nothing() -> None:
    assert parse_exceptions("# nothing to excuse\n", FILE) == Exceptions()


def test_waivers_keep_the_order_of_the_file() -> None:
    found = parse_exceptions(entry(subject='"B1"') + entry(subject='"B2"'), FILE)
    assert [one.subject for one in found.waivers] == ["B1", "B2"]


@pytest.mark.parametrize("key", ENTRY)
def test_every_key_is_required(key: str) -> None:
    assert problems(entry(**{key: None})) == [f"{FIRST}: `{key}` is missing"]


def test_all_missing_keys_are_told_at_once() -> None:
    assert problems("[[waiver]]") == [f"{FIRST}: `{key}` is missing" for key in ENTRY]


@pytest.mark.parametrize("key", ["gate", "subject", "reason", "owner"])
@pytest.mark.parametrize("empty", ['""', '"  "', '"\\t"'])
def test_an_empty_value_is_no_value(key: str, empty: str) -> None:
    assert problems(entry(**{key: empty})) == [f"{FIRST} {key}: is empty; every excuse needs one"]


@pytest.mark.parametrize("moment", ["2027-01-31T00:00:00", "2027-01-31T10:00:00Z"])
def test_a_waiver_ends_with_a_day_and_not_at_a_moment(moment: str) -> None:
    assert problems(entry(expires=moment)) == [
        f"{FIRST} expires: expected a day such as 2027-01-31, without a time"
    ]


def test_a_moment_does_not_hide_what_else_is_wrong_with_the_entry() -> None:
    found = problems(entry(expires="2027-01-31T00:00:00", owner=None))
    assert f"{FIRST}: `owner` is missing" in found
    assert len(found) == 2


@pytest.mark.parametrize("text", ['"soon"', '"2027-01-31"', "20270131", "true"])
def test_the_end_is_a_date_without_quotes(text: str) -> None:
    found = problems(entry(expires=text))
    assert len(found) == 1
    assert found[0].startswith(f"{FIRST} expires = ")
    assert found[0].endswith(": expected a day such as 2027-01-31, without quotes")


def test_a_key_that_is_none_is_named_with_the_nearest_that_is() -> None:
    assert problems(entry(owners='"@ben"')) == [
        f"{FIRST} owners = '@ben': unknown key, did you mean `owner`?"
    ]


def test_a_value_of_another_type_is_told_with_the_expected_one() -> None:
    assert problems(entry(subject="602")) == [f"{FIRST} subject = 602: expected a string"]


def test_a_misspelt_table_is_not_an_empty_file() -> None:
    assert problems(entry().replace("[[waiver]]", "[[waivers]]")) == [
        f"{FILE} waivers: unknown key, did you mean `waiver`?"
    ]


@pytest.mark.parametrize("text", ["waiver = 5", "waiver = [1]", "[waiver]\ngate = 'bandit'"])
def test_a_waiver_is_an_entry_of_a_list(text: str) -> None:
    assert problems(text) == [f"{FILE} waiver: expected entries that begin with [[waiver]]"]


def test_problems_of_all_entries_are_told_at_once_with_their_numbers() -> None:
    found = problems(entry(owner=None) + entry() + entry(reason='""') + "[[waivers]]\n")
    assert [one.split(":")[0] for one in found] == [
        f"{FILE} waivers",
        f"{FILE} [[waiver]] number 1",
        f"{FILE} [[waiver]] number 3 reason",
    ]


def test_what_is_no_toml_is_told_with_its_place() -> None:
    (found,) = problems("[[waiver]\n")
    assert found.startswith(f"{FILE}: not valid TOML: ")
    assert "line 1" in found


TODAY = dt.date(2026, 11, 20)
NINETY_DAYS = 90 * 86400


@pytest.mark.parametrize(
    "ends, max_waiver, right",
    [
        ("2027-02-18", NINETY_DAYS, True),
        ("2027-02-19", NINETY_DAYS, False),
        ("9999-12-31", None, True),
        ("2026-11-20", 1, True),
        ("2026-11-21", 1, False),
    ],
)
def test_a_waiver_ends_at_the_latest_where_the_policy_says(
    ends: str, max_waiver: int | None, right: bool
) -> None:
    text = entry(expires=ends)
    if right:
        assert len(parse_exceptions(text, FILE, TODAY, max_waiver).waivers) == 1
        return
    with pytest.raises(ConfigError) as caught:
        parse_exceptions(text, FILE, TODAY, max_waiver)
    latest = TODAY + dt.timedelta(seconds=max_waiver or 0)
    (problem,) = caught.value.problems
    assert problem.startswith(
        f"{FILE} [[waiver]] gate = 'bandit' subject = 'src/**:B602' expires = {ends}: later than "
    )
    assert f"`max-waiver` of the policy allows; today the latest day is {latest}" in problem


def test_only_a_gate_that_tells_of_fixes_has_waivers_until_there_is_one() -> None:
    gates = {gate.name: gate for gate in GATES}
    text = entry(**{"gate": '"pip-audit"', "until-fixed": "true"})
    (waiver,) = with_text(a_policy(), text, gates, TODAY).waivers
    assert waiver.until_fixed
    with pytest.raises(ConfigError) as caught:
        with_text(a_policy(), entry(**{"until-fixed": "true"}), gates, TODAY)
    (problem,) = caught.value.problems
    assert (
        "gate = 'bandit' subject = 'src/**:B602' until-fixed = true: bandit never tells" in problem
    )
    assert "gates that do: pip-audit" in problem
    assert with_text(a_policy(), entry(**{"until-fixed": "false"}), gates, TODAY).waivers


def test_without_the_file_nothing_is_excused() -> None:
    policy = a_policy()
    assert with_text(policy, None, {}, TODAY) is policy


def test_the_limit_of_the_policy_is_that_of_its_exceptions_file() -> None:
    with pytest.raises(ConfigError, match="latest day is 2026-11-21"):
        with_text(a_policy(max_waiver=86400), entry(), {gate.name: gate for gate in GATES}, TODAY)
