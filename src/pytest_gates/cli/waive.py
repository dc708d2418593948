"""`gates waive`: excuse a finding for a time. Effects: writes the exceptions file."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from pathlib import Path

import click

from pytest_gates.adapters.exceptions_file import add_waiver, toml_of
from pytest_gates.adapters.files import today_utc
from pytest_gates.cli.excuses import (
    Project,
    dry_run_option,
    end_of,
    excuse_options,
    filled,
    of_project,
    read_project,
    refused,
    say,
    wrote,
)
from pytest_gates.config.exceptions import never_fixed
from pytest_gates.config.values import nearest
from pytest_gates.errors import GatesError
from pytest_gates.model.exceptions import Waiver, latest_end
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable

_SHOWN = 3


@click.command()
@click.argument("gate")
@click.argument("subject")
@excuse_options(None)
@click.option(
    "--until-fixed",
    is_flag=True,
    help="Let it end sooner, when there is a version without the flaw.",
)
@click.option(
    "--force", is_flag=True, help="Waive it though the last report holds no such finding."
)
@dry_run_option
@of_project
def waive(  # noqa: PLR0913, PLR0917 - one parameter an option
    gate: str,
    subject: str,
    reason: str,
    owner: str,
    expires: dt.datetime | None,
    days: int | None,
    until_fixed: bool,  # noqa: FBT001
    force: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    root: Path,
    named_report: Path | None,
    profile: str,
    config: str | None,
) -> None:
    """Let findings of GATE pass that SUBJECT names, until their last day.

    SUBJECT is a rule, an alias, a fingerprint, what the finding is about, or GLOB:RULE.

    \b
    Example:
      gates waive pip-audit CVE-2026-0001 --owner @ana --expires 2027-01-31 \\
        --reason "we never run pip in production"
    """
    filled(reason=reason, owner=owner)
    if not subject.strip():
        raise click.UsageError("SUBJECT is empty")
    project = read_project(root, named_report, profile, config)
    _refuse_unknown_gate(gate, project)
    today = today_utc()
    waiver = Waiver(
        gate=gate,
        subject=subject,
        reason=reason,
        owner=owner,
        expires=end_of(expires, days, today, _most_days(project, today)),
        until_fixed=until_fixed,
    )
    _refuse_endless(waiver, project)
    _refuse_second(waiver, project)
    objection = _told_findings(waiver, project)
    if objection is not None and not force:
        raise refused(objection, "nothing was written; --force adds it all the same")
    try:
        text = add_waiver(project.exceptions_text(), waiver)
    except GatesError as why:
        raise refused(str(why)) from why
    project.write_exceptions(text, dry_run=dry_run)
    wrote(project, toml_of("waiver", waiver), dry_run=dry_run)


def _refuse_unknown_gate(gate: str, project: Project) -> None:
    recorded = project.report.policy.gates if isinstance(project.report, Report) else {}
    known = {*project.law.known.gates, *recorded}
    if gate not in known:
        raise click.UsageError(printable(f"no such gate: {gate}{nearest(gate, known)}"))


def _most_days(project: Project, today: dt.date) -> int | None:
    most = project.law.policy.max_waiver
    return None if most is None else (latest_end(today, most) - today).days


def _refuse_endless(waiver: Waiver, project: Project) -> None:
    known = project.law.known.gates
    # What only the report knows is judged elsewhere, and may tell of fixes there.
    if waiver.until_fixed and waiver.gate in known:
        for objection in never_fixed(known[waiver.gate], known):
            raise click.UsageError(printable(f"--until-fixed: {objection}", 1000))


def _refuse_second(waiver: Waiver, project: Project) -> None:
    for one in project.law.policy.waivers:
        if (one.gate, one.subject) == (waiver.gate, waiver.subject):
            raise refused(
                f"{waiver.subject} is waived already, until {one.expires} ({one.owner}): "
                f"edit that entry in {project.file_name}"
            )


def _told_findings(waiver: Waiver, project: Project) -> str | None:
    """Says what the waiver covers in the last report; why it should not be written, or None."""
    if isinstance(project.report, GatesError):
        return f"there is no report to look into: {project.report}; run `pytest -p gates` first"
    found = tuple(_findings_of(waiver.gate, project.report))
    covered = [one for one in found if waiver.covers(waiver.gate, one)]
    for one in covered[:_SHOWN]:
        say(f"covers {one.rule}{f' {one.where}' if one.where else ''}: {one.message}")
    if len(covered) > _SHOWN:
        say(f"covers {len(covered) - _SHOWN} more findings")
    fixed = next((one for one in covered if waiver.lapsed(one)), None)
    if fixed is not None:
        there = ", ".join(fixed.fixed_in)
        return f"{fixed.where or fixed.rule} has a fix already: go to {there}"
    if covered:
        return None
    names = {name: None for one in found for name in _names_of(one)}
    near = difflib.get_close_matches(waiver.subject, list(names), n=_SHOWN, cutoff=0.3)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    return f"no finding of {waiver.gate} in the last report is named {waiver.subject}{hint}"


def _findings_of(gate: str, report: Report) -> Iterable[Finding]:
    """What a waiver can do something for: notes need none, and what is waived has one."""
    for result in report.results:
        if result.gate == gate:
            yield from (one for one in result.findings if one.effect is not Effect.NOTE)


def _names_of(finding: Finding) -> Iterable[str]:
    yield finding.rule
    yield from finding.aliases
    if finding.subject:
        yield finding.subject
    if finding.location is not None:
        yield f"{finding.location.path}:{finding.rule}"
