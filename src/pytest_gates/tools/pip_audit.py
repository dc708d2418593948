"""What pip-audit is asked, and by which policy its answer is judged. Pure."""

from __future__ import annotations

import fnmatch
import re
from typing import Annotated, Literal

import msgspec
from packaging.utils import canonicalize_name

from pytest_gates.model.audit import AuditOrder
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Finding, Severity, unknown_finding
from pytest_gates.model.moment import Moment
from pytest_gates.model.package import AdvisoryDatabase
from pytest_gates.model.settings import Duration, ScanSettings
from pytest_gates.tools.advisories import (
    OFFLINE,
    doubts_of_database,
    offline_command,
    offline_read,
)
from pytest_gates.tools.pip_audit_answer import scan_of

_SERVICES = ("pypi", "osv")
_PLAIN = "http://"
_DAY = 24 * 60 * 60
ENVIRONMENT = "environment"
CANARIES = (
    "jinja2==2.10",
    "urllib3==1.24.1",
    "pyyaml==5.1",
    "requests==2.19.1",
    "werkzeug==0.15.2",
    "flask==0.12.2",
)
"""Known to be vulnerable since 2018 to 2020: a source that does not know them knows nothing."""


class PipAuditSettings(ScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.pip-audit]`: the environment the tests run in, or files."""

    source: Annotated[
        str,
        msgspec.Meta(
            description='Where advisories come from: "pypi", "osv", the URL of an OSV server, or '
            '"offline:<folder or file>", a database on this machine.',
            extra={"looser": "other", "quantity": "advisories"},
        ),
    ] = "pypi"
    requirements: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Files to audit instead of the environment: requirements with exact pins, "
            "`pylock*.toml`, `uv.lock`, `poetry.lock`.",
            extra={"looser": "other"},
        ),
    ] = ()
    fail_on: Annotated[
        Severity,
        msgspec.Meta(
            description="Lowest severity that fails. Only an offline database tells severities.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = Severity.LOW
    unknown_severity: Annotated[
        Literal["fails", "passes"],
        msgspec.Meta(
            description="What a vulnerability does of which nobody says how bad it is. With a source "
            'that tells no severity, "passes" makes the gate inconclusive: nothing could fail.',
            extra={"looser": ("fails", "passes"), "judged_later": True},
        ),
    ] = "fails"
    max_age: Annotated[
        Duration,
        msgspec.Meta(
            description="An offline database whose newest advisory is older makes the gate inconclusive.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = 30 * _DAY
    allow_unaudited: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of package names that the source need not know.",
            extra={"looser": "more", "judged_later": True},
        ),
    ] = ()
    canary: Annotated[
        str,
        msgspec.Meta(
            description="`name==version` of a vulnerable package that the source must know, for a "
            "mirror without the well-known ones. Empty: two of those are asked for.",
            extra={"looser": "other", "quantity": "pin"},
        ),
    ] = ""

    @property
    def offline(self) -> bool:
        return self.source.startswith(OFFLINE)

    @property
    def floor(self) -> Severity | None:
        """pip-audit's report holds no severity: where it is asked there is no floor. (2.10.1)"""
        return self.fail_on if self.offline else None

    @property
    def unread_remedy(self) -> str:
        return "name it in allow-unaudited if the source cannot know it, or waive it"

    def fails(self, finding: Finding) -> bool:
        """What nobody has rated fails, unless the policy says otherwise."""
        if finding.severity is None:
            return self.unknown_severity == "fails"
        return finding.severity.at_least(self.fail_on)

    def doubts(self, database: AdvisoryDatabase | None, started: Moment) -> tuple[Finding, ...]:
        """A source without severities under a policy that minds only severities; a stale database."""
        if database is not None:
            return doubts_of_database(database, started, self.max_age)
        if self.unknown_severity == "fails":
            return ()
        return (
            unknown_finding(
                "no-severities",
                "the source tells no severities, and what has none passes: nothing could fail",
                'take unknown-severity = "passes" out, or name an offline database as `source`',
                subject="pip-audit",
            ),
        )

    def accepts_unread(self, subject: str) -> bool:
        return any(_names(glob, subject) for glob in self.allow_unaudited)


def command(settings: PipAuditSettings, context: ToolContext) -> Command:
    """pip-audit over what really runs: our own list of the running interpreter's distributions.

    pip-audit's own idea of the environment follows VIRTUAL_ENV and `pip list`, which need not be
    the interpreter that runs the tests; `audit_environment` lists that one and starts pip-audit.
    """
    if settings.offline:
        return offline_command(settings, context)
    order = AuditOrder(
        paths=() if settings.requirements else context.sys_path,
        files=settings.requirements,
        options=_options(settings.source),
        canaries=(_canonical_pin(settings.canary),) if settings.canary else CANARIES,
    )
    return Command(
        argv=(context.python, "-I", "-m", "pytest_gates.adapters.audit_environment"),
        expected=settings.requirements or (ENVIRONMENT,),
        # Nothing between us and this machine itself: only a source on it is asked over plain http.
        env={"NO_PROXY": "*", "no_proxy": "*"} if settings.source.startswith(_PLAIN) else {},
        told=msgspec.json.encode(order),
    )


def _options(source: str) -> tuple[str, ...]:
    options = ("-f", "json", "--progress-spinner", "off", "--desc", "on", "--aliases", "on")
    if source in _SERVICES:
        return (*options, "-s", source)
    return (*options, "-s", "osv", "--osv-url", source)


def read(completed: Completed, settings: PipAuditSettings) -> Scan:
    """Raises ToolError unless every package was asked for and answered, and the source knows its canary."""
    if settings.offline:
        return offline_read(completed, settings)
    scan = scan_of(completed, settings.source)
    unused = [
        glob
        for glob in settings.allow_unaudited
        if not any(_names(glob, one.subject) for one in scan.unread)
    ]
    if not unused:
        return scan
    # Another environment or cell of a matrix may need it: worth a word, and no more.
    note = f"allow-unaudited names nothing that was left unaudited: {', '.join(unused)}"
    return msgspec.structs.replace(scan, notes=(*scan.notes, note))


def _canonical_pin(pin: str) -> str:
    name, _, version = pin.partition("==")
    return f"{canonicalize_name(name)}=={version}"


def _names(glob: str, subject: str) -> bool:
    """Whether a glob of package names means `name version`."""
    return fnmatch.fnmatchcase(_spelled(subject.partition(" ")[0]), _spelled(glob))


def _spelled(name: str) -> str:
    """PEP 503, keeping the marks of a glob."""
    return re.sub(r"[-_.]+", "-", name).lower()


TOOL = Tool(
    name="pip-audit",
    distribution="pip-audit",
    program=None,
    command=command,
    read=read,
    static=lambda settings: bool(settings.requirements),
    scrub=("PIP_", "PIPAPI_", "VIRTUAL_ENV"),
)
