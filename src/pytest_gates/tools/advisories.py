"""What an audit by an advisory database on this machine is asked, and how its JSON is read. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import msgspec

from pytest_gates import __version__
from pytest_gates.advisories.record import canonical
from pytest_gates.advisories.report import Affliction, Audit, Order, Refusal
from pytest_gates.advisories.severity import is_malicious
from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, fingerprint_of, unknown_finding
from pytest_gates.model.moment import Moment
from pytest_gates.model.package import AdvisoryDatabase, Package
from pytest_gates.model.text import first_line, printable
from pytest_gates.tools.pip_audit_answer import line_of

OFFLINE = "offline:"
_ENVIRONMENT = "environment"
_A_DAY = dt.timedelta(days=1)
_RENEW = "write a new one with `gates advisories update`"


class OfflineSettings(Protocol):
    """What this file wants to know of `[tool.pytest-gates.pip-audit]`."""

    @property
    def source(self) -> str: ...

    @property
    def requirements(self) -> tuple[str, ...]: ...


def offline_command(settings: OfflineSettings, context: ToolContext) -> Command:
    """Our own process, as isolated from the judged tree as pip-audit's. Raises ToolError without a path."""
    database = settings.source.removeprefix(OFFLINE)
    if not database.strip():
        raise ToolError(
            f"source = {settings.source!r} names no database",
            f'write the path of a folder or file behind the colon: "{OFFLINE}advisories.jsonl.gz"',
        )
    order = Order(
        entries=context.sys_path,
        requirements=settings.requirements,
        database=database,
        cache=context.cache_folder,
    )
    return Command(
        argv=(context.python, "-I", "-m", "pytest_gates.adapters.advisory_audit"),
        expected=settings.requirements or (_ENVIRONMENT,),
        told=msgspec.json.encode(order),
    )


def offline_read(completed: Completed, settings: OfflineSettings) -> Scan:
    """Raises ToolError unless the audit left a whole answer."""
    audit = _decoded(completed)
    if isinstance(audit, Refusal):
        raise ToolError(audit.why, audit.remedy)
    local = ", ".join(one.name for one in audit.packages if one.local)
    return Scan(
        tool="pip-audit",
        version=__version__,
        inputs=audit.audited,
        findings=tuple(_finding(audit.packages[one.package], one) for one in audit.afflictions),
        unread=tuple(Unread(subject=subject, why=why) for subject, why in audit.unread),
        seconds=round(completed.seconds, 3),
        notes=(
            printable(f"advisories from {settings.source}, matched by pytest-gates itself"),
            *(
                (printable(f"not audited, installed from a local folder: {local}"),)
                if local
                else ()
            ),
            *audit.notes,
        ),
        packages=audit.packages,
        database=audit.database,
    )


def _decoded(completed: Completed) -> Audit | Refusal:
    try:
        answer = msgspec.json.decode(completed.stdout, type=Audit | Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = None
    whole = isinstance(answer, Refusal) or (
        isinstance(answer, Audit)
        and completed.exit_code == 0
        and all(0 <= one.package < len(answer.packages) for one in answer.afflictions)
    )
    if answer is None or not whole:
        lines = [line for line in completed.stderr.splitlines() if line.strip()]
        said = first_line(lines[-1]) if lines else "nothing on stderr"
        raise ToolError(
            f"the audit left no whole report (exit {completed.exit_code}; {said})",
            "run again, and report it if it stays",
        )
    return answer


def _finding(package: Package, affliction: Affliction) -> Finding:
    flaw = affliction.flaw
    malicious = is_malicious((flaw.rule, *flaw.aliases))
    about = flaw.summary or flaw.details or ("malicious package" if malicious else "")
    subject = printable(f"{package.name} {package.version}")
    fixed_in = tuple(printable(one) for one in flaw.fixed_in)
    return Finding(
        rule=printable(flaw.rule),
        message=line_of(subject, about, fixed_in, package.required_by),
        severity=flaw.severity,
        subject=subject,
        aliases=tuple(printable(one) for one in flaw.aliases),
        url=printable(f"https://osv.dev/vulnerability/{flaw.rule}"),
        remedy=printable(_remedy(package.name, fixed_in, malicious=malicious), 1000),
        fingerprint=fingerprint_of(flaw.rule, canonical(package.name), ""),
        detail=first_line(flaw.details, 2000) or None,
        fixed_in=fixed_in,
        required_by=package.required_by,
    )


def _remedy(name: str, fixed_in: tuple[str, ...], *, malicious: bool) -> str:
    if malicious:
        return f"remove {name}, and treat every machine that had it as broken into"
    if fixed_in:
        return f"upgrade {name} to {' or '.join(fixed_in)}"
    return "replace it, or waive it until there is a fix"


def doubts_of_database(
    database: AdvisoryDatabase | None, started: Moment, max_age_seconds: int
) -> tuple[Finding, ...]:
    """Why advisories of that age prove nothing in a run that began at `started`."""
    if database is None:
        return ()
    age = started - database.newest
    day = f"{database.newest.astimezone(dt.UTC):%Y-%m-%d}"
    if age < -_A_DAY:
        said = f"is of {day}, later than this run: one of the two clocks is wrong"
        remedy = f"set the clock of this machine, or {_RENEW}"
    elif age > dt.timedelta(seconds=max_age_seconds):
        limit = _in_days(dt.timedelta(seconds=max_age_seconds))
        said = f"is of {day}, {_in_days(age)} old; max-age is {limit}"
        remedy = _renewed(database.place)
    else:
        return ()
    return (
        unknown_finding(
            "stale-database",
            printable(f"the advisory database {database.place} {said}"),
            printable(remedy),
            subject=printable(database.place),
        ),
    )


def _renewed(place: str) -> str:
    """What `gates advisories update` writes it can write again; a tree of files it cannot."""
    if place.endswith((".jsonl", ".jsonl.gz")):
        return f"write a new one: gates advisories update --to {place}"
    return f"fetch it anew, or {_RENEW} and name that as `source`"


def _in_days(age: dt.timedelta) -> str:
    hours = age.seconds // 3600
    parts = (f"{age.days}d" if age.days else "", f"{hours}h" if hours or not age.days else "")
    return " ".join(one for one in parts if one)
