"""Gate: enough of the code was executed by the tests. Pure."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar

import msgspec

from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import CoverageFacts, FileCoverage, LineRange, Ratio
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding, fingerprint_of, unknown_finding
from pytest_gates.model.paths import matches
from pytest_gates.model.settings import GateSettings, Percent
from pytest_gates.model.verdict import Judgement, Measure

TOTAL = "total"
_unknown = functools.partial(unknown_finding, subject=TOTAL)
_WORST_FILES = 3


class Floors(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Floors of one path glob; a bare number is the floor of its lines."""

    shorthand: ClassVar[str] = "lines"

    lines: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of executed lines, in percent.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None
    branches: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of taken branches, in percent.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None
    combined: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of lines and branches counted together, in percent.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None


class CoverageSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.coverage]`: percentages, compared exactly and never rounded."""

    lines: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of executed lines, in percent.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None
    branches: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of taken branches; turns branch measurement on.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None
    combined: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of lines and branches counted together, in percent.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = None
    paths: Annotated[
        dict[str, Floors],
        msgspec.Meta(
            description="Floors per path glob. A file counts for its longest glob only.",
            extra={"looser": "fewer", "judged_later": True},
        ),
    ] = msgspec.field(default_factory=dict)
    source: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Folders or packages to measure, where the project's own coverage "
            "settings name none.",
            extra={"looser": "other"},
        ),
    ] = ()

    @property
    def needs_branches(self) -> bool:
        floors: tuple[CoverageSettings | Floors, ...] = (self, *self.paths.values())
        return any(one.branches is not None or one.combined is not None for one in floors)


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    """One number to compare: of which files, in which unit, with which floor."""

    area: str
    unit: str
    floor: Decimal | None
    setting: str | None
    origin: str | None = None
    files: tuple[FileCoverage, ...]

    @property
    def ratio(self) -> Ratio:
        return _ratio(self.files, self.unit)


def evaluate(evidence: Evidence, settings: CoverageSettings) -> Judgement:
    facts = evidence.coverage
    if isinstance(facts, Unavailable):
        return _unmeasured(facts.why, facts.remedy)
    if evidence.run.selection:
        return _unmeasured(
            f"only a part of the suite ran ({', '.join(evidence.run.selection)})",
            "run the whole suite to have its coverage judged",
        )
    if evidence.run.stopped_early or evidence.collection_errors:
        why = evidence.run.stopped_early or "some tests could not be collected"
        facts = msgspec.structs.replace(facts, lower_bound=facts.lower_bound or why)
    checks = (*_total_checks(settings, facts), *_path_checks(settings, facts))
    findings = (
        *_unmatched(settings, facts),
        *(one for check in checks for one in _found(check, facts)),
    )
    return Judgement(
        summary=_summary(checks),
        measures=tuple(_measure(check) for check in checks),
        findings=findings,
    )


def owner_of(path: str, globs: Iterable[str]) -> str | None:
    """The glob a file counts for: the longest that matches, the first in the file among equals."""
    fitting = [glob for glob in globs if matches(glob, path)]
    return max(fitting, key=len, default=None)


def _total_checks(settings: CoverageSettings, facts: CoverageFacts) -> tuple[_Check, ...]:
    floors = {
        "lines": settings.lines,
        "branches": settings.branches,
        "combined": settings.combined,
    }
    origin = None
    if not settings.paths and all(floor is None for floor in floors.values()):
        # No floor of ours: the one that the project gave coverage itself is honoured, exactly.
        floors["combined" if facts.branch else "lines"] = facts.project_floor
        origin = "[report] fail_under of the project's coverage settings"
    units = (
        ("lines", "branches", "combined") if facts.branch or settings.needs_branches else ("lines",)
    )
    return tuple(
        _Check(
            area=TOTAL,
            unit=unit,
            floor=floors[unit],
            setting=unit if origin is None else None,
            origin=origin if floors[unit] is not None else None,
            files=facts.files,
        )
        for unit in units
        if floors[unit] is not None or unit != "combined"
    )


def _path_checks(settings: CoverageSettings, facts: CoverageFacts) -> tuple[_Check, ...]:
    owned: dict[str, list[FileCoverage]] = {glob: [] for glob in settings.paths}
    for file in facts.files:
        glob = owner_of(file.path, settings.paths)
        if glob is not None:
            owned[glob].append(file)
    return tuple(
        _Check(
            area=glob,
            unit=unit,
            floor=floor,
            setting=f'paths."{glob}"',
            files=tuple(owned[glob]),
        )
        for glob, floors in settings.paths.items()
        if owned[glob]
        for unit, floor in msgspec.structs.asdict(floors).items()
        if floor is not None
    )


def _may_be_less(check: _Check, area: str, why: str) -> Finding:
    return _unknown(
        "coverage-of-failed-attempts",
        f"{check.unit}{area} {check.ratio.shown()} would reach {check.floor} %, but {why}",
        "repair the flaky test, or quarantine it: what a quarantined test covers when it fails is set apart",
    )


def _unmatched(settings: CoverageSettings, facts: CoverageFacts) -> tuple[Finding, ...]:
    paths = [file.path for file in facts.files]
    found: list[Finding] = []
    for glob in settings.paths:
        fitting = [path for path in paths if matches(glob, path)]
        if not fitting:
            why = "matches no measured file"
        elif not any(owner_of(path, settings.paths) == glob for path in fitting):
            why = "matches only files that a longer glob already owns"
        else:
            continue
        found.append(
            Finding(
                rule="unmatched-glob",
                message=f'coverage.paths "{glob}" {why}',
                effect=Effect.UNKNOWN,
                subject=glob,
                remedy="correct the glob (paths are relative to the root) or remove it",
                fingerprint=fingerprint_of("unmatched-glob", glob, ""),
            )
        )
    return tuple(found)


def _found(check: _Check, facts: CoverageFacts) -> tuple[Finding, ...]:
    if check.floor is None:
        return ()
    rule = f"{check.unit}-below-floor"
    area = "" if check.area == TOTAL else f" in {check.area}"
    if check.unit != "lines" and not facts.branch:
        return (
            _unknown(
                "branches-not-measured",
                f"{check.unit}{area}: {facts.measured_by} did not measure branches",
                "let it measure branches: `branch = true` in the coverage settings, or --cov-branch",
            ),
        )
    if check.ratio.total == 0:
        return (
            _unknown(
                "nothing-to-measure",
                f"{check.unit}{area}: 0 of 0, which is no percentage",
                "check `source` and the globs; remove the floor if there is nothing to cover",
            ),
        )
    if check.ratio.reaches(check.floor):
        # An upper bound that reaches the floor proves nothing; one that does not disproves it.
        return (_may_be_less(check, area, facts.upper_bound),) if facts.upper_bound else ()
    missing = check.ratio.total - check.ratio.hit
    more = f"; but {facts.lower_bound}" if facts.lower_bound else ""
    return (
        Finding(
            rule=rule,
            message=(
                f"{check.unit}{area} {check.ratio.shown(check.floor)} "
                f"({check.ratio.hit} of {check.ratio.total}), required {check.floor} %{more}"
            ),
            # A lower bound that reaches the floor proves it; one that does not proves nothing.
            effect=Effect.UNKNOWN if facts.lower_bound else Effect.FAIL,
            subject=check.area,
            remedy=f"cover {_needed(check.ratio, check.floor)} of {missing} missing: {_worst(check)}",
            fingerprint=fingerprint_of(rule, check.area, ""),
        ),
    )


def _needed(ratio: Ratio, floor: Decimal) -> int:
    """How many more hits reach the floor."""
    return math.ceil(Fraction(floor) * ratio.total / 100) - ratio.hit


def _worst(check: _Check) -> str:
    missing = [(_missing(file, check.unit), file) for file in check.files]
    ranked = sorted(missing, key=lambda one: (-one[0], one[1].path))[:_WORST_FILES]
    return " · ".join(f"{file.path}:{_places(file, check.unit)}" for count, file in ranked if count)


def _missing(file: FileCoverage, unit: str) -> int:
    ratio = _ratio((file,), unit)
    return ratio.total - ratio.hit


def _places(file: FileCoverage, unit: str, at_most: int = 4) -> str:
    """Lines that were not run; for branches the lines where one was not taken."""
    starts = {start for start, _ in file.missing_branches}
    if unit == "lines":
        ranges: tuple[LineRange, ...] = file.missing
    elif unit == "branches":
        ranges = tuple((line, line) for line in sorted(starts))
    else:
        ranges = tuple(sorted({*file.missing, *((line, line) for line in starts)}))
    shown = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges[:at_most])
    return shown + (",…" if len(ranges) > at_most else "")


def _ratio(files: tuple[FileCoverage, ...], unit: str) -> Ratio:
    parts = {
        "lines": lambda file: file.lines,
        "branches": lambda file: file.branches,
        "combined": lambda file: file.lines + file.branches,
    }
    return functools.reduce(operator.add, map(parts[unit], files), Ratio(0, 0))


def _measure(check: _Check) -> Measure:
    return Measure(
        name=check.unit if check.area == TOTAL else f"{check.unit} in {check.area}",
        observed=f"{check.ratio.shown(check.floor)} ({check.ratio.hit}/{check.ratio.total})",
        required=None if check.floor is None else f">= {check.floor} %",
        setting=check.setting,
        origin=check.origin,
    )


def _summary(checks: tuple[_Check, ...]) -> str:
    totals = [f"{one.unit} {one.ratio.shown(one.floor)}" for one in checks if one.area == TOTAL]
    areas = sum(1 for one in checks if one.area != TOTAL)
    if areas:
        totals.append(f"{areas} path floor(s)")
    return ", ".join(totals)


def _unmeasured(why: str, remedy: str) -> Judgement:
    return Judgement(
        summary=f"not measured: {why}", findings=(_unknown("not-measured", why, remedy),)
    )


GATE = Gate(
    name="coverage",
    doc="Enough lines and branches were executed by the tests.",
    settings=CoverageSettings,
    evaluate=evaluate,
    uses_coverage=True,
)
