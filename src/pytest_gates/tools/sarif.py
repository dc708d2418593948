"""Reports of other scanners: which files to read, and which of them can be trusted. Pure.

A report that is old, cut off or of a scanner that stumbled tells of fewer flaws than there are. What is
wrong with one is said, and the gate is inconclusive; the others are judged all the same.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.sarif_files import Asked, Found
from pytest_gates.model.settings import Duration, ScanSettings
from pytest_gates.model.text import first_line, printable

_MEGABYTE = 1_000_000


class SarifFile(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One entry of `files`."""

    shorthand: ClassVar[str] = "path"

    path: Annotated[
        str,
        msgspec.Meta(
            description="The report, relative to the root. It must not be part of the commit.",
            extra={"looser": "other"},
        ),
    ]
    fail_on: Annotated[
        Severity | None,
        msgspec.Meta(
            description="Lowest severity that fails, for this scanner; else that of the gate.",
            extra={"looser": "higher", "unset": "other"},
        ),
    ] = None


class SarifSettings(ScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.sarif]`: what other scanners have found in the same job."""

    files: Annotated[
        dict[str, SarifFile],
        msgspec.Meta(
            description="The reports, SARIF 2.1.0, by the name of their scanner.",
            extra={"looser": "fewer"},
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it
    fail_on: Annotated[
        Severity,
        msgspec.Meta(
            description="Lowest severity that fails; a finding without one always does.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = Severity.LOW
    max_age: Annotated[
        Duration,
        msgspec.Meta(
            description="How long before the run a scanner may have ended.",
            extra={"looser": "higher"},
        ),
    ] = 3600
    suppressions: Annotated[
        Literal["ignore", "reasoned", "accept"],
        msgspec.Meta(
            description="Which findings do not fail because the scanner says they are suppressed: none, "
            "those with a reason, or all.",
            extra={"looser": ("ignore", "reasoned", "accept")},
        ),
    ] = "reasoned"
    max_megabytes: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            description="A larger report is not read, and the gate inconclusive until this is raised.",
            extra={"looser": "never"},
        ),
    ] = 20

    @property
    def complaint(self) -> str | None:
        if self.files:
            return None
        return 'no file is named; write for example files = { semgrep = "semgrep.sarif" }'

    @property
    def floor(self) -> Severity | None:
        return self.fail_on

    @property
    def unread_remedy(self) -> str:
        return "run the scanner in this job before pytest, and let it end without errors"

    def fails(self, finding: Finding) -> bool:
        floors = (
            one.fail_on
            for name, one in sorted(self.files.items(), key=lambda pair: -len(pair[0]))
            if finding.rule.startswith(f"{name}/")
        )
        floor = next(floors, None) or self.fail_on
        return finding.severity is None or finding.severity.at_least(floor)


def command(settings: SarifSettings, context: ToolContext) -> Command:
    """A program of ours reads the files: what they say is data, whatever it looks like."""
    asked = Asked(
        files={name: one.path for name, one in settings.files.items()},
        most=settings.max_megabytes * _MEGABYTE,
    )
    return Command(
        argv=(context.python, "-I", "-m", "pytest_gates.adapters.sarif_files"),
        expected=tuple(settings.files),
        told=msgspec.json.encode(asked),
    )


def read(completed: Completed, settings: SarifSettings) -> Scan:
    """Raises ToolError unless each file was looked for."""
    found = _decoded(completed)
    if not settings.files:
        raise NothingToScan("no SARIF file is named", "name one in [tool.pytest-gates.sarif.files]")
    # Imported here: it costs every start 7 ms, for those who have such reports.
    from pytest_gates.tools.sarif_reading import reading  # noqa: PLC0415

    findings: list[Finding] = []
    unread: list[Unread] = []
    notes: list[str] = []
    for name, entry in settings.files.items():
        try:
            said = reading(name, found, settings.max_age, settings.suppressions)
        except ToolError as why:
            subject = printable(f"{name} ({entry.path})")
            unread.append(Unread(subject=subject, why=printable(why.why)))
            continue
        findings += said.findings
        notes.append(printable(f"{name}: {said.summary}"))
    return Scan(
        tool="sarif",
        version=completed.context.version,
        inputs=len(settings.files) - len(unread),
        findings=tuple(findings),
        unread=tuple(unread),
        seconds=round(completed.seconds, 3),
        notes=tuple(notes),
    )


def _decoded(completed: Completed) -> Found:
    if completed.exit_code == 0:
        try:
            found = msgspec.json.decode(completed.stdout, type=Found)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if found is not None and found.files.keys() == set(completed.command.expected):
            return found
    lines = [one for one in completed.stderr.splitlines() if one.strip()]
    said = first_line(lines[-1]) if lines else "nothing on stderr"
    raise ToolError(
        f"the SARIF files could not be read (exit {completed.exit_code}; {said})",
        "run again, and report it if it stays",
    )


TOOL = Tool(
    name="sarif",
    distribution="pytest-gates",
    program=None,
    command=command,
    read=read,
)
