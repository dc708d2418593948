"""What a change takes from the policy it is judged by, setting by setting. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pytest_gates.changes.policy_change import from_to, policy_change, said
from pytest_gates.model.direction import Direction, Shift, directions, shift_of, table_shifts
from pytest_gates.model.finding import Finding
from pytest_gates.model.policy import GatePolicy, Policy
from pytest_gates.model.settings import ForeignSettings

_UNSURE = " (nobody can tell which of them is stricter)"
_NAMES = {
    "block_on_inconclusive": "on-inconclusive",
    "required_version": "required-version",
    "policy_from": "policy-from",
    "policy_changes": "policy-changes",
    "new_suppressions": "new-suppressions",
    "signed_approvals": "signed-approvals",
    "max_waiver": "max-waiver",
}


def loosened(base: Policy, now: Policy) -> tuple[Finding, ...]:
    """Everything in `now` that may let something pass which `base` would not, apart from exceptions.

    A gate that was added and a setting that became stricter are not among them.
    """
    found = [
        _told(f"[{_name(one.name)}]", was, new, shift)
        for one, was, new, shift in _shifts(Policy, base, now)
        if shift.counts
    ]
    for gate in base.gates:
        other = now.gate(gate.name)
        if other is None:
            found.append(policy_change(gate.name, f"the gate `{gate.name}` was on, and is off now"))
        else:
            found += _gate(gate, other)
    return tuple(found)


def foreign_changes(
    base: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]
) -> tuple[Finding, ...]:
    """Of gates that are not installed here, whose tables nobody here can read: any difference counts.

    `base` and `now` are the policies' tables as they stand in the file, profiles among them.
    """
    return tuple(
        policy_change(name, f"the table of the gate `{name}`, which is not installed here, changed")
        for name in names
        if _tables_of(base, name) != _tables_of(now, name)
    )


def _tables_of(table: Mapping[str, Any], name: str) -> list[Any]:
    profiles = table.get("profiles")
    overlays = profiles if isinstance(profiles, Mapping) else {}
    own = [
        (profile, one.get(name)) for profile, one in overlays.items() if isinstance(one, Mapping)
    ]
    return [
        table.get(name),
        *sorted((one for one in own if one[1] is not None), key=lambda one: one[0]),
    ]


def measured_otherwise(ran: Mapping[str, Any], law: msgspec.Struct) -> tuple[str, ...]:
    """Settings under which a run gathered less, or other, evidence than `law` asks for, told in words.

    `ran` are the settings of the same gate as the report records them. A gate that looked at more than
    it had to, or whose evidence does not depend on the setting, is not among them. Settings of the run
    that cannot be read are one of them.
    """
    if isinstance(law, ForeignSettings):
        return ()
    try:
        settings = msgspec.convert(ran, type=type(law))
    except (msgspec.ValidationError, TypeError, ValueError):
        return ("settings that this version cannot read",)
    return tuple(
        f"{one.key} {said(new)} in place of {said(was)}"
        for one, was, new, shift in _shifts(type(law), law, settings)
        if shift.counts and not one.judged_later
    )


def _shifts(
    kind: type[msgspec.Struct], was: msgspec.Struct, now: msgspec.Struct
) -> Iterator[tuple[Direction, Any, Any, Shift]]:
    for one in directions(kind):
        first, second = getattr(was, one.name), getattr(now, one.name)
        shift = shift_of(one, first, second)
        if shift is not Shift.SAME:
            yield one, first, second, shift


def _gate(base: GatePolicy, now: GatePolicy) -> Iterator[Finding]:
    if type(base.settings) is not type(now.settings):
        yield policy_change(base.name, f"the gate `{base.name}` has settings of another kind")
        return
    for one, was, new, shift in _shifts(type(base.settings), base.settings, now.settings):
        if not shift.counts:
            continue
        if isinstance(was, Mapping) and isinstance(new, Mapping):
            yield from _entries(base.name, one, was, new)
        else:
            yield _told(f"[{base.name}] {one.key}", was, new, shift, now.origin_of(one.key))


def _entries(
    gate: str, direction: Direction, was: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Finding]:
    """Each entry of a table that may have loosened it."""
    for key, shift in table_shifts(direction, was, now).items():
        if shift.counts:
            what = f'[{gate}.{direction.key}] "{key}"'
            yield _told(what, was.get(key), now.get(key), shift)


def _told(what: str, was: Any, now: Any, shift: Shift, origin: str = "") -> Finding:
    unsure = _UNSURE if shift is Shift.UNKNOWN else ""
    where = f", {origin}" if origin else ""
    return policy_change(what, f"{what}: {from_to(was, now)}{unsure}{where}")


def _name(field: str) -> str:
    return _NAMES.get(field, field)
