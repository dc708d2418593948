"""Report to lines of a terminal: one when all is well, at most 25 when not. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from pytest_gates.model.case import CaseRecord
from pytest_gates.model.change import Change
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Checkout, Scan
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.patch import PatchFacts
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.text import printable
from pytest_gates.model.verdict import GateResult, Mode, Verdict
from pytest_gates.reporters.terminal_excuses import (
    excused_tests,
    flake_lines,
    quarantine_lines,
    to_mind,
    waiver_lines,
)
from pytest_gates.reporters.terminal_findings import (
    INDENT,
    MOST_NAMED,
    WIDTH,
    finding_lines,
    others,
    told,
)

MOST_LINES = 25


class Style(enum.StrEnum):
    """How a line is meant; the plugin gives it a colour."""

    TITLE = "title"
    BAD = "bad"
    UNSURE = "unsure"
    GOOD = "good"
    PLAIN = "plain"


class Line(msgspec.Struct, frozen=True):
    """One line of the screen, without control characters."""

    text: str
    style: Style = Style.PLAIN


class Detail(enum.IntEnum):
    """How much the reader asked for: pytest's -q, nothing, -v."""

    QUIET = 0
    NORMAL = 1
    FULL = 2


_STYLE_OF = {
    Decision.PASS: Style.GOOD,
    Decision.WARN: Style.UNSURE,
    Decision.BLOCKED: Style.BAD,
    Decision.INCONCLUSIVE: Style.BAD,
}


def lines(report: Report, detail: Detail, report_path: str) -> tuple[Line, ...]:
    """Never empty; exactly one line when the decision is `pass` and -v was not asked for."""
    # Names of gates and folders are as hostile as any text: the last word on it is spoken here.
    said = _said(report, detail, report_path)
    return tuple(Line(printable(line.text, 2 * WIDTH), line.style) for line in said)


def _said(report: Report, detail: Detail, report_path: str) -> tuple[Line, ...]:
    if detail is Detail.QUIET or (detail is Detail.NORMAL and _is_short(report)):
        return (_one_line(report, report_path),)
    loud = _loud(report)
    head = (
        Line(f"gates: {report.decision.upper()}", Style.TITLE),
        Line(_provenance(report)),
    )
    excuses = (*waiver_lines(report), *quarantine_lines(report), *flake_lines(report))
    foot = (
        *(Line(text) for text in excuses),
        *_passing(report),
        Line(_closing(report, report_path)),
    )
    cases = _told_apart(report)
    if detail is Detail.FULL:
        noted = [result for result in report.results if result not in loud and result.findings]
        body = tuple(line for result in (*loud, *noted) for line in _whole_block(result, cases))
        return (*head, *body, *_measures(report), *_notes(report), *foot)
    return (*head, *_fitted(loud, cases, MOST_LINES - len(head) - len(foot)), *foot)


def verdict_line(report: Report) -> str | None:
    """For pytest's own red line; None when nothing blocks."""
    if not report.decision.exit_status:
        return None
    blocking = [one for one in report.results if one.mode is Mode.BLOCK]
    failed = sum(1 for one in blocking if one.verdict is Verdict.FAIL)
    unsure = sum(1 for one in blocking if one.verdict is Verdict.INCONCLUSIVE)
    parts = [f"{failed} failed"] if failed else []
    parts += [f"{unsure} inconclusive"] if unsure else []
    said = ", ".join(parts) or "no result"
    return f"gates: {report.decision.upper()} - {said}, {len(report.results)} evaluated"


def _is_short(report: Report) -> bool:
    return report.decision is Decision.PASS or _only_partial(report)


def _only_partial(report: Report) -> bool:
    """A part of the suite on a laptop: nothing to say but that nothing was judged."""
    return (
        report.decision is Decision.WARN
        and bool(report.evidence.run.selection)
        and not any(result.verdict is Verdict.FAIL for result in report.results)
    )


def _one_line(report: Report, report_path: str) -> Line:
    style = _STYLE_OF[report.decision]
    if _only_partial(report):
        why = ", ".join(report.evidence.run.selection)
        return Line(printable(f"gates: not judged, partial run ({why})", WIDTH), Style.UNSURE)
    if report.decision is Decision.PASS:
        text = _green(report, report_path)
        if len(text) > 2 * WIDTH:
            # Of many gates each says its first words: a line that is cut in its middle says less.
            text = _green(report, report_path, until=", ")
        return Line(printable(text, 2 * WIDTH), style)
    loud = ", ".join(f"{one.gate} ({_first_rule(one)})" for one in _loud(report))
    text = f"gates: {report.decision.upper()} · {loud} · report {report_path}"
    return Line(printable(text, 2 * WIDTH), style)


def _green(report: Report, report_path: str, until: str = "\n") -> str:
    said = [f"{result.gate} {_after_waivers(result, until)}" for result in report.results]
    return f"gates: pass · {' · '.join([*said, *to_mind(report)])} · report {report_path}"


def _after_waivers(result: GateResult, until: str = "\n") -> str:
    """Its summary up to `until`, and what of its findings is waived."""
    waived = len(result.waived)
    summary = result.summary.partition(until)[0]
    return f"{summary} ({waived} waived)" if waived else summary


def _first_rule(result: GateResult) -> str:
    groups = _groups(result)
    return groups[0][0].rule if groups else result.verdict.value


def _provenance(report: Report) -> str:
    run = report.evidence.run
    parts = [
        f"profile {report.policy.profile}",
        f"policy {report.policy.source}",
        report.policy.digest[:15],
    ]
    if isinstance(run.checkout, Checkout):
        dirty = " + uncommitted changes" if run.checkout.dirty else ""
        parts.append(f"commit {run.checkout.commit[:10]}{dirty}")
    else:
        parts.append("no commit")
    change = report.evidence.change
    if isinstance(change, Change):
        parts.append(f"compared with {change.reference} {change.base[:10]}")
    coverage = report.evidence.coverage
    if isinstance(coverage, CoverageFacts):
        parts.append(f"coverage by {coverage.measured_by}, {coverage.core}")
    return printable(" · ".join(parts), WIDTH)


def _loud(report: Report) -> tuple[GateResult, ...]:
    """Results that are not green: blocking failures first, warnings last."""
    rank = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1}
    found = [result for result in report.results if result.verdict in rank]
    return tuple(sorted(found, key=lambda one: (one.mode is Mode.WARN, rank[one.verdict])))


def _label(result: GateResult) -> str:
    if result.verdict is Verdict.PASS:
        return "pass"
    if result.mode is Mode.WARN:
        return "WARN"
    return "BLOCK" if result.verdict is Verdict.FAIL else "UNSURE"


def _told_apart(report: Report) -> dict[str, CaseRecord]:
    """The cases that were tried again, by node id."""
    return {case.nodeid: case for case in report.evidence.cases if case.diagnosis is not None}


def _fitted(
    results: tuple[GateResult, ...], cases: Mapping[str, CaseRecord], room: int
) -> tuple[Line, ...]:
    """One group of each gate first, then more of each as long as there is room."""
    shown = [1] * len(results)
    used = sum(len(_block(result, 1, cases)) for result in results)
    # That a gate blocks is told before the advice of another.
    for number in reversed(range(len(results))):
        if used <= room:
            break
        shown[number] = 0
        used += len(_block(results[number], 0, cases)) - len(_block(results[number], 1, cases))
    for number, result in enumerate(results):
        while shown[number] < len(_groups(result)):
            now = len(_block(result, shown[number], cases))
            grown = len(_block(result, shown[number] + 1, cases)) - now
            if used + grown > room:
                break
            shown[number] += 1
            used += grown
    body = [
        line
        for result, count in zip(results, shown, strict=True)
        for line in _block(result, count, cases)
    ]
    if len(body) <= room:
        return tuple(body)
    return (*body[: room - 1], Line(f"{INDENT} … more in the report"))


def _groups(result: GateResult) -> tuple[tuple[Finding, ...], ...]:
    """Findings that count, those of one rule together, in the order of their first."""
    found: dict[str, list[Finding]] = {}
    for finding in (*result.failures, *result.unknowns):
        found.setdefault(finding.rule, []).append(finding)
    return tuple(tuple(group) for group in found.values())


def _block(result: GateResult, count: int, cases: Mapping[str, CaseRecord]) -> tuple[Line, ...]:
    """The first `count` groups: what, where, what next, and where else; for 0 one line alone."""
    groups = _groups(result)
    lead = f" {_label(result):<6} {result.gate:<10}"
    style = Style.BAD if _label(result) == "BLOCK" else Style.UNSURE
    if count == 0:
        left_out = sum(len(group) for group in groups) - 1
        more = f" (+{left_out} in the report)" if left_out > 0 else ""
        return tuple(Line(f"{lead} {told(group[0])}{more}", style) for group in groups[:1])
    out: list[Line] = []
    for number, group in enumerate(groups[:count]):
        first, *rest = finding_lines(result, group[0], cases)
        out.append(Line(f"{INDENT if number else lead} {first}", Style.PLAIN if number else style))
        out += [Line(f"{INDENT} {text}") for text in rest]
        if len(group) > 1:
            out.append(Line(f"{INDENT} {others(group)}"))
    hidden = sum(len(group) for group in groups[count:])
    if hidden:
        rules = ", ".join(group[0].rule for group in groups[count : count + MOST_NAMED])
        out.append(Line(printable(f"{INDENT} +{hidden} in the report: {rules}", WIDTH)))
    return tuple(out)


def _whole_block(result: GateResult, cases: Mapping[str, CaseRecord]) -> tuple[Line, ...]:
    """Every finding, notes too."""
    style = Style.BAD if _label(result) == "BLOCK" else Style.UNSURE
    out = [
        Line(f" {_label(result):<6} {result.gate:<10} {printable(result.summary, WIDTH)}", style)
    ]
    for finding in (*result.failures, *result.unknowns):
        first, *rest = finding_lines(result, finding, cases)
        out += [Line(f"{INDENT} {first}"), *(Line(f"{INDENT}   {text}") for text in rest)]
    notes = [one for one in result.findings if one.effect is Effect.NOTE]
    out += [Line(f"{INDENT} note: {told(one)}") for one in notes]
    return tuple(out)


def _passing(report: Report) -> tuple[Line, ...]:
    parts = [
        f"{one.gate} {_after_waivers(one)}" for one in report.results if one.verdict is Verdict.PASS
    ]
    parts += [
        f"{one.gate} skipped: {one.summary}"
        for one in report.results
        if one.verdict is Verdict.SKIPPED
    ]
    return (
        (Line(printable(f" pass   {' · '.join(parts)}", 2 * WIDTH), Style.GOOD),) if parts else ()
    )


def _measures(report: Report) -> tuple[Line, ...]:
    out: list[Line] = []
    for result in report.results:
        for one in result.measures:
            required = f", required {one.required}" if one.required else ""
            origin = f"  [{one.origin}]" if one.origin and one.required else ""
            text = f" {result.gate}: {one.name} {one.observed}{required}{origin}"
            out.append(Line(printable(text, 2 * WIDTH)))
    return tuple(out)


def _notes(report: Report) -> tuple[Line, ...]:
    """How it was looked at, and what was left out or hidden on purpose."""
    scans = [scan for scan in report.evidence.scans.values() if isinstance(scan, Scan)]
    said = [(scan.tool, note) for scan in scans for note in scan.notes]
    coverage = report.evidence.coverage
    if isinstance(coverage, CoverageFacts):
        said += [("coverage", note) for note in coverage.notes]
    elif isinstance(report.evidence.patch, PatchFacts):
        said += [("patch-coverage", note) for note in report.evidence.patch.notes]
    return tuple(Line(f" {name}: {note}") for name, note in said)


def _closing(report: Report, report_path: str) -> str:
    """Separates "your tests" from "the policy", as pytest itself does: "Tests pass, but ..."."""
    loud = _loud(report)
    blocking = [one for one in loud if one.mode is Mode.BLOCK]
    failed = sum(1 for one in blocking if one.verdict is Verdict.FAIL)
    unsure = len(blocking) - failed
    parts: list[str] = []
    if not report.results:
        parts.append("no gate is on, so nothing clears this change")
    if report.decision.exit_status:
        parts += [f"{failed} gate(s) block this change"] if failed else []
        rest = "it" if failed else "this change"
        parts += [f"{unsure} gate(s) cannot clear {rest}"] if unsure else []
    elif loud:
        parts.append(f"{len(loud)} gate(s) warn")
    if not parts:
        return f" report {report_path}"
    tests = next((one for one in report.results if one.gate == "tests"), None)
    passing = tests is not None and tests.verdict is Verdict.PASS and not tests.waived
    excused = excused_tests(report)
    aside = f" ({excused} in quarantine failed)" if excused else ""
    said = (
        f"Tests pass{aside}, but {', '.join(parts)}" if passing else ", ".join(parts).capitalize()
    )
    return f" {said}. Report {report_path}"
