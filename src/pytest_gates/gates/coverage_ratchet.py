"""Gate: no line that was executed at the base, and is still there, may lose its cover. Pure."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Annotated

import msgspec

from pytest_gates.model.case import CaseRecord, Standing
from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import CoverageFacts, line_count
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of, unknown_finding
from pytest_gates.model.ratchet import RatchetFacts, RatchetFile
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement, Measure

HISTORY = "history"
_SUBJECT = "coverage-ratchet"
_unknown = functools.partial(unknown_finding, subject=_SUBJECT)
_SHOWN = 3
_RED = frozenset({Standing.FAILED, Standing.ERROR, Standing.CRASHED})


class RatchetSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.coverage-ratchet]`: line by line, never by percent."""

    baseline: Annotated[
        str,
        msgspec.Meta(
            description="Where the coverage of the base is: `history`, or the path of a baseline file, of a "
            "`report.json`, or of a folder with reports below it.",
            extra={"looser": "other", "names_files": True},
        ),
    ] = HISTORY
    allow_lost: Annotated[
        int,
        msgspec.Meta(
            description="So many lines in all may lose their cover.",
            extra={"looser": "higher", "judged_later": True, "quantity": "count"},
        ),
    ] = 0

    @property
    def needs_change(self) -> bool:
        return True


def evaluate(evidence: Evidence, settings: RatchetSettings) -> Judgement:
    facts, coverage, run = evidence.ratchet, evidence.coverage, evidence.run
    if isinstance(coverage, Unavailable):
        return _not_compared("not-measured", coverage.why, coverage.remedy)
    if run.selection:
        return _not_compared(
            "not-measured",
            f"only a part of the suite ran ({', '.join(run.selection)})",
            "run the whole suite to have its coverage compared",
        )
    if isinstance(facts, Unavailable):
        return _not_compared("no-baseline", facts.why, facts.remedy)
    if facts.is_first:
        return Judgement(
            summary="this is the base, and nothing earlier is known to compare it with",
            findings=tuple(_notes(facts)),
        )
    kept = [one for one in facts.files if not _is_allowed(one, facts)]
    lost = sum(line_count(one.lost) for one in kept)
    doubt = _doubt(evidence, coverage, facts)
    effect = Effect.UNKNOWN if doubt else Effect.FAIL
    found = [
        *_lost(facts, kept, effect if lost > settings.allow_lost else Effect.NOTE, doubt),
        *_lowered_now(facts),
        *_nothing_compared(facts),
    ]
    if coverage.upper_bound and not any(one.effect is Effect.FAIL for one in found):
        found.append(_may_be_more(coverage.upper_bound))
    return Judgement(
        summary=_summary(facts, lost),
        measures=_measures(facts, lost, settings),
        findings=(*found, *_uncounted(facts), *_unstable(facts), *_notes(facts)),
    )


def _doubt(evidence: Evidence, coverage: CoverageFacts, facts: RatchetFacts) -> str | None:
    """Why a line that was not seen to run may have its cover all the same, or lose it for this run only."""
    if evidence.run.stopped_early:
        return evidence.run.stopped_early
    if evidence.collection_errors:
        return "some tests could not be collected"
    for standings, what in ((_RED, "failed"), ({Standing.QUARANTINED}, "in quarantine failed")):
        names = [one.nodeid for one in evidence.cases if _is(one, standings)]
        if names:
            return (
                f"{len(names)} test(s) {what} ({names[0]}), and what they did not reach is missing"
            )
    return coverage.lower_bound or facts.doubt


def _is(case: CaseRecord, standings: frozenset[Standing] | set[Standing]) -> bool:
    return case.standing in standings


def _is_allowed(file: RatchetFile, facts: RatchetFacts) -> bool:
    """Whether this change itself lowered the baseline of that file, with a reason, by as many lines."""
    allowed = sum(
        one.count for one in facts.lowered if one.is_new and one.path in {file.path, file.base_path}
    )
    return bool(file.lost) and line_count(file.lost) <= allowed


def _lost(
    facts: RatchetFacts, files: list[RatchetFile], effect: Effect, doubt: str | None
) -> Iterator[Finding]:
    for file in files:
        seen: Counter[int] = Counter()
        for first, last in file.lost:
            count = last - first + 1
            seen[count] += 1
            what = "line was" if count == 1 else f"{count} lines were"
            how = "not executed now" if file.measured else "in no measured file now"
            unsure = f"; but {doubt}" if doubt and effect is not Effect.NOTE else ""
            yield Finding(
                rule="lost-coverage",
                message=f"{what} executed at the base {facts.commit[:12]}, {how}{unsure}",
                effect=effect,
                location=Location(path=file.path, line=first, end_line=last),
                remedy=_remedy(file, effect),
                setting="allow-lost" if effect is Effect.FAIL else None,
                # By size and place in the order: line numbers move with any edit above.
                fingerprint=fingerprint_of("lost-coverage", file.path, f"{count}x{seen[count]}"),
            )


def _remedy(file: RatchetFile, effect: Effect) -> str | None:
    if effect is Effect.NOTE:
        return None
    if not file.measured:
        return "measure the file again (`source`, `omit`), or delete it if nothing needs it"
    return "bring back the test that executed it, or delete the code if nothing needs it"


def _lowered_now(facts: RatchetFacts) -> Iterator[Finding]:
    for file in facts.files:
        if _is_allowed(file, facts):
            yield _note(
                "lost-coverage-allowed",
                f"{line_count(file.lost)} line(s) lost their cover, as this change wrote into the baseline",
                location=Location(path=file.path, line=file.lost[0][0]),
            )


def _nothing_compared(facts: RatchetFacts) -> Iterator[Finding]:
    if facts.compared or not facts.not_comparable:
        return
    path, why = facts.not_comparable[0]
    yield _unknown(
        "nothing-compared",
        f"no line could be compared with {facts.source}: {path}: {why} "
        f"({len(facts.not_comparable)} file(s))",
        "run the suite with this gate at the base itself, or write the baseline anew: gates ratchet --write",
    )


def _may_be_more(why: str) -> Finding:
    return _unknown(
        "coverage-of-failed-attempts",
        f"no more lines seem lost, but {why}",
        "repair the flaky test, or quarantine it: what a quarantined test covers when it fails is set apart",
    )


def _uncounted(facts: RatchetFacts) -> Iterator[Finding]:
    for file in facts.files:
        for first, last in file.uncounted:
            yield _note(
                "not-counted-any-more",
                "executed at the base, and not counted by coverage now: a new pragma or `exclude` setting, "
                "or part of another statement",
                location=Location(path=file.path, line=first, end_line=last),
            )


def _unstable(facts: RatchetFacts) -> Iterator[Finding]:
    for file in facts.files:
        for first, last in file.unstable:
            yield _note(
                "unstable-coverage",
                "not executed now, but runs of the same code do not agree about it, so nothing is lost",
                location=Location(path=file.path, line=first, end_line=last),
            )


def _notes(facts: RatchetFacts) -> Iterator[Finding]:
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for path, why in facts.not_comparable:
        by_reason[why].append(path)
    for why, paths in by_reason.items():
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        shown = f"{', '.join(paths[:_SHOWN])}{more}"
        yield _note("not-comparable", f"{shown}: {why}", subject=paths[0])
    for one in facts.lowered:
        new = "by this change, " if one.is_new else ""
        yield _note(
            "lowered-baseline",
            f"{one.count} line(s) were given up {new}on {one.date}: {one.reason}",
            location=Location(path=one.path),
        )
    for note in facts.notes:
        yield _note("baseline-note", note, subject=_SUBJECT)


def _measures(facts: RatchetFacts, lost: int, settings: RatchetSettings) -> tuple[Measure, ...]:
    found = [
        Measure(
            name="lines that lost their cover",
            observed=str(lost),
            required=f"<= {settings.allow_lost}",
            setting="allow-lost",
        ),
        Measure(name="lines compared", observed=str(facts.compared)),
    ]
    if facts.not_comparable:
        count = str(len(facts.not_comparable))
        found.append(Measure(name="files that cannot be compared", observed=count))
    return tuple(found)


def _summary(facts: RatchetFacts, lost: int) -> str:
    what = f"{lost} line(s) lost their cover" if lost else "no line lost its cover"
    beside = f", {len(facts.not_comparable)} file(s) not" if facts.not_comparable else ""
    return f"{what} ({facts.compared} compared with {facts.commit[:12]}{beside})"


def _not_compared(rule: str, why: str, remedy: str) -> Judgement:
    return Judgement(summary=f"not compared: {why}", findings=(_unknown(rule, why, remedy),))


def _note(
    rule: str, message: str, *, subject: str | None = None, location: Location | None = None
) -> Finding:
    where = str(location) if location is not None else subject or ""
    return Finding(
        rule=rule,
        message=message,
        subject=subject,
        location=location,
        fingerprint=fingerprint_of(rule, where, message),
    )


GATE = Gate(
    name="coverage-ratchet",
    doc="No unchanged line that was executed at the base lost its cover.",
    settings=RatchetSettings,
    evaluate=evaluate,
    uses_coverage=True,
)
