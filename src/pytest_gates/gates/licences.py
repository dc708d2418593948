"""Gate: every package of the environment has a licence that the policy accepts. Pure.

Three answers are possible. Where the metadata leave open which licence is meant, the package passes if each
one that may be meant is accepted, fails if none is, and is unknown otherwise.
"""

from __future__ import annotations

import enum
import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator

import msgspec

from pytest_gates.model.contracts import Gate, Tool
from pytest_gates.model.evidence import Evidence, Scan, Unavailable
from pytest_gates.model.finding import Effect, Finding, fingerprint_of, unknown_finding
from pytest_gates.model.licence_words import readings
from pytest_gates.model.licences_settings import LicencesSettings
from pytest_gates.model.package import Package
from pytest_gates.model.spdx import Expression, Joined, Licence, parsed, parsed_licence
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import Judgement, Measure

_LONGEST = 160


class _Answer(enum.IntEnum):
    """In the order in which AND takes the least and OR the most."""

    NO = 0
    UNKNOWN = 1
    YES = 2


class _Law(msgspec.Struct, frozen=True):
    """Both lists as SPDX reads them."""

    allow: tuple[Licence, ...]
    deny: tuple[Licence, ...]

    def denies(self, licence: Licence) -> bool:
        return any(one.speaks_of(licence) for one in self.deny)

    def answer(self, said: Expression) -> _Answer:
        if isinstance(said, Joined):
            answers = [self.answer(one) for one in said.parts]
            return min(answers) if said.all else max(answers)
        if self.denies(said):
            return _Answer.NO
        if any(said.offers(one) and not self.denies(one) for one in self.allow):
            return _Answer.YES
        if self.allow:
            return _Answer.NO
        # Behind terms of its own may stand what the list denies.
        return _Answer.UNKNOWN if said.has_own_terms else _Answer.YES

    def objections(self, said: Expression) -> Iterator[Licence]:
        """The licences that are not accepted, in the order of the expression."""
        if isinstance(said, Joined):
            for one in said.parts:
                yield from self.objections(one)
        elif self.answer(said) is _Answer.NO:
            yield said


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one package may be under; `doubt` says why that is not clear, if it is not."""

    package: Package
    options: tuple[Expression, ...]
    doubt: str | None = None
    assumed: bool = False


def licences_gate(tool: Tool) -> Gate:
    """The gate over what `tool` lists."""
    return Gate(
        name=tool.name,
        doc="Every installed package has a licence that the policy accepts.",
        settings=LicencesSettings,
        evaluate=evaluate,
        tool=tool,
    )


def evaluate(evidence: Evidence, settings: LicencesSettings) -> Judgement:
    scan = evidence.scans.get("licences")
    if not isinstance(scan, Scan):
        return _no_list(scan)
    law = _law(settings.allow, settings.deny)
    others = [one for one in scan.packages if not one.local]
    judged = [one for one in others if not _fits(settings.exclude, one.name)]
    readings = [_assumed(_reading(one), law, settings) for one in judged]
    answered = [(one, _answer(one, law)) for one in readings]
    failures = tuple(_failure(one, law) for one, answer in answered if answer is _Answer.NO)
    unknowns = tuple(_unknown(one) for one, answer in answered if answer is _Answer.UNKNOWN)
    denied = sum(1 for one in failures if one.setting == "deny")
    return Judgement(
        summary=_summary(len(failures), len(unknowns), len(judged), len(scan.packages)),
        measures=tuple(
            Measure(
                name=f"packages under a licence that is {word}",
                observed=str(count),
                required="0",
                setting=setting,
            )
            for setting, word, count, there in (
                ("allow", "not allowed", len(failures) - denied, settings.allow),
                ("deny", "denied", denied, settings.deny),
            )
            if there
        ),
        findings=(
            *failures,
            *unknowns,
            *_nothing_judged(judged),
            *_left_out("own packages, from a folder of this machine", scan.packages, others),
            *_left_out("packages that `exclude` names", others, judged),
            *_idle("exclude", settings.exclude, [one.name for one in others]),
            *_idle(
                "assume", settings.assume, [one.package.name for one in readings if one.assumed]
            ),
        ),
    )


@functools.lru_cache(maxsize=8)
def _law(allow: tuple[str, ...], deny: tuple[str, ...]) -> _Law:
    """Raises NotSpdx for a policy that nobody has checked."""
    return _Law(tuple(map(parsed_licence, allow)), tuple(map(parsed_licence, deny)))


def _no_list(scan: Unavailable | None) -> Judgement:
    found = scan or Unavailable(
        why="licences was not started in this run",
        remedy="run again with this gate in the policy",
    )
    unknown = unknown_finding("no-scan", found.why, found.remedy, subject="licences")
    return Judgement(summary=found.why, findings=(unknown,))


def _reading(package: Package) -> _Reading:
    """What its metadata say."""
    if package.licence is None:
        return _Reading(package=package, options=(), doubt="its metadata name no licence")
    options = readings(package.licence, package.licence_from)
    told = f"`{printable(package.licence, _LONGEST)}` ({package.licence_from or 'metadata'})"
    doubt = None
    if not options:
        doubt = f"{told} is no licence that SPDX knows"
    elif len(options) > 1:
        doubt = f"{told} may stand for {', '.join(map(str, options))}"
    return _Reading(package=package, options=options, doubt=doubt)


def _assumed(reading: _Reading, law: _Law, settings: LicencesSettings) -> _Reading:
    """With what somebody has found out, where the metadata alone give no answer."""
    if _answer(reading, law) is not _Answer.UNKNOWN:
        return reading
    told = next(
        (said for glob, said in settings.assume.items() if _fits((glob,), reading.package.name)),
        None,
    )
    if told is None:
        return reading
    return msgspec.structs.replace(reading, options=(parsed(told),), assumed=True)


def _answer(reading: _Reading, law: _Law) -> _Answer:
    answers = {law.answer(one) for one in reading.options}
    return answers.pop() if len(answers) == 1 else _Answer.UNKNOWN


def _failure(reading: _Reading, law: _Law) -> Finding:
    package = reading.package
    objections = list(
        dict.fromkeys(one for said in reading.options for one in law.objections(said))
    )
    denied = [one for one in objections if law.denies(one)]
    names = ", ".join(map(str, denied or objections))
    verb = "is denied" if denied else "is not in `allow`"
    source = "as `assume` says" if reading.assumed else f"read from {package.licence_from}"
    said = " or ".join(map(str, reading.options))
    whole = f" of {said}" if said != names else ""
    return Finding(
        rule="licence-denied" if denied else "licence-not-allowed",
        message=printable(f"{_subject(package)}: {names}{whole} {verb}; {source}", 2 * _LONGEST),
        effect=Effect.FAIL,
        subject=_subject(package),
        required_by=package.required_by,
        setting="deny" if denied else "allow",
        remedy=f"replace {printable(package.name)}, or let whoever answers for licences "
        + ("waive it" if denied else "add it to `allow` or waive it"),
        fingerprint=fingerprint_of("licence", _canonical(package.name), said),
    )


def _unknown(reading: _Reading) -> Finding:
    package = reading.package
    doubt = reading.doubt or f"{' or '.join(map(str, reading.options))} has terms of its own"
    name = printable(_canonical(package.name))
    return Finding(
        rule="licence-unknown",
        message=printable(f"{_subject(package)}: {doubt}", 3 * _LONGEST),
        effect=Effect.UNKNOWN,
        subject=_subject(package),
        required_by=package.required_by,
        remedy=f'read its licence, and write in [tool.pytest-gates.licences.assume] "{name}" = "<SPDX>"',
        fingerprint=fingerprint_of(
            "licence-unknown", _canonical(package.name), package.licence or ""
        ),
    )


def _nothing_judged(judged: list[Package]) -> tuple[Finding, ...]:
    if judged:
        return ()
    why = "no package was left to judge"
    remedy = "check `exclude` in [tool.pytest-gates.licences], or turn the gate off"
    return (unknown_finding("nothing-scanned", why, remedy, subject="licences"),)


def _left_out(what: str, before: Iterable[Package], after: list[Package]) -> tuple[Finding, ...]:
    names = [one.name for one in before if one not in after]
    if not names:
        return ()
    return (Finding(rule="not-judged", message=f"{len(names)} {what}: {', '.join(names)}"),)


def _idle(key: str, globs: Iterable[str], names: list[str]) -> tuple[Finding, ...]:
    """Entries that had nothing to say: they may be wrong, or can go."""
    return tuple(
        Finding(
            rule="entry-unused",
            message=f"{key} `{printable(glob)}` was needed for no package",
            remedy=f"remove it from `{key}` in [tool.pytest-gates.licences]",
        )
        for glob in globs
        if not any(_fits((glob,), one) for one in names)
    )


def _summary(failing: int, unknown: int, judged: int, listed: int) -> str:
    parts = [f"{failing or 'no'} package(s) with a licence that is not accepted"]
    if unknown:
        parts.append(f"{unknown} with an unknown one")
    parts.append(f"{judged} judged")
    if listed > judged:
        parts.append(f"{listed - judged} left out")
    return ", ".join(parts)


def _subject(package: Package) -> str:
    return f"{package.name} {package.version}" if package.version else package.name


def _fits(globs: Iterable[str], name: str) -> bool:
    plain = _canonical(name)
    return any(fnmatch.fnmatchcase(plain, _canonical(glob)) for glob in globs)


def _canonical(name: str) -> str:
    """PEP 503, keeping the marks of a glob."""
    return re.sub(r"[-_.]+", "-", name).lower()
