"""What can be told of a policy before the whole of it is right. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_gates.config.policy import policy_table
from pytest_gates.model.contracts import Gate
from pytest_gates.model.policy import PolicySource


def says_base(source: PolicySource | None, profile: str) -> bool:
    """Whether it asks for the base's policy, read leniently: before, or without, the rest being right.

    Raises ConfigError when the file is not TOML.
    """
    table = (policy_table(source) if source is not None else None) or {}
    key = "policy-from"
    return any(one.get(key) == "base" for one in (table, _overlay(table, profile)))


def unknown_tables(source: PolicySource | None, known: Mapping[str, Gate]) -> frozenset[str]:
    """Names of tables that belong to no known gate: to one that is not installed here, it may be."""
    table = (policy_table(source) if source is not None else None) or {}
    profiles = table.get("profiles")
    overlays = profiles.values() if isinstance(profiles, Mapping) else ()
    return frozenset(
        name
        for one in (table, *overlays)
        if isinstance(one, Mapping)
        for name, value in one.items()
        if isinstance(value, Mapping) and name not in {*known, "profiles"}
    )


def _overlay(table: Mapping[str, Any], profile: str) -> Mapping[str, Any]:
    profiles = table.get("profiles")
    found = profiles.get(profile) if isinstance(profiles, Mapping) else None
    return found if isinstance(found, Mapping) else {}
