"""Attempts on pytest's reports: written where a test runs, read where is decided. Effects: pytest's reports.

Plain data in extra attributes: pytest serialises a report with all it has, and xdist carries that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from pytest_gates.model.case import Attempt, Diagnosis
from pytest_gates.model.exceptions import Quarantine

STAMP = "gates_attempts"
"""Name of the attribute; on most reports there is none."""

WORD = "gates_word"
"""On reports that are called otherwise than pytest would call them."""

Word = tuple[str, str, str]
"""Category of the summary, letter, and word with -v, as pytest_report_teststatus returns them."""


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """All attempts of one test, first run first, and what they amount to."""

    attempts: tuple[Attempt, ...]
    diagnosis: Diagnosis | None


def stamp(
    report: pytest.TestReport, attempts: tuple[Attempt, ...], diagnosis: Diagnosis | None
) -> None:
    """On the last report of a test."""
    setattr(
        report,
        STAMP,
        msgspec.to_builtins(Stamp(attempts=attempts, diagnosis=diagnosis)),
    )


def stamp_of(report: pytest.TestReport) -> Stamp | None:
    """None on a report that carries none."""
    found = report.__dict__.get(STAMP)
    return None if found is None else msgspec.convert(found, type=Stamp)


def soften(reports: list[pytest.TestReport], entry: Quarantine) -> list[pytest.TestReport]:
    """Reports of a failure in quarantine, as other plugins know them: an expected failure."""
    for report in reports:
        if report.outcome != "failed":
            continue
        report.outcome = "skipped"
        report.wasxfail = f"quarantined until {entry.expires} by {entry.owner}: {entry.reason}"
        setattr(report, WORD, ("quarantined", "q", "QUARANTINED"))
    return reports


def tell_rerun(reports: Sequence[pytest.TestReport]) -> list[pytest.TestReport]:
    """What failed at first, in the word that other plugins use for it.

    One that failed in tear-down speaks as a call: a tear-down ends a test for readers such as junitxml.
    """
    failed = [report for report in reports if report.outcome == "failed"]
    for report in failed:
        report.outcome = "rerun"  # type: ignore[assignment]  # a word of plugins, not of pytest
        if report.when == "teardown":
            report.when = "call"
        setattr(report, WORD, ("rerun", "R", "RERUN"))
    return failed


def tell_flaky(
    reports: list[pytest.TestReport], attempts: tuple[Attempt, ...]
) -> list[pytest.TestReport]:
    """Reports of the attempt that passed, with a word of their own: `FLAKY 2/5`."""
    number = next(at for at, one in enumerate(attempts, start=1) if one.passed)
    for report in reports:
        if report.when == "call" and not hasattr(report, "context"):
            setattr(report, WORD, ("flaky", "f", f"FLAKY {number}/{len(attempts)}"))
    return reports


class Words:
    """Registered where a terminal is: how such tests are counted and called."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        word = report.__dict__.get(WORD)
        if word is None:
            return None
        category, letter, text = word
        return category, letter, (text, {"yellow": True})
