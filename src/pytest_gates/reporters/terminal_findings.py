"""One finding to the lines of a screen: what, where, what it was told to be, what next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_gates.model.case import CaseRecord, Diagnosis, FlakeClass
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import GateResult

WIDTH = 160
INDENT = " " * 18
MOST_NAMED = 4
_MOST_COLUMNS = 200
_PLACE = 90
_BELOW_FLOOR = "-below-floor"
_FAILED_TESTS = frozenset({"failed-test", "errored-test"})


def finding_lines(
    result: GateResult, finding: Finding, cases: Mapping[str, CaseRecord]
) -> Iterator[str]:
    """What was found, what it was told to be, and what to do next; the first line is always there."""
    yield told(finding)
    case = cases.get(finding.subject or "") if finding.rule in _FAILED_TESTS else None
    if case is not None and case.diagnosis is not None:
        yield _told_to_be(case, case.diagnosis)
    yield from _next_steps(result, finding)


def told(finding: Finding) -> str:
    severity = f" ({finding.severity})" if finding.severity else ""
    where = _place(finding)
    place = f"{printable(where, _PLACE)}: " if where and where not in finding.message else ""
    if where in {"suite", "total"}:
        place = ""
    return printable(
        f"{finding.rule}{severity} {place}{printable(finding.message, 200)}", 2 * WIDTH
    )


def others(group: tuple[Finding, ...]) -> str:
    """`+2 rule: place, place`: as many places as one line holds, but one at least."""
    places = [printable(place, _PLACE) for place in map(_place, group[1:]) if place]
    text = f"+{len(group) - 1} {printable(group[0].rule, 90)}:"
    for number, place in enumerate(places):
        longer = f"{text}{',' if number else ''} {place}"
        if number == MOST_NAMED or (number and len(INDENT) + len(longer) > WIDTH):
            return f"{text}, …"
        text = longer
    return text


def _place(finding: Finding) -> str:
    """A test by its node id, since its file says too little; anything else by its place."""
    if finding.subject is None or "::" not in finding.subject:
        return finding.where
    line = finding.location.line if finding.location is not None else None
    return finding.subject if line is None else f"{finding.subject} (line {line})"


def _told_to_be(case: CaseRecord, diagnosis: Diagnosis) -> str:
    """`regression: failed 5 of 5 further attempts`; of what else it may be, why."""
    further = case.attempts[1:]
    if diagnosis.kind is not FlakeClass.REGRESSION or not further:
        return f"{diagnosis.kind}: {printable(diagnosis.why, 120)}"
    failed = sum(1 for one in further if one.bad)
    attempts = "attempt" if len(further) == 1 else "attempts"
    return f"{diagnosis.kind}: failed {failed} of {len(further)} further {attempts}"


def _next_steps(result: GateResult, finding: Finding) -> Iterator[str]:
    """Each step on a line, and where the threshold is written behind the last, or below if too long."""
    steps = [finding.remedy] if finding.remedy else []
    if finding.excuse:
        steps.append(f"or {finding.excuse}" if steps else finding.excuse)
    *said, last = [printable(f"next: {step}", 2 * WIDTH) for step in steps] or [""]
    yield from said
    origin = _threshold_of(result, finding)
    where = printable(f"set by {origin}", 2 * WIDTH) if origin else ""
    both = " · ".join(one for one in (last, where) if one)
    if len(INDENT) + len(both) < _MOST_COLUMNS:
        last, where = both, ""
    yield from (one for one in (last, where) if one)


def _threshold_of(result: GateResult, finding: Finding) -> str | None:
    """Where the number is written that this finding did not reach."""
    if finding.effect is not Effect.FAIL:
        return None
    limited = [one for one in result.measures if one.origin and one.required]
    if finding.setting is not None:
        return next((one.origin for one in limited if one.setting == finding.setting), None)
    if finding.rule.endswith(_BELOW_FLOOR):
        unit = finding.rule.removesuffix(_BELOW_FLOOR)
        name = unit if finding.subject in {None, "total"} else f"{unit} in {finding.subject}"
        return next((one.origin for one in limited if one.name == name), None)
    # Without a severity there was nothing to compare: the finding counts by itself.
    return limited[0].origin if limited and finding.severity is not None else None
