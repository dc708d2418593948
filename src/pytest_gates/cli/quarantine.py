"""`gates quarantine`: add, list and release tests that may fail for a time. Effects: writes a file."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import click

from pytest_gates.adapters.exceptions_file import add_quarantine, remove_quarantine, toml_of
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
from pytest_gates.cli.listing import json_of, lines_of, listed
from pytest_gates.cli.past import past_of
from pytest_gates.cli.suspect import Suspect, past_evidence, past_objections, suspect_of
from pytest_gates.config.exceptions import CATEGORIES, MOST_DAYS
from pytest_gates.errors import GatesError
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse
from pytest_gates.model.report import Report

_JUDGE = "flaky"
# pytest was interrupted, broke, was used wrongly, or collected nothing: it did not see all tests.
_SAW_NOT_ALL = frozenset({2, 3, 4, 5})


@click.group()
def quarantine() -> None:
    """Let known flaky tests fail for a time: with an owner, a reason and an end."""


@quarantine.command()
@click.argument("test", metavar="NODEID_OR_GLOB")
@excuse_options(MOST_DAYS)
@click.option(
    "--category",
    type=click.Choice(CATEGORIES),
    help="Kind of flakiness it is narrowed to.  [default: what the report says]",
)
@click.option(
    "--signature",
    multiple=True,
    metavar="HEX",
    help="Failure it is narrowed to; repeatable.  [default: those in the report]",
)
@click.option(
    "--after",
    multiple=True,
    metavar="NODEID",
    help="Test behind which it fails, in order; repeatable.  [default: those in the report]",
)
@click.option("--issue", metavar="TEXT", help="Where its repair is tracked.")
@click.option("--force", is_flag=True, help="Add it in spite of all objections.")
@dry_run_option
@of_project
def add(  # noqa: PLR0913, PLR0917 - one parameter an option
    test: str,
    reason: str,
    owner: str,
    expires: dt.datetime | None,
    days: int | None,
    category: str | None,
    signature: tuple[str, ...],
    after: tuple[str, ...],
    issue: str | None,
    force: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    root: Path,
    named_report: Path | None,
    profile: str,
    config: str | None,
) -> None:
    """Let a test fail until its last day, if it fails as it is known to.

    The last report tells how it failed there, and of which kind that was; the history tells how often.
    Both are written above the entry. Nothing is committed.

    \b
    Example:
      gates quarantine add tests/test_pay.py::test_refund \\
        --reason "races with the ledger clock" --owner @payments --issue SHOP-812
    """
    filled(reason=reason, owner=owner, issue=issue)
    for name, texts in (("signature", signature), ("after", after)):
        for one in texts:
            filled(**{name: one})
    if not test.strip():
        raise click.UsageError("NODEID_OR_GLOB is empty")
    end = end_of(expires, days, today_utc(), MOST_DAYS)
    project = read_project(root, named_report, profile, config)
    _refuse_second(test, project)
    if project.law.policy.gate(_JUDGE) is None:
        say(f"the gate `{_JUDGE}` is off: until the policy turns it on, no entry excuses anything")
    suspect = _suspect(test, project)
    past = past_of(
        suspect.tests or (test,),
        where=project.law.policy.history,
        root=project.root,
        report=project.report,
        environment=os.environ,
    )
    told = past_evidence(past.tests, suspect.tests or (test,))
    if past.trouble is not None:
        say(f"no history: {past.trouble}")
    elif not told:
        told = ("never seen on the base",)
    evidence = (*told, *suspect.evidence)
    for one in evidence:
        say(one)
    objections = (*suspect.objections, *past_objections(past.tests, suspect.tests))
    if objections and not force:
        raise refused(*objections, "nothing was written; --force adds it all the same")
    entry = Quarantine(
        test=test,
        reason=reason,
        owner=owner,
        expires=end,
        signature=signature or suspect.signatures,
        category=FlakeClass(category) if category is not None else suspect.category,
        after=after or suspect.after,
        issue=issue,
    )
    forced = [f"added by force: {one}" for one in objections]
    _add(project, entry, "; ".join((*forced, *evidence)), dry_run=dry_run)


@quarantine.command(name="list")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@of_project
def list_(
    form: str, root: Path, named_report: Path | None, profile: str, config: str | None
) -> None:
    """Show every entry, the one that ends first on top."""
    project = read_project(root, named_report, profile, config)
    found = listed(project.law.policy.quarantine, project.report, today_utc())
    if form == "json":
        click.echo(json_of(found))
        return
    if isinstance(project.report, GatesError) and found:
        say(f"what they did is not known: {project.report}")
    for line in lines_of(found):
        say(line)


@quarantine.command()
@dry_run_option
@of_project
def sync(
    dry_run: bool,  # noqa: FBT001
    root: Path,
    named_report: Path | None,
    profile: str,
    config: str | None,
) -> None:
    """Remove entries whose test is gone or has passed often enough, as the last report says.

    An entry that has only ended stays: its test is not repaired by that.
    """
    project = read_project(root, named_report, profile, config)
    if isinstance(project.report, GatesError):
        raise refused(f"no report to go by: {project.report}; run `pytest -p gates` first")
    why = _saw_not_all(project.report)
    if why is not None:
        raise refused(
            f"the last report does not speak of the whole suite: {why}; nothing is removed"
        )
    gone = _told_removals(project, project.report, dry_run=dry_run)
    if not gone:
        say("nothing to remove")
        return
    try:
        text = remove_quarantine(project.exceptions_text(), gone)
    except GatesError as wrong:
        raise refused(str(wrong)) from wrong
    project.write_exceptions(text, dry_run=dry_run)
    wrote(project, "", dry_run=dry_run)


def _refuse_second(test: str, project: Project) -> None:
    for entry in project.law.policy.quarantine:
        if entry.test == test:
            raise refused(
                f"{test} is in quarantine already, until {entry.expires} ({entry.owner}): "
                f"edit that entry in {project.file_name}"
            )


def _suspect(test: str, project: Project) -> Suspect:
    if isinstance(project.report, GatesError):
        why = f"there is no report to look into: {project.report}; run `pytest -p gates` first"
        return Suspect(tests=(), objections=(why,))
    return suspect_of(test, project.report)


def _add(project: Project, entry: Quarantine, evidence: str, *, dry_run: bool) -> None:
    comment = f"evidence: {evidence}" if evidence else ""
    try:
        text = add_quarantine(project.exceptions_text(), entry, comment)
    except GatesError as why:
        raise refused(str(why)) from why
    if not entry.signature:
        say("it is narrowed to no failure: any that the history knows is excused")
    project.write_exceptions(text, dry_run=dry_run)
    wrote(project, toml_of("quarantine", entry, comment), dry_run=dry_run)


def _saw_not_all(report: Report) -> str | None:
    """Why a test that is missing in this report may exist all the same, None when it cannot."""
    run = report.evidence.run
    lost = [worker.id for worker in run.workers if not worker.finished]
    reasons = (
        (not report.finished, "the run did not finish"),
        (run.stopped_early is not None, str(run.stopped_early)),
        (bool(run.selection), f"it was a part ({', '.join(run.selection)})"),
        (run.shard is not None, f"it is of shard {run.shard} alone"),
        (bool(lost), f"workers were lost ({', '.join(lost)})"),
        (bool(report.evidence.collection_errors), "some files could not be collected"),
        (run.exit_status in _SAW_NOT_ALL, f"pytest ended with status {run.exit_status}"),
    )
    return next((why for holds, why in reasons if holds), None)


def _told_removals(project: Project, report: Report, *, dry_run: bool) -> tuple[str, ...]:
    """The tests whose entries go; says what happens to each that has something to say."""
    uses = {use.entry.test: use for use in report.quarantine}
    verb = "would remove" if dry_run else "removed"
    gone: list[str] = []
    for entry in project.law.policy.quarantine:
        use = uses.get(entry.test)
        why = _why_removed(use) if use is not None else None
        if why is not None and use is not None and use.entry != entry:
            say(f"kept {entry.test}: its entry was edited since the last report")
        elif why is not None:
            say(f"{verb} {entry.test} ({entry.owner}): {why}")
            gone.append(entry.test)
        elif entry.expired(today_utc()):
            say(
                f"kept {entry.test}: it ended on {entry.expires} and blocks; "
                f"{entry.owner} repairs the test, or renews the entry with a reason"
            )
    return tuple(gone)


def _why_removed(use: QuarantineUse) -> str | None:
    if use.releasable:
        return use.release or "it passed often enough"
    return "no such test exists" if use.state is QuarantineState.STALE else None
