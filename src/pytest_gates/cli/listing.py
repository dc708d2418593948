"""The quarantine as a list: what stands in the file beside what the last report says of it. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

import msgspec

from pytest_gates.errors import GatesError
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Refusal
from pytest_gates.model.report import Report


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `days_left` is 0 on its last day and negative after it.

    What the last report says is None, or empty, where there is no report or the entry is newer.
    """

    test: str
    owner: str
    reason: str
    expires: dt.date
    days_left: int
    expired: bool
    issue: str | None
    category: str | None
    state: QuarantineState | None = None
    tests: int | None = None
    excused: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    release: str | None = None
    releasable: bool = False


def listed(
    entries: Iterable[Quarantine], report: Report | GatesError, today: dt.date
) -> tuple[Listed, ...]:
    """By their end, then by test."""
    uses: dict[str, QuarantineUse] = {}
    if isinstance(report, Report):
        uses = {use.entry.test: use for use in report.quarantine}
    found = (_listed(entry, uses.get(entry.test), today) for entry in entries)
    return tuple(sorted(found, key=lambda one: (one.expires, one.test)))


def _listed(entry: Quarantine, use: QuarantineUse | None, today: dt.date) -> Listed:
    alone = Listed(
        test=entry.test,
        owner=entry.owner,
        reason=entry.reason,
        expires=entry.expires,
        days_left=(entry.expires - today).days,
        expired=entry.expired(today),
        issue=entry.issue,
        category=entry.category,
    )
    if use is None:
        return alone
    return msgspec.structs.replace(
        alone,
        state=use.state,
        tests=use.tests,
        excused=use.excused,
        refused=use.refused,
        release=use.release,
        releasable=use.releasable,
    )


def json_of(found: Sequence[Listed]) -> str:
    """A list of objects, in ASCII: a terminal obeys no character of it."""
    return json.dumps(msgspec.to_builtins(found), indent=2)


def lines_of(found: Sequence[Listed]) -> Iterable[str]:
    """Two lines an entry, and the sum."""
    for one in found:
        issue = f" ({one.issue})" if one.issue else ""
        yield f"{one.expires}  {_left(one)}  {one.owner}  {one.test}"
        yield f"    {one.reason}{issue}; {'; '.join(_did(one))}"
    expired = sum(one.expired for one in found)
    over = f", {expired} expired" if expired else ""
    yield f"{len(found)} in quarantine{over}" if found else "nothing is in quarantine"


def _left(one: Listed) -> str:
    days = abs(one.days_left)
    unit = "day" if days == 1 else "days"
    if one.expired:
        return f"expired {days} {unit} ago"
    return f"{days} {unit} left" if days else "ends today"


def _did(one: Listed) -> Iterable[str]:
    if one.state is None:
        yield "not judged in the last report"
        return
    yield f"{one.state} in the last report"
    if one.tests != 1 and one.state is not QuarantineState.STALE:
        yield f"covers {one.tests} tests"
    if one.excused:
        yield f"{len(one.excused)} failed and {'was' if len(one.excused) == 1 else 'were'} excused"
    if one.refused:
        yield f"{len(one.refused)} failed and {'was' if len(one.refused) == 1 else 'were'} not excused"
    if one.releasable:
        yield f"can be released: {one.release}"
    elif one.release:
        yield one.release
