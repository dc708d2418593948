"""Gate: the statements that this change wrote were executed by the tests. Pure."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from pytest_gates.gates.covering import covering_findings
from pytest_gates.gates.patch_places import Place, notes_of, shown_places, uncovered
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import Ratio
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of, unknown_finding
from pytest_gates.model.patch import Newness, PatchFacts
from pytest_gates.model.patch_coverage_settings import PatchCoverageSettings
from pytest_gates.model.verdict import Judgement, Measure

TOTAL = "total"
_unknown = functools.partial(unknown_finding, subject=TOTAL)


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    """One share to compare with its floor; `relaxed` says why the floor is not enforced."""

    unit: str
    noun: str
    ratio: Ratio
    floor: Decimal | None
    setting: str | None
    relaxed: str | None

    @property
    def judged(self) -> bool:
        return self.floor is not None and self.ratio.total > 0 and self.relaxed is None


def evaluate(evidence: Evidence, settings: PatchCoverageSettings) -> Judgement:
    change, facts = evidence.change, evidence.patch
    if evidence.run.selection:
        return _unmeasured(
            "not-measured",
            f"only a part of the suite ran ({', '.join(evidence.run.selection)})",
            "run the whole suite to have its coverage judged",
        )
    if isinstance(change, Unavailable):
        return _unmeasured("no-base", change.why, change.remedy)
    if isinstance(facts, Unavailable):
        return _unmeasured("not-measured", facts.why, facts.remedy)
    if evidence.run.stopped_early or evidence.collection_errors:
        why = evidence.run.stopped_early or "some tests could not be collected"
        facts = msgspec.structs.replace(facts, lower_bound=facts.lower_bound or why)
    facts = _scoped(facts, settings)
    checks = _checks(facts, settings)
    missed = uncovered(facts, settings.counts)
    judged = msgspec.structs.replace(evidence, patch=facts)
    return Judgement(
        summary=_summary(checks, change, facts),
        measures=(*_measures(checks, facts, settings), *_context(change, facts)),
        findings=(
            *(_unread(path, why) for path, why in facts.unread),
            *(one for check in checks for one in _found(check, facts, missed)),
            *_too_many_uncovered(checks[0].ratio, facts, settings, missed),
            *_too_many_pragmas(facts, settings),
            *notes_of(facts, settings.counts),
            *covering_findings(judged, settings),
        ),
    )


def _scoped(facts: PatchFacts, settings: PatchCoverageSettings) -> PatchFacts:
    """Without the files that the policy does not want judged; they are told as out of scope."""
    out = tuple(
        (file.path, why)
        for file in facts.files
        if (why := settings.why_not_judged(file.path)) is not None
    )
    return msgspec.structs.replace(
        facts,
        files=tuple(one for one in facts.files if settings.why_not_judged(one.path) is None),
        unread=tuple(one for one in facts.unread if settings.why_not_judged(one[0]) is None),
        out_of_scope=tuple(sorted((*facts.out_of_scope, *out))),
    )


def _checks(facts: PatchFacts, settings: PatchCoverageSettings) -> tuple[_Check, ...]:
    """The statements first; branches where they were measured, or should have been."""
    counted = [one for file in facts.files for one in file.statements if settings.counts(one)]
    lines = Ratio(sum(1 for one in counted if one.executed), len(counted))
    total = sum(one.branches for one in counted)
    taken = total - sum(len(one.missing_branches) for one in counted)
    least = settings.min_statements
    relaxed = f"{len(counted)} < {least} statements" if len(counted) < least else None
    checks = [
        _Check(
            unit="lines",
            noun="changed statements are executed",
            ratio=lines,
            floor=settings.floor,
            setting=None if settings.lines is None else "lines",
            relaxed=relaxed,
        )
    ]
    if facts.branch or settings.branches is not None:
        checks.append(
            _Check(
                unit="branches",
                noun="branches of changed statements are taken",
                ratio=Ratio(taken, total),
                floor=settings.branches,
                setting="branches",
                relaxed=relaxed,
            )
        )
    return tuple(checks)


def _found(check: _Check, facts: PatchFacts, missed: tuple[Place, ...]) -> Iterator[Finding]:
    if check.unit == "branches" and check.floor is not None and not facts.branch and facts.files:
        yield _unknown(
            "branches-not-measured",
            "branches: whoever measured did not measure them",
            "let it measure branches: `branch = true` in the coverage settings, or --cov-branch",
        )
        return
    if check.floor is None or not check.judged:
        if (
            check.floor is not None
            and check.ratio.total
            and check.relaxed
            and check.unit == "lines"
        ):
            yield Finding(
                rule="not-enforced",
                message=f"not enforced: {check.relaxed}; {_told(check)}",
                subject=TOTAL,
                fingerprint=fingerprint_of("not-enforced", TOTAL, ""),
            )
        return
    if check.ratio.reaches(check.floor):
        if facts.upper_bound:
            yield _may_be_less(f"{_told(check)}, enough for {check.floor} %", facts.upper_bound)
        return
    needed = math.ceil(Fraction(check.floor) * check.ratio.total / 100) - check.ratio.hit
    missing = check.ratio.total - check.ratio.hit
    wanted = [one for one in missed if one.is_branch == (check.unit == "branches")]
    # Of a statement that did not run no branch was taken either: it stands among the lines.
    places = shown_places(wanted or missed)
    rule = f"changed-{check.unit}-below-floor"
    yield _limit_broken(
        rule,
        f"{_told(check)}, required {check.floor} %",
        f"cover {needed} of {missing} missing: {places}",
        check.setting,
        facts.lower_bound,
    )


def _told(check: _Check) -> str:
    return (
        f"{check.ratio.hit} of {check.ratio.total} {check.noun}, {check.ratio.shown(check.floor)}"
    )


def _too_many_uncovered(
    ratio: Ratio,
    facts: PatchFacts,
    settings: PatchCoverageSettings,
    missed: tuple[Place, ...],
) -> Iterator[Finding]:
    most = settings.max_uncovered
    count = ratio.total - ratio.hit
    if most is None:
        return
    if count <= most:
        if facts.upper_bound and ratio.total > most:
            said = f"{count} changed statements are not executed, {most} may"
            yield _may_be_less(said, facts.upper_bound)
        return
    lines = [one for one in missed if not one.is_branch]
    yield _limit_broken(
        "too-many-uncovered",
        f"{count} changed statements are not executed, at most {most} may",
        f"cover {count - most} of {count} missing: {shown_places(lines)}",
        "max-uncovered",
        facts.lower_bound,
    )


def _too_many_pragmas(facts: PatchFacts, settings: PatchCoverageSettings) -> Iterator[Finding]:
    most = settings.max_new_pragmas
    places = [f"{file.path}:{line}" for file in facts.files for line in file.new_pragmas]
    if most is None or len(places) <= most:
        return
    shown = ", ".join(places[:4]) + (", …" if len(places) > 4 else "")  # noqa: PLR2004 - a line
    yield _limit_broken(
        "too-many-new-pragmas",
        f"{len(places)} new pragmas of coverage, at most {most} may be added",
        f"test the code instead: {shown}",
        "max-new-pragmas",
        None,
    )


def _measures(
    checks: tuple[_Check, ...], facts: PatchFacts, settings: PatchCoverageSettings
) -> Iterator[Measure]:
    for check in checks:
        relaxed = f", not enforced: {check.relaxed}" if check.relaxed else ""
        by_default = check.floor is not None and check.setting is None
        yield Measure(
            name=check.unit,
            observed=f"{check.ratio.shown(check.floor)} ({check.ratio.hit}/{check.ratio.total})",
            required=None if check.floor is None else f">= {check.floor} %{relaxed}",
            setting=check.setting if check.floor is not None else None,
            origin="the default of the gate" if by_default else None,
        )
    lines = checks[0].ratio
    if settings.max_uncovered is not None:
        yield Measure(
            name="uncovered",
            observed=str(lines.total - lines.hit),
            required=f"<= {settings.max_uncovered}",
            setting="max-uncovered",
        )
    pragmas = sum(len(one.new_pragmas) for one in facts.files)
    if settings.max_new_pragmas is not None:
        yield Measure(
            name="new pragmas",
            observed=str(pragmas),
            required=f"<= {settings.max_new_pragmas}",
            setting="max-new-pragmas",
        )


def _context(change: Change, facts: PatchFacts) -> Iterator[Measure]:
    """What the numbers are about: compared with what, and what was not counted."""
    yield Measure(name="base", observed=f"{change.reference} {change.base[:12]}, {change.how}")
    statements = [one for file in facts.files for one in file.statements]
    for newness in (Newness.MOVED, Newness.REFORMATTED):
        count = sum(1 for one in statements if one.newness is newness)
        if count:
            yield Measure(name=f"{newness} statements", observed=str(count))
    excluded = sum(1 for one in statements if one.excluded)
    if excluded:
        yield Measure(name="excluded statements", observed=str(excluded))


def _summary(checks: tuple[_Check, ...], change: Change, facts: PatchFacts) -> str:
    lines = checks[0]
    if not lines.ratio.total:
        count = len(change.files) + len(change.deleted)
        said = f"no changed statement in {count} changed file(s)"
        return f"{said}, {len(facts.unread)} not read" if facts.unread else said
    parts = [f"{lines.ratio.hit} of {lines.ratio.total} changed statements"]
    parts += [
        f"{one.ratio.hit} of {one.ratio.total} branches"
        for one in checks[1:]
        if one.floor is not None and facts.branch
    ]
    if lines.relaxed:
        parts.append(f"not enforced: {lines.relaxed}")
    return ", ".join(parts)


def _unmeasured(rule: str, why: str, remedy: str) -> Judgement:
    return Judgement(summary=f"not measured: {why}", findings=(_unknown(rule, why, remedy),))


def _limit_broken(
    rule: str, message: str, remedy: str, setting: str | None, lower_bound: str | None
) -> Finding:
    return Finding(
        rule=rule,
        message=f"{message}; but {lower_bound}" if lower_bound else message,
        # A lower bound that reaches the limit proves it; one that does not proves nothing.
        effect=Effect.UNKNOWN if lower_bound else Effect.FAIL,
        subject=TOTAL,
        remedy=remedy,
        setting=setting,
        fingerprint=fingerprint_of(rule, TOTAL, ""),
    )


def _may_be_less(said: str, why: str) -> Finding:
    return _unknown(
        "coverage-of-failed-attempts",
        f"{said}, but {why}",
        "repair the flaky test, or quarantine it: what a quarantined test covers when it fails is set apart",
    )


def _unread(path: str, why: str) -> Finding:
    return Finding(
        rule="unread",
        message=f"this changed file could not be judged: {why}",
        effect=Effect.UNKNOWN,
        location=Location(path=path),
        remedy="correct it, or leave it out with `exclude`",
        fingerprint=fingerprint_of("unread", path, ""),
    )


GATE = Gate(
    name="patch-coverage",
    doc="The statements that this change wrote were executed by the tests.",
    settings=PatchCoverageSettings,
    evaluate=evaluate,
    uses_coverage=True,
)
