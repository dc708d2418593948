"""Which way a setting loosens its gate, and whether evidence can be judged by another value of it. Pure.

Told by marks in the `extra` of a field's Meta:

`looser`: "lower", "higher" (None is the loosest), "more", "fewer" (entries of a list or table), a tuple of
words from the strictest to the loosest, "other" (nobody can tell: every change of it is shown and counts)
or "never" (it changes no verdict). A field without the mark is "other".

`judged_later`: the run records the same evidence whatever the value, so that a report can be judged
again by another one. Without the mark, evidence that was gathered under another value is in doubt.

`unset`: "other" where None, or an empty list, stands for something else than no limit.

`names_files`: the value is the path of a file that belongs to the law.
"""

from __future__ import annotations

import enum
import functools
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import msgspec

from pytest_gates.model.finding import Severity

_UNSET: tuple[object, ...] = (None, ())
WORDS = ("lower", "higher", "more", "fewer", "other", "never")


class Shift(enum.StrEnum):
    """What became of a setting. `unknown`: it differs, and nobody can tell which value is stricter."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    UNKNOWN = "unknown"
    HARMLESS = "harmless"

    @property
    def counts(self) -> bool:
        """Whether it may have loosened the gate."""
        return self in {Shift.LOOSER, Shift.UNKNOWN}


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """The marks of one field; `looser` is None where it has none."""

    key: str
    name: str
    looser: str | tuple[str, ...] | None = None
    judged_later: bool = False
    unset_is_other: bool = False
    names_files: bool = False
    entries: type[msgspec.Struct] | None = None


@functools.cache
def directions(kind: type[msgspec.Struct]) -> tuple[Direction, ...]:
    """Of all fields of `kind`, in their order; `entries` is the type of a table's values."""
    return tuple(_direction(field) for field in msgspec.structs.fields(kind))


def _direction(field: msgspec.structs.FieldInfo) -> Direction:
    inner, marks = _unwrapped(field.type)
    looser = marks.get("looser")
    entries = None
    if typing.get_origin(inner) in {dict, Mapping}:
        last = typing.get_args(inner)[1]
        entries = last if isinstance(last, type) and issubclass(last, msgspec.Struct) else None
    return Direction(
        key=field.encode_name,
        name=field.name,
        looser=tuple(looser) if isinstance(looser, list | tuple) else looser,
        judged_later=bool(marks.get("judged_later", False)),
        unset_is_other=marks.get("unset") == "other",
        names_files=bool(marks.get("names_files", False)),
        entries=entries,
    )


def _unwrapped(hint: Any) -> tuple[Any, dict[str, Any]]:
    if typing.get_origin(hint) is not Annotated:
        return hint, {}
    inner, *metas = typing.get_args(hint)
    marks: dict[str, Any] = {}
    for meta in metas:
        marks.update(getattr(meta, "extra", None) or {})
    return inner, marks


def shift_of(direction: Direction, was: Any, now: Any) -> Shift:
    """What it means that the value `was` has become `now`."""
    if was == now and type(was) is type(now):
        return Shift.SAME
    way = direction.looser
    if way == "never":
        return Shift.HARMLESS
    if direction.unset_is_other and (was in _UNSET or now in _UNSET):
        return Shift.UNKNOWN
    if isinstance(way, tuple):
        return _along(way, was, now)
    if way in {"lower", "higher"}:
        return _ordered(was, now, loosest_first=way == "lower")
    if way in {"more", "fewer"}:
        return _listed(direction, was, now)
    return Shift.UNKNOWN


def _along(order: tuple[str, ...], was: Any, now: Any) -> Shift:
    try:
        steps = order.index(str(now)) - order.index(str(was))
    except ValueError:
        return Shift.UNKNOWN
    return Shift.LOOSER if steps > 0 else Shift.STRICTER if steps else Shift.SAME


def _ordered(was: Any, now: Any, *, loosest_first: bool) -> Shift:
    if was is None or now is None:
        return Shift.LOOSER if now is None else Shift.STRICTER
    first, second = _number(was), _number(now)
    if first is None or second is None:
        return Shift.UNKNOWN
    if first == second:
        return Shift.SAME
    return Shift.LOOSER if (second < first) is loosest_first else Shift.STRICTER


def _number(value: Any) -> Any:
    """Something that can be compared, None where it cannot."""
    if isinstance(value, Severity):
        return value.rank
    return value if isinstance(value, int | Decimal | Fraction) else None


def _listed(direction: Direction, was: Any, now: Any) -> Shift:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return _worst(table_shifts(direction, was, now).values())
    if not (isinstance(was, tuple) and isinstance(now, tuple)):
        return Shift.UNKNOWN
    added, gone = set(now) - set(was), set(was) - set(now)
    if not added and not gone:
        return Shift.SAME
    return Shift.LOOSER if (added if direction.looser == "more" else gone) else Shift.STRICTER


def table_shifts(
    direction: Direction, was: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Shift]:
    """What became of each entry of a table, by its key, in order."""
    return {key: _entry(direction, was, now, key) for key in sorted({*was, *now})}


def _entry(direction: Direction, was: Mapping[str, Any], now: Mapping[str, Any], key: str) -> Shift:
    if direction.looser not in {"more", "fewer"}:
        return Shift.SAME if key in was and key in now and was[key] == now[key] else Shift.UNKNOWN
    if key in was and key in now:
        return _inside(direction.entries, was[key], now[key])
    more = direction.looser == "more"
    if key in was:
        return Shift.STRICTER if more else Shift.LOOSER
    # A new entry beside others may take something from them.
    return Shift.LOOSER if more else Shift.UNKNOWN if was else Shift.STRICTER


def _inside(kind: type[msgspec.Struct] | None, was: Any, now: Any) -> Shift:
    """The worst of all fields of two values of one type."""
    if was == now:
        return Shift.SAME
    if kind is None or not (isinstance(was, kind) and isinstance(now, kind)):
        return Shift.UNKNOWN
    return _worst(
        shift_of(one, getattr(was, one.name), getattr(now, one.name)) for one in directions(kind)
    )


def _worst(shifts: Iterable[Shift]) -> Shift:
    order = (Shift.LOOSER, Shift.UNKNOWN, Shift.STRICTER, Shift.HARMLESS)
    found = set(shifts)
    return next((one for one in order if one in found), Shift.SAME)
