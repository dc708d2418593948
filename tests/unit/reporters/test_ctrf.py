"""CTRF: every test once, with what its attempts came to; the sums are those of the list."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from pytest_gates.model.case import CollectionError, Diagnosis, FlakeClass, Outcome, Setting
from pytest_gates.model.report import Report
from pytest_gates.reporters import ctrf
from support.any_report import HOSTILE, reports
from support.evidence import (
    NODEID,
    a_case,
    a_report,
    a_run,
    a_stack,
    an_attempt,
    an_evidence,
    an_excuse,
)

STATUSES = {"passed", "failed", "skipped", "pending", "other"}


def results(report: Report) -> dict[str, Any]:
    return dict(json.loads(ctrf.render(report))["results"])


def the_test(*attempts: Any, **changes: Any) -> dict[str, Any]:
    evidence = an_evidence(tests=(a_case(attempts=attempts, **changes),))
    (told,) = results(a_report(evidence=evidence))["tests"]
    return dict(told)


@settings(deadline=None, max_examples=25)
@given(reports(HOSTILE))
def test_any_report_adds_up(report: Report) -> None:
    whole = json.loads(ctrf.render(report))
    assert whole["reportFormat"] == "CTRF"
    told = whole["results"]
    counts = Counter(one["status"] for one in told["tests"])
    assert set(counts) <= STATUSES
    assert {key: told["summary"][key] for key in STATUSES} == {key: counts[key] for key in STATUSES}
    assert told["summary"]["tests"] == len(told["tests"])
    assert told["summary"]["start"] <= told["summary"]["stop"]
    for one in told["tests"]:
        assert one["name"]
        assert one["duration"] >= 0


@pytest.mark.parametrize(
    "outcome, status",
    [
        (Outcome.PASSED, "passed"),
        (Outcome.XPASSED, "passed"),
        (Outcome.FAILED, "failed"),
        (Outcome.ERROR, "failed"),
        (Outcome.CRASHED, "failed"),
        (Outcome.SKIPPED, "skipped"),
        (Outcome.XFAILED, "skipped"),
        (Outcome.INTERRUPTED, "pending"),
    ],
)
def test_a_test_has_the_status_of_its_standing(outcome: Outcome, status: str) -> None:
    assert the_test(an_attempt(outcome))["status"] == status


def test_a_flaky_test_passed_and_shows_its_attempts() -> None:
    told = the_test(
        an_attempt(failure=a_stack(), line=12, seconds=1.5),
        an_attempt(Outcome.PASSED, Setting.ISOLATED, seconds=0.25),
        diagnosis=Diagnosis(kind=FlakeClass.FLAKY, why="passed 1 of 1"),
    )
    assert (told["status"], told["flaky"], told["retries"]) == ("passed", True, 1)
    assert (told["message"], told["trace"], told["line"]) == ("boom", "Traceback: boom", 12)
    assert told["duration"] == 1750
    assert [one["status"] for one in told["retryAttempts"]] == ["failed", "passed"]
    assert told["extra"] == {"diagnosis": "flaky", "why": "passed 1 of 1"}


def test_a_quarantined_failure_is_neither_passed_nor_failed() -> None:
    evidence = an_evidence(tests=(a_case(NODEID, Outcome.FAILED),))
    (told,) = results(a_report(evidence=evidence, quarantine=(an_excuse(),)))["tests"]
    assert (told["status"], told["rawStatus"]) == ("other", "quarantined")


def test_an_excuse_that_only_the_evidence_claims_is_none() -> None:
    assert the_test(an_attempt(), excused="@ana")["status"] == "failed"


def test_a_test_that_was_not_run_is_pending_and_a_deselected_one_is_not_there() -> None:
    tests = (a_case(attempts=()), a_case("tests/t.py::other", attempts=(), deselected=True))
    (told,) = results(a_report(evidence=an_evidence(tests=tests)))["tests"]
    assert (told["name"], told["status"]) == (NODEID, "pending")


def test_a_file_that_could_not_be_collected_is_a_failed_test() -> None:
    broken = CollectionError(nodeid="tests/broken.py", message="no module named shop")
    told = results(a_report(evidence=an_evidence(tests=(), errors=(broken,))))
    assert told["summary"]["failed"] == 1
    assert told["tests"][0]["message"] == "no module named shop"


def test_the_gates_and_the_shard_are_told_beside_the_tests() -> None:
    told = results(a_report(evidence=an_evidence(run=a_run(shard="unit"))))
    assert told["environment"]["shardId"] == "unit"
    assert told["extra"] == {
        "decision": "pass",
        "gates": {"stub": {"verdict": "pass", "summary": "looked"}},
    }


@pytest.mark.parametrize("run_id", ["0" * 32, "run-1"])
def test_a_report_has_a_uuid_that_is_that_of_its_run(run_id: str) -> None:
    report = a_report(evidence=an_evidence(run=a_run(id=run_id)))
    told = json.loads(ctrf.render(report))["reportId"]
    assert told == json.loads(ctrf.render(report))["reportId"]
    assert len(told) == 36


def test_a_long_text_is_cut_at_its_beginning() -> None:
    told = the_test(an_attempt(failure=a_stack(text="x" * 30_000 + "the end")))
    assert len(told["trace"]) < 21_000
    assert told["trace"].endswith("the end")
