"""What is read of a policy that may be wrong elsewhere."""

from __future__ import annotations

import pytest

from pytest_gates.catalog import GATES
from pytest_gates.config.lenient import says_base, unknown_tables
from pytest_gates.errors import ConfigError
from support.evidence import by_name
from support.policies import in_gates_toml


@pytest.mark.parametrize(
    "text, found",
    [
        ("", False),
        ("policy-from = 'base'", True),
        ("policy-from = 'change'", False),
        ("policy-from = 'base'\nnonsense = 1\n[coverge]\n", True),
        ("[profiles.ci]\npolicy-from = 'base'", True),
        ("[profiles.local]\npolicy-from = 'base'", False),
        # Somebody asked for it; a profile does not take it away again.
        ("policy-from = 'base'\n[profiles.ci]\npolicy-from = 'change'", True),
        ("profiles = 3", False),
        ("[profiles]\nci = 3", False),
    ],
)
def test_whether_the_base_is_asked_for(text: str, found: bool) -> None:
    assert says_base(in_gates_toml(text), "ci") is found


def test_no_policy_asks_for_nothing() -> None:
    assert not says_base(None, "ci")
    assert unknown_tables(None, {}) == frozenset()


def test_what_is_no_toml_is_an_error() -> None:
    with pytest.raises(ConfigError):
        says_base(in_gates_toml("[["), "ci")


def test_tables_that_may_belong_to_gates_of_others() -> None:
    text = (
        "expect = []\nreports = 3\n[tests]\n[spelling]\n"
        "[profiles.ci.sbom]\n[profiles.ci.coverage]\n[profiles]\nx = 1\n"
    )
    text = text.replace("[profiles]\nx = 1\n", "")
    assert unknown_tables(in_gates_toml(text), by_name(*GATES)) == {"spelling", "sbom"}
    assert unknown_tables(in_gates_toml("profiles = 3\n"), {}) == frozenset()
    assert unknown_tables(in_gates_toml("[profiles]\nci = 3\n"), {}) == frozenset()
