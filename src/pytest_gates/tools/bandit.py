"""What bandit is asked and how its answer is read. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import msgspec

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.bandit import Answer, Catalogue, Facts, FileAsked, Issue, Question
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, Location, Severity
from pytest_gates.model.paths import chosen, matches
from pytest_gates.model.settings import SeveritySettings
from pytest_gates.model.text import first_line, printable, well_formed
from pytest_gates.tools.nosec import Law, silenced

_TESTS = ("tests/**", "**/tests/**", "test/**", "**/test_*.py", "**/*_test.py", "**/conftest.py")
# What every test does.
_USUAL_IN_TESTS = ("B101",)
# bandit knows no others: a floor above its highest would be a gate that cannot fail. (1.9.4)
_LEVELS = ("low", "medium", "high")
_NAMED = 5


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
        msgspec.Meta(description="Globs of files not to scan.", extra={"looser": "more"}),
    ] = ()
    test_files: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of test files, in which B101 (`assert`) is only counted.",
            extra={"looser": "more"},
        ),
    ] = _TESTS
    per_file_ignores: Annotated[
        dict[str, tuple[str, ...]],
        msgspec.Meta(
            description="Globs, each with the ids of tests whose findings are only counted there.",
            extra={"looser": "more"},
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it
    skips: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Ids of bandit tests that are not run, such as B101.",
            extra={"looser": "more"},
        ),
    ] = ()
    nosec: Annotated[
        Law,
        msgspec.Meta(
            description="What a `# nosec` needs to hide a finding: `reason`: the id of the test and a "
            "reason. `id`: the id. `any`: nothing, and without an id it hides everything.",
            extra={"looser": ("reason", "id", "any")},
        ),
    ] = "reason"
    config: Annotated[
        str | None,
        msgspec.Meta(
            description="A bandit configuration file to use, such as pyproject.toml; none is "
            "picked up unless it is named here.",
            extra={"looser": "other", "names_files": True},
        ),
    ] = None
    max_kilobytes: Annotated[
        int,
        msgspec.Meta(
            description="A larger file is not scanned, and the gate inconclusive until it is excluded "
            "or this is raised.",
            extra={"looser": "never", "quantity": "count"},
        ),
    ] = 5_000
    processes: Annotated[
        int,
        msgspec.Meta(
            description="How many processes scan at most; 0 for as many as there are processors, up "
            "to eight.",
            extra={"looser": "never", "quantity": "count"},
        ),
    ] = 0

    @property
    def config_files(self) -> tuple[str, ...]:
        return (self.config,) if self.config else ()

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """Tests, as they are named in the policy, whose findings in this file are only counted."""
        is_test = any(matches(glob, path) for glob in self.test_files)
        ids = dict.fromkeys(_USUAL_IN_TESTS if is_test else ())
        for glob, tests in self.per_file_ignores.items():
            ids |= dict.fromkeys(tests if matches(glob, path) else ())
        return tuple(ids)


def command(settings: BanditSettings, context: ToolContext) -> Command:
    """Our own program over our own list of files: bandit's would obey any `.bandit` it walks past."""
    files = chosen(context.python_files, settings.paths, settings.exclude)
    question = Question(
        files=tuple(
            FileAsked(one.encode("utf-8", "surrogateescape"), settings.ignored_in(one))
            for one in files
        ),
        version=context.version,
        skips=settings.skips,
        config=settings.config,
        # One cache for the work tree and its base: what they have in common is scanned once.
        cache=context.cache_folder.removesuffix("-base")
        if context.at_base
        else context.cache_folder,
        processes=settings.processes,
        most_bytes=settings.max_kilobytes * 1000,
    )
    left_out = len(context.python_files) - len(files)
    return Command(
        argv=(context.python, "-I", "-m", "pytest_gates.adapters.bandit_scan"),
        expected=files,
        told=msgspec.json.encode(question),
        notes=(
            f"{left_out} of {len(context.python_files)} Python files left out by paths and exclude",
        )
        if left_out
        else (),
    )


def read(completed: Completed, settings: BanditSettings) -> Scan:
    """A Scan of exactly the expected files. Raises ToolError unless there is an answer for each."""
    expected = completed.command.expected
    if not expected:
        raise NothingToScan(
            "bandit had no file to scan",
            "check `paths` and `exclude` in [tool.pytest-gates.bandit], or turn the gate off",
        )
    answer = _decoded(completed)
    if answer.refused is not None:
        raise ToolError(
            f"bandit scanned nothing: {answer.refused}",
            "check [tool.pytest-gates.bandit], what its `config` names, and the plugins of bandit",
        )
    if len(answer.files) != len(expected):
        raise ToolError(
            f"bandit told of {len(answer.files)} files and was given {len(expected)}",
            "run again, and report it if it stays",
        )
    findings: list[Finding] = []
    unread: list[Unread] = []
    for path, found in zip(map(well_formed, expected), answer.files, strict=True):
        findings += _findings(path, found.facts, answer.catalogue, settings.nosec)
        if found.unread is not None:
            unread.append(Unread(subject=path, why=printable(found.unread)))
    return Scan(
        tool="bandit",
        version=completed.context.version,
        inputs=len(expected) - len(unread),
        findings=tuple(findings),
        unread=tuple(unread),
        seconds=round(completed.seconds, 3),
        notes=(*completed.command.notes, *_notes(expected, answer, settings)),
    )


def _decoded(completed: Completed) -> Answer:
    if completed.exit_code == 0:
        try:
            return msgspec.json.decode(completed.stdout, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    said = first_line(completed.stderr[-2000:]) or "nothing on stderr"
    raise ToolError(
        f"bandit left no whole report (exit {completed.exit_code}; {said})",
        "run `python -m bandit FILE` by hand to see what is wrong",
    )


def _findings(path: str, facts: Facts, catalogue: Catalogue, law: Law) -> list[Finding]:
    hidden = silenced(path, facts, catalogue, law)
    found = [
        _finding(path, issue, hidden.reasons.get(number))
        for number, issue in enumerate(facts.issues)
    ]
    return [*found, *hidden.findings]


def _finding(path: str, issue: Issue, suppressed: str | None) -> Finding:
    return Finding(
        rule=issue.test,
        message=issue.text,
        severity=_severity(issue.severity),
        confidence=_severity(issue.confidence),
        location=Location(
            path=path,
            line=issue.line,
            end_line=issue.last if issue.last != issue.line else None,
            column=issue.column + 1 if issue.column >= 0 else None,
        ),
        url=issue.url or None,
        remedy=f'fix it, or waive it for a time: gate = "bandit", subject = "{path}:{issue.test}"',
        fingerprint=issue.fingerprint,
        suppressed=suppressed,
    )


def _severity(word: str) -> Severity | None:
    try:
        return Severity(word.lower())
    except ValueError:  # UNDEFINED: not known to be mild
        return None


def _notes(expected: tuple[str, ...], answer: Answer, settings: BanditSettings) -> Iterator[str]:
    yield from (printable(one) for one in answer.catalogue.notes)
    named = {*settings.skips, *(one for ids in settings.per_file_ignores.values() for one in ids)}
    unknown = sorted(one for one in named if answer.catalogue.id_of(one) is None)
    if unknown:
        yield printable(f"the policy names what is no test of this bandit: {', '.join(unknown)}")
    ignored = sum((Counter(found.ignored) for found in answer.files), Counter[str]())
    if ignored:
        each = ", ".join(f"{test} {count}" for test, count in sorted(ignored.items()))
        yield printable(
            f"{ignored.total()} finding(s) left out by test-files and per-file-ignores: {each}"
        )
    half_read = [
        well_formed(path)
        for path, found in zip(expected, answer.files, strict=True)
        if not found.facts.complete
    ]
    if half_read:
        yield printable(
            f"comments of {len(half_read)} file(s) could not be read to the end, so a `# nosec` there may "
            f"hide nothing: {', '.join(half_read[:_NAMED])}"
        )
    if answer.from_cache > 0:
        yield f"{answer.from_cache} of {len(expected)} files known from an earlier scan"


TOOL = Tool(
    name="bandit",
    distribution="bandit",
    program=None,
    command=command,
    read=read,
    static=lambda settings: True,  # noqa: ARG005
    needs_files=True,
)
