"""What the built-in search for secrets is asked and how its JSON is read. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.paths import chosen
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.model.text import first_line

_NAMED = 5


class SecretsSettings(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.secrets]`: tokens and keys whose issuers gave them a form of their own."""

    paths: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of the files to scan, relative to the root.",
            extra={"looser": "fewer"},
        ),
    ] = ("**",)
    exclude: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Globs of files not to scan.", extra={"looser": "more"}),
    ] = ()
    max_kilobytes: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            description="A larger text file is not looked at, and the gate inconclusive until it is "
            "excluded or this is raised.",
            extra={"looser": "never"},
        ),
    ] = 10_000


class _Secret(msgspec.Struct, frozen=True):
    rule: str
    path: str
    line: int
    column: int
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]


class _Output(msgspec.Struct, frozen=True):
    scanned: int
    findings: list[_Secret]
    unread: list[tuple[str, str]]
    binary: list[str]
    elsewhere: list[str]


def command(settings: SecretsSettings, context: ToolContext) -> Command:
    """Our own list of files, on standard input: no list is too long for it."""
    files = chosen(context.files, settings.paths, settings.exclude)
    left_out = len(context.files) - len(files)
    launcher = ("-I", "-m", "pytest_gates.adapters.secrets_scan")
    return Command(
        argv=(context.python, *launcher, str(settings.max_kilobytes * 1000)),
        expected=files,
        told="\0".join(files).encode("utf-8", "surrogateescape"),
        notes=(f"{left_out} of {len(context.files)} files left out by paths and exclude",)
        if left_out
        else (),
    )


def read(completed: Completed, settings: SecretsSettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """Raises ToolError unless the search says of every file what became of it."""
    expected = completed.command.expected
    if not expected:
        raise NothingToScan(
            "secrets had no file to scan",
            "check `paths` and `exclude` in [tool.pytest-gates.secrets], or turn the gate off",
        )
    output = _decoded(completed)
    said = output.scanned + len(output.unread) + len(output.binary) + len(output.elsewhere)
    if said != len(expected):
        raise ToolError(
            f"secrets told of {said} files and was given {len(expected)}",
            "run again; files may have come or gone meanwhile",
        )
    return Scan(
        tool="secrets",
        version=completed.context.version,
        inputs=output.scanned,
        findings=tuple(_finding(one) for one in output.findings),
        unread=tuple(Unread(subject=path, why=why) for path, why in output.unread),
        seconds=round(completed.seconds, 3),
        notes=(
            *completed.command.notes,
            *_told("binary file(s) not looked at", output.binary),
            *_told("link(s) and folder(s) of other repositories not followed", output.elsewhere),
        ),
    )


def _told(what: str, names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    more = ", …" if len(names) > _NAMED else ""
    return (f"{len(names)} {what}: {', '.join(names[:_NAMED])}{more}",)


def _decoded(completed: Completed) -> _Output:
    if completed.exit_code == 0:
        try:
            return msgspec.json.decode(completed.stdout, type=_Output)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = first_line(completed.stderr) or "nothing on stderr"
    raise ToolError(
        f"the search for secrets left no whole report (exit {completed.exit_code}; {said})",
        "run again, and report it if it stays",
    )


def _finding(secret: _Secret) -> Finding:
    return Finding(
        rule=secret.rule,
        # The value itself is never told: a report travels further than the file it speaks of.
        message=f"{secret.rule.replace('-', ' ')} in the open (sha256 {secret.digest})",
        severity=Severity.HIGH,
        subject=f"sha256:{secret.digest}",  # another secret in the same place is another finding
        location=Location(path=secret.path, line=secret.line, column=secret.column),
        remedy="revoke it at its issuer, then take it out of the file; it stays in the history of git",
        fingerprint=fingerprint_of(secret.rule, secret.path, secret.digest),
    )


TOOL = Tool(
    name="secrets",
    distribution="pytest-gates",
    program=None,
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    needs_all_files=True,
)
