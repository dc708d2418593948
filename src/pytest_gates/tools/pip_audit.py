"""What pip-audit is asked and how its JSON is read. Pure."""

from __future__ import annotations

import contextlib
import fnmatch
import re
from typing import Annotated

import msgspec

from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Severity, fingerprint_of
from pytest_gates.model.marks import INVENTORY_MARK
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.text import first_line

_SERVICES = ("pypi", "osv")
ENVIRONMENT = "environment"


class PipAuditSettings(ScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.pip-audit]`: the environment the tests run in, or files."""

    source: Annotated[
        str,
        msgspec.Meta(
            description='Where advisories come from: "pypi", "osv", or the URL of an OSV server.',
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
            description="Lowest severity that fails. pip-audit's report holds no severity, and what "
            "has none fails: with it, every vulnerability does.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = Severity.LOW
    allow_unaudited: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of package names that the source need not know.",
            extra={"looser": "more", "judged_later": True},
        ),
    ] = ()

    @property
    def unread_remedy(self) -> str:
        return "name it in allow-unaudited if the source cannot know it, or waive it"

    def accepts_unread(self, subject: str) -> bool:
        name = _canonical(subject.partition(" ")[0])
        return any(fnmatch.fnmatchcase(name, _canonical(glob)) for glob in self.allow_unaudited)


class _Vulnerability(msgspec.Struct, frozen=True):
    id: str
    fix_versions: list[str]
    aliases: list[str] = []
    description: str = ""


class _Dependency(msgspec.Struct, frozen=True):
    name: str
    version: str | None = None
    vulns: list[_Vulnerability] | None = None
    skip_reason: str | None = None


class _Output(msgspec.Struct, frozen=True):
    dependencies: list[_Dependency]


def command(settings: PipAuditSettings, context: ToolContext) -> Command:
    """pip-audit over what really runs: our own list of the running interpreter's distributions.

    pip-audit's own idea of the environment follows VIRTUAL_ENV and `pip list`, which need not be
    the interpreter that runs the tests; `audit_environment` lists that one and starts pip-audit.
    """
    options = ["-f", "json", "--progress-spinner", "off", "--desc", "on", "--aliases", "on"]
    if settings.source in _SERVICES:
        options += ["-s", settings.source]
    else:
        options += ["-s", "osv", "--osv-url", settings.source]
    audited = [("--requirement", name) for name in settings.requirements] or [
        ("--path", entry) for entry in context.sys_path
    ]
    words = [word for pair in audited for word in pair]
    launcher = ("-I", "-m", "pytest_gates.adapters.audit_environment", *words, "--", *options)
    return Command(
        argv=(context.python, *launcher), expected=settings.requirements or (ENVIRONMENT,)
    )


def read(completed: Completed, settings: PipAuditSettings) -> Scan:
    """Raises ToolError unless pip-audit left a whole report of at least one package."""
    output = _decoded(completed, settings)
    inventory = _inventory(completed, len(output.dependencies))
    if not output.dependencies:
        raise ToolError(
            "pip-audit found no package to audit",
            "check `requirements` in [tool.pytest-gates.pip-audit]",
        )
    skipped = tuple(
        Unread(subject=_subject(one), why=one.skip_reason or "pip-audit gives no result for it")
        for one in output.dependencies
        if one.skip_reason is not None or one.vulns is None
    )
    nameless = tuple(
        Unread(subject=name, why="no version of it is known here") for name in inventory.unaudited
    )
    findings = tuple(
        _finding(one, vulnerability)
        for one in output.dependencies
        for vulnerability in one.vulns or ()
    )
    local = ", ".join(inventory.local)
    return Scan(
        tool="pip-audit",
        version=completed.context.version,
        inputs=len(output.dependencies) - len(skipped),
        findings=findings,
        unread=skipped + nameless,
        seconds=round(completed.seconds, 3),
        notes=(
            f"advisories from {settings.source}",
            *((f"not audited, installed from a local folder: {local}",) if local else ()),
        ),
    )


class _Inventory(msgspec.Struct, frozen=True):
    audited: int | None
    local: list[str]
    unaudited: list[str] = []


def _inventory(completed: Completed, answered: int) -> _Inventory:
    """What our launcher handed over. Raises ToolError when pip-audit answered for less, or more."""
    inventory = None
    for line in completed.stderr.splitlines():
        if line.startswith(INVENTORY_MARK):
            with contextlib.suppress(msgspec.DecodeError, UnicodeError):
                inventory = msgspec.json.decode(line.removeprefix(INVENTORY_MARK), type=_Inventory)
            break
    if inventory is None:
        raise ToolError(
            "pip-audit answered, but was not told what to audit",
            "report this as a bug",
        )
    if inventory.audited not in {None, answered}:
        raise ToolError(
            f"pip-audit was handed {inventory.audited} packages and answered for {answered}",
            "run `pip-audit` by hand in this environment to see which are missing",
        )
    return inventory


def _decoded(completed: Completed, settings: PipAuditSettings) -> _Output:
    # 0: nothing found, also when every package was skipped; 1: findings, and any failure. (2.10.1)
    if completed.exit_code in {0, 1}:
        try:
            return msgspec.json.decode(completed.stdout, type=_Output)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = _last_line(completed.stderr) or "nothing on stderr"
    if "requirement" in said:
        remedy = "pin every requirement exactly (name==version), each package once"
    else:
        remedy = (
            f"check that the source `{settings.source}` can be reached, or run `pip-audit` by hand"
        )
    raise ToolError(
        f"pip-audit left no whole JSON report (exit {completed.exit_code}; {said})", remedy
    )


def _last_line(text: str) -> str:
    """A traceback says what is wrong at its end."""
    lines = [line for line in text.splitlines() if line.strip()]
    return first_line(lines[-1]) if lines else ""


def _finding(dependency: _Dependency, vulnerability: _Vulnerability) -> Finding:
    fixed = ", ".join(vulnerability.fix_versions)
    subject = _subject(dependency)
    about = first_line(vulnerability.description, 160)
    return Finding(
        rule=vulnerability.id,
        message=f"{subject}: {about or 'known vulnerability'}",
        severity=_NOT_SAID,
        subject=subject,
        aliases=tuple(vulnerability.aliases),
        url=f"https://osv.dev/vulnerability/{vulnerability.id}",
        remedy=f"upgrade {dependency.name} to {fixed}"
        if fixed
        else "no fixed version yet: replace or waive it",
        fingerprint=fingerprint_of(vulnerability.id, _canonical(dependency.name), ""),
        detail=first_line(vulnerability.description, 2000) or None,
    )


_NOT_SAID: Severity | None = None
"""pip-audit's JSON never holds a severity, so each finding counts as failing. (2.10.1)"""


def _subject(dependency: _Dependency) -> str:
    return f"{dependency.name} {dependency.version}" if dependency.version else dependency.name


def _canonical(name: str) -> str:
    """PEP 503, keeping the marks of a glob."""
    return re.sub(r"[-_.]+", "-", name).lower()


TOOL = Tool(
    name="pip-audit",
    distribution="pip-audit",
    program=None,
    command=command,
    read=read,
    static=lambda settings: bool(settings.requirements),
    scrub=("PIP_AUDIT_", "PIPAPI_", "VIRTUAL_ENV"),
)
