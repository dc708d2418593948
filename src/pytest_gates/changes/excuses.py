"""Waivers and quarantine that a change adds, extends or widens. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pytest_gates.changes.policy_change import from_to, policy_change
from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.policy import Policy

Entry = TypeVar("Entry", Waiver, Quarantine)


def more_excused(base: Policy, now: Policy, today: dt.date) -> tuple[Finding, ...]:
    """What `now` excuses and `base` does not, on `today` or on a later day.

    Entries that ended before today excuse nothing. Another reason or owner is a note.
    """
    return (
        *_waivers(base.waivers, now.waivers, today),
        *_quarantine(base.quarantine, now.quarantine, today),
    )


def _waivers(
    base: tuple[Waiver, ...], now: tuple[Waiver, ...], today: dt.date
) -> Iterator[Finding]:
    known, entries = _last(base), _last(now)
    for key, entry in entries.items():
        what = _what(entry)
        old = known.get(key)
        if entry.expired(today):
            continue
        if old is None:
            yield policy_change(what, f"{what}: new, until {entry.expires}, by {entry.owner}")
        else:
            yield from _edited(what, old, entry)
    # Beside one that ends later, another of the same may excuse what has a fix as well.
    held = _last(one for one in base if not one.until_fixed)
    for key, entry in _last(one for one in now if not one.until_fixed).items():
        if key not in known or entry.expired(today):
            continue
        old = held.get(key)
        if old is None or known[key].expires >= entry.expires > old.expires:
            what = _what(entry)
            yield policy_change(
                what, f"{what}: excuses what has a fix as well, until {entry.expires}"
            )


def _last(waivers: Iterable[Waiver]) -> dict[tuple[str, str], Waiver]:
    """Of several for the same thing the last to end is the one that counts."""
    return {(one.gate, one.subject): one for one in _by_end(waivers)}


def _what(waiver: Waiver) -> str:
    return f"waiver of {waiver.subject} in {waiver.gate}"


def _quarantine(
    base: tuple[Quarantine, ...], now: tuple[Quarantine, ...], today: dt.date
) -> Iterator[Finding]:
    known = {one.test: one for one in _by_end(base)}
    for entry in _by_end(now):
        what = f"quarantine of {entry.test}"
        old = known.get(entry.test)
        if entry.expired(today):
            continue
        if old is None:
            yield policy_change(what, f"{what}: new, until {entry.expires}, by {entry.owner}")
            continue
        yield from _edited(what, old, entry)
        yield from (
            policy_change(what, f"{what}: {key} {from_to(was, new)}")
            for key, was, new, wider in _scopes(old, entry)
            if wider
        )


def _scopes(old: Quarantine, new: Quarantine) -> Iterator[tuple[str, object, object, bool]]:
    """What narrows an entry, and whether the new one is wider by it, or nobody can tell."""
    wider = bool(old.signature) and not (new.signature and set(new.signature) <= set(old.signature))
    yield "signature", old.signature, new.signature, wider
    wider = old.category is not None and new.category is not old.category
    yield "category", old.category, new.category, wider
    yield "after", old.after, new.after, new.after != old.after


def _edited(what: str, old: Waiver | Quarantine, new: Waiver | Quarantine) -> Iterator[Finding]:
    if new.expires > old.expires:
        yield policy_change(what, f"{what}: extended, {old.expires} -> {new.expires}")
    elif (old.owner, old.reason) != (new.owner, new.reason):
        yield policy_change(what, f"{what}: another owner or reason", effect=Effect.NOTE)


def _by_end(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: one.expires)
