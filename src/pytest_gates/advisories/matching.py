"""Whether an advisory is about a version of a package, by the rules of OSV. Pure.

https://ossf.github.io/osv-schema/#evaluation: a version is affected when it is listed, or when the last
event at or below it, in the order of versions, is one that introduces the flaw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.version import Version

from pytest_gates.advisories.record import Advisory, Affected, Event, Range
from pytest_gates.advisories.versions import Asked, spelling, version_of

_COMPARED = frozenset({"ECOSYSTEM", "SEMVER"})
_COMMITS = "GIT"
# At one and the same version a fix comes before what breaks it again, and "affected up to here" last.
_FIXED, _INTRODUCED, _LAST_AFFECTED = range(3)
_NO_LIMIT = "*"
_FROM_THE_START = "0"


class Undecided(Exception):
    """What an advisory says of a package does not tell whether a version is affected."""


def affects(advisory: Advisory, name: str, asked: Asked) -> bool:
    """Whether `advisory` is about this version of the package of this canonical name.

    Raises Undecided where nothing says that it is, and something could not be understood.
    """
    doubts: list[str] = []
    for part in advisory.parts(name):
        try:
            if _hits(part, asked):
                return True
        except Undecided as why:
            doubts.append(str(why))
    if doubts:
        raise Undecided(doubts[0])
    return False


def ranges_of(part: Affected) -> Iterator[tuple[Event, ...]]:
    """The events of each range that speaks of versions. Raises Undecided for one of an unknown type."""
    for one in part.ranges or ():
        if not isinstance(one, Range):
            yield one
        elif one.type in _COMPARED:
            yield one.events
        elif one.type != _COMMITS:
            raise Undecided(f"it has a range of the unknown type {one.type}")


def _hits(part: Affected, asked: Asked) -> bool:
    versions = part.versions or ()
    if asked.text in versions:
        return True
    doubt: Undecided | None = None
    ranges = 0
    try:
        for events in ranges_of(part):
            ranges += 1
            try:
                if _inside(events, asked):
                    return True
            except Undecided as why:
                doubt = why
    except Undecided as why:
        doubt = why
    if _listed(versions, part, asked):
        return True
    if doubt is not None:
        raise doubt
    if not versions and not ranges:
        raise Undecided("it names no version and no range of versions")
    return False


def _listed(versions: tuple[str, ...], part: Affected, asked: Asked) -> bool:
    """As versions are compared, `1.0` is listed by `1.0.0`; and `1.0+cu118` is a build of it."""
    if not versions:
        return False
    spellings = {spelling(str(asked.whole))}
    if asked.whole.local and not _tells_builds_apart(part):
        spellings.add(spelling(str(asked.public)))
    return any(spelling(one) in spellings for one in versions)


def _tells_builds_apart(part: Affected) -> bool:
    return any(
        "+" in point
        for one in part.ranges or ()
        for event in (one.events if isinstance(one, Range) else one)
        for point in (event.introduced, event.fixed, event.last_affected)
        if point
    )


def _inside(events: tuple[Event, ...], asked: Asked) -> bool:
    """Raises Undecided where a point is no version, or nothing was ever introduced."""
    if not any(event.introduced is not None for event in events):
        raise Undecided("it has a range that begins nowhere")
    if not _below_the_limits(events, asked):
        return False
    inside = any(event.introduced == _FROM_THE_START for event in events)
    for point, kind in sorted(_points(events), key=lambda one: one[:2]):
        version = asked.beside(point)
        if kind == _INTRODUCED:
            inside = inside or version >= point
        elif (version >= point) if kind == _FIXED else (version > point):
            inside = False
    return inside


def _below_the_limits(events: tuple[Event, ...], asked: Asked) -> bool:
    limits = [event.limit for event in events if event.limit is not None]
    if not limits or _NO_LIMIT in limits:
        return True
    return any(asked.beside(limit) < limit for limit in map(_version, limits))


def _points(events: Iterable[Event]) -> Iterator[tuple[Version, int]]:
    for event in events:
        if event.fixed is not None:
            yield _version(event.fixed), _FIXED
        # "0" is no version: it sorts before all of them, before pre-releases of 0 as well.
        if event.introduced is not None and event.introduced != _FROM_THE_START:
            yield _version(event.introduced), _INTRODUCED
        if event.last_affected is not None:
            yield _version(event.last_affected), _LAST_AFFECTED


def _version(text: str) -> Version:
    version = version_of(text)
    if version is None:
        raise Undecided(f"it has a range with {text!r}, which is no version")
    return version
