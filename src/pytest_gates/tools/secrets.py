"""What the search for secrets is asked and how its JSON is read. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unavailable, Unread
from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.paths import chosen
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.model.text import first_line, well_formed

_NAMED = 5
_CHANGED = "changed files"
_REVOKE = "revoke it at its issuer, then take it out of the file; it stays in the history of git"


class SecretsSettings(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.secrets]`: tokens and keys whose issuers gave them a form of their own.

    What else looks like a password is for detect-secrets to guess, in the files that a change touches.
    """

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
    detect_secrets: Annotated[
        bool,
        msgspec.Meta(
            description="detect-secrets looks at the changed files too, for passwords and keys of no known "
            "form; install `pytest-gates[detect-secrets]`.",
            extra={"looser": "lower"},
        ),
    ] = False

    @property
    def needs_change(self) -> bool:
        return self.only_new or self.detect_secrets

    @property
    def takes_long(self) -> bool:
        return self.detect_secrets

    @property
    def scans_changed(self) -> bool:
        return self.detect_secrets

    @property
    def unread_remedy(self) -> str:
        return "see to that, leave the file out by `exclude`, or waive it"


class _Secret(msgspec.Struct, frozen=True):
    rule: str
    path: str
    line: int
    column: int
    digest: Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{12}|[0-9a-f]{4})$")]
    also: tuple[str, ...] = ()
    comment: str | None = None


class _Guesses(msgspec.Struct, frozen=True):
    version: str
    trouble: str
    scanned: int
    left_out: list[str]
    unread: list[tuple[str, str]]
    no_text: int = 0

    @property
    def told(self) -> int:
        return self.scanned + len(self.left_out) + len(self.unread) + self.no_text


class _Output(msgspec.Struct, frozen=True):
    scanned: int
    findings: list[_Secret]
    unread: list[tuple[str, str]]
    binary: list[str]
    elsewhere: list[str]
    guesses: _Guesses | None = None


def command(settings: SecretsSettings, context: ToolContext) -> Command:
    """Our own list of files, on standard input: no list is too long for it. Behind it the changed ones."""
    files = chosen(context.files, settings.paths, settings.exclude)
    left_out = len(context.files) - len(files)
    launcher = ("-I", "-m", "pytest_gates.adapters.secrets_scan")
    changed = _changed(files, settings, context)
    told = "\0".join(files) + ("\0\0" + "\0".join(changed) if changed else "")
    return Command(
        argv=(context.python, *launcher, str(settings.max_kilobytes * 1000)),
        expected=files,
        told=told.encode("utf-8", "surrogateescape"),
        notes=(f"{left_out} of {len(context.files)} files left out by paths and exclude",)
        if left_out
        else (),
    )


def _changed(
    files: tuple[str, ...], settings: SecretsSettings, context: ToolContext
) -> tuple[str, ...]:
    """Those at which detect-secrets is to look."""
    if not settings.detect_secrets or not isinstance(context.changed, tuple):
        return ()
    # git's names are told as text that can be written down.
    wanted = frozenset(well_formed(one) for one in context.changed)
    return tuple(one for one in files if well_formed(one) in wanted)


def read(completed: Completed, settings: SecretsSettings) -> Scan:
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
    guesses = output.guesses or _Guesses("", "", 0, [], [])
    return Scan(
        tool="secrets",
        version=completed.context.version,
        inputs=output.scanned,
        findings=tuple(_finding(one) for one in output.findings),
        unread=tuple(
            Unread(subject=path, why=why) for path, why in (*output.unread, *guesses.unread)
        )
        + _not_guessed(completed, settings, guesses),
        seconds=round(completed.seconds, 3),
        notes=(
            *completed.command.notes,
            *_told("binary file(s) not looked at", output.binary),
            *_told("link(s) and folder(s) of other repositories not followed", output.elsewhere),
            *_told("file(s) of a kind that detect-secrets leaves out", guesses.left_out),
            *(
                (f"detect-secrets {guesses.version} looked at {guesses.scanned} changed file(s)",)
                if guesses.version and not guesses.trouble
                else ()
            ),
        ),
    )


def _not_guessed(
    completed: Completed, settings: SecretsSettings, guesses: _Guesses
) -> tuple[Unread, ...]:
    """Where detect-secrets was wanted and could not look: what it would have said is not known."""
    changed = completed.context.changed
    if not settings.detect_secrets:
        return ()
    if not isinstance(changed, tuple):
        known = changed or Unavailable(why="nobody asked for the change", remedy="report this")
        return (Unread(subject=_CHANGED, why=f"{known.why}; {known.remedy}"),)
    if guesses.trouble:
        return (Unread(subject=_CHANGED, why=f"detect-secrets: {guesses.trouble}"),)
    asked = len(_changed(completed.command.expected, settings, completed.context))
    if asked != guesses.told:
        why = f"detect-secrets told of {guesses.told} of {asked}; run again"
        return (Unread(subject=_CHANGED, why=why),)
    return ()


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
    kind = secret.rule.rpartition("/")[2].replace("-", " ")
    guessed = "/" in secret.rule
    return Finding(
        rule=secret.rule,
        # The value itself is never told: a report travels further than the file it speaks of.
        message=f"{'what may be a ' if guessed else ''}{kind} in the open (sha256 {secret.digest})",
        severity=Severity.MEDIUM if guessed else Severity.HIGH,
        subject=f"sha256:{secret.digest}",  # another secret in the same place is another finding
        location=Location(path=secret.path, line=secret.line, column=secret.column),
        aliases=secret.also,
        remedy=_remedy(secret),
        fingerprint=fingerprint_of(secret.rule, secret.path, secret.digest),
        suppressed=secret.comment or None,
    )


def _remedy(secret: _Secret) -> str | None:
    if "/" not in secret.rule:
        return _REVOKE
    if secret.comment:
        return None
    if secret.comment is None:
        return "take it out of the file, or say beside it: # pragma: allowlist secret: <why it is none>"
    return "the comment gives no reason: # pragma: allowlist secret: <why it is none>"


TOOL = Tool(
    name="secrets",
    distribution="pytest-gates",
    program=None,
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    quick=True,
    needs_all_files=True,
)
