"""Findings of `patch-coverage`: which tests execute the change, and where only flaky ones do. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_gates.changes.covering import Cover, covered_only_by, covers
from pytest_gates.model.case import Standing
from pytest_gates.model.covering_settings import CoveringSettings
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of
from pytest_gates.model.patch import PatchFacts

_MOST_NAMED = 4
_MODULE = "code outside of functions"
_OFF = Unavailable(
    why='the policy says covering-tests = "off"',
    remedy='remove that line, or set flaky-cover = "note"',
)
_NOT_RECORDED = Unavailable(
    why="the run did not record which tests execute the change", remedy="run the tests again"
)


def covering_findings(evidence: Evidence, settings: CoveringSettings) -> tuple[Finding, ...]:
    """Notes of who executes each changed function; flaky cover fails where the policy says so.

    Nothing where no changed statement was executed, or the patch is unknown: the gate tells that.
    """
    patch = evidence.patch
    if isinstance(patch, Unavailable) or not _anything_executed(patch):
        return ()
    must_know = settings.flaky_cover == "fail"
    facts = evidence.covering
    if settings.covering_tests == "off":
        return (_unknown(_OFF, must_know=True),) if must_know else ()
    if facts is None or isinstance(facts, Unavailable):
        return (_unknown(facts or _NOT_RECORDED, must_know=must_know),)
    doubtful = _doubtful(evidence, frozenset(facts.tests))
    effect = Effect.FAIL if must_know else Effect.NOTE
    weak = covered_only_by(patch, facts, frozenset(doubtful))
    return (
        *(_weakly_covered(one, doubtful, effect) for one in weak),
        *(_covered(one) for one in covers(patch, facts)),
    )


def _anything_executed(patch: PatchFacts) -> bool:
    return any(one.executed for file in patch.files for one in file.statements)


def _doubtful(evidence: Evidence, covering: frozenset[str]) -> dict[str, str]:
    """Those of the `covering` tests that nobody should rely on, and what they are."""
    entries = [use.entry for use in evidence.quarantine]
    found: dict[str, str] = {}
    for case in evidence.cases:
        if case.nodeid not in covering:
            continue
        standing = case.standing
        if standing is Standing.QUARANTINED or any(one.covers(case.nodeid) for one in entries):
            found[case.nodeid] = "quarantined"
        elif standing is Standing.FLAKY:
            found[case.nodeid] = "flaky"
    return found


def _unknown(why: Unavailable, *, must_know: bool) -> Finding:
    return Finding(
        rule="covering-tests-unknown",
        message=f"which tests execute the change is not known: {why.why}",
        effect=Effect.UNKNOWN if must_know else Effect.NOTE,
        subject="covering-tests",
        remedy=why.remedy,
        fingerprint=fingerprint_of("covering-tests-unknown", "covering-tests", ""),
    )


def _weakly_covered(cover: Cover, doubtful: dict[str, str], effect: Effect) -> Finding:
    named = ", ".join(_named(f"{test} ({doubtful[test]})" for test in cover.tests))
    return Finding(
        rule="covered-only-by-flaky",
        message=f"{cover.scope or _MODULE} is executed only by {named}",
        effect=effect,
        location=_location(cover),
        remedy="let a test execute it that can be relied on, or repair that one",
        fingerprint=fingerprint_of("covered-only-by-flaky", cover.path, cover.scope),
    )


def _covered(cover: Cover) -> Finding:
    count = len(cover.tests)
    if count:
        many = "1 test" if count == 1 else f"{count} tests"
        said = f"{many}, {', '.join(_named(cover.tests))}"
    elif cover.outside:
        said = "no test, only imports or fixtures of a wider scope than one test"
    else:
        said = "no test that was watched; an import before the tests, or another process"
    return Finding(
        rule="covering-tests",
        message=f"{cover.scope or _MODULE}: {said}",
        location=_location(cover),
        fingerprint=fingerprint_of("covering-tests", cover.path, cover.scope),
    )


def _named(tests: Iterator[str] | tuple[str, ...]) -> list[str]:
    names = list(tests)
    return names[:_MOST_NAMED] + (["…"] if len(names) > _MOST_NAMED else [])


def _location(cover: Cover) -> Location:
    return Location(path=cover.path, line=cover.lines[0][0], end_line=cover.lines[-1][1])
