"""Report to the lines about what does not count: waivers, quarantine, known flaky tests. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from pytest_gates.model.exceptions import QuarantineState, QuarantineUse, WaiverState, WaiverUse
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable

_SOON_DAYS = 14
_OVER = frozenset({WaiverState.EXPIRED, WaiverState.LAPSED})
_IDLE = frozenset({WaiverState.EXPIRED, WaiverState.STALE})
_MOST = 3
_NODEID = 90
_PROMISE = 60
# What the gates call a flaky test, and the word for it beside its past; None where the message says it.
_FLAKES = {"flaky-test": "known", "new-flaky-test": "new", "order-dependent-test": None}


def waiver_lines(report: Report) -> tuple[str, ...]:
    """At most three, those that no longer excuse anything first."""
    today = report.judged.date()
    out: list[str] = []
    for use in sorted(report.waivers, key=lambda one: one.state not in _OVER):
        one = use.waiver
        about = printable(f"{one.gate} {one.subject} ({one.owner}: {one.reason})", 120)
        if use.state is WaiverState.EXPIRED:
            now = "it counts again" if use.matched else "remove it"
            out.append(f" EXPIRED {about} ended {one.expires}: {now}")
        elif use.state is WaiverState.LAPSED:
            fixes = printable("; ".join(use.fixed_in), 80)
            out.append(f" LAPSED {about} has a fix, it counts again: {fixes}")
        elif use.state is WaiverState.STALE:
            out.append(f" STALE  {about} matches nothing: remove it")
        elif use.state is WaiverState.USED:
            left = (one.expires - today).days
            soon = f", {left} day(s) left" if left <= _SOON_DAYS else ""
            out.append(f" WAIVED {about} until {one.expires}{soon}")
    return _few(out, "WAIVED", "exceptions")


def quarantine_lines(report: Report) -> tuple[str, ...]:
    """At most three: what is not excused first, then what is, then what can go."""
    uses = report.quarantine
    return _few(
        [*_not_excused(uses), *_excused(uses, report.judged.date()), *_to_release(uses)],
        "QUARANT",
        "about quarantine",
    )


def flake_lines(report: Report) -> tuple[str, ...]:
    """At most three, of flaky tests that the policy lets pass, in the order of the gates."""
    counted = {
        one.subject
        for result in report.results
        for one in (*result.failures, *result.unknowns)
        if one.subject is not None
    }
    found: dict[str, Finding] = {}
    for result in report.results:
        for one in result.findings:
            if one.rule not in _FLAKES or one.effect is not Effect.NOTE or one.subject in counted:
                continue
            # Two gates may speak of one test; the one that knows its past says more.
            name = one.subject or one.where
            if name not in found or one.detail:
                found[name] = one
    told = [f" FLAKY  {printable(name, _NODEID)} {_flake(one)}" for name, one in found.items()]
    return _few(told, "FLAKY", "flaky tests")


def to_mind(report: Report) -> tuple[str, ...]:
    """Also a green run says which excuses are over, or soon will be."""
    today = report.judged.date()
    idle = sum(1 for use in report.waivers if use.state in _IDLE or _all_fixed(use))
    ends = [use.waiver.expires for use in report.waivers if use.state is WaiverState.USED]
    soon = _soon(ends, today)
    said = [f"{idle} waiver(s) to remove"] if idle else []
    said += [f"{len(soon)} waiver(s) end by {max(soon)}"] if soon else []
    quarantine = _quarantine_to_mind(report.quarantine, today)
    return (*said, f"quarantine: {', '.join(quarantine)}") if quarantine else tuple(said)


def _all_fixed(use: WaiverUse) -> bool:
    """Whether it lapsed for all that it speaks of."""
    return use.state is WaiverState.LAPSED and len(use.fixed_in) == use.matched


def excused_tests(report: Report) -> int:
    """How many tests failed in quarantine and do not count."""
    return len({test for use in report.quarantine for test in use.excused})


def _not_excused(uses: tuple[QuarantineUse, ...]) -> Iterator[str]:
    for use in uses:
        if use.state is QuarantineState.EXPIRED:
            name = printable(use.entry.test, _NODEID)
            what = f"quarantine ended {use.entry.expires} {_promise(use)}"
            yield f" EXPIRED {name} {what}: repair it and remove the entry"
            continue
        for one in use.refused:
            why = f"is not excused {_promise(use)}: {printable(one.why, 80)}"
            yield f" REFUSED {printable(one.test, _NODEID)} {why}"


def _excused(uses: tuple[QuarantineUse, ...], today: dt.date) -> Iterator[str]:
    for use in uses:
        until = f"until {use.entry.expires}, {_left(use.entry.expires, today)}"
        for test in use.excused:
            yield f" QUARANT {printable(test, _NODEID)} failed {_promise(use)} {until}"


def _to_release(uses: tuple[QuarantineUse, ...]) -> Iterator[str]:
    for use in uses:
        name = printable(use.entry.test, _NODEID)
        if use.state is QuarantineState.STALE:
            yield f" STALE  {name} is in quarantine and does not exist: gates quarantine sync"
        elif use.releasable:
            yield f" OVER   {name} can leave quarantine: gates quarantine sync"


def _promise(use: QuarantineUse) -> str:
    return f"({printable(f'{use.entry.owner}: {use.entry.reason}', _PROMISE)})"


def _left(expires: dt.date, today: dt.date) -> str:
    days = (expires - today).days
    return f"{days} day left" if days == 1 else f"{days} days left"


def _flake(finding: Finding) -> str:
    word = _FLAKES[finding.rule]
    if word is None or not finding.detail:
        return printable(finding.message, 120)
    return f"{word}: {printable(finding.detail, 120)}"


def _quarantine_to_mind(uses: tuple[QuarantineUse, ...], today: dt.date) -> list[str]:
    idle = sum(1 for use in uses if use.state in {QuarantineState.STALE, QuarantineState.EXPIRED})
    over = sum(1 for use in uses if use.releasable)
    lasting = {QuarantineState.USED, QuarantineState.IDLE, QuarantineState.UNTRIED}
    soon = _soon(
        # One that can go needs no renewal.
        [use.entry.expires for use in uses if use.state in lasting and not use.releasable],
        today,
    )
    said = [f"{idle} to remove"] if idle else []
    said += [f"{over} can leave"] if over else []
    return said + ([f"{len(soon)} end by {max(soon)}"] if soon else [])


def _soon(ends: Iterable[dt.date], today: dt.date) -> list[dt.date]:
    return [end for end in ends if (end - today).days <= _SOON_DAYS]


def _few(lines: list[str], label: str, what: str) -> tuple[str, ...]:
    """A long file of exceptions must not push the findings off the screen."""
    if len(lines) <= _MOST:
        return tuple(lines)
    kept = lines[: _MOST - 1]
    return (*kept, f" {label:<6} {len(lines) - len(kept)} more {what} in the report")
