"""What mypy is asked and how its JSON, one object a line, is read. Pure."""

from __future__ import annotations

import shlex
from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.settings import CodeScanSettings
from pytest_gates.model.text import first_line, printable

_NO_CACHE = "/dev/null"
_NO_CODE = "mypy"
# Also what it says of a cache that something else has written into. (2.4.1)
_BROKE_OFF = "INTERNAL ERROR"


class MypySettings(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.mypy]`; what is checked how strictly stands in the project's own mypy settings."""

    paths: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Files and folders to check, relative to the root; none: the `files` of mypy's "
            "own settings.",
            extra={"looser": "fewer", "unset": "other"},
        ),
    ] = ()

    @property
    def config_files(self) -> tuple[str, ...]:
        return ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")

    def fails(self, finding: Finding) -> bool:
        """mypy's notes explain, they do not object."""
        return finding.severity is not Severity.INFO


class _Line(msgspec.Struct, frozen=True):
    file: str
    line: int
    column: int
    message: str
    severity: str
    code: str | None = None
    hint: str | None = None
    end_line: int | None = None


def command(settings: MypySettings, context: ToolContext) -> Command:
    """The settings of a project may ask for what hides or moves the answer: each is set back here.

    --no-install-types: a judge must not install anything. Its cache is its own, and two runs may share it;
    its daemon would outlive the run, and answer for files and an environment as they were.
    """
    paths = settings.paths
    if context.at_base and paths:
        paths = tuple(one for one in paths if _files_in((one,), context))
        if not paths:
            raise NothingToScan("mypy has nothing to check", "name other `paths`")
    # The installed package is that of the work tree, and would be checked against instead.
    own = ":".join(f"{context.root}/{one}" for one in context.own_path)
    return Command(
        argv=(
            context.python,
            "-I",
            "-m",
            "mypy",
            "--output=json",
            "--no-pretty",
            "--show-error-codes",
            "--hide-absolute-path",
            "--no-color-output",
            "--no-install-types",
            f"--cache-dir={context.cache_folder or _NO_CACHE}",
            "--",
            *paths,
        ),
        expected=_files_in(paths, context),
        env={"MYPYPATH": own} if own else {},
    )


def read(completed: Completed, settings: MypySettings) -> Scan:  # noqa: ARG001 - one shape for all tools
    """Raises ToolError unless mypy went to its end, and its exit status says the same as its lines."""
    lines = _decoded(completed)
    root = completed.context.root
    return Scan(
        tool="mypy",
        version=completed.context.version,
        inputs=len(completed.command.expected),
        findings=tuple(_finding(one, root) for one in lines),
        seconds=round(completed.seconds, 3),
    )


def _files_in(paths: tuple[str, ...], context: ToolContext) -> tuple[str, ...]:
    """Python files that the paths name; all of the project where they name none."""
    plain = [one.removeprefix("./").rstrip("/") for one in paths]
    if not plain or "." in plain:
        return context.python_files
    folders = tuple(f"{one}/" for one in plain)
    known = dict.fromkeys((*context.python_files, *context.files))
    return tuple(one for one in known if one in plain or one.startswith(folders))


def _decoded(completed: Completed) -> list[_Line]:
    # 0: no error, 1: errors; 2: an error that prevents the check of all files, or wrong usage. (mypy 2.4.1)
    lines: list[_Line] | None
    try:
        rows = [row for row in completed.stdout.splitlines() if row.strip()]
        lines = [msgspec.json.decode(row, type=_Line) for row in rows]
    except (msgspec.DecodeError, UnicodeDecodeError):
        lines = None
    if lines is not None and completed.exit_code in {0, 1}:
        # A mere note makes mypy exit with 1 where it answers in JSON. (2.4.1)
        told = bool(lines) if completed.exit_code else not _errors(lines)
        if told:
            return lines
    if "Missing target module" in completed.stderr:
        raise ToolError(
            "mypy was not told what to check",
            "name `paths` in [tool.pytest-gates.mypy], or `files` in mypy's own settings",
        )
    if lines and completed.exit_code == 2:  # noqa: PLR2004 - mypy's own number
        first = lines[0]
        raise ToolError(
            f"mypy checked nothing: {printable(f'{first.file}:{first.line}: {first.message}')}",
            "fix that first: it prevents the check of all files",
        )
    if _BROKE_OFF in completed.stderr and completed.context.cache_folder:
        raise ToolError(
            "mypy broke off with an internal error; its cache may be damaged",
            f"remove the cache and run again: rm -r {shlex.quote(completed.context.cache_folder)}",
        )
    said = first_line(completed.stderr.rpartition("\nmypy: ")[2]) or "nothing on stderr"
    raise ToolError(
        f"mypy left no whole report (exit {completed.exit_code}; {said})",
        "run `python -m mypy --output=json` by hand to see what is wrong",
    )


def _errors(lines: list[_Line]) -> bool:
    return any(one.severity == "error" for one in lines)


def _finding(line: _Line, root: str) -> Finding:
    posix = line.file.replace("\\", "/")
    path = posix.removeprefix(root.replace("\\", "/").rstrip("/") + "/")
    rule = line.code or _NO_CODE
    known_line = line.line if line.line > 0 else None
    return Finding(
        rule=rule,
        message=line.message,
        severity=Severity.INFO if line.severity == "note" else None,
        location=Location(
            path=path,
            line=known_line,
            end_line=line.end_line if known_line and line.end_line != line.line else None,
            column=line.column + 1 if known_line and line.column >= 0 else None,
        ),
        detail=line.hint,
        remedy=f"run `mypy {path}`",
        fingerprint=fingerprint_of(rule, path, line.message),
    )


TOOL = Tool(
    name="mypy",
    distribution="mypy",
    program=None,
    command=command,
    read=read,
    scrub=("MYPY",),
    needs_files=True,
)
