"""What `gates advisories` says of a database, a package and an advisory. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from pytest_gates.adapters.advisory_database import Loaded
from pytest_gates.adapters.advisory_scores import rate
from pytest_gates.advisories.flaws import groups, known_of
from pytest_gates.advisories.matching import Undecided, ranges_of
from pytest_gates.advisories.record import (
    Advisory,
    Affected,
    Unreadable,
    advisory_of,
    canonical,
    head_of,
    is_withdrawn,
)
from pytest_gates.advisories.severity import severity_of
from pytest_gates.errors import ToolError
from pytest_gates.model.finding import Severity

_MOST_LISTED = 12
_RENEW = "write a new database with `gates advisories update`"


def lines_of_database(known: Loaded, now: dt.datetime) -> tuple[str, ...]:
    """What it is, how old, how large."""
    facts = known.facts
    days = (now - facts.newest).days
    return (
        f"{facts.place}: {facts.records} advisories, {facts.withdrawn} of them withdrawn",
        f"newest change: {facts.newest:%Y-%m-%d %H:%M} UTC, {days} day(s) ago",
        facts.digest,
    )


def lines_of_package(known: Loaded, name: str, version: str | None) -> tuple[str, ...]:
    """All flaws of the package, or those of one version. Raises ToolError for what is no version."""
    advisories = _of(known, canonical(name))
    if version is None:
        found = groups(advisories)
        if not found:
            return (f"{name}: no advisory; the database does not know which packages there are",)
        lines = tuple(
            _line(group[0].id, _aliases(group), severity_of(group, canonical(name), rate), "")
            for group in found
        )
        return (f"{name}: {len(found)} known flaw(s) in some version", *lines)
    try:
        answer = known_of(canonical(name), version, advisories, rate)
    except ValueError as why:
        raise ToolError(str(why), "write it as PEP 440 does, such as 1.2.3") from why
    lines = tuple(
        _line(
            flaw.rule,
            flaw.aliases,
            flaw.severity,
            f"fixed in {', '.join(flaw.fixed_in)}" if flaw.fixed_in else "no fix known",
        )
        for flaw in answer.flaws
    )
    doubts = tuple(f"  {one.advisory}: not known whether: {one.why}" for one in answer.doubts)
    return (f"{name} {version}: {len(answer.flaws)} known flaw(s)", *lines, *doubts)


def _of(known: Loaded, name: str) -> tuple[Advisory, ...]:
    try:
        return known.sieve.of(name)
    except Unreadable as why:
        raise ToolError(str(why), _RENEW) from why


def _line(rule: str, aliases: Iterable[str], severity: Severity | None, more: str) -> str:
    parts = [f"  {rule}", severity or "unknown severity", more, f"also {', '.join(aliases)}"]
    return ", ".join(one for one in parts if one and one != "also ")


def _aliases(group: Iterable[Advisory]) -> tuple[str, ...]:
    first, *rest = group
    return tuple(sorted(frozenset().union(first.ids, *(one.ids for one in rest)) - {first.id}))


def lines_of_advisory(known: Loaded, name: str, now: dt.datetime) -> tuple[str, ...]:
    """All advisories of that id or alias, in any letters, withdrawn ones too; nothing where there is none."""
    wanted = name.upper()
    found: list[Advisory] = []
    for line in known.sieve.lines:
        try:
            advisory = advisory_of(line)
        except Unreadable as why:
            if head_of(line).id.upper() == wanted:
                raise ToolError(f"{name} cannot be read: {why}", _RENEW) from why
            continue
        if wanted in {one.upper() for one in advisory.ids}:
            found.append(advisory)
    found.sort(key=lambda one: one.id)
    return tuple(line for advisory in found for line in _told(advisory, now))


def _told(advisory: Advisory, now: dt.datetime) -> Iterator[str]:
    yield ", ".join((advisory.id, *sorted(advisory.aliases or ())))
    if is_withdrawn(advisory, now):
        yield f"  withdrawn {advisory.withdrawn}: it counts no more"
    yield f"  {(advisory.summary or advisory.details or 'no words about it').strip()[:300]}"
    yield f"  published {advisory.published or 'unknown'}, modified {advisory.modified or 'unknown'}"
    for package in sorted(advisory.names):
        severity = severity_of((advisory,), package, rate) or "unknown"
        yield f"  {package}: severity {severity}"
        for part in advisory.parts(package):
            yield from _spans(part)


def _spans(part: Affected) -> Iterator[str]:
    try:
        for events in ranges_of(part):
            points = (
                f"{kind.replace('_', ' ')} {point}"
                for event in events
                for kind, point in msgspec.structs.asdict(event).items()
                if point is not None
            )
            yield f"    {', '.join(points)}"
    except Undecided as why:
        yield f"    {why}"
    versions = part.versions or ()
    if versions:
        more = ", …" if len(versions) > _MOST_LISTED else ""
        yield f"    {len(versions)} listed: {', '.join(versions[:_MOST_LISTED])}{more}"
