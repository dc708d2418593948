"""Gate: the suite ran whole, and is green. Pure."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Annotated

import msgspec

from pytest_gates.model.case import BAD_OUTCOMES, CaseRecord, Outcome, Setting, Standing
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence, RunInfo
from pytest_gates.model.finding import Effect, Finding, Location, fingerprint_of, unknown_finding
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import Judgement, Measure

BAD = {
    Standing.FAILED: ("failed-test", "failed"),
    Standing.ERROR: ("errored-test", "could not be set up or torn down"),
    Standing.CRASHED: ("crashed-test", "took its process down"),
}
_SHOWN_ORDER = tuple(Standing)
# pytest's own statuses that the counts below already explain: all green, some failed, none collected.
_EXPLAINED_STATUSES = frozenset({0, 1, 5})
_INTERRUPTED = 2
_NOTHING_COLLECTED = 5
_STATUS_MEANS = {
    2: "the run was interrupted",
    3: "pytest had an internal error",
    4: "pytest was used wrongly",
    6: "pytest counted more warnings than max-warnings allows",
}

_unknown = functools.partial(unknown_finding, subject="suite")


class TestsSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.tests]`; this gate is on unless it is turned off by `tests = false`."""

    __test__ = False  # its name begins with Test, and pytest collects such classes

    allow_partial: Annotated[
        bool,
        msgspec.Meta(
            description="Judge a run that was only a part of the suite (`-k`, one file) like a whole one.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = False


def evaluate(evidence: Evidence, settings: TestsSettings) -> Judgement:
    counts = Counter(case.standing for case in evidence.cases)
    findings = (
        *_failed(evidence.cases),
        *_flaky(evidence.cases),
        *_not_collected(evidence),
        *_not_run(evidence, counts, settings),
        *_unexplained(evidence.run, counts, evidence),
    )
    return Judgement(
        summary=_summary(counts, evidence),
        measures=tuple(
            Measure(name=standing.value, observed=str(counts[standing]))
            for standing in _SHOWN_ORDER
            if counts[standing]
        ),
        findings=findings,
    )


def _failed(cases: tuple[CaseRecord, ...]) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for case in cases:
        if case.standing not in BAD:
            continue
        rule, words = BAD[case.standing]
        # That of the run: a copy may fail for a reason of its own, such as a port that is taken.
        failed = [one for one in case.attempts if one.outcome in BAD_OUTCOMES]
        in_run = [one for one in failed if one.setting is Setting.IN_RUN]
        last = (in_run or failed)[-1]
        on = f" on worker {last.worker}" if last.outcome is Outcome.CRASHED and last.worker else ""
        found.append(
            Finding(
                rule=rule,
                message=f"{words}{on}" + (f": {last.message}" if last.message else ""),
                effect=Effect.FAIL,
                subject=case.nodeid,
                location=Location(path=case.path, line=last.line),
                remedy=f"reproduce: pytest {_quoted(case.nodeid)}",
                fingerprint=fingerprint_of(rule, case.nodeid, ""),
            )
        )
    return tuple(found)


def _flaky(cases: tuple[CaseRecord, ...]) -> tuple[Finding, ...]:
    """Passed on a rerun that another plugin made: not a failure here, and never hidden."""
    return tuple(
        Finding(
            rule="flaky-test",
            message=f"passed only on attempt {len(case.attempts)}",
            effect=Effect.NOTE,
            subject=case.nodeid,
            location=Location(path=case.path, line=case.attempts[-1].line),
            fingerprint=fingerprint_of("flaky-test", case.nodeid, ""),
        )
        for case in cases
        if case.standing is Standing.FLAKY and case.diagnosis is None  # else the gate `flaky` tells
    )


def _not_collected(evidence: Evidence) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule="collection-error",
            message=f"could not be collected, so its tests are unknown: {error.message}",
            effect=Effect.FAIL,
            subject=error.nodeid or ".",
            remedy=f"reproduce: pytest --collect-only {_quoted(error.nodeid or '.')}",
            fingerprint=fingerprint_of("collection-error", error.nodeid, ""),
        )
        for error in evidence.collection_errors
    )


def _not_run(
    evidence: Evidence, counts: Counter[Standing], settings: TestsSettings
) -> tuple[Finding, ...]:
    run = evidence.run
    found: list[Finding] = []
    if run.stopped_early:
        found.append(_unknown("stopped-early", run.stopped_early, "fix that first, then run again"))
    if run.selection and not settings.allow_partial:
        found.append(
            _unknown(
                "partial-run",
                f"this was not the whole suite ({', '.join(run.selection)})",
                "run the whole suite, or set allow-partial = true in the table of the gate `tests`",
            )
        )
    lost = [worker.id for worker in run.workers if not worker.finished]
    if lost:
        found.append(
            _unknown(
                "lost-worker",
                f"worker {', '.join(lost)} died before it could report",
                "see the crashed test; run without -n to read its last words",
            )
        )
    not_run = [case.nodeid for case in evidence.cases if case.standing is Standing.NOT_RUN]
    if not_run and not run.stopped_early:
        named = ", ".join(printable(one, 80) for one in not_run[:3])
        rest = f" and {len(not_run) - 3} more" if len(not_run) > 3 else ""  # noqa: PLR2004
        found.append(
            _unknown(
                "not-run",
                f"{len(not_run)} collected test(s) have no result: {named}{rest}",
                "find out what ended the run before them",
            )
        )
    if not _executed(counts) and not run.stopped_early:
        found.append(
            _unknown(
                "no-tests", _why_none(evidence, counts), "check testpaths, -k, -m and skip markers"
            )
        )
    return tuple(found)


def _unexplained(
    run: RunInfo, counts: Counter[Standing], evidence: Evidence
) -> tuple[Finding, ...]:
    """pytest said no, and no test says why: another plugin, or pytest itself, objected."""
    status = run.exit_status
    if status is None:
        return (
            _unknown("unfinished-run", "the run did not finish", "run it again and let it end"),
        )
    failed = any(counts[standing] for standing in BAD) or evidence.collection_errors
    explained = status in _EXPLAINED_STATUSES or (
        # pytest calls it an interruption when collection errors keep it from running tests.
        status == _INTERRUPTED and evidence.collection_errors
    )
    if status == 0 or (failed and explained) or run.stopped_early:
        return ()
    if status == _NOTHING_COLLECTED and not _executed(counts):  # told by `no-tests`
        return ()
    why = _STATUS_MEANS.get(status, "no test failed, so a plugin or a setting of pytest objected")
    return (
        Finding(
            rule="pytest-exit-status",
            message=f"pytest ended with status {status}: {why}",
            effect=Effect.FAIL,
            subject="pytest",
            remedy="read what pytest printed above",
            fingerprint=fingerprint_of("pytest-exit-status", "pytest", str(status)),
        ),
    )


def _summary(counts: Counter[Standing], evidence: Evidence) -> str:
    parts = [f"{counts[one]} {one.value}" for one in _SHOWN_ORDER if counts[one]]
    if evidence.collection_errors:
        parts.append(f"{len(evidence.collection_errors)} not collectable")
    return ", ".join(parts) or "no tests"


def _executed(counts: Counter[Standing]) -> int:
    idle = counts[Standing.SKIPPED] + counts[Standing.DESELECTED] + counts[Standing.NOT_RUN]
    return counts.total() - idle


def _why_none(evidence: Evidence, counts: Counter[Standing]) -> str:
    if not evidence.cases:
        return "no test was collected"
    parts = [f"{counts[one]} {one.value}" for one in _SHOWN_ORDER if counts[one]]
    return f"no test was executed: {', '.join(parts)}"


def _quoted(nodeid: str) -> str:
    """For a POSIX shell, on one line of a screen."""
    shown = printable(nodeid, 200)
    plain = all(char.isalnum() or char in "/._-:=+,@" for char in shown)
    return shown if plain else "'" + shown.replace("'", "'\"'\"'") + "'"


GATE = Gate(
    name="tests",
    doc="Every collected test ran and none failed.",
    settings=TestsSettings,
    evaluate=evaluate,
)
