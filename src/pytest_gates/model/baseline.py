"""Which runs may be a baseline, and what they then say. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gates.model.coverage import CoverageFacts, LineRange, ranges_of
from pytest_gates.model.evidence import Checkout, RunInfo, Unavailable
from pytest_gates.model.ratchet import Baseline, BaselineFile, Origin
from pytest_gates.model.report import Decision, Report

_GREEN = frozenset({Decision.PASS, Decision.WARN})


def refusal_of(report: Report) -> str | None:
    """Why this run cannot be a baseline; None when it can: green, whole, and of a clean commit."""
    run = report.evidence.run
    coverage = report.evidence.coverage
    if report.decision not in _GREEN or run.exit_status != 0 or run.finished is None:
        return f"its decision is {report.decision}, pytest's exit status {run.exit_status}"
    if run.selection or run.stopped_early or report.evidence.collection_errors:
        return "it is not of the whole suite"
    if not isinstance(run.checkout, Checkout):
        return f"its commit is not known: {run.checkout.why}"
    if run.checkout.dirty:
        return "its work tree held uncommitted changes"
    if isinstance(coverage, Unavailable):
        return f"its coverage is not known: {coverage.why}"
    return None


def baseline_of(report: Report, blobs: Mapping[str, str], source: str) -> Baseline:
    """`report` is one that `refusal_of` does not refuse, `blobs` are the files of its commit."""
    run, coverage = report.evidence.run, report.evidence.coverage
    if not isinstance(coverage, CoverageFacts):
        raise TypeError("a report without coverage is refused as a baseline")
    return Baseline(
        origin=origin_of(run, coverage),
        source=source,
        files={
            one.path: BaselineFile(
                blobs.get(one.path), executed_lines(one.executable, one.missing), one.missing
            )
            for one in coverage.files
        },
    )


def origin_of(run: RunInfo, coverage: CoverageFacts) -> Origin:
    return Origin(
        commit=run.checkout.commit if isinstance(run.checkout, Checkout) else "",
        coverage_version=coverage.coverage_version,
        variant=variant_of(run),
        shard=run.shard,
        started=run.started,
        upper_bound=coverage.upper_bound,
    )


def variant_of(run: RunInfo) -> str:
    """`python 3.11, linux`: other Pythons and platforms execute other lines."""
    python = ".".join(run.versions.get("python", "?").split(".")[:2])
    return f"python {python}, {run.platform}"


def executed_lines(
    executable: tuple[LineRange, ...], missing: tuple[LineRange, ...]
) -> tuple[LineRange, ...]:
    return ranges_of(tuple(lines_in(executable) - lines_in(missing)))


def lines_in(ranges: tuple[LineRange, ...]) -> set[int]:
    return {line for first, last in ranges for line in range(first, last + 1)}
