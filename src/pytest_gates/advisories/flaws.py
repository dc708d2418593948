"""What is known of one version of a package: one flaw for all advisories that are aliases. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from packaging.version import Version

from pytest_gates.advisories.matching import Undecided, affects, ranges_of
from pytest_gates.advisories.record import Advisory
from pytest_gates.advisories.severity import Rate, severity_of
from pytest_gates.advisories.versions import Asked, asked
from pytest_gates.model.finding import Severity

_PREFERRED = ("PYSEC-", "GHSA-", "CVE-", "MAL-")


class Flaw(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One vulnerability of one version, or one malicious package.

    `rule` is the preferred of its ids, `aliases` the others, sorted. `fixed_in` are the later versions that
    some advisory calls fixed and none calls affected, lowest first. `severity` is None where nobody says.
    """

    rule: str
    aliases: tuple[str, ...] = ()
    severity: Severity | None = None
    fixed_in: tuple[str, ...] = ()
    summary: str = ""
    details: str = ""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """An advisory of the package that does not tell whether the version is affected."""

    advisory: str
    why: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one version; no flaw and no doubt is a clean one."""

    flaws: tuple[Flaw, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def known_of(name: str, version: str, advisories: Iterable[Advisory], rate: Rate) -> Answer:
    """What `advisories`, none of them withdrawn, say of this version of the package of this canonical name.

    Raises ValueError for a version that PEP 440 does not know: nobody can tell what it is affected by.
    """
    wanted = asked(version)
    if wanted is None:
        raise ValueError(f"{version!r} is no version that PEP 440 knows")
    flaws: list[Flaw] = []
    doubts: list[Doubt] = []
    for group in groups(one for one in advisories if name in one.names):
        hit, unsure = _judged(group, name, wanted)
        if hit:
            flaws.append(_flaw(group, name, wanted, rate))
        else:
            doubts += unsure
    return Answer(
        flaws=tuple(sorted(flaws, key=lambda one: _preference(one.rule))),
        doubts=tuple(sorted(doubts, key=lambda one: _preference(one.advisory))),
    )


def _judged(group: Sequence[Advisory], name: str, wanted: Asked) -> tuple[bool, list[Doubt]]:
    doubts: list[Doubt] = []
    for advisory in group:
        try:
            if affects(advisory, name, wanted):
                return True, []
        except Undecided as why:
            doubts.append(Doubt(advisory=advisory.id, why=str(why)))
    return False, doubts


def groups(advisories: Iterable[Advisory]) -> tuple[tuple[Advisory, ...], ...]:
    """Those that share an id or an alias, and those that share one with these, and so on; each sorted."""
    known = tuple(advisories)
    parent: dict[str, str] = {}
    for advisory in known:
        head = _head(advisory.id, parent)
        for one in advisory.ids:
            parent[_head(one, parent)] = head
    merged: dict[str, list[Advisory]] = {}
    for advisory in known:
        merged.setdefault(_head(advisory.id, parent), []).append(advisory)
    return tuple(tuple(sorted(group, key=_order)) for group in merged.values())


def _head(name: str, parent: dict[str, str]) -> str:
    """The one id that stands for all that were joined with `name`; halves the way to it meanwhile."""
    while (above := parent.setdefault(name, name)) != name:
        parent[name] = parent[above]
        name = above
    return name


def _order(advisory: Advisory) -> tuple[tuple[int, tuple[int, ...], str], str]:
    return _preference(advisory.id), advisory.modified or ""


def _preference(name: str) -> tuple[int, tuple[int, ...], str]:
    """PYSEC before GHSA before CVE before the rest; of one kind the oldest first."""
    place = next(
        (number for number, prefix in enumerate(_PREFERRED) if name.startswith(prefix)),
        len(_PREFERRED),
    )
    numbers = tuple(int(one[:18]) for one in re.findall(r"(?<![^-])[0-9]+(?![^-])", name))
    return place, numbers, name


def _flaw(group: Sequence[Advisory], name: str, wanted: Asked, rate: Rate) -> Flaw:
    """`group` is sorted: the first of it gives the name and, where it has them, the words."""
    rule = group[0].id
    return Flaw(
        rule=rule,
        aliases=tuple(sorted({one for each in group for one in each.ids} - {rule})),
        severity=severity_of(group, name, rate),
        fixed_in=_fixed_in(group, name, wanted),
        summary=next((one.summary for one in group if one.summary), ""),
        details=next((one.details for one in group if one.details), ""),
    )


def _fixed_in(group: Sequence[Advisory], name: str, wanted: Asked) -> tuple[str, ...]:
    later: dict[Version, Asked] = {}
    for text in _said_to_be_fixed(group, name):
        fix = asked(text)
        if fix is not None and fix.whole > wanted.public:
            later.setdefault(fix.whole, fix)
    free = (fix for _, fix in sorted(later.items()) if _judged(group, name, fix) == (False, []))
    return tuple(fix.text for fix in free)


def _said_to_be_fixed(group: Sequence[Advisory], name: str) -> Iterator[str]:
    for advisory in group:
        for part in advisory.parts(name):
            try:
                yield from (
                    event.fixed
                    for events in ranges_of(part)
                    for event in events
                    if event.fixed is not None
                )
            except Undecided:  # a range of a kind that nobody knows names no fix that anybody could
                continue
