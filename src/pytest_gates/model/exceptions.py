"""Excuses with an owner, a reason and an end. Pure."""

from __future__ import annotations

import datetime as dt
import enum
import re

import msgspec

from pytest_gates.model.case import FlakeClass
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.paths import matches, matches_test

# Nobody knows what these would have excused.
_NEVER_WAIVED = frozenset({"gate-crashed", "gate-missing", "unfinished-run"})
# One advisory, whatever the case: its page says GHSA-…, the address of that page often ghsa-….
_ADVISORY = re.compile(r"(?:cve|ghsa|pysec|osv)-[0-9a-z-]+", re.IGNORECASE | re.ASCII)
_SECONDS_A_DAY = 24 * 60 * 60


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[waiver]]` of the exceptions file; `expires` is its last valid day.

    `subject` is a rule, an alias, a fingerprint, a subject (node id, package), or
    `<glob>:<rule>` with the glob over the path or the subject. Where it is `until_fixed`, it ends sooner
    for what has a version without the flaw.
    """

    gate: str
    subject: str
    reason: str
    owner: str
    expires: dt.date
    until_fixed: bool = msgspec.field(default=False, name="until-fixed")

    def covers(self, gate: str, finding: Finding) -> bool:
        """Whether it speaks of this finding, be it over or not."""
        if gate != self.gate:
            return False
        if finding.rule in _NEVER_WAIVED:
            return False
        rules = {_name(finding.rule), *(_name(one) for one in finding.aliases)}
        if _name(self.subject) in rules or self.subject == finding.fingerprint:
            return True
        # "We know that total is too low" does not excuse that total could not be measured.
        if finding.effect is not Effect.UNKNOWN and self.subject == finding.subject:
            return True
        glob, colon, rule = self.subject.rpartition(":")
        if not colon or _name(rule) not in rules:
            return False
        places = [finding.subject] if finding.subject else []
        if finding.location is not None:
            places.append(finding.location.path)
        return any(matches(glob, place) for place in places)

    def expired(self, today: dt.date) -> bool:
        return today > self.expires

    def lapsed(self, finding: Finding) -> bool:
        """Whether there is something better than to excuse it: a version to go to."""
        return self.until_fixed and bool(finding.fixed_in)


def latest_end(today: dt.date, most_seconds: int) -> dt.date:
    """The last day on which a waiver may end; parts of a day do not count."""
    days = min(most_seconds // _SECONDS_A_DAY, (dt.date.max - today).days)
    return today + dt.timedelta(days=days)


def _name(rule: str) -> str:
    return rule.upper() if _ADVISORY.fullmatch(rule) else rule


class WaiverState(enum.StrEnum):
    """What became of a waiver in one judgement. `lapsed`: something that it speaks of has a fix."""

    USED = "used"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    STALE = "stale"
    UNTRIED = "untried"


class WaiverUse(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver and what it did: `stale` matched nothing, `untried` met a gate without evidence.

    `fixed_in` are the versions because of which it lapsed, as `package version -> fixed version, …`.
    """

    waiver: Waiver
    state: WaiverState
    matched: int
    fixed_in: tuple[str, ...] = ()


class Quarantine(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[quarantine]]` of the exceptions file; `expires` is its last valid day.

    `test` is a node id, or a glob over node ids in which only `*` and `?` are special. `signature`
    and `category` narrow it to failures known when it was written; empty means any known one. `after`
    are the tests behind which an order-dependent test is tried in every run, in this order: alone it
    would pass for ever.
    """

    test: str
    reason: str
    owner: str
    expires: dt.date
    signature: tuple[str, ...] = ()
    category: FlakeClass | None = None
    after: tuple[str, ...] = ()
    issue: str | None = None

    def covers(self, nodeid: str) -> bool:
        """Whether it speaks of this test, expired or not."""
        return matches_test(self.test, nodeid)

    def expired(self, today: dt.date) -> bool:
        return today > self.expires


class QuarantineState(enum.StrEnum):
    """What became of an entry in one judgement.

    `idle`: its tests ran and passed. `stale`: no test of that id exists. `untried`: none of them ran.
    """

    USED = "used"
    IDLE = "idle"
    EXPIRED = "expired"
    STALE = "stale"
    UNTRIED = "untried"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A failed test that an entry speaks of and does not excuse."""

    test: str
    why: str


class QuarantineUse(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and what it did: `excused` failures are counted and do not block, `refused` ones do.

    `release` says what the history still demands, or that the entry can go; None without a history.
    """

    entry: Quarantine
    state: QuarantineState
    tests: int = 0
    excused: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    release: str | None = None
    releasable: bool = False
