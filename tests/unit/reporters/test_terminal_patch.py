"""What the screen says of a change: what it was compared with, and how it was measured."""

from __future__ import annotations

import msgspec

from pytest_gates.model.patch import PatchFacts
from pytest_gates.model.report import Report
from pytest_gates.reporters.terminal import Detail, lines
from support.changes import a_change
from support.evidence import a_failure, a_gate, a_report, an_evidence, files

PATCH = PatchFacts(files=(), branch=False, notes=("measured src",))


def screen(**facts: object) -> str:
    evidence = msgspec.structs.replace(an_evidence(), **facts)
    report: Report = a_report(a_gate(a_failure()), evidence=evidence)
    return "\n".join(line.text for line in lines(report, Detail.FULL, "report.json"))


def test_the_base_is_named() -> None:
    assert "compared with origin/main 0000000000" in screen(change=a_change())
    assert "compared with" not in screen()


def test_how_it_was_measured_is_told_once() -> None:
    assert " patch-coverage: measured src" in screen(patch=PATCH)
    assert "patch-coverage: measured src" not in screen(patch=PATCH, coverage=files())
