"""What `gates quarantine` and `gates waive` share: project, report, an end. Effects: files, prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from pytest_gates.adapters.exceptions_file import read_exceptions, write_exceptions
from pytest_gates.cli.judging import Law, read_law, read_report, report_folder
from pytest_gates.config.exceptions import Exceptions, parse_exceptions
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.reporters import json

DEFAULT_DAYS = 30

Command = TypeVar("Command", bound=Callable[..., Any])


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project, its policy and its last report; where there is none, `report` says why."""

    root: Path
    law: Law
    report: Report | GatesError

    @property
    def exceptions_path(self) -> Path:
        return self.root / self.law.policy.exceptions_file

    @property
    def file_name(self) -> str:
        return self.law.policy.exceptions_file

    def exceptions_text(self) -> str:
        """The exceptions file as it is, empty where there is none."""
        try:
            return read_exceptions(self.exceptions_path)
        except GatesError as why:
            raise refused(str(why)) from why

    def write_exceptions(self, text: str, *, dry_run: bool) -> None:
        """Only what the next run can read is written, and in a dry run nothing."""
        checked(text, self.file_name)
        if dry_run:
            return
        try:
            write_exceptions(self.exceptions_path, text)
        except GatesError as why:
            raise refused(str(why)) from why


def of_project(command: Command) -> Command:
    """The options that say which project, which policy and which report."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--root",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help="Folder of the project.  [default: this one]",
    ),
    click.option(
        "--report",
        "named_report",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Report to look into.  [default: the last one of the project]",
    ),
    click.option(
        "--profile", metavar="NAME", default="ci", show_default=True, help="Profile of the policy."
    ),
    click.option(
        "--config", "config", metavar="FILE", help="File of the policy, relative to the root."
    ),
)


def excuse_options(most_days: int | None) -> Callable[[Command], Command]:
    """The options that every excuse has."""
    most = "" if most_days is None else f", at most {most_days}"
    options = (
        click.option("--reason", required=True, metavar="TEXT", help="Why it may stay for a time."),
        click.option("--owner", required=True, metavar="WHO", help="Who repairs it."),
        click.option(
            "--expires",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DAY",
            help="Last day of the excuse, such as 2027-01-31.",
        ),
        click.option(
            "--days",
            type=click.IntRange(min=1, max=most_days),
            metavar="N",
            help=f"Days until it ends{most}.  [default: {DEFAULT_DAYS}]",
        ),
    )

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def dry_run_option(command: Command) -> Command:
    flag: Callable[[Command], Command] = click.option(
        "--dry-run", is_flag=True, help="Show what would be written, and write nothing."
    )
    return flag(command)


def read_project(
    root: Path, named_report: Path | None, profile: str, config: str | None
) -> Project:
    """Raises click.UsageError for a wrong policy or for a named report that cannot be read."""
    root = root.resolve()
    folder = root / report_folder(root, config, profile)
    path = named_report or folder / json.REPORTER.file_name
    report: Report | GatesError
    try:
        report = read_report(path)
    except GatesError as why:
        if named_report is not None:
            raise click.UsageError(printable(f"{path}: {why}", 1000)) from why
        report = why
    foreign = frozenset(report.policy.gates if isinstance(report, Report) else ())
    try:
        law = read_law(root, config, profile, foreign)
    except ConfigError as wrong:
        problems = "\n".join(printable(one, 1000) for one in wrong.problems)
        raise click.UsageError(f"the policy is wrong:\n{problems}") from wrong
    except GatesError as wrong:
        raise click.UsageError(printable(str(wrong), 1000)) from wrong
    return Project(root=root, law=law, report=report)


def end_of(
    expires: dt.datetime | None, days: int | None, now: dt.date, most_days: int | None
) -> dt.date:
    """The last day of the excuse. Raises click.UsageError when it is over or too far away."""
    if expires is not None and days is not None:
        raise click.UsageError("--expires and --days exclude each other")
    far = (dt.date.max - now).days
    most = far if most_days is None else min(most_days, far)
    if expires is not None:
        asked, ahead = f"--expires {expires.date()}", (expires.date() - now).days
    else:
        ahead = min(DEFAULT_DAYS, most) if days is None else days
        asked = f"--days {ahead}"
    if ahead < 0:
        raise click.UsageError(f"{asked}: that day is over")
    latest = now + dt.timedelta(days=most)
    if ahead > most:
        raise click.UsageError(f"{asked}: at most {most} days ahead, so {latest}")
    return now + dt.timedelta(days=ahead)


def filled(**texts: str | None) -> None:
    """Raises click.UsageError when one of these options was given no text."""
    for name, text in texts.items():
        if text is not None and not text.strip():
            raise click.UsageError(f"--{name}: is empty; every excuse needs one")


def checked(text: str, name: str) -> Exceptions:
    """The exceptions in this text. Raises click.ClickException with all problems."""
    try:
        return parse_exceptions(text.removeprefix("\ufeff"), name)
    except ConfigError as wrong:
        raise refused(*wrong.problems) from wrong


def refused(*sentences: str) -> click.ClickException:
    """To be raised: what was asked for is not done, each sentence in a line of its own."""
    return click.ClickException("\n".join(printable(one, 1000) for one in sentences))


def say(text: str) -> None:
    """One line of the screen."""
    click.echo(printable(text, 1000))


def wrote(project: Project, toml: str, *, dry_run: bool) -> None:
    """The last words: the entry itself, if any, and where it stands now."""
    for line in toml.splitlines():
        say(f"  {line}" if line else "")
    if dry_run:
        say(f"dry run: {project.file_name} stays as it is")
    else:
        say(f"written to {project.file_name}; have it reviewed and commit it")
