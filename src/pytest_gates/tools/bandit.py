"""What bandit is asked and how its JSON is read. Pure."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.paths import chosen
from pytest_gates.model.settings import SeveritySettings
from pytest_gates.model.text import first_line, well_formed

_TESTS = ("tests/**", "**/tests/**", "test/**", "**/test_*.py", "**/*_test.py", "**/conftest.py")
# Without -x bandit leaves out every path that merely contains ".git", "CVS", ".tox" …, silently.
# A value that occurs in no path takes the place of that default. (bandit 1.9.4)
_EXCLUDES_NOTHING = "\x01"


# bandit knows no others: a floor above its highest would be a gate that cannot fail. (1.9.4)
_LEVELS = ("low", "medium", "high")


class BanditSettings(SeveritySettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.bandit]`"""

    fail_on: Annotated[
        Severity,
        msgspec.Meta(
            description="Lowest severity that fails.",
            extra={"looser": "higher", "judged_later": True, "choices": _LEVELS},
        ),
    ] = Severity.MEDIUM
    confidence: Annotated[
        Severity,
        msgspec.Meta(
            description="Findings of which bandit is less sure than this do not fail.",
            extra={"looser": "higher", "judged_later": True, "choices": _LEVELS},
        ),
    ] = Severity.MEDIUM
    paths: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of the files to scan, relative to the root.",
            extra={"looser": "fewer"},
        ),
    ] = ("**",)
    exclude: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of files not to scan; tests by default.", extra={"looser": "more"}
        ),
    ] = _TESTS
    skips: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Ids of bandit tests that are not run, such as B101.",
            extra={"looser": "more"},
        ),
    ] = ()
    config: Annotated[
        str | None,
        msgspec.Meta(
            description="A bandit configuration file to use, such as pyproject.toml; none is "
            "picked up unless it is named here.",
            extra={"looser": "other", "names_files": True},
        ),
    ] = None

    @property
    def config_files(self) -> tuple[str, ...]:
        return (self.config,) if self.config else ()


class _Issue(msgspec.Struct, frozen=True):
    test_id: str
    issue_text: str
    issue_severity: str
    issue_confidence: str
    filename: str
    line_number: int
    line_range: list[int]
    code: str = ""
    col_offset: int = -1
    more_info: str | None = None


class _Error(msgspec.Struct, frozen=True):
    filename: str
    reason: str


class _Output(msgspec.Struct, frozen=True):
    errors: list[_Error]
    metrics: dict[str, Any]
    results: list[_Issue]


def command(settings: BanditSettings, context: ToolContext) -> Command:
    """bandit over our own list of files: with -r it would obey any `.bandit` file it walks past."""
    files = chosen(context.python_files, settings.paths, settings.exclude)
    options = ["-f", "json", "-q", "-x", _EXCLUDES_NOTHING]
    if settings.skips:
        options += ["-s", ",".join(settings.skips)]
    if settings.config:
        options += ["-c", settings.config]
    left_out = len(context.python_files) - len(files)
    return Command(
        argv=(context.python, "-I", "-m", "bandit", *options, "--", *(f"./{one}" for one in files)),
        expected=files,
        notes=(
            f"{left_out} of {len(context.python_files)} Python files left out by paths and exclude",
        )
        if left_out
        else (),
    )


def read(completed: Completed, settings: BanditSettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """A Scan of exactly the expected files. Raises ToolError unless bandit left a whole report."""
    expected = completed.command.expected
    if not expected:
        raise NothingToScan(
            "bandit had no file to scan",
            "check `paths` and `exclude` in [tool.pytest-gates.bandit], or turn the gate off",
        )
    output = _decoded(completed)
    errors = {_plain(one.filename): one.reason for one in output.errors}
    scanned = {_plain(name) for name in output.metrics if name != "_totals"}
    unread = [
        Unread(
            subject=well_formed(path),
            why=errors.get(path, "bandit does not say that it scanned it"),
        )
        for path in expected
        if path in errors or path not in scanned
    ]
    return Scan(
        tool="bandit",
        version=completed.context.version,
        inputs=len(expected) - len(unread),
        findings=tuple(_finding(issue) for issue in output.results),
        unread=tuple(unread),
        seconds=round(completed.seconds, 3),
        notes=(*completed.command.notes, *_suppressed(output)),
    )


def _suppressed(output: _Output) -> tuple[str, ...]:
    """What `# nosec` hid from the findings is not gone: it is counted."""
    totals = output.metrics.get("_totals")
    counts = totals if isinstance(totals, dict) else {}
    numbers = [counts.get(key) for key in ("nosec", "skipped_tests")]
    hidden = sum(number for number in numbers if isinstance(number, int))
    return (f"{hidden} finding(s) hidden by `# nosec` comments",) if hidden else ()


def _decoded(completed: Completed) -> _Output:
    # 0: no finding (also when files could not be parsed), 1: findings; 2: wrong usage. (bandit 1.9.4)
    if completed.exit_code in {0, 1}:
        try:
            return msgspec.json.decode(completed.stdout, type=_Output)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = first_line(completed.stderr) or "nothing on stderr"
    raise ToolError(
        f"bandit left no whole JSON report (exit {completed.exit_code}; {said})",
        "run `python -m bandit -f json FILE` by hand to see what is wrong",
    )


def _finding(issue: _Issue) -> Finding:
    path = _plain(issue.filename)
    lines = issue.line_range or [issue.line_number]
    return Finding(
        rule=issue.test_id,
        message=issue.issue_text,
        severity=_severity(issue.issue_severity),
        confidence=_severity(issue.issue_confidence),
        location=Location(
            path=path,
            line=issue.line_number,
            end_line=max(lines) if max(lines) != issue.line_number else None,
            column=issue.col_offset + 1 if issue.col_offset >= 0 else None,
        ),
        url=issue.more_info,
        remedy=f'fix it, or waive it for a time: gate = "bandit", subject = "{path}:{issue.test_id}"',
        fingerprint=fingerprint_of(issue.test_id, path, _flagged_line(issue)),
    )


def _flagged_line(issue: _Issue) -> str:
    """The text of the flagged line in bandit's snippet, whose lines begin with their number."""
    for line in issue.code.splitlines():
        number, _, text = line.partition(" ")
        if number == str(issue.line_number):
            return text
    return ""


def _severity(word: str) -> Severity | None:
    try:
        return Severity(word.lower())
    except ValueError:  # UNDEFINED: not known to be mild
        return None


def _plain(name: str) -> str:
    """bandit prefixes relative names with `./`, sometimes twice."""
    while name.startswith("./"):
        name = name[2:]
    return name


TOOL = Tool(
    name="bandit",
    distribution="bandit",
    program=None,
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    needs_files=True,
)
