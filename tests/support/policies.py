"""One policy read from text, under the built-in gates."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from pytest_gates.catalog import DEFAULT_POLICY, GATES
from pytest_gates.config.policy import Overrides, parse_policy
from pytest_gates.errors import ConfigError
from pytest_gates.model.contracts import Gate
from pytest_gates.model.policy import Policy, PolicySource
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement

TABLE = "tool.pytest-gates"
NO_OVERRIDES = Overrides()


class StrictSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """Settings of a third party that cannot do without a value."""

    most: Annotated[int, msgspec.Meta(description="At most so many.")]
    least: Annotated[int, msgspec.Meta(description="At least so many.")] = 0


STRICT = Gate(
    name="strict",
    doc="Needs a number.",
    settings=StrictSettings,
    evaluate=lambda evidence, settings: Judgement(summary=""),
)


def in_pyproject(text: str) -> PolicySource:
    return PolicySource(file_name="pyproject.toml", text=text, table=TABLE)


def in_gates_toml(text: str) -> PolicySource:
    return PolicySource(file_name="gates.toml", text=text, table="")


def read(
    source: str | PolicySource | None,
    *,
    profile: str = "ci",
    overrides: Overrides = NO_OVERRIDES,
    more: tuple[Gate, ...] = (),
    reporters: tuple[str, ...] | None = ("json", "markdown"),
) -> Policy:
    """The policy of this text in pyproject.toml, read by version 0.1.0."""
    return parse_policy(
        in_pyproject(source) if isinstance(source, str) else source,
        gates={gate.name: gate for gate in (*GATES, *more)},
        default=DEFAULT_POLICY,
        profile=profile,
        overrides=overrides,
        version="0.1.0",
        reporters=reporters,
    )


def problems(source: str | PolicySource | None, **how: Any) -> list[str]:
    """What is wrong with it; a policy that can be read fails the test."""
    with pytest.raises(ConfigError) as caught:
        read(source, **how)
    return list(caught.value.problems)


def settings(policy: Policy, gate: str) -> Any:
    """The settings of a gate that is on."""
    found = policy.gate(gate)
    assert found is not None, f"the gate {gate} is off"
    assert isinstance(found.settings, GateSettings)
    return found.settings


def names(policy: Policy) -> set[str]:
    return {gate.name for gate in policy.gates}
