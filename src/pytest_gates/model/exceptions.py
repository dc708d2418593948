"""Excuses with an owner, a reason and an end. Pure."""

from __future__ import annotations

import datetime as dt
import enum

import msgspec

from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.paths import matches

# Nobody knows what these would have excused.
_NEVER_WAIVED = frozenset({"gate-crashed", "gate-missing", "unfinished-run"})


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[waiver]]` of the exceptions file; `expires` is its last valid day.

    `subject` is a rule, an alias, a fingerprint, a subject (node id, package), or
    `<glob>:<rule>` with the glob over the path or the subject.
    """

    gate: str
    subject: str
    reason: str
    owner: str
    expires: dt.date

    def covers(self, gate: str, finding: Finding) -> bool:
        """Whether it speaks of this finding, expired or not."""
        if gate != self.gate:
            return False
        if finding.rule in _NEVER_WAIVED:
            return False
        names = {finding.rule, finding.fingerprint, *finding.aliases}
        # "We know that total is too low" does not excuse that total could not be measured.
        if finding.effect is not Effect.UNKNOWN:
            names.add(finding.subject)
        if self.subject in names:
            return True
        glob, colon, rule = self.subject.rpartition(":")
        if not colon or rule not in {finding.rule, *finding.aliases}:
            return False
        places = [finding.subject] if finding.subject else []
        if finding.location is not None:
            places.append(finding.location.path)
        return any(matches(glob, place) for place in places)

    def expired(self, today: dt.date) -> bool:
        return today > self.expires


class WaiverState(enum.StrEnum):
    """What became of a waiver in one judgement."""

    USED = "used"
    EXPIRED = "expired"
    STALE = "stale"
    UNTRIED = "untried"


class WaiverUse(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver and what it did: `stale` matched nothing, `untried` met a gate without evidence."""

    waiver: Waiver
    state: WaiverState
    matched: int
