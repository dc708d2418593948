"""What a change takes from a policy, setting by setting."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gates.changes.loosening import foreign_changes, loosened, measured_otherwise
from pytest_gates.changes.policy_change import from_to, said
from pytest_gates.model.finding import Effect
from pytest_gates.model.policy import Policy
from pytest_gates.model.settings import ForeignSettings, GateSettings
from support.evidence import a_gate_policy, a_policy
from support.policies import STRICT, in_gates_toml, read, settings


def policy(text: str) -> Policy:
    return read(in_gates_toml(text), more=(STRICT,), reporters=None)


def told(was: str, now: str) -> list[str]:
    found = loosened(policy(was), policy(now))
    assert all(one.rule == "policy-change" and one.effect is Effect.FAIL for one in found)
    return [one.message for one in found]


UNSURE = " (nobody can tell which of them is stricter)"

LOOSENED = [
    ("[coverage]\nlines = 90", "[coverage]\nlines = 89.5", "[coverage] lines: 90 -> 89.5"),
    ("[coverage]\nbranches = 90", "[coverage]", "[coverage] branches: 90 -> none"),
    ("[coverage]\ncombined = 90", "[coverage]\ncombined = 0", "[coverage] combined: 90 -> 0"),
    ("[coverage]", "[coverage]\nsource = ['a']", f'[coverage] source: +"a"{UNSURE}'),
    (
        "[coverage.paths]\n'a/**' = 90",
        "[coverage.paths]\n'a/**' = 80",
        '[coverage.paths] "a/**": {lines = 90} -> {lines = 80}',
    ),
    (
        "[coverage.paths]\n'a/**' = 90",
        "[coverage.paths]",
        '[coverage.paths] "a/**": {lines = 90} -> none',
    ),
    (
        "[coverage.paths]\n'a/**' = 90",
        "[coverage.paths]\n'a/**' = 90\n'a/b/**' = 10",
        f'[coverage.paths] "a/b/**": none -> {{lines = 10}}{UNSURE}',
    ),
    ("[tests]", "[tests]\nallow-partial = true", "[tests] allow-partial: false -> true"),
    ("[tests]", "[tests]\nmode = 'warn'", '[tests] mode: "block" -> "warn"'),
    ("[tests]", "tests = false", "the gate `tests` was on, and is off now"),
    ("[bandit]", "", "the gate `bandit` was on, and is off now"),
    ("[bandit]", "[bandit]\nfail-on = 'high'", '[bandit] fail-on: "medium" -> "high"'),
    ("[bandit]", "[bandit]\nconfidence = 'high'", '[bandit] confidence: "medium" -> "high"'),
    ("[bandit]", "[bandit]\nonly-new = true", "[bandit] only-new: false -> true"),
    ("[bandit]", "[bandit]\nskips = ['B101']", '[bandit] skips: +"B101"'),
    ("[bandit]", "[bandit]\npaths = ['src/**']", '[bandit] paths: -"**" +"src/**"'),
    ("[bandit]\nexclude = []", "[bandit]\nexclude = ['a']", '[bandit] exclude: +"a"'),
    ("[bandit]", "[bandit]\nconfig = 'b.yml'", f'[bandit] config: none -> "b.yml"{UNSURE}'),
    ("[ruff]\npaths = ['a', 'b']", "[ruff]\npaths = ['a']", '[ruff] paths: -"b"'),
    (
        "[pip-audit]",
        "[pip-audit]\nallow-unaudited = ['x']",
        '[pip-audit] allow-unaudited: +"x"',
    ),
    (
        "[pip-audit]",
        "[pip-audit]\nrequirements = ['x']",
        f'[pip-audit] requirements: +"x"{UNSURE}',
    ),
    (
        "[pip-audit]",
        "[pip-audit]\nsource = 'https://me:secret@osv.example.org'",
        f'[pip-audit] source: "pypi" -> "https://me:…@osv.example.org"{UNSURE}',
    ),
    ("[flaky]", "[flaky]\nnew-flaky = 1", "[flaky] new-flaky: 0 -> 1"),
    ("[flaky]\nflaky = 3", "[flaky]", "[flaky] flaky: 3 -> none"),
    ("[flaky]", "[flaky]\nreruns = 9", "[flaky] reruns: 2 -> 9"),
    ("[flaky]", "[flaky]\nmax-quarantined = 21", "[flaky] max-quarantined: 20 -> 21"),
    (
        "[flaky.tests]\n'a::*' = 1",
        "[flaky.tests]\n'a::*' = 2",
        f'[flaky.tests] "a::*": {{reruns = 1}} -> {{reruns = 2}}{UNSURE}',
    ),
    ("[patch-coverage]", "[patch-coverage]\nlines = 50", f"[patch-coverage] lines: none -> 50{UNSURE}"),
    ("expect = ['a', 'b']", "expect = ['a']", '[expect]: -"b"'),
    ("", "[profiles.ci]\non-inconclusive = 'warn'", "[on-inconclusive]: true -> false"),
    ("base = 'main'", "base = 'HEAD'", f'[base]: "main" -> "HEAD"{UNSURE}'),
    ("", "history = 'off'", f'[history]: "sqlite" -> "off"{UNSURE}'),
    ("required-version = '>=0.1'", "", f'[required-version]: ">=0.1" -> none{UNSURE}'),
    ("policy-from = 'base'", "", '[policy-from]: "base" -> "change"'),
    ("policy-changes = 'block'", "policy-changes = 'warn'", '[policy-changes]: "block" -> "warn"'),
    ("", "new-suppressions = 'allow'", f'[new-suppressions]: none -> "allow"{UNSURE}'),
    ("owners = ['@ana']", "owners = ['@ana', '@eve']", '[owners]: +"@eve"'),
    ("", "signed-approvals = false", "[signed-approvals]: true -> false"),
    ("max-waiver = '90d'", "max-waiver = '91d'", "[max-waiver]: 7776000 -> 7862400"),
    ("max-waiver = '90d'", "", "[max-waiver]: 7776000 -> none"),
    ("[strict]\nmost = 1", "[strict]\nmost = 0", f"[strict] most: 1 -> 0{UNSURE}"),
]  # fmt: skip


@pytest.mark.parametrize("was, now, message", LOOSENED, ids=[f"{a}|{b}" for a, b, _ in LOOSENED])
def test_what_loosens_a_policy_is_told(was: str, now: str, message: str) -> None:
    found = told(f"{was}\n", f"{now}\n")
    assert [one for one in found if one.startswith(message)], found
    assert len(found) == 1


@pytest.mark.parametrize(
    "was, now",
    [
        (was, now)
        for was, now, message in LOOSENED
        # A glob in place of another is told both ways: nobody compares what they fit.
        if UNSURE not in message and not ('-"' in message and '+"' in message)
    ],
)
def test_the_way_back_loosens_nothing(was: str, now: str) -> None:
    assert told(f"{now}\n", f"{was}\n") == []


@pytest.mark.parametrize(
    "was, now",
    [
        ("[bandit]\ntimeout = '1m'", "[bandit]\ntimeout = '2h'"),
        ("report-dir = 'a'", "report-dir = 'b'"),
        ("reports = ['junit']", ""),
        ("fail-fast = true", ""),
        ("exceptions = 'a.toml'", ""),
        ("[coverage]", "[coverage.paths]\n'a/**' = 10"),
        ("", "[ruff]"),
        ("", "[profiles.local.tests]\nallow-partial = true"),
    ],
)
def test_what_changes_no_verdict_is_not_told(was: str, now: str) -> None:
    assert told(f"{was}\n", f"{now}\n") == []


def test_the_place_of_a_setting_is_told() -> None:
    (one,) = told("[tests]\n", "[profiles.ci.tests]\nallow-partial = true\n")
    assert one.endswith(", gates.toml [profiles.ci.tests] allow-partial")


def test_settings_of_another_kind_cannot_be_compared() -> None:
    was = a_policy(a_gate_policy("x", settings=GateSettings()))
    now = a_policy(a_gate_policy("x", settings=ForeignSettings()))
    assert [one.message for one in loosened(was, now)] == [
        "the gate `x` has settings of another kind"
    ]


def test_tables_that_nobody_here_can_read_must_not_differ() -> None:
    base = {"a": {"x": 1}, "b": {}, "profiles": {"ci": {"b": {"y": 1}}, "local": {}}}
    same = {**base, "c": {}}
    now = {"a": {"x": 2}, "b": {}, "profiles": {"ci": {"b": {"y": 2}}}}
    assert foreign_changes(base, same, ("a", "b")) == ()
    found = foreign_changes(base, now, ("a", "b"))
    assert [one.subject for one in found] == ["a", "b"]
    assert foreign_changes({"profiles": 3}, {}, ("a",)) == ()
    assert len(foreign_changes({"profiles": {"ci": 3}}, {"a": True}, ("a",))) == 1


def recorded(text: str, gate: str) -> dict[str, Any]:
    return policy(text).record().gates[gate]


@pytest.mark.parametrize(
    "law, ran, gate, said_",
    [
        ("[bandit]", "[bandit]", "bandit", ()),
        # The same evidence, whatever the limit.
        ("[bandit]", "[bandit]\nfail-on = 'high'\nonly-new = true", "bandit", ()),
        ("[coverage]\nlines = 90", "[coverage]", "coverage", ()),
        ("[bandit]", "[bandit]\nskips = ['B101']", "bandit", ('skips ["B101"] in place of []',)),
        # More was looked at than had to be.
        ("[bandit]\nskips = ['B101']", "[bandit]", "bandit", ()),
        ("[bandit]\ntimeout = 9", "[bandit]", "bandit", ()),
        ("[coverage]", "[coverage]\nsource = ['a']", "coverage", ('source ["a"] in place of []',)),
    ],
)
def test_what_a_run_must_have_measured(
    law: str, ran: str, gate: str, said_: tuple[str, ...]
) -> None:
    assert measured_otherwise(recorded(ran, gate), settings(policy(law), gate)) == said_


def test_settings_of_a_run_that_cannot_be_read_are_in_doubt() -> None:
    law = settings(policy("[bandit]"), "bandit")
    assert measured_otherwise({"skips": 3}, law) == ("settings that this version cannot read",)
    assert measured_otherwise({"anything": 3}, ForeignSettings()) == ()


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "none"),
        (True, "true"),
        (3, "3"),
        ("a\nb", r'"a\nb"'),
        (("a", 1), '["a", 1]'),
        ({"a": 1}, "{a = 1}"),
        ("postgresql://me:secret@host/db", '"postgresql://me:…@host/db"'),
    ],
)
def test_a_value_is_written_as_in_the_file(value: Any, text: str) -> None:
    assert said(value) == text


def test_a_list_in_another_order_is_written_whole() -> None:
    assert from_to(("a", "b"), ("b", "a")) == '["a", "b"] -> ["b", "a"]'
