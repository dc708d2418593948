"""The quarantine of the exceptions file: as strict as a waiver, and it ends sooner."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_gates.config.exceptions import (
    CATEGORIES,
    MOST_DAYS,
    Exceptions,
    parse_exceptions,
    too_far,
    with_exceptions,
)
from pytest_gates.errors import ConfigError
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.exceptions import Quarantine
from support.evidence import NODEID, TODAY, a_policy

FILE = "gates-exceptions.toml"
FIRST = f"{FILE} [[quarantine]] number 1"
REQUIRED = {
    "test": f'"{NODEID}"',
    "reason": '"races with the ledger clock"',
    "owner": '"@payments"',
    "expires": "2026-12-20",
}
WAIVER = (
    '[[waiver]]\ngate = "bandit"\nsubject = "B602"\nreason = "a literal"\nowner = "@ana"\n'
    "expires = 2027-01-31\n"
)


def entry(**changes: str | None) -> str:
    """One `[[quarantine]]`; None leaves a key out."""
    kept = {key: value for key, value in {**REQUIRED, **changes}.items() if value is not None}
    return "\n".join(["[[quarantine]]", *(f"{key} = {value}" for key, value in kept.items()), ""])


def parsed(text: str) -> tuple[Quarantine, ...]:
    return parse_exceptions(text, FILE).quarantine


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_exceptions(text, FILE)
    return list(caught.value.problems)


def an_entry(days: int) -> Quarantine:
    return Quarantine(
        test=f"ends in {days}",
        reason="races",
        owner="@ana",
        expires=TODAY + dt.timedelta(days=days),
    )


def test_four_keys_make_an_entry() -> None:
    assert parsed(entry()) == (
        Quarantine(
            test=NODEID,
            reason="races with the ledger clock",
            owner="@payments",
            expires=dt.date(2026, 12, 20),
        ),
    )


def test_every_key_is_read() -> None:
    (found,) = parsed(
        entry(
            signature='["12ab", "34cd"]',
            category='"order-dependent"',
            after='["tests/test_a.py::test_one", "tests/test_b.py::test_two"]',
            issue='"SHOP-812"',
        )
    )
    assert found.signature == ("12ab", "34cd")
    assert found.category is FlakeClass.ORDER_DEPENDENT
    assert found.after == ("tests/test_a.py::test_one", "tests/test_b.py::test_two")
    assert found.issue == "SHOP-812"


def test_one_signature_needs_no_list() -> None:
    assert parsed(entry(signature='"12ab"')) == parsed(entry(signature='["12ab"]'))


def test_waivers_and_quarantine_stand_in_one_file_each_in_its_own_order() -> None:
    found = parse_exceptions(entry(test='"b"') + WAIVER + entry(test='"a"'), FILE)
    assert [one.test for one in found.quarantine] == ["b", "a"]
    assert [one.subject for one in found.waivers] == ["B602"]


@pytest.mark.parametrize("key", REQUIRED)
def test_an_entry_without_one_of_four_keys_is_refused(key: str) -> None:
    assert problems(entry(**{key: None})) == [f"{FIRST}: `{key}` is missing"]


@pytest.mark.parametrize("key", ["test", "reason", "owner"])
@pytest.mark.parametrize("empty", ['""', '"  "', '"\\t"'])
def test_an_empty_value_is_no_value(key: str, empty: str) -> None:
    assert problems(entry(**{key: empty})) == [f"{FIRST} {key}: is empty; every excuse needs one"]


@pytest.mark.parametrize(
    "key, empty",
    [("signature", '""'), ("signature", '["12ab", ""]'), ("after", '[" "]'), ("issue", '""')],
)
def test_what_need_not_be_said_is_not_said_empty(key: str, empty: str) -> None:
    assert problems(entry(**{key: empty})) == [
        f"{FIRST} {key}: is empty; leave it out, or say something"
    ]


@pytest.mark.parametrize("moment", ["2026-12-20T00:00:00", "2026-12-20T10:00:00Z"])
def test_an_entry_ends_with_a_day_and_not_at_a_moment(moment: str) -> None:
    assert problems(entry(expires=moment)) == [
        f"{FIRST} expires: expected a day such as 2027-01-31, without a time"
    ]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_kind_of_flakiness_is_a_category(category: str) -> None:
    (found,) = parsed(entry(category=f'"{category}"'))
    assert found.category == category


@pytest.mark.parametrize("category", ["regression", "inconclusive"])
def test_what_is_no_flakiness_is_no_category(category: str) -> None:
    assert problems(entry(category=f'"{category}"')) == [
        f"{FIRST} category = '{category}': expected one of {', '.join(CATEGORIES)}"
    ]


@pytest.mark.parametrize(
    "value, told",
    [
        ('"order"', "'order': expected one of"),
        ('"flakey"', "did you mean `flaky`?"),
        ("5", "5: expected one of"),
        ('["flaky"]', "['flaky']: expected one of"),
    ],
)
def test_any_other_category_is_answered_with_those_that_are(value: str, told: str) -> None:
    (found,) = problems(entry(category=value))
    assert told in found
    assert "regression" not in found


def test_a_wrong_category_does_not_hide_what_else_is_wrong_with_the_entry() -> None:
    assert len(problems(entry(category='"regression"', owner=None, tests='"x"'))) == 3


def test_a_key_that_is_none_is_named_with_the_nearest_that_is() -> None:
    assert problems(entry(tests='"x"')) == [
        f"{FIRST} tests = 'x': unknown key, did you mean `test`?"
    ]


@pytest.mark.parametrize("key, value", [("signature", "5"), ("after", '"x"')])
def test_a_list_is_a_list(key: str, value: str) -> None:
    (found,) = problems(entry(**{key: value}))
    assert found.endswith(": expected a list, in square brackets")


@pytest.mark.parametrize("text", ["quarantine = 5", "quarantine = [1]", "[quarantine]\ntest = 'x'"])
def test_the_quarantine_is_a_list_of_entries(text: str) -> None:
    assert problems(text) == [f"{FILE} quarantine: expected entries that begin with [[quarantine]]"]


def test_a_test_has_one_entry() -> None:
    found = problems(entry() + entry(test='"other"') + entry(owner='"@ben"') + entry())
    assert found == [
        f"{FILE} [[quarantine]] number {number} test = '{NODEID}': "
        "number 1 speaks of it already; keep one of them"
        for number in (3, 4)
    ]


def test_problems_of_both_kinds_are_told_at_once_with_their_places() -> None:
    found = problems(entry() + entry(owner=None) + "[[waiver]]\n" + "[[quarantin]]\n")
    assert [one.split(":")[0] for one in found] == [
        f"{FILE} quarantin",
        *[f"{FILE} [[waiver]] number 1"] * 5,
        f"{FILE} [[quarantine]] number 2",
    ]
    assert "did you mean `quarantine`?" in found[0]


def test_the_longest_allowed_end_is_allowed() -> None:
    entries = tuple(an_entry(days) for days in (MOST_DAYS + 1, -3, MOST_DAYS, 4000))
    assert [one.test for one in too_far(entries, TODAY)] == [
        f"ends in {MOST_DAYS + 1}",
        "ends in 4000",
    ]
    assert [one.test for one in too_far(entries[1:3], TODAY, most_days=30)] == [
        f"ends in {MOST_DAYS}"
    ]


def test_the_quarantine_joins_the_policy_beside_the_waivers() -> None:
    policy = with_exceptions(a_policy(), Exceptions(quarantine=(an_entry(3),)), {})
    assert policy.quarantine == (an_entry(3),)
    assert policy.waivers == ()
