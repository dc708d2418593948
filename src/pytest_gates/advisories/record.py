"""One advisory as OSV writes it down, and as packed lines do: only what an audit needs. Pure.

Read by https://ossf.github.io/osv-schema/ 1.7. Fields that nobody here needs are skipped, which makes
reading fast; a field of the wrong type is an error, since nobody knows what it was to say.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Any, TypeVar

import msgspec

_ECOSYSTEM = "PyPI"
_LONGEST_SUMMARY = 240
_LONGEST_DETAILS = 2000
_SPEAKS = "1"


class Unreadable(Exception):
    """A text that should be an advisory and is none, or is one that nobody here understands."""


class Coordinates(msgspec.Struct, frozen=True, kw_only=True):
    """Which package, in which ecosystem."""

    ecosystem: str
    name: str


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One point on the line of versions, and what happens there."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Points on a line. Of a `GIT` range the points are commits, which no version is compared with."""

    type: str
    events: tuple[Event, ...] = ()


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How bad, by one of the ways to say it: `score` is a vector of CVSS where `type` says so."""

    type: str
    score: str


class Affected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an advisory says of one package. Packed lines shorten `package` to the name of a PyPI one."""

    package: str | Coordinates | None = None
    ranges: tuple[tuple[Event, ...] | Range, ...] | None = None
    versions: tuple[str, ...] | None = None
    severity: tuple[Score, ...] | None = None

    @property
    def name(self) -> str | None:
        """The canonical name of a Python package, None where it is no Python package."""
        return _name_of(self.package)


class Remarks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a database adds of its own; GitHub's says there in a word how bad it is."""

    severity: Any = None


class Advisory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole record, as far as an audit cares."""

    id: str
    modified: str | None = None
    schema_version: str | None = None
    published: str | None = None
    withdrawn: str | None = None
    aliases: tuple[str, ...] | None = None
    summary: str | None = None
    details: str | None = None
    severity: tuple[Score, ...] | None = None
    affected: tuple[Affected, ...] | None = None
    database_specific: Remarks | None = None

    @property
    def names(self) -> frozenset[str]:
        """The canonical names of the Python packages that it speaks of."""
        return _names(self.affected)

    @property
    def ids(self) -> frozenset[str]:
        """All names of this one flaw, its own among them."""
        return frozenset((self.id, *(self.aliases or ())))

    def parts(self, name: str) -> tuple[Affected, ...]:
        """What it says of the package of this canonical name."""
        return tuple(one for one in self.affected or () if one.name == name)


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    package: str | Coordinates | None = None

    @property
    def name(self) -> str | None:
        return _name_of(self.package)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The least that must be known of each record of a database."""

    id: str
    modified: str | None = None
    schema_version: str | None = None
    withdrawn: str | None = None
    affected: tuple[_Subject, ...] | None = None

    @property
    def names(self) -> frozenset[str]:
        """As those of an Advisory."""
        return _names(self.affected)


_Kind = TypeVar("_Kind", Head, Advisory)
_HEAD = msgspec.json.Decoder(Head)
_WHOLE = msgspec.json.Decoder(Advisory)


def head_of(text: bytes) -> Head:
    """Raises Unreadable unless `text` is one JSON object with an id."""
    return _understood(_HEAD, text)


def advisory_of(text: bytes) -> Advisory:
    """Raises Unreadable unless each field that an audit needs is what OSV says it is."""
    return _understood(_WHOLE, text)


def _understood(decoder: msgspec.json.Decoder[_Kind], text: bytes) -> _Kind:
    try:
        record = decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise Unreadable(str(why)) from why
    if not record.id.strip():
        raise Unreadable("it has no id")
    version = record.schema_version
    if version is not None and version.partition(".")[0] != _SPEAKS:
        raise Unreadable(f"it is written in version {version} of the OSV schema, not in 1.x")
    return record


def is_withdrawn(record: Head | Advisory, now: dt.datetime) -> bool:
    """Whether it was taken back. A moment that nobody can read, or in the future, takes nothing back."""
    moment = moment_of(record.withdrawn)
    return moment is not None and moment <= now


def moment_of(text: str | None) -> dt.datetime | None:
    """A point in time, None where there is none. OSV means UTC where no zone is written."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except OverflowError:
        return None


def packed(advisory: Advisory) -> bytes:
    """One line of JSON that says the same to an audit, and is still an OSV record."""
    summary = (advisory.summary or "").strip()
    details = (advisory.details or "").strip()
    return msgspec.json.encode(
        msgspec.structs.replace(
            advisory,
            summary=summary[:_LONGEST_SUMMARY] or None,
            details=details[:_LONGEST_DETAILS] or None,
            affected=tuple(_spelled(one) for one in advisory.affected or () if one.name),
        )
    )


def _spelled(part: Affected) -> Affected:
    """Whole words of OSV, so that other readers understand the line; points of commits say nothing here."""
    ranges = tuple(
        one if isinstance(one, Range) else Range(type="ECOSYSTEM", events=one)
        for one in part.ranges or ()
    )
    told = tuple(one for one in ranges if one.type != "GIT")
    return msgspec.structs.replace(
        part,
        package=Coordinates(ecosystem=_ECOSYSTEM, name=part.name or ""),
        ranges=told or None,
    )


def _names(parts: tuple[Affected, ...] | tuple[_Subject, ...] | None) -> frozenset[str]:
    return frozenset(name for one in parts or () if (name := one.name))


def _name_of(package: str | Coordinates | None) -> str | None:
    if package is None:
        return None
    if isinstance(package, str):
        return canonical(package)
    # An ecosystem may be followed by ":" and the address of an index that is not the public one.
    is_python = package.ecosystem.partition(":")[0] == _ECOSYSTEM
    return canonical(package.name) if is_python else None


@functools.lru_cache(maxsize=65536)
def canonical(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
