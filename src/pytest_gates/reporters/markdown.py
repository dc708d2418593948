"""Report to Markdown for step summaries, pull requests, merge requests: first what is to be done. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Reporter
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.exceptions import WaiverState
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import GateResult, Mode, Verdict
from pytest_gates.reporters.markdown_text import code, fenced, plain

SUMMARY_BYTES = 1_000_000
"""GitHub drops a step's whole summary when it has more than 1 MiB (runner, `FileCommandManager.cs`)."""
COMMENT_CHARACTERS = 65_000
"""Comments and check runs of GitHub hold 65,535."""
MARKER = "<!-- pytest-gates:v1 -->"

_SOON_DAYS = 14
_FINDINGS = 50
_DETAIL = 2000
_SIGNS = {
    Decision.PASS: "✅ passed",
    Decision.WARN: "⚠️ passed with warnings",
    Decision.BLOCKED: "❌ blocked",
    Decision.INCONCLUSIVE: "❓ inconclusive: this blocks",
}
_ORDER = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.SKIPPED: 2, Verdict.PASS: 3}
_CUT = "\n\n_Left out here, since {reader} takes no more: {names}. The whole is in report.json._\n"


class Section(msgspec.Struct, frozen=True):
    """A part that is shown whole or not at all."""

    name: str
    text: str


def render(report: Report) -> bytes:
    """UTF-8, at most SUMMARY_BYTES."""
    return within(report, SUMMARY_BYTES, "a step summary").encode()


def within(report: Report, most: int, reader: str) -> str:
    """The sections, in the order of their use, as far as they fit into `most` bytes of UTF-8."""
    head, *rest = _sections(report)
    foot = _foot(report)
    text, left_out = head.text, []
    room = most - len(foot.encode()) - len(_CUT.encode()) - sum(len(one.name) + 2 for one in rest)
    for section in rest:
        if len(text.encode()) + len(section.text.encode()) + 2 > room:
            left_out.append(section.name)
        else:
            text += f"\n\n{section.text}"
    if left_out:
        text += _CUT.format(reader=reader, names=", ".join(left_out))
    return f"{text}\n\n{foot}"


def _sections(report: Report) -> Iterator[Section]:
    loud = sorted(
        (one for one in report.results if one.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}),
        key=lambda one: (one.mode is Mode.WARN, _ORDER[one.verdict]),
    )
    yield Section("verdict", _verdict(report, loud))
    if loud:
        yield Section("gates that are not green", _table(loud))
    for result in loud:
        yield Section(f"findings of {plain(result.gate)}", _findings(result))
    if text := _tests(report):
        yield Section("tests", text)
    if text := _excuses(report):
        yield Section("excuses", text)
    quiet = [one for one in report.results if one not in loud]
    if quiet:
        yield Section("green gates", _folded(f"{len(quiet)} gate(s) in order", _table(quiet)))


def _verdict(report: Report, loud: list[GateResult]) -> str:
    lines = [MARKER, f"## gates: {_SIGNS[report.decision]}", ""]
    if not report.finished:
        lines.append("The run did not finish, so nothing is known of this change.")
    first = next(((one, finding) for one in loud for finding in _worst(one)), None)
    if first is not None:
        result, finding = first
        # What a scanner says of a package begins with its name.
        told = finding.where and not finding.message.startswith(finding.where)
        where = f" {code(finding.where)}" if told else ""
        lines.append(f"**First:** {plain(result.gate)}{where} {plain(finding.message)}")
        if finding.remedy:
            lines.append(f"**Next:** {plain(finding.remedy)}")
    elif not loud and report.finished:
        lines.append(f"All {len(report.results)} gates are in order.")
    return "\n\n".join(one for one in lines if one)


def _worst(result: GateResult) -> tuple[Finding, ...]:
    return (*result.failures, *result.unknowns)


def _table(results: list[GateResult]) -> str:
    rows = [
        "| gate | verdict | measured | required | written in |",
        "| --- | --- | --- | --- | --- |",
    ]
    for result in results:
        verdict = result.verdict.value
        if result.mode is Mode.WARN and result.verdict is not Verdict.PASS:
            verdict += " (warns)"
        rows.append(f"| {plain(result.gate)} | {verdict} | {plain(result.summary)} | | |")
        rows += [
            f"| | | {plain(one.name)}: {plain(one.observed)} | {plain(one.required or '')} "
            f"| {code(one.origin) if one.origin and one.required else ''} |"
            for one in result.measures
        ]
    return "\n".join(rows)


def _findings(result: GateResult) -> str:
    found = _worst(result)
    rows = [
        f"### {plain(result.gate)}",
        "",
        "| where | rule | what | next |",
        "| --- | --- | --- | --- |",
    ]
    rows += [
        f"| {code(one.where)} | {plain(one.rule)} | {plain(one.message)} | {plain(one.remedy or '')} |"
        for one in found[:_FINDINGS]
    ]
    text = "\n".join(rows)
    if len(found) > _FINDINGS:
        text += f"\n\n{len(found) - _FINDINGS} more are in report.json."
    details = [one for one in found[:_FINDINGS] if one.detail]
    for one in details[:3]:
        text += "\n\n" + _folded(code(one.where or one.rule), fenced(one.detail or "", _DETAIL))
    return text


def _tests(report: Report) -> str:
    """Flaky ones that the policy lets pass: nobody else will speak of them."""
    told: dict[str, str] = {}
    for result in report.results:
        for one in result.findings:
            if one.effect is Effect.NOTE and result.gate == "flaky":
                told.setdefault(one.where or one.rule, f"- {code(one.where)} {plain(one.message)}")
    excused = [
        f"- {code(test)} failed in quarantine until {use.entry.expires} "
        f"({plain(use.entry.owner)}: {plain(use.entry.reason)})"
        for use in report.quarantine
        for test in use.excused
    ]
    lines = [*excused, *told.values()]
    return _listed("Flaky and quarantined tests", lines)


def _excuses(report: Report) -> str:
    today = report.judged.date()
    lines = []
    for use in report.waivers:
        waiver = use.waiver
        days = (waiver.expires - today).days
        name = f"{code(f'{waiver.gate} {waiver.subject}')} ({plain(waiver.owner)}: {plain(waiver.reason)})"
        if use.state is WaiverState.USED:
            soon = " **ends soon**" if days <= _SOON_DAYS else ""
            lines.append(f"- {name} hides {use.matched} until {waiver.expires}{soon}")
        elif use.state is not WaiverState.UNTRIED:
            lines.append(f"- {name}: {use.state.value}, remove or renew it")
    return _listed("Waivers", lines)


def _listed(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    kept = lines[:_FINDINGS]
    more = [f"- and {len(lines) - len(kept)} more in report.json"] if len(lines) > len(kept) else []
    return "\n".join((f"### {title}", "", *kept, *more))


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _foot(report: Report) -> str:
    run = report.evidence.run
    commit = code(run.checkout.commit[:10]) if isinstance(run.checkout, Checkout) else "no commit"
    change = report.evidence.change
    base = f", compared with {code(change.base[:10])}" if isinstance(change, Change) else ""
    shard = f", shard {plain(run.shard)}" if run.shard else ""
    when = report.judged.astimezone(dt.UTC)
    return (
        f"<sub>{plain(report.generator)} · commit {commit}{base}{shard} · profile "
        f"{plain(report.policy.profile)} · policy {code(report.policy.digest[:19])} from "
        f"{code(report.policy.source)} · {when:%Y-%m-%d %H:%M} UTC</sub>\n"
    )


REPORTER = Reporter(name="markdown", file_name="report.md", render=render)
