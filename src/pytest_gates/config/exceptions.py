"""From the exceptions file to waivers and quarantine: each with an owner, a reason, an end. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pytest_gates.config.policy import parse_document
from pytest_gates.config.values import StructType, nearest, parse_table, shown
from pytest_gates.errors import ConfigError
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.contracts import Gate
from pytest_gates.model.exceptions import Quarantine, Waiver, latest_end
from pytest_gates.model.policy import Policy

MOST_DAYS = 90
"""An entry of the quarantine may end so far ahead at most: what lasts longer is no exception."""

CATEGORIES = tuple(
    one.value
    for one in FlakeClass
    # A regression is to be repaired, and what nobody understood narrows nothing.
    if one not in {FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE}
)
_ENTRIES: Mapping[str, type[msgspec.Struct]] = {"waiver": Waiver, "quarantine": Quarantine}


class Exceptions(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of one exceptions file, each kind in the order of the file."""

    waivers: tuple[Waiver, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()


def parse_exceptions(
    text: str, file_name: str, today: dt.date | None = None, max_waiver: int | None = None
) -> Exceptions:
    """All entries. Raises ConfigError with all problems.

    Where `today` is given, an entry that ends too far ahead is one of them; for waivers `max_waiver` says
    in seconds how far that is, None without limit.
    """
    document = parse_document(text, file_name)
    problems = [
        f"{file_name} {key}: unknown key{nearest(key, _ENTRIES)}"
        for key in document
        if key not in _ENTRIES
    ]
    waivers = [
        _entry(Waiver, entry, where, problems)
        for where, entry in _entries_of(document, "waiver", file_name, problems)
    ]
    quarantine = [
        _entry(Quarantine, _written_out(entry, where, problems), where, problems)
        for where, entry in _entries_of(document, "quarantine", file_name, problems)
    ]
    _refuse_repeated_tests(quarantine, file_name, problems)
    known = [one for one in quarantine if one is not None]
    problems += [
        f"{file_name} [[quarantine]] test = {shown(one.test)} expires = {one.expires}: "
        f"ends more than {MOST_DAYS} days ahead; choose an earlier day, it can be extended"
        for one in (too_far(known, today) if today is not None else ())
    ]
    if today is not None and max_waiver is not None:
        latest = latest_end(today, max_waiver)
        problems += [
            f"{file_name} [[waiver]] gate = {shown(one.gate)} subject = {shown(one.subject)} "
            f"expires = {one.expires}: later than `max-waiver` of the policy allows; "
            f"today the latest day is {latest}, it can be extended then"
            for one in waivers
            if one is not None and one.expires > latest
        ]
    if problems:
        raise ConfigError(tuple(problems))
    return Exceptions(
        waivers=tuple(one for one in waivers if one is not None),
        quarantine=tuple(one for one in quarantine if one is not None),
    )


def with_text(
    policy: Policy, text: str | None, known: Mapping[str, Gate], today: dt.date
) -> Policy:
    """The policy together with the text of its exceptions file, None where there is none.

    Raises ConfigError with all problems of that file.
    """
    if text is None:
        return policy
    exceptions = parse_exceptions(text, policy.exceptions_file, today, policy.max_waiver)
    return with_exceptions(policy, exceptions, known)


def with_exceptions(policy: Policy, exceptions: Exceptions, known: Mapping[str, Gate]) -> Policy:
    """The policy together with the exceptions file.

    Raises ConfigError for unknown gates, and for what ends with a fix that its gate never tells of.
    """
    problems = [
        f"{policy.exceptions_file} [[waiver]] gate = {shown(one.gate)}: "
        f"no such gate{nearest(one.gate, known)}"
        for one in exceptions.waivers
        if one.gate not in known
    ]
    problems += [
        f"{policy.exceptions_file} [[waiver]] gate = {shown(one.gate)} "
        f"subject = {shown(one.subject)} until-fixed = true: {objection}"
        for one in exceptions.waivers
        if one.until_fixed and one.gate in known
        for objection in never_fixed(known[one.gate], known)
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return msgspec.structs.replace(
        policy, waivers=exceptions.waivers, quarantine=exceptions.quarantine
    )


def never_fixed(gate: Gate, known: Mapping[str, Gate]) -> tuple[str, ...]:
    """Why a waiver of this gate cannot end with a fix, empty where it can."""
    if gate.tells_fixes:
        return ()
    able = ", ".join(one.name for one in known.values() if one.tells_fixes) or "none"
    return (f"{gate.name} never tells of a fixed version; leave it out (gates that do: {able})",)


def too_far(
    entries: Iterable[Quarantine], today: dt.date, most_days: int = MOST_DAYS
) -> tuple[Quarantine, ...]:
    """Those that end more than `most_days` after `today`, in the given order."""
    return tuple(one for one in entries if (one.expires - today).days > most_days)


def _entries_of(
    document: Mapping[str, Any], key: str, file_name: str, problems: list[str]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Each entry of this kind with its place for people."""
    entries = document.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        problems.append(f"{file_name} {key}: expected entries that begin with [[{key}]]")
        return []
    return [
        (f"{file_name} [[{key}]] number {number}", one)
        for number, one in enumerate(entries, start=1)
    ]


def _written_out(entry: Mapping[str, Any], where: str, problems: list[str]) -> Mapping[str, Any]:
    """An entry of the quarantine without shorthands, and without a category that excuses nothing."""
    found = dict(entry)
    if isinstance(found.get("signature"), str):
        found["signature"] = [found["signature"]]
    category = found.get("category")
    if category is not None and category not in CATEGORIES:
        hint = nearest(category, CATEGORIES) if isinstance(category, str) else ""
        problems.append(
            f"{where} category = {shown(category)}: expected one of {', '.join(CATEGORIES)}"
            f"{hint if hint.startswith(', did') else ''}"
        )
        del found["category"]
    return found


def _entry(
    kind: type[StructType], entry: Mapping[str, Any], where: str, problems: list[str]
) -> StructType | None:
    expires = entry.get("expires")
    # tomllib reads `2027-01-31T00:00:00` as a datetime, which is a date to Python as well.
    if isinstance(expires, dt.datetime):
        problems.append(f"{where} expires: expected a day such as 2027-01-31, without a time")
        entry = {**entry, "expires": expires.date()}
    found = parse_table(kind, entry, where, problems)
    if found is None:
        return None
    for field in msgspec.structs.fields(kind):
        value = getattr(found, field.name)
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, str) and not one.strip() for one in texts):
            remedy = (
                "every excuse needs one" if field.required else "leave it out, or say something"
            )
            problems.append(f"{where} {field.encode_name}: is empty; {remedy}")
    return found


def _refuse_repeated_tests(
    entries: Iterable[Quarantine | None], file_name: str, problems: list[str]
) -> None:
    first: dict[str, int] = {}
    for number, one in enumerate(entries, start=1):
        if one is not None and first.setdefault(one.test, number) != number:
            problems.append(
                f"{file_name} [[quarantine]] number {number} test = {shown(one.test)}: "
                f"number {first[one.test]} speaks of it already; keep one of them"
            )
