"""A policy knows where each threshold is written, and its digest changes with its meaning alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.gates.coverage import CoverageSettings
from pytest_gates.model.policy import digest_of
from pytest_gates.model.verdict import Mode
from support.evidence import a_gate_policy, a_policy

PLACE = "pyproject.toml [tool.pytest-gates.profiles.ci.coverage]"
TABLES = st.dictionaries(
    st.sampled_from(["tests", "coverage", "bandit", "ruff"]),
    st.dictionaries(st.text(max_size=3), st.integers(0, 9) | st.text(max_size=3), max_size=3),
)


@given(TABLES, st.randoms())
def test_the_digest_does_not_depend_on_any_order(tables: dict[str, Any], random: Any) -> None:
    shuffled = {name: _shuffled(table, random) for name, table in tables.items()}
    assert digest_of(_shuffled(shuffled, random), ()) == digest_of(tables, ())


@given(TABLES, TABLES)
def test_the_digest_differs_where_the_tables_do(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert (digest_of(a, ()) == digest_of(b, ())) is (a == b)


def test_the_expected_shards_are_part_of_the_digest() -> None:
    assert digest_of({}, ("unit",)) != digest_of({}, ())


def test_the_digest_names_its_algorithm() -> None:
    kind, _, digits = digest_of({}, ()).partition(":")
    assert kind == "sha256"
    assert len(digits) == 64


@pytest.mark.parametrize(
    "key, shown",
    [
        ("lines", f"{PLACE} lines"),
        ('paths."src/**"', f'{PLACE} paths."src/**"'),
        ("branches", "pyproject.toml [tool.pytest-gates.coverage] branches (default)"),
    ],
)
def test_a_threshold_is_shown_with_the_place_where_it_is_written(key: str, shown: str) -> None:
    gate = a_gate_policy("coverage", origins={"lines": PLACE, "paths": PLACE})
    assert gate.origin_of(key) == shown


def test_a_gate_is_found_by_its_name_or_not_at_all() -> None:
    policy = a_policy(a_gate_policy("tests"), a_gate_policy("ruff", Mode.WARN))
    assert policy.gate("ruff") is policy.gates[1]
    assert policy.gate("mypy") is None


def test_the_record_holds_plain_tables_as_they_would_stand_in_a_file() -> None:
    settings = CoverageSettings(mode=Mode.WARN, source=("src",))
    record = a_policy(a_gate_policy("coverage", settings=settings), expect=("unit",)).record()
    assert record.gates["coverage"]["mode"] == "warn"
    assert tuple(record.gates["coverage"]["source"]) == ("src",)
    assert record.expect == ("unit",)
    assert record.digest == digest_of(record.gates, record.expect)


@pytest.mark.parametrize("blocks, word", [(True, "block"), (False, "warn")])
def test_the_record_says_what_an_unknown_does(blocks: bool, word: str) -> None:
    assert a_policy(block_on_inconclusive=blocks).record().on_inconclusive == word


def test_the_order_of_the_gates_does_not_change_the_record() -> None:
    one, two = a_gate_policy("one"), a_gate_policy("two", Mode.WARN)
    assert a_policy(one, two).record().digest == a_policy(two, one).record().digest


def _shuffled(table: dict[str, Any], random: Any) -> dict[str, Any]:
    keys = list(table)
    random.shuffle(keys)
    return {key: table[key] for key in keys}
