"""The exceptions file: an excuse without owner, reason and end is a wrong policy."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.config.exceptions import Exceptions, parse_exceptions
from pytest_gates.errors import ConfigError
from pytest_gates.model.exceptions import Waiver

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
