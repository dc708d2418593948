"""Findings about a change that touches the law it is judged by. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of
from pytest_gates.model.text import printable

POLICY_CHANGE = "policy-change"
NEW_SUPPRESSION = "new-suppression"
_REMEDY = "take it back, or let an owner of the policy approve it"
_MOST_SHOWN = 60
_PASSWORD = re.compile(r"(://[^/@:\s]*:)\S*@")


def policy_change(
    subject: str,
    message: str,
    *,
    effect: Effect = Effect.FAIL,
    rule: str = POLICY_CHANGE,
    location: Location | None = None,
) -> Finding:
    """FAIL: it may loosen the law. UNKNOWN: it could not be compared. NOTE: it is worth a look."""
    return Finding(
        rule=rule,
        message=message,
        effect=effect,
        subject=subject,
        location=location,
        remedy=None if effect is Effect.NOTE else _REMEDY,
        fingerprint=fingerprint_of(rule, subject, message),
    )


def from_to(was: Any, now: Any) -> str:
    """`90 -> 80`; of lists what came and what went."""
    if isinstance(was, tuple) and isinstance(now, tuple):
        gone = [f"-{said(one)}" for one in was if one not in now]
        came = [f"+{said(one)}" for one in now if one not in was]
        if gone or came:
            return printable(" ".join((*gone, *came)), 200)
    return f"{said(was)} -> {said(now)}"


def said(value: Any) -> str:
    """A value as it would stand in TOML, shortened."""
    return printable(_PASSWORD.sub(r"\1…@", _as_toml(value)), _MOST_SHOWN)


def _as_toml(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, msgspec.Struct):
        fields = ((one.encode_name, getattr(value, one.name)) for one in _fields(value))
        return (
            "{"
            + ", ".join(f"{key} = {_as_toml(one)}" for key, one in fields if one is not None)
            + "}"
        )
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_as_toml(one) for one in value) + "]"
    return str(value) if isinstance(value, int | Decimal) else f'"{value}"'


def _fields(value: msgspec.Struct) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(type(value))
