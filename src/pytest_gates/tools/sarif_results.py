"""From the results of a SARIF file to findings: rule, severity, place, suppression. Pure."""

from __future__ import annotations

import enum
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.text import first_line, printable
from pytest_gates.tools.sarif_log import Level, Log, Reference, Region, Result, Rule, Run, Text
from pytest_gates.tools.sarif_paths import path_of

_NO_RULE = "no-rule"
_LONGEST_MESSAGE = 300
_LONGEST_DETAIL = 4_000
_LEVELS: tuple[Level, ...] = ("none", "note", "warning", "error")
_SEVERITY_OF: dict[Level, Severity] = {
    "none": Severity.INFO,
    "note": Severity.LOW,
    "warning": Severity.MEDIUM,
    "error": Severity.HIGH,
}
# As GitHub reads `security-severity`: the lowest number of each, the highest first.
_NUMBERS = (
    (Decimal(9), Severity.CRITICAL),
    (Decimal(7), Severity.HIGH),
    (Decimal(4), Severity.MEDIUM),
    (Decimal("0.1"), Severity.LOW),
    (Decimal(0), Severity.INFO),
)
_NO_FLAW = ("pass", "notApplicable")
_UNDECIDED = ("open", "review")


class Suppressions(enum.StrEnum):
    """Which suppressions of a scanner count."""

    IGNORE = "ignore"
    REASONED = "reasoned"
    ACCEPT = "accept"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one file says."""

    findings: tuple[Finding, ...]
    summary: str


def reading_of(name: str, log: Log, roots: tuple[str, ...], suppressions: Suppressions) -> Reading:
    """All findings of all runs. `name` is the policy's word for the scanner, `roots` lead to the root."""
    findings: list[Finding] = []
    passed_over: Counter[str] = Counter()
    for run in log.runs:
        rules = _Rules(run)
        for result in run.results or ():
            if result.kind in _NO_FLAW:
                passed_over["that tell of no flaw"] += 1
            elif result.baseline_state == "absent":
                passed_over["that are gone since the scanner's baseline"] += 1
            else:
                findings.append(_finding(name, run, result, rules.of(result), roots, suppressions))
    outside = sum(1 for one in findings if one.location is None)
    passed_over["without a place below the root"] += outside
    said = [f"{count} {what}" for what, count in passed_over.items() if count]
    tools = ", ".join(dict.fromkeys(_told_tool(run) for run in log.runs))
    return Reading(
        findings=tuple(findings),
        summary=", ".join((tools, f"{len(findings)} result(s)", *said)),
    )


def _told_tool(run: Run) -> str:
    driver = run.tool.driver
    return f"{driver.name} {driver.semantic_version or driver.version or ''}".strip()


class _Rules:
    """The rules of one run, as its results refer to them."""

    def __init__(self, run: Run) -> None:
        parts = (run.tool.driver, *(run.tool.extensions or ()))
        self._driver, *self._extensions = (one.rules or [] for one in parts)
        self._by_id = {rule.id: rule for one in reversed(parts) for rule in one.rules or ()}
        self._overrides = [
            (self._aimed_at(one.descriptor), one.configuration.level)
            for invocation in run.invocations or ()
            for one in invocation.rule_configuration_overrides or ()
        ]

    def _aimed_at(self, descriptor: Reference) -> str | None:
        if descriptor.id is not None or descriptor.index is None:
            return descriptor.id
        inside = 0 <= descriptor.index < len(self._driver)
        return self._driver[descriptor.index].id if inside else None

    def of(self, result: Result) -> tuple[str, Rule | None, Level]:
        """Its identifier, what is told of it, and the level of the result."""
        rule = self._by_place(result)
        reference = result.rule
        name = result.rule_id or (reference.id if reference is not None else None)
        if name is not None and (rule is None or not _is_of(name, rule.id)):
            rule = self._named(name)
        name = name or (rule.id if rule is not None else _NO_RULE)
        return name, rule, self._level(result, name, rule)

    def _by_place(self, result: Result) -> Rule | None:
        rules, index = self._driver, result.rule_index
        if result.rule is not None:
            index = result.rule.index if result.rule.index is not None else index
            component = result.rule.tool_component
            if component is not None and component.index is not None:
                inside = 0 <= component.index < len(self._extensions)
                rules = self._extensions[component.index] if inside else []
        return rules[index] if index is not None and 0 <= index < len(rules) else None

    def _named(self, name: str) -> Rule | None:
        """`CA1000/1` is a part of the rule `CA1000`."""
        parts = name.split("/")
        steps = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self._by_id[one] for one in steps if one in self._by_id), None)

    def _level(self, result: Result, name: str, rule: Rule | None) -> Level:
        if result.level is not None:
            return result.level
        # Which of several invocations found it is seldom told: the strictest counts.
        names = {name, rule.id if rule is not None else name}
        overridden = [level for aim, level in self._overrides if level is not None and aim in names]
        if overridden:
            return max(overridden, key=_LEVELS.index)
        default = rule.default_configuration if rule is not None else None
        return (default.level if default is not None else None) or "warning"


def _is_of(name: str, rule: str) -> bool:
    return name == rule or name.startswith(f"{rule}/")


def _finding(
    name: str,
    run: Run,
    result: Result,
    ruling: tuple[str, Rule | None, Level],
    roots: tuple[str, ...],
    suppressions: Suppressions,
) -> Finding:
    rule_id, rule, level = ruling
    prefix = f"{name}/"
    whole = printable(rule_id if rule_id.startswith(prefix) else f"{prefix}{rule_id}", 200)
    # The name without the scanner is what its own documentation calls it.
    short = printable(rule_id, 200)
    location, elsewhere, region = _place(run, result, roots)
    text = _message(result, rule)
    suppressed, without_reason = _suppressed(result, suppressions)
    doubt = " (suppressed without a reason)" if without_reason else ""
    message = (first_line(text, _LONGEST_MESSAGE) or "no message") + doubt
    where = location.path if location is not None else elsewhere or ""
    snippet = region.snippet.text if region is not None and region.snippet is not None else None
    prints = result.fingerprints or result.partial_fingerprints or {}
    essence = "\0".join(f"{key}={value}" for key, value in sorted(prints.items()))
    url = _address(rule.help_uri) if rule is not None else None
    return Finding(
        rule=whole,
        message=message,
        severity=_severity(result, rule, level),
        subject=elsewhere,
        location=location,
        aliases=tuple(
            dict.fromkeys(one for one in (short, short.rpartition(":")[2]) if one != whole)
        ),
        url=url,
        remedy=f"see {url}" if url is not None else None,
        # Not what the scanner gives alone: that of semgrep is "requires login" for everybody. (1.185)
        fingerprint=fingerprint_of(whole, where, f"{essence}\0{snippet or text}"),
        detail=printable(text, _LONGEST_DETAIL) if text.strip() != message else None,
        is_new=None if result.baseline_state is None else result.baseline_state == "new",
        suppressed=suppressed,
    )


def _address(uri: str | None) -> str | None:
    """Reports make links of it, so it must be one that a browser only opens."""
    return printable(uri) if uri is not None and uri.startswith(("https://", "http://")) else None


def _severity(result: Result, rule: Rule | None, level: Level) -> Severity | None:
    """None where the scanner could not decide, or gives a number that is none."""
    if result.kind in _UNDECIDED:
        return None
    if result.kind == "informational":
        return Severity.INFO
    for properties in (result.properties, rule.properties if rule is not None else None):
        number = (properties or {}).get("security-severity")
        if number is not None:
            return _severity_of(number)
    return _SEVERITY_OF[level]


def _severity_of(number: Any) -> Severity | None:
    try:
        value = Decimal(str(number))
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= 10:  # noqa: PLR2004 - a score of CVSS
        return None
    return next(severity for least, severity in _NUMBERS if value >= least)


def _message(result: Result, rule: Rule | None) -> str:
    told = result.message
    if told.text or told.markdown:
        return told.text or told.markdown or ""
    kept = ((rule.message_strings if rule is not None else None) or {}).get(told.id or "")
    short = rule.short_description if rule is not None else None
    pattern = (kept.text if kept is not None else None) or (
        short.text if short is not None else None
    )
    return _filled(pattern or "", told)


def _filled(pattern: str, told: Text) -> str:
    """With `{0}` and so on replaced by the arguments of the message."""
    values = told.arguments or []

    def value(found: re.Match[str]) -> str:
        number = int(found[1])
        return values[number] if number < len(values) else found[0]

    return re.sub(r"\{(\d{1,3})\}", value, pattern)


def _suppressed(result: Result, suppressions: Suppressions) -> tuple[str | None, bool]:
    """The reason for which it does not count, and whether it would not if there were one."""
    told = result.suppressions or []
    if not told or any(one.status not in {None, "accepted"} for one in told):
        return None, False
    reason = next((one.justification for one in told if (one.justification or "").strip()), None)
    if suppressions is Suppressions.IGNORE:
        return None, False
    if reason is None and suppressions is Suppressions.REASONED:
        return None, True
    return printable(reason or f"no reason given ({told[0].kind})", _LONGEST_MESSAGE), False


def _place(
    run: Run, result: Result, roots: tuple[str, ...]
) -> tuple[Location | None, str | None, Region | None]:
    """Below the root, or else what the scanner calls it; and the region of the text."""
    for one in result.locations or ():
        physical = one.physical_location
        if physical is None or physical.artifact_location is None:
            continue
        path, elsewhere = path_of(physical.artifact_location, run, roots)
        region = physical.region
        if path is None:
            return None, elsewhere, region
        line = _from_one(region.start_line) if region is not None else None
        return (
            Location(
                path=path,
                line=line,
                end_line=_from_one(region.end_line) if region is not None and line else None,
                column=_from_one(region.start_column) if region is not None and line else None,
            ),
            None,
            region,
        )
    return None, None, None


def _from_one(number: int | None) -> int | None:
    return number if number is not None and number >= 1 else None
