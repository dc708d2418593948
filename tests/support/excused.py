"""A project with a last report that a test wrote down, and `gates …` in it, in this process."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from pytest_gates.adapters.history import HISTORY_FILE, open_history
from pytest_gates.cli.app import app
from pytest_gates.config.exceptions import Exceptions, parse_exceptions
from pytest_gates.model.case import Attempt, CaseRecord, Diagnosis, Failure, FlakeClass, Outcome
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse
from pytest_gates.model.history import BranchKind, EventfulTest, RunKey, RunToRemember
from pytest_gates.model.report import Report
from pytest_gates.reporters import json
from support.evidence import NODEID, a_report, an_evidence

TODAY = dt.datetime.now(dt.UTC).date()
DAY = dt.timedelta(days=1)
POLICY = "[tool.pytest-gates.tests]\n[tool.pytest-gates.flaky]\n[tool.pytest-gates.bandit]\n"
FILE = "gates-exceptions.toml"


class Excused:
    """Files below `root`: a policy, and what `report` and `exceptions` write."""

    def __init__(self, root: Path, policy: str = POLICY) -> None:
        self.root = root
        (root / "pyproject.toml").write_text(policy, encoding="utf-8")

    def report(self, report: Report) -> Excused:
        folder = self.root / "gates-report"
        folder.mkdir(exist_ok=True)
        (folder / "report.json").write_bytes(json.render(report))
        return self

    def saw(self, *cases: CaseRecord, **run: Any) -> Excused:
        """The last report is of these tests."""
        return self.report(a_report(evidence=an_evidence(tests=cases, **run)))

    def exceptions(self, text: str) -> Excused:
        (self.root / FILE).write_bytes(text.encode("utf-8"))
        return self

    def remembers(self, *runs: RunToRemember, folder: str = ".pytest_cache/d/gates") -> Excused:
        """The history in pytest's cache folder holds these runs."""
        store = open_history(f"sqlite:{self.root / folder / HISTORY_FILE}", self.root)
        for run in runs:
            store.remember(run)
        store.close()
        return self

    def gates(self, *words: str, env: dict[str, str] | None = None) -> Result:
        """`gates WORDS --root ROOT`; both streams are its output."""
        assert isinstance(app, click.Group)
        return CliRunner().invoke(app, [*words, "--root", str(self.root)], env=env)

    @property
    def text(self) -> str:
        """The exceptions file, empty where there is none."""
        path = self.root / FILE
        return path.read_bytes().decode("utf-8") if path.exists() else ""

    def parsed(self) -> Exceptions:
        return parse_exceptions(self.text, FILE)


def a_failure(signature: str | None = "12ab", outcome: Outcome = Outcome.FAILED) -> Attempt:
    failure = (
        Failure(signature=signature, kind="AssertionError", phase="call") if signature else None
    )
    return Attempt(outcome=outcome, failure=failure)


def a_failed(
    nodeid: str = NODEID,
    kind: FlakeClass | None = FlakeClass.FLAKY,
    *,
    attempts: tuple[Attempt, ...] = (),
    **changes: Any,
) -> CaseRecord:
    """Failed in the run; told apart as `kind`, or not tried again."""
    told = {name: changes.pop(name) for name in ("because", "role") if name in changes}
    diagnosis = (
        Diagnosis(kind=kind, why="passed 2 of 3 attempts alone", **told)
        if kind is not None
        else None
    )
    return CaseRecord(
        nodeid=nodeid, attempts=attempts or (a_failure(),), diagnosis=diagnosis, **changes
    )


def an_entry(test: str = NODEID, days: int = 10, **changes: Any) -> Quarantine:
    """Of @ana, for ten more days."""
    values = {"test": test, "reason": "races", "owner": "@ana", "expires": TODAY + days * DAY}
    return Quarantine(**{**values, **changes})


def a_use(entry: Quarantine, state: QuarantineState, **changes: Any) -> QuarantineUse:
    return QuarantineUse(entry=entry, state=state, **changes)


def runs_on_base(
    root: Path,
    *outcomes: Outcome,
    nodeid: str = NODEID,
    variant: str = "cpython-3.11-linux",
) -> list[RunToRemember]:
    """One run of the folder's own repository for each outcome of the test, oldest first."""
    now = dt.datetime.now(dt.UTC)
    found = []
    for number, outcome in enumerate(outcomes):
        key = RunKey(
            id=f"run-{number}",
            repository=root.name,
            variant=variant,
            branch="main",
            branch_kind=BranchKind.BASE,
            commit=None,
            content=None,
            started=now - dt.timedelta(hours=len(outcomes) - number),
        )
        attempt = a_failure(outcome=outcome)
        failed = outcome is not Outcome.PASSED
        found.append(
            RunToRemember(
                key=key,
                clean={} if failed else {nodeid: 0.1},
                eventful=(EventfulTest(nodeid=nodeid, attempts=(attempt,)),) if failed else (),
            )
        )
    return found
