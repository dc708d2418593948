"""Report to JUnit XML, with every attempt of every test, as Jenkins, GitLab and Surefire read it. Pure.

What the readers do was read in their source: GitLab `lib/gitlab/ci/parsers/test/junit.rb` (028d8ac9) on
top of ActiveSupport's `Hash.from_xml`; Jenkins junit-plugin `CaseResult.java` (c64aedde); Surefire's
`surefire-test-report-3.0.xsd` (14e8e1ac).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    CollectionError,
    Diagnosis,
    Outcome,
    Standing,
)
from pytest_gates.model.contracts import Reporter
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.exceptions import Quarantine
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import GateResult, Mode, Verdict
from pytest_gates.reporters.junit_elements import (
    Case,
    Names,
    Parts,
    case_of,
    counts_of,
    head,
    property_list,
    skipped_part,
    suite_of,
    told_seconds,
    verdict_part,
)
from pytest_gates.reporters.xml import element, escaped

_MOST_FINDINGS = 200
# GitLab refuses a file of more than 30 MB, and with it every result; half of it is for our own words.
_ROOM_FOR_TEXTS = 15_000_000
_TEXTS_OF_AN_ATTEMPT = 3
_LEAST_ROOM, _MOST_ROOM = 1_000, 20_000

# GitLab hands an element to `Hash.from_xml`, which takes these values of `type` for instructions: at
# `yaml` and `symbol` it throws the whole file away, by the others it converts the text.
_NO_TYPE = frozenset({
    "symbol", "yaml", "array", "file", "date", "datetime", "dateTime", "duration", "integer", "float",
    "double", "decimal", "boolean", "string", "base64Binary", "hexBinary",
})  # fmt: skip
_WORDS = {
    Outcome.FAILED: "failed",
    Outcome.ERROR: "could not be set up or torn down",
    Outcome.CRASHED: "took its process down",
    Outcome.INTERRUPTED: "began and was never seen to end",
}
_SKIPPED = {Standing.SKIPPED: "pytest.skip", Standing.XFAILED: "pytest.xfail"}


def render(report: Report) -> bytes:
    """UTF-8, two suites: `pytest` with one `<testcase>` a test, `gates` with one a gate.

    Deselected tests are not listed. A test that was not run is skipped, one that began and was not
    seen to end is an error. `gates` holds a failure or an error exactly when the decision blocks.
    """
    names = Names()
    run = report.evidence.run
    gates = tuple(_gates(report, names))  # first: their names are theirs
    tests = tuple(_tests(report, names))
    attempts = [one for case in report.evidence.cases for one in case.attempts]
    seconds = (
        sum(max(0.0, one.seconds) for one in attempts)
        if run.finished is None
        else max(0.0, (run.finished - run.started).total_seconds())
    )
    started = run.started.isoformat(timespec="seconds")
    name = "pytest" if run.shard is None else f"pytest {run.shard}"
    whole = element(
        "testsuites",
        {"name": "pytest-gates", **counts_of((*tests, *gates)), "time": told_seconds(seconds)},
        f"\n{suite_of(name, tests, seconds, started, _run_facts(report))}",
        f"\n{suite_of('gates', gates, 0.0, started, _policy_facts(report))}\n",
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n{whole}\n'.encode()


# Tests


def _tests(report: Report, names: Names) -> Iterable[Case]:
    evidence = report.evidence
    entries = {nodeid: use.entry for use in report.quarantine for nodeid in use.excused}
    bad = sum(1 for case in evidence.cases for one in case.attempts if one.bad)
    room = _ROOM_FOR_TEXTS // max(1, bad * _TEXTS_OF_AN_ATTEMPT)
    room = min(_MOST_ROOM, max(_LEAST_ROOM, room))
    for case in evidence.cases:
        entry = entries.get(case.nodeid)
        # What the evidence itself says of excuses is not believed; the judgement is.
        owner = entry.owner if entry is not None else None
        judged = msgspec.structs.replace(case, excused=owner) if owner != case.excused else case
        if judged.standing is not Standing.DESELECTED:
            yield _test(judged, entry, evidence.run.stopped_early, names, room)
    for error in evidence.collection_errors:
        yield _uncollected(error, names)


def _test(
    case: CaseRecord, entry: Quarantine | None, stopped: str | None, names: Names, room: int
) -> Case:
    standing = case.standing
    bad = tuple((number, one) for number, one in enumerate(case.attempts, 1) if one.bad)
    passed = next((one for one in case.attempts if one.passed), None)
    parts: Parts = _properties(case, standing)
    told = _told(case.diagnosis)
    decisive = case.attempts[-1] if case.attempts else None
    if standing is Standing.QUARANTINED and entry is not None:
        parts.append(skipped_part("gates.quarantined", _why_quarantined(entry), told))
        own = msgspec.structs.replace(case, excused=None).standing
        parts += _attempts("flaky" if own is Standing.FLAKY else "rerun", bad, told, room)
        decisive = bad[0][1]
    elif standing is Standing.FLAKY and passed is not None:
        parts += _attempts("flaky", bad, told, room)
        decisive = passed
    elif bad:
        (number, decisive), *further = bad
        message = _message(number, decisive, alone=len(case.attempts) == 1)
        parts.append(_verdict(decisive, message, told, room))
        parts += _captured(decisive, room)
        parts += _attempts("rerun", further, "", room)
    elif standing in _SKIPPED and decisive is not None:
        parts.append(skipped_part(_SKIPPED[standing], decisive.message or standing.value))
    elif standing is Standing.NOT_RUN:
        parts.append(skipped_part("gates.not-run", f"not run: {stopped or 'nobody knows why'}"))
    attributes = {
        **names.of_test(case.nodeid),
        "file": case.path,
        "line": next((str(one.line) for one in case.attempts if one.line is not None), None),
        "time": told_seconds(decisive.seconds if decisive is not None else 0.0),
    }
    return case_of(attributes, parts)


def _uncollected(error: CollectionError, names: Names) -> Case:
    attributes = {**names.of_test(error.nodeid), "file": error.nodeid.partition("::")[0]}
    part = verdict_part("error", "gates.collection-error", "collection failure", error.message)
    return case_of({**attributes, "time": told_seconds(0.0)}, [part])


def _verdict(attempt: Attempt, message: str, told: str, room: int) -> tuple[str, str]:
    tag = "failure" if attempt.outcome is Outcome.FAILED else "error"
    what = {"message": head(message), "type": _type(attempt)}
    return tag, element(tag, what, escaped(_trace(attempt, told, room)))


def _attempts(
    how: str, bad: Iterable[tuple[int, Attempt]], told: str, room: int
) -> Iterable[tuple[str, str]]:
    """Surefire's elements for attempts that do not decide; what was diagnosed goes with the first."""
    for number, attempt in bad:
        tag = how + ("Failure" if attempt.outcome is Outcome.FAILED else "Error")
        what = {
            "message": head(_message(number, attempt, alone=False)),
            "type": _type(attempt),
        }
        trace = element("stackTrace", {}, escaped(_trace(attempt, told, room)))
        captured = (xml for _, xml in _captured(attempt, room))
        yield tag, element(tag, what, trace, *captured)
        told = ""


def _message(number: int, attempt: Attempt, *, alone: bool) -> str:
    message = attempt.message or _WORDS[attempt.outcome]
    return message if alone else f"attempt {number} ({attempt.setting.value}): {message}"


def _trace(attempt: Attempt, told: str, room: int) -> str:
    """Never blank: GitLab shows an element without text as a table of its attributes."""
    text = attempt.failure.text if attempt.failure is not None else ""
    text = text if text.strip() else attempt.message or ""
    text = text if text.strip() else _WORDS[attempt.outcome]
    return _cut(text, room) + (f"\n\n{told}" if told else "")


def _captured(attempt: Attempt, room: int) -> Parts:
    if attempt.failure is None:
        return []
    log = attempt.failure.log
    out = attempt.failure.stdout + (f"\n--- captured log ---\n{log}" if log else "")
    found = (("system-out", out), ("system-err", attempt.failure.stderr))
    return [(tag, element(tag, {}, escaped(_cut(text, room)))) for tag, text in found if text]


def _type(attempt: Attempt) -> str:
    kind = attempt.failure.kind.strip() if attempt.failure is not None else ""
    return f"exception {kind}" if kind in _NO_TYPE else head(kind) or attempt.outcome.value


def _why_quarantined(entry: Quarantine) -> str:
    issue = f" ({entry.issue})" if entry.issue else ""
    return f"quarantined until {entry.expires}, owner {entry.owner}: {entry.reason}{issue}"


def _told(diagnosis: Diagnosis | None) -> str:
    """For people, under the stack trace: most readers show no properties."""
    if diagnosis is None:
        return ""
    because = "".join(f"\n  because of {one}" for one in diagnosis.because)
    command = f"\n  reproduce: {diagnosis.command}" if diagnosis.command else ""
    return f"pytest-gates: {diagnosis.kind.value}: {diagnosis.why}{because}{command}"


def _properties(case: CaseRecord, standing: Standing) -> Parts:
    """Nothing for a test that passed or was skipped at once: that is most of them."""
    told: dict[str, str | None] = {}
    if len(case.attempts) > 1:
        told["gates.attempts"] = ", ".join(
            f"{one.outcome.value} {one.setting.value}" for one in case.attempts
        )
    if standing not in {Standing.PASSED, *_SKIPPED}:
        told["gates.standing"] = standing.value
        told["gates.novelty"] = case.novelty.value if case.novelty else None
    found = case.diagnosis
    if found is not None:
        told["gates.diagnosis"] = found.kind.value
        told["gates.why"] = found.why
        told["gates.role"] = found.role.value if found.role else None
        told["gates.because"] = "\n".join(found.because) or None
        told["gates.regression-percent"] = (
            None if found.probability is None else f"{found.probability:.1f}"
        )
        told["gates.command"] = found.command
    return [("properties", xml)] if (xml := property_list(told)) else []


# Gates


def _gates(report: Report, names: Names) -> Iterable[Case]:
    cases = [_gate(result, report, names) for result in report.results]
    blocks = any(one.counts_as in {"failures", "errors"} for one in cases)
    # A run that did not finish, or that no gate judged: somebody has to say so.
    if report.decision.exit_status and not blocks:
        tag = "failure" if report.decision is Decision.BLOCKED else "error"
        run = report.evidence.run
        why = "the run did not finish" if run.finished is None else "no gate has judged this change"
        parts = [verdict_part(tag, "gates.decision", f"{report.decision.value}: {why}")]
        cases.append(case_of({**names.of_gate("decision"), "time": told_seconds(0.0)}, parts))
    return cases


def _gate(result: GateResult, report: Report, names: Names) -> Case:
    parts: Parts = []
    said = result.summary.strip() or result.verdict.value
    lines = _finding_lines(result)
    may_block = result.mode is Mode.BLOCK
    if result.verdict is Verdict.FAIL and may_block:
        parts.append(verdict_part("failure", "gates.fail", said, lines))
    elif result.verdict is Verdict.INCONCLUSIVE and may_block and _unknown_blocks(report):
        parts.append(verdict_part("error", "gates.inconclusive", said, lines))
    elif result.verdict is Verdict.SKIPPED:
        parts.append(skipped_part("gates.skipped", said))
    elif result.verdict is not Verdict.PASS:
        kind = f"gates.warn-{result.verdict.value}"
        parts.append(skipped_part(kind, f"warns only ({result.verdict.value}): {said}", lines))
    measured = "\n".join(
        f"{printable(one.name)} {printable(one.observed)}"
        + (f", required {printable(one.required)}" if one.required else "")
        + (f" [{printable(one.origin)}]" if one.required and one.origin else "")
        for one in result.measures
    )
    waived = f"{len(result.waived)} finding(s) waived" if result.waived else ""
    out = "\n".join(one for one in (said, measured, waived) if one)
    parts.append(("system-out", element("system-out", {}, escaped(out))))
    return case_of({**names.of_gate(result.gate), "time": told_seconds(0.0)}, parts)


def _unknown_blocks(report: Report) -> bool:
    return report.policy.on_inconclusive == "block"


def _finding_lines(result: GateResult) -> str:
    found = (*result.failures, *result.unknowns)
    lines: list[str] = []
    for one in found[:_MOST_FINDINGS]:
        where = f" {printable(one.where)}:" if one.where else ""
        lines.append(f"{printable(one.rule)}{where} {printable(one.message)}")
        if one.remedy:
            lines.append(f"  next: {printable(one.remedy)}")
    if len(found) > _MOST_FINDINGS:
        lines.append(f"{len(found) - _MOST_FINDINGS} more in report.json")
    return "\n".join(lines)


# Facts about the whole


def _run_facts(report: Report) -> str:
    run = report.evidence.run
    checkout = run.checkout if isinstance(run.checkout, Checkout) else None
    return property_list(
        {
            "gates.run": run.id,
            "gates.commit": checkout.commit if checkout else None,
            "gates.uncommitted-changes": str(checkout.dirty).lower() if checkout else None,
            "gates.platform": run.platform,
            "gates.selection": ", ".join(run.selection) or None,
            "gates.stopped-early": run.stopped_early,
        }
    )


def _policy_facts(report: Report) -> str:
    return property_list(
        {
            "gates.decision": report.decision.value,
            "gates.profile": report.policy.profile,
            "gates.policy": report.policy.source,
            "gates.policy-digest": report.policy.digest,
            "gates.generator": report.generator,
        }
    )


def _cut(text: str, limit: int) -> str:
    """The end of it: what was said last, just before the failure, tells most."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"... {left_out} characters cut ...\n{text[-limit:]}"


REPORTER = Reporter(name="junit", file_name="junit.xml", render=render)
