"""What the judged change does to its own law: policy, exceptions, tools, comments. Effects: git, files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from pytest_gates.adapters.change import PYTHON_SUFFIXES, files_at, find_change
from pytest_gates.adapters.files import GATES_FILE, PYPROJECT
from pytest_gates.changes.configurations import (
    BANDIT,
    COVERAGE,
    PYTEST,
    configuration_changes,
    tools_of,
    whole_file_changed,
)
from pytest_gates.changes.excuses import more_excused
from pytest_gates.changes.loosening import foreign_changes, loosened
from pytest_gates.changes.policy_change import policy_change
from pytest_gates.changes.suppressions import SILENCED_BY_COMMENTS, new_suppressions
from pytest_gates.cli.judging import Law
from pytest_gates.model.change import Change
from pytest_gates.model.direction import directions
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.finding import Effect, Finding, Location
from pytest_gates.model.policy import Policy

_COVERAGE_GATES = frozenset({"coverage", "patch-coverage", "coverage-ratchet"})
_NOTED_NAMES = frozenset(
    {"conftest.py", "tox.ini", "noxfile.py", "Jenkinsfile", ".gitlab-ci.yml", "azure-pipelines.yml",
     "bitbucket-pipelines.yml", "CODEOWNERS"}
)  # fmt: skip
_NOTED_FOLDERS = (".github/", ".circleci/", ".buildkite/", ".gitlab/")


def law_changes(
    root: Path, target: str, parted: Law, own: Law, today: dt.date
) -> tuple[Finding, ...]:
    """Everything that may loosen the law, and notes of what is worth a look.

    `parted` is the law where the change left `target`, `own` the one of the work tree.
    """
    foreign = sorted({*parted.table, *own.table} & _foreign(parted, own))
    return (
        *loosened(parted.policy, own.policy),
        *foreign_changes(parted.table, own.table, foreign),
        *more_excused(parted.policy, own.policy, today),
        *_in_files(root, target, parted.policy, own.policy),
    )


def _foreign(parted: Law, own: Law) -> frozenset[str]:
    on = {gate.name for law in (parted, own) for gate in law.policy.gates}
    return frozenset(on - own.known.gates.keys())


def _in_files(root: Path, target: str, parted: Policy, own: Policy) -> tuple[Finding, ...]:
    change = find_change(root, named=target, environment={}, ignored=(own.report_dir,))
    if isinstance(change, Unavailable):
        message = f"what the change did to files cannot be compared: {change.why}; {change.remedy}"
        return (policy_change("files", message, effect=Effect.UNKNOWN),)
    try:
        found = (*_suppressions(root, change, parted), *_configurations(root, change, parted))
    except OSError as why:
        message = f"what the change did to files cannot be compared: {why}"
        return (policy_change("files", message, effect=Effect.UNKNOWN),)
    law_files = frozenset({GATES_FILE, PYPROJECT, own.exceptions_file, parted.exceptions_file})
    return (
        *found,
        *(_unread(path, why) for path, why in change.unread),
        *(
            policy_change(path, f"{path} is {why} now; what belongs to the law cannot be one")
            for path, why in change.left_out
            if path in law_files or tools_of(path)
        ),
        *_notes(change),
    )


def _suppressions(root: Path, change: Change, policy: Policy) -> Iterator[Finding]:
    """Of every changed Python file, wherever it was at the base. Raises OSError."""
    gates = _silenced(policy)
    files = [one for one in change.files if one.path.endswith(PYTHON_SUFFIXES)] if gates else []
    at_base = files_at(root, change.base, [one.base_path for one in files if one.base_path])
    for file in files:
        base = at_base.get(file.base_path or "", b"")
        now = (root / file.path).read_bytes()
        yield from new_suppressions(file.path, base, now, gates, file.new_lines)


def _configurations(root: Path, change: Change, policy: Policy) -> Iterator[Finding]:
    """Of every file that configures a tool, by its own name: one that was moved there is new there.

    Raises OSError.
    """
    named = tuple(_named_files(policy))
    names = {*(path for _, path in named)}
    paths = {one for file in change.files for one in (file.path, file.base_path) if one}
    wanted = sorted(one for one in {*paths, *change.deleted} if one in names or tools_of(one))
    at_base = files_at(root, change.base, wanted)
    tools = _configured(policy)
    for path in wanted:
        here = root / path
        now = here.read_bytes() if here.is_file() else None
        yield from configuration_changes(path, at_base.get(path), now, tools)
        for gate, name in named:
            if name == path and gate not in tools_of(path) and at_base.get(path) != now:
                yield whole_file_changed(path, gate)


def _silenced(policy: Policy) -> frozenset[str]:
    """Gates of the law from which a comment can hide something."""
    names = {gate.name for gate in policy.gates}
    found = names & SILENCED_BY_COMMENTS
    return frozenset(found | {COVERAGE} if names & _COVERAGE_GATES else found)


def _configured(policy: Policy) -> tuple[str, ...]:
    """Tools whose own configuration decides what the gates of the law see."""
    names = {gate.name for gate in policy.gates}
    tools = {PYTEST, *(names & {"ruff", "mypy"})}
    if "ruff-format" in names:
        tools.add("ruff")
    if names & _COVERAGE_GATES:
        tools.add(COVERAGE)
    # bandit reads no configuration that the policy does not name.
    tools |= {gate for gate, _ in _named_files(policy) if gate == BANDIT}
    return tuple(sorted(tools))


def _named_files(policy: Policy) -> Iterator[tuple[str, str]]:
    """Gate and file, for each setting that names one."""
    for gate in policy.gates:
        for one in directions(type(gate.settings)):
            value = getattr(gate.settings, one.name)
            if one.names_files and isinstance(value, str):
                yield gate.name, value.removeprefix("./")


def _unread(path: str, why: str) -> Finding:
    return policy_change(path, f"{path} cannot be compared: {why}", effect=Effect.UNKNOWN)


def _notes(change: Change) -> Iterator[Finding]:
    """Files that steer the tests or the pipeline: nobody but a reader can tell what they change."""
    for path in sorted({*(file.path for file in change.files), *change.deleted}):
        if path.rpartition("/")[2] in _NOTED_NAMES or path.startswith(_NOTED_FOLDERS):
            yield policy_change(
                path,
                f"{path} steers the tests or the pipeline, and changed: have it reviewed",
                effect=Effect.NOTE,
                location=Location(path=path),
            )
