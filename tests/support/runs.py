"""What a run of a small project left behind: standings by test name, lines on the screen, exit status."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from pytest_gates.model.case import Standing
from pytest_gates.model.verdict import GateResult
from support.projects import Project

_VARYING = re.compile(r"in \d+\.\d+s|\bgw\d+\b")


def lean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast inner run that nobody measures.

    The plugin of hypothesis, where it is installed, costs an inner run a second of CPU. And a run that is
    measured from outside attaches to that measurement, so the numbers of a test would not be its own.
    """
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:asyncio")
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def standings(project: Project) -> dict[str, Standing]:
    """Where each test stands, by the last part of its node id, in the order of the report."""
    return {
        case.nodeid.rpartition("::")[2]: case.standing for case in project.report().evidence.cases
    }


def rules(result: GateResult) -> list[str]:
    """Rules of all findings, in their order, repeated as they are."""
    return [finding.rule for finding in result.findings]


def plain(project: Project, *args: str) -> pytest.RunResult:
    """The same pytest run without `-p gates`."""
    return project.pytester.runpytest_subprocess(*args)


def header(done: pytest.RunResult) -> str:
    """Our line among pytest's header lines, empty when there is none."""
    return next((line for line in done.outlines if line.startswith("gates: active")), "")


def said(done: pytest.RunResult) -> list[str]:
    """Lines of the summary that begin with our name; the header is not one of them."""
    return [line for line in done.outlines if line.startswith("gates: ") and line != header(done)]


def added(done: pytest.RunResult, without: pytest.RunResult) -> list[str]:
    """Lines that only the first of two runs printed; durations and names of workers are not compared."""
    left = [_steady(line) for line in without.outlines]
    found: list[str] = []
    for line in done.outlines:
        if _steady(line) in left:
            left.remove(_steady(line))
        else:
            found.append(line)
    return found


def block(lines: Sequence[str]) -> list[str]:
    """Our block of the summary, from its title to the line that names the report; empty without a title."""
    first = next((at for at, line in enumerate(lines) if re.match(r"=+ gates: [A-Z]", line)), None)
    if first is None:
        return []
    last = next(
        at for at, line in enumerate(lines) if at > first and re.search(r"[Rr]eport \S+$", line)
    )
    return list(lines[first : last + 1])


def _steady(line: str) -> str:
    return _VARYING.sub("…", line).strip("= ")
