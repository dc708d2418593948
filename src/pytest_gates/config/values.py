"""From one TOML value to the type a setting declares, collecting every problem. Pure."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

import msgspec

from pytest_gates.model.spdx import NotSpdx, known_ids, parsed, parsed_licence

_DURATION = re.compile(r"(\d+)\s*([smhd]?)")
_HISTORY = re.compile(r"off|sqlite|sqlite:\s*\S.*|postgresql://\S+|env:[A-Za-z_][A-Za-z0-9_]*")
_PASSWORD = re.compile(r"(://[^/@:\s]*:)\S*@")
_ADVISORIES = re.compile(
    r"pypi|osv|offline:\s*\S.*|https://[^\s/]\S*"
    r"|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:/\S*)?"
)
_PIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9.!_-]*")
_SECONDS_OF = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_WORDS: dict[Any, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    dt.date: "a day such as 2027-01-31, without quotes",
}

StructType = TypeVar("StructType", bound=msgspec.Struct)


class _Wrong(Exception):
    """What was expected in place of the value."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean ...?` for the closest known name, else the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f", did you mean `{close[0]}`?"
    return f"; known: {', '.join(names)}" if names else ""


def parse_table(
    kind: type[StructType], table: Mapping[str, Any], where: str, problems: list[str]
) -> StructType | None:
    """`table` as a `kind`, or None when a problem was found (and added to `problems`)."""
    before = len(problems)
    values = check_table(kind, table, where, problems)
    problems.extend(
        f"{where}: `{key}` is missing"
        for key, field in _fields_of(kind).items()
        if field.required and key not in table
    )
    return None if len(problems) > before else kind(**values)


def check_table(
    kind: type[msgspec.Struct], table: Mapping[str, Any], where: str, problems: list[str]
) -> dict[str, Any]:
    """The right values of `table` by field name; a required key may be missing."""
    fields = _fields_of(kind)
    values: dict[str, Any] = {}
    for key, raw in table.items():
        field = fields.get(key)
        if field is None and getattr(kind, "open_ended", False):
            continue
        if field is None:
            problems.append(f"{where} {key} = {shown(raw)}: unknown key{nearest(key, fields)}")
            continue
        try:
            values[field.name] = _converted(raw, field.type, f"{where} {key}", problems)
        except _Wrong as wrong:
            problems.append(f"{where} {key} = {shown(raw)}: expected {wrong}")
    return values


def expanded(kind: type[msgspec.Struct], table: Mapping[str, Any]) -> dict[str, Any]:
    """`table` with shorthands written out, so that two such tables can be laid over each other."""
    fields = _fields_of(kind)
    return {
        key: _expanded_value(fields[key].type, value) if key in fields else value
        for key, value in table.items()
    }


def _expanded_value(hint: Any, value: Any) -> Any:
    while typing.get_origin(hint) is Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is not dict or not isinstance(value, Mapping):
        return value
    shorthand = getattr(typing.get_args(hint)[1], "shorthand", None)
    if shorthand is None:
        return value
    return {
        key: one if isinstance(one, Mapping) else {shorthand: one} for key, one in value.items()
    }


@functools.cache
def _fields_of(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """By the key in the file. Kept: reading annotations is the dearest part of reading a policy."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def shown(value: Any) -> str:
    """A value as it stood in the file, shortened, and without the password of a URL."""
    text = _PASSWORD.sub(r"\1…@", _as_toml(value))
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line of a terminal


def _as_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_as_toml(one) for one in value)}]"
    return repr(value) if isinstance(value, str) else str(value)


def _converted(raw: Any, hint: Any, where: str, problems: list[str]) -> Any:
    origin = typing.get_origin(hint)
    if origin is Annotated:
        return _annotated(raw, hint, where, problems)
    if origin in {typing.Union, types.UnionType}:
        inner = next(one for one in typing.get_args(hint) if one is not type(None))
        return _converted(raw, inner, where, problems)
    if origin is tuple:
        return _converted_list(raw, typing.get_args(hint)[0], where, problems)
    if origin in {dict, Mapping}:
        if not isinstance(raw, Mapping):
            raise _Wrong("a table")
        inner = typing.get_args(hint)[1]
        return {
            key: _converted(one, inner, f'{where}."{key}"', problems) for key, one in raw.items()
        }
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        # A struct may name the one key that people mean when they write a bare value.
        shorthand = getattr(hint, "shorthand", None)
        if shorthand and not isinstance(raw, Mapping):
            raw = {shorthand: raw}
        if not isinstance(raw, Mapping):
            raise _Wrong("a table")
        return parse_table(hint, raw, where, problems)
    return _plain(raw, hint)


def _annotated(raw: Any, hint: Any, where: str, problems: list[str]) -> Any:
    """A hint may carry what its type cannot say: the quantity it is, or the words that are allowed."""
    inner, *marks = typing.get_args(hint)
    extra = {key: value for mark in marks for key, value in (mark.extra or {}).items()}
    if "quantity" in extra:
        return _QUANTITIES[extra["quantity"]](raw)
    if "choices" in extra and raw not in extra["choices"]:
        raise _Wrong(_one_of(raw, extra["choices"]))
    return _converted(raw, inner, where, problems)


def _converted_list(raw: Any, inner: Any, where: str, problems: list[str]) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise _Wrong("a list, in square brackets")
    return tuple(_converted(one, inner, where, problems) for one in raw)


def _plain(raw: Any, hint: Any) -> Any:
    if hint is int and isinstance(raw, bool):
        raise _Wrong("a whole number")
    if hint is dt.date and not isinstance(raw, dt.date):  # msgspec would take a string for a date
        raise _Wrong(_WORDS[hint])
    try:
        return msgspec.convert(raw, hint)
    except msgspec.ValidationError as why:
        choices = _choices(hint)
        raise _Wrong(_one_of(raw, choices) if choices else _WORDS.get(hint, str(hint))) from why


def _one_of(raw: Any, choices: Sequence[str]) -> str:
    hint = nearest(raw, choices) if isinstance(raw, str) else ""
    return f"one of {', '.join(choices)}{hint if hint.startswith(', did') else ''}"


def _choices(hint: Any) -> list[str]:
    if typing.get_origin(hint) is typing.Literal:
        return [str(one) for one in typing.get_args(hint)]
    if isinstance(hint, type) and issubclass(hint, str) and hasattr(hint, "__members__"):
        return [str(one) for one in hint.__members__.values()]
    return []


def _percent(raw: Any) -> Decimal:
    expected = "a percentage from 0 to 100"
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise _Wrong(f"{expected}, a number without quotes")
    try:
        value = Decimal(str(raw))
    except InvalidOperation as why:  # pragma: no cover - every TOML number is a Decimal
        raise _Wrong(expected) from why
    if not (value.is_finite() and 0 <= value <= 100):  # noqa: PLR2004 - a percentage
        raise _Wrong(expected)
    return value


def _duration(raw: Any) -> int:
    expected = 'a time above zero, such as 90, "90s", "10m", "2h" or "30d"'
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise _Wrong(expected)
    found = _DURATION.fullmatch(str(raw).strip())
    if found is None or int(found[1]) == 0:
        raise _Wrong(expected)
    return int(found[1]) * _SECONDS_OF[found[2]]


def _count(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise _Wrong("a whole number from 0")
    return raw


def _advisories(raw: Any) -> str:
    """Over plain http anybody on the way could answer that all is well."""
    if isinstance(raw, str) and _ADVISORIES.fullmatch(raw):
        return raw
    raise _Wrong(
        '"pypi", "osv", the URL of an OSV server (https, or http on this machine) '
        'or "offline:<folder or file>"'
    )


def _pin(raw: Any) -> str:
    if isinstance(raw, str) and _PIN.fullmatch(raw):
        return raw
    raise _Wrong('a package and its version, such as "jinja2==2.10"')


def _history(raw: Any) -> str:
    """As written: the text of `env:NAME` may be a secret, so nobody reads it before it is needed."""
    if isinstance(raw, str) and _HISTORY.fullmatch(raw):
        return raw
    raise _Wrong('"sqlite", "sqlite:<file>", "postgresql://…", "env:<NAME of a variable>" or "off"')


def _regex(raw: Any) -> str:
    if not isinstance(raw, str):
        raise _Wrong("a regular expression, in quotes")
    try:
        re.compile(raw)
    except re.error as why:
        raise _Wrong(f"a regular expression ({why})") from why
    return raw


def _licence(raw: Any) -> str:
    """One licence by its SPDX identifier, as SPDX writes it today."""
    return _spdx(raw, parsed_licence, "an SPDX identifier")


def _licence_expression(raw: Any) -> str:
    return _spdx(raw, parsed, "an SPDX expression")


def _spdx(raw: Any, read: Callable[[str], object], expected: str) -> str:
    if not isinstance(raw, str):
        raise _Wrong(f"{expected}, in quotes")
    try:
        return str(read(raw))
    except NotSpdx as why:
        close = nearest(why.word, known_ids()) if why.word else ""
        hint = close if close.startswith(", did") else ""
        raise _Wrong(f"{expected} ({why}{hint})") from why


_QUANTITIES = {
    "percent": _percent,
    "duration": _duration,
    "advisories": _advisories,
    "pin": _pin,
    "count": _count,
    "regex": _regex,
    "licence": _licence,
    "licence-expression": _licence_expression,
    "history": _history,
}
