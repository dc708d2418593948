"""Every setting says which way it loosens its gate, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from pytest_gates.catalog import GATES
from pytest_gates.config.keys import PolicyTable
from pytest_gates.model.direction import WORDS, Direction, directions
from pytest_gates.model.policy import Policy

# Keys of the file that a policy keeps under another name.
_RENAMED = {"exceptions": "exceptions_file", "on_inconclusive": "block_on_inconclusive"}


def structs() -> Iterator[type[msgspec.Struct]]:
    """The settings of every gate, the entries of their tables, and the policy itself."""
    yield Policy
    for gate in GATES:
        yield gate.settings
        yield from (
            one.entries
            for one in directions(gate.settings)
            # Where every change of a table counts, nobody looks into its entries.
            if one.entries is not None and one.looser in {"more", "fewer"}
        )


def unmarked(kinds: Iterator[type[msgspec.Struct]]) -> list[str]:
    return [
        f"{kind.__name__}.{one.name}"
        for kind in kinds
        for one in directions(kind)
        if not marked(one)
    ]


def marked(one: Direction) -> bool:
    return isinstance(one.looser, tuple) or one.looser in WORDS


def test_every_setting_has_a_direction() -> None:
    assert unmarked(structs()) == []


def test_a_setting_without_a_direction_is_found() -> None:
    class Careless(msgspec.Struct):
        limit: int = 0

    assert unmarked(iter([Careless])) == ["Careless.limit"]


@pytest.mark.parametrize("name", [one.name for one in msgspec.structs.fields(PolicyTable)])
def test_every_key_of_the_policy_reaches_the_policy_that_is_compared(name: str) -> None:
    assert _RENAMED.get(name, name) in {one.name for one in directions(Policy)}
