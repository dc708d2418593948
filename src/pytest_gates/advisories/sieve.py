"""Goes through the records of a database once, and keeps those of wanted packages. Pure.

Of most records only the head is read: id, dates, names. A record whose head nobody can read might be
about anything, so it makes the whole database useless; one whose body is broken is a doubt about the
packages that it names, and about no other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from pytest_gates.advisories.flaws import known_of
from pytest_gates.advisories.record import (
    Advisory,
    Head,
    Unreadable,
    advisory_of,
    head_of,
    is_withdrawn,
    moment_of,
    packed,
)
from pytest_gates.errors import ToolError
from pytest_gates.model.text import printable

_A_DAY = dt.timedelta(days=1)
_TRIED = 50
_TRIED_VERSIONS = 3
_RENEW = "put the database there anew: write a new one with `gates advisories update`"


class Sieve:
    """What a database says, as far as anybody asked."""

    def __init__(self, names: frozenset[str] | None, now: dt.datetime, *, keep_lines: bool) -> None:
        """`names` are canonical, None for all. With `keep_lines` every Python record can be written down."""
        self.records = self.withdrawn = self.elsewhere = self.future = 0
        self.newest: dt.datetime | None = None
        self.lines: list[bytes] = []
        self._names = names
        self._now = now
        self._keep_lines = keep_lines
        self._kept: dict[str, list[bytes]] = {}
        self._canaries: list[bytes] = []

    def add(self, where: str, line: bytes) -> None:
        """Raises ToolError for what is no advisory."""
        try:
            head = head_of(line)
        except Unreadable as why:
            raise unusable(where, why, line) from why
        names = head.names
        if not names:
            self.elsewhere += 1
            return
        self.records += 1
        self._date(head)
        if self._keep_lines:
            line = _compact(line)
            self.lines.append(line)
        if is_withdrawn(head, self._now):
            self.withdrawn += 1
            return
        if len(self._canaries) < _TRIED:
            self._canaries.append(line)
        for name in names if self._names is None else names & self._names:
            self._kept.setdefault(name, []).append(line)

    def _date(self, head: Head) -> None:
        moment = moment_of(head.modified)
        if moment is None:
            return
        if moment > self._now + _A_DAY:
            self.future += 1
        elif self.newest is None or moment > self.newest:
            self.newest = moment

    def of(self, name: str) -> tuple[Advisory, ...]:
        """The advisories of one package that stand. Raises Unreadable where one of them is broken."""
        return tuple(self._whole(line) for line in self._kept.get(name, ()))

    @staticmethod
    def _whole(line: bytes) -> Advisory:
        try:
            return advisory_of(line)
        except Unreadable as why:
            raise Unreadable(f"advisory {head_of(line).id} cannot be read: {why}") from why

    @property
    def names(self) -> tuple[str, ...]:
        """All packages of which something is kept, sorted."""
        return tuple(sorted(self._kept))

    def prove(self) -> dt.datetime:
        """The newest moment of a database that can be asked. Raises ToolError where it proves nothing.

        The self-test looks up a version that an advisory says is affected, as any other is looked up.
        """
        if not self.records:
            raise ToolError(
                f"the advisory database holds no advisory about a Python package "
                f"({self.elsewhere} about others)",
                _RENEW,
            )
        if self.newest is None:
            raise ToolError("no record of the advisory database says when it was modified", _RENEW)
        if not any(_is_found(line) for line in self._canaries):
            raise ToolError(
                "the advisory database failed its self-test: it finds no advisory for versions that it names",
                _RENEW,
            )
        return self.newest


def _is_found(line: bytes) -> bool:
    try:
        advisory = advisory_of(line)
    except Unreadable:
        return False
    return any(
        _answers(advisory, name, version)
        for name in advisory.names
        for version in _named_versions(advisory, name)
    )


def _answers(advisory: Advisory, name: str, version: str) -> bool:
    try:
        answer = known_of(name, version, (advisory,), lambda kind, vector: None)  # noqa: ARG005
    except ValueError:
        return False
    return any(flaw.rule == advisory.id for flaw in answer.flaws)


def _named_versions(advisory: Advisory, name: str) -> Iterable[str]:
    for part in advisory.parts(name):
        yield from (part.versions or ())[:_TRIED_VERSIONS]
        for one in part.ranges or ():
            events = one if isinstance(one, tuple) else one.events
            yield from (event.introduced for event in events if event.introduced is not None)


def _compact(line: bytes) -> bytes:
    """One line that says the same; as it came where its body is broken, so that it stays a doubt."""
    try:
        return packed(advisory_of(line))
    except Unreadable:
        return msgspec.json.format(line, indent=-1)


def unusable(where: str, why: Exception, content: bytes) -> ToolError:
    """For a document that might be about anything."""
    page = content.lstrip()[:1] == b"<"
    said = "it is a page of the web, as a proxy might answer" if page else str(why)
    return ToolError(
        printable(f"the advisory database is unusable: {where} is no advisory ({said})", 600),
        _RENEW,
    )
