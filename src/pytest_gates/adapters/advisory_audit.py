"""Audit what is installed or listed by a database on this machine. Effects: a main program, files.

Started as `python -I -m pytest_gates.adapters.advisory_audit` in the root, with an `Order` on stdin; the
answer on stdout is an `Audit`, or a `Refusal` that says why there is none.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    # Before the other imports: all that they and the audit make lives until the end, none of it is garbage.
    gc.disable()

import datetime as dt
import os
import sys
from pathlib import Path

import msgspec

from pytest_gates.adapters.advisory_database import loaded
from pytest_gates.adapters.advisory_scores import rate
from pytest_gates.adapters.inventory import environment, listing
from pytest_gates.advisories.flaws import Answer, known_of
from pytest_gates.advisories.record import Unreadable, canonical
from pytest_gates.advisories.report import Affliction, Audit, Order, Refusal
from pytest_gates.advisories.sieve import Sieve
from pytest_gates.advisories.versions import asked
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from pytest_gates.model.text import printable

_Unread = tuple[str, str]
"""What nothing can be said of, and why."""


def audited(order: Order, now: dt.datetime) -> Audit:
    """Raises ToolError where the list of packages or the database cannot be read."""
    packages, notes = _packages(order)
    if all(one.local for one in packages):
        raise ToolError(
            "the audit found no package to look up",
            "check `requirements` in [tool.pytest-gates.pip-audit]",
        )
    names = frozenset(canonical(one.name) for one in packages if not one.local)
    database = loaded(
        Path(order.database),
        order.database,
        names,
        now,
        cache=Path(order.cache) if order.cache else None,
    )
    afflictions: list[Affliction] = []
    unread: list[_Unread] = []
    audited_packages = 0
    for same in _by_version(packages).values():
        # Of those that list it the one that knows who asks for it.
        number = next((one for one in same if packages[one].required_by), same[0])
        answer, doubts = _answer(packages[number], database.sieve)
        flaws = answer.flaws if answer is not None else ()
        if answer is not None and (flaws or not doubts):
            audited_packages += len(same)
        afflictions += [Affliction(package=number, flaw=flaw) for flaw in flaws]
        unread += doubts
    return Audit(
        packages=packages,
        audited=audited_packages,
        afflictions=tuple(afflictions),
        unread=tuple(unread),
        database=database.facts,
        notes=(*notes, *database.notes),
    )


def _packages(order: Order) -> tuple[tuple[Package, ...], tuple[str, ...]]:
    if not order.requirements:
        return environment(order.entries), ()
    lists = [listing(Path(name)) for name in order.requirements]
    return (
        tuple(package for one in lists for package in one.packages),
        tuple(note for one in lists for note in one.left_out),
    )


def _by_version(packages: tuple[Package, ...]) -> dict[tuple[str, str | None], list[int]]:
    """The places of those that are not local; several lists may hold the same."""
    places: dict[tuple[str, str | None], list[int]] = {}
    for number, one in enumerate(packages):
        if not one.local:
            places.setdefault((canonical(one.name), one.version), []).append(number)
    return places


def _answer(package: Package, sieve: Sieve) -> tuple[Answer | None, tuple[_Unread, ...]]:
    """What is known of one package; nothing at all, and why, where that cannot be said."""
    if package.version is None:
        return None, ((printable(package.name), "no version of it is known here"),)
    subject = printable(f"{package.name} {package.version}")
    if asked(package.version) is None:
        why = "its version is none that PEP 440 knows, so it can be compared with nothing"
        return None, ((subject, why),)
    name = canonical(package.name)
    try:
        answer = known_of(name, package.version, sieve.of(name), rate)
    except Unreadable as broken:
        return None, ((subject, printable(str(broken))),)
    doubts = tuple(
        (subject, printable(f"advisory {one.advisory} does not tell: {one.why}"))
        for one in answer.doubts
    )
    return answer, doubts


def main(told: bytes) -> tuple[bytes, int]:
    """The answer, and the exit status."""
    order = msgspec.json.decode(told, type=Order)
    try:
        return msgspec.json.encode(audited(order, dt.datetime.now(dt.UTC))), 0
    except ToolError as why:
        return msgspec.json.encode(Refusal(why=why.why, remedy=why.remedy)), 1


if __name__ == "__main__":
    answer, status = main(sys.stdin.buffer.read())
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    # Taking all these values apart one by one would take a tenth of the whole time.
    os._exit(status)
