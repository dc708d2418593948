"""Only a green, whole run of a clean commit may be a baseline."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gates.model.baseline import baseline_of, refusal_of, variant_of
from pytest_gates.model.case import CollectionError
from pytest_gates.model.evidence import Checkout, Unavailable
from pytest_gates.model.ratchet import BaselineFile
from pytest_gates.model.report import Decision, Report
from support.evidence import COMMIT, NOT_MEASURED, NOW, a_report, a_run, an_evidence, lines


def reported(decision: Decision = Decision.PASS, **changes: Any) -> Report:
    evidence = an_evidence(**{"coverage": lines(8, of=10), **changes})
    return a_report(evidence=evidence, decision=decision)


@pytest.mark.parametrize("decision", [Decision.PASS, Decision.WARN])
def test_a_green_run_says_what_it_executed(decision: Decision) -> None:
    report = reported(decision, run=a_run(versions={"python": "3.11.9"}, shard="unit"))
    assert refusal_of(report) is None
    found = baseline_of(report, {"src/shop/pay.py": "1" * 40}, "here")
    assert found.files == {"src/shop/pay.py": BaselineFile("1" * 40, ((1, 8),), ((9, 10),))}
    assert (found.source, found.origin.commit, found.origin.shard) == ("here", COMMIT, "unit")
    assert (found.origin.variant, found.origin.coverage_version) == ("python 3.11, linux", "7.17.3")
    assert found.origin.started is not None
    assert found.origin.started < NOW


def test_a_file_that_git_does_not_track_has_no_content_to_compare() -> None:
    assert baseline_of(reported(), {}, "here").files["src/shop/pay.py"].blob is None


@pytest.mark.parametrize(
    "report, why",
    [
        (reported(Decision.BLOCKED), "its decision is blocked"),
        (reported(Decision.INCONCLUSIVE), "its decision is inconclusive"),
        (reported(run=a_run(exit_status=1)), "exit status 1"),
        (reported(run=a_run(finished=None)), "its decision is"),
        (reported(run=a_run(selection=("-k",))), "not of the whole suite"),
        (reported(run=a_run(stopped_early="-x")), "not of the whole suite"),
        (reported(errors=(CollectionError(nodeid="t.py", message="boom"),)), "not of the whole"),
        (reported(run=a_run(checkout=Checkout(commit=COMMIT, dirty=True))), "uncommitted changes"),
        (reported(run=a_run(checkout=Unavailable(why="no git", remedy=""))), "no git"),
        (reported(coverage=NOT_MEASURED), "coverage was not measured"),
    ],
)
def test_any_other_run_is_refused(report: Report, why: str) -> None:
    assert why in (refusal_of(report) or "")


def test_a_report_without_coverage_cannot_be_used_by_mistake() -> None:
    with pytest.raises(TypeError):
        baseline_of(reported(coverage=NOT_MEASURED), {}, "here")


def test_an_unknown_python_is_no_python() -> None:
    assert variant_of(a_run()) == "python ?, linux"
