"""Strategies for reports: any number of gates, findings and waivers, any text in them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from pytest_gates.model.case import Attempt, CaseRecord, CollectionError, Outcome
from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Checkout, Evidence, Scan, Unavailable, Unread, WorkerRecord
from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Effect, Finding, Location, Severity
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Measure, Mode
from support.evidence import (
    COMMIT,
    TODAY,
    a_file,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    an_evidence,
    files,
)

HOSTILE = st.text(
    st.characters() | st.sampled_from("\x00\x1b\n\r\x85\u2028\u202e\u2066\ud800\udc80"), max_size=40
) | st.sampled_from(["x" * 5000, "\x1b[2J" * 200, "suite", "total", ""])
"""Anything a test, a tool or a repository may say, lone surrogates included."""

WORDS = st.text(max_size=20)
"""Any text that UTF-8 can hold."""


def findings(text: st.SearchStrategy[str]) -> st.SearchStrategy[Finding]:
    perhaps = st.none() | text
    return st.builds(
        Finding,
        rule=text | st.sampled_from(["B602", "lines-below-floor", "branches-below-floor"]),
        message=text,
        effect=st.sampled_from(Effect),
        severity=st.none() | st.sampled_from(Severity),
        confidence=st.none() | st.sampled_from(Severity),
        subject=perhaps,
        location=st.none() | st.builds(Location, path=text, line=st.none() | st.integers(1, 9)),
        aliases=st.lists(text, max_size=2).map(tuple),
        url=perhaps,
        remedy=perhaps,
        fingerprint=perhaps,
        detail=perhaps,
    )


def gates(text: st.SearchStrategy[str], name: str = "stub") -> st.SearchStrategy[Gate]:
    measures = st.builds(
        Measure,
        name=text,
        observed=text,
        required=st.none() | text,
        setting=st.none() | text | st.sampled_from(["lines", "branches"]),
    )
    return st.builds(
        lambda found, measured, summary, skipped: a_gate(
            *found, name=name, summary=summary, measures=tuple(measured), skipped=skipped
        ),
        st.lists(findings(text), max_size=4),
        st.lists(measures, max_size=2),
        text,
        st.none() | st.none() | text,
    )


def waivers(text: st.SearchStrategy[str], names: list[str]) -> st.SearchStrategy[Waiver]:
    return st.builds(
        Waiver,
        gate=st.sampled_from(names),
        subject=text | st.just("B602"),
        reason=text,
        owner=text,
        expires=st.integers(-5, 30).map(lambda days: TODAY + dt.timedelta(days=days)),
    )


def evidences(text: st.SearchStrategy[str]) -> st.SearchStrategy[Evidence]:
    unavailable = st.builds(Unavailable, why=text, remedy=text)
    attempts = st.builds(
        Attempt,
        outcome=st.sampled_from(Outcome),
        seconds=st.floats(0, 1e6),
        worker=st.none() | text,
        message=st.none() | text,
    )
    cases = st.builds(CaseRecord, nodeid=text, attempts=st.lists(attempts, max_size=3).map(tuple))
    scans = st.builds(
        Scan,
        tool=text,
        version=text,
        inputs=st.integers(0, 9),
        findings=st.lists(findings(text), max_size=2).map(tuple),
        unread=st.lists(st.builds(Unread, subject=text, why=text), max_size=2).map(tuple),
    )
    checkouts = st.builds(Checkout, commit=st.just(COMMIT), dirty=st.booleans()) | unavailable
    runs = st.builds(
        lambda checkout, selection, stopped, workers, shard: a_run(
            checkout=checkout,
            selection=tuple(selection),
            stopped_early=stopped,
            workers=tuple(workers),
            shard=shard,
        ),
        checkouts,
        st.lists(text, max_size=2),
        st.none() | text,
        st.lists(st.builds(WorkerRecord, id=text, finished=st.booleans()), max_size=2),
        st.none() | text,
    )
    return st.builds(
        lambda tests, run, errors, coverage, scanned: an_evidence(
            tests=tuple(tests), run=run, errors=tuple(errors), coverage=coverage, scans=scanned
        ),
        st.lists(cases, max_size=3),
        runs,
        st.lists(st.builds(CollectionError, nodeid=text, message=text), max_size=2),
        _measurements(text) | unavailable,
        st.dictionaries(text, scans | unavailable, max_size=2),
    )


def reports(
    text: st.SearchStrategy[str], times: int = 1, evidence: Evidence | None = None
) -> st.SearchStrategy[Report]:
    """Reports in which everything was judged as it would be.

    Up to three different gates, each of them `times` over: many gates cost many draws, and so does
    any evidence, where none is given.
    """
    return st.builds(
        _judged,
        st.lists(st.tuples(gates(text), st.sampled_from(Mode), text), min_size=1, max_size=3).map(
            lambda found: found * times
        ),
        st.lists(waivers(text, ["stub-0", "stub-1", "off"]), max_size=4),
        evidences(text) if evidence is None else st.just(evidence),
        st.booleans(),
        text,
    )


def _judged(
    drawn: list[tuple[Gate, Mode, str]],
    waived: list[Waiver],
    evidence: Evidence,
    blocks: bool,
    text: str,
) -> Report:
    judges = [
        msgspec.structs.replace(gate, name=f"stub-{number}")
        for number, (gate, _, _) in enumerate(drawn)
    ]
    policies = [
        a_gate_policy(gate.name, mode, table=table)
        for gate, (_, mode, table) in zip(judges, drawn, strict=True)
    ]
    policy = a_policy(
        *policies,
        source=text,
        profile=text,
        block_on_inconclusive=blocks,
        waivers=tuple(waived),
    )
    return a_report(*judges, policy=policy, evidence=evidence)


def _measurements(text: st.SearchStrategy[str]) -> st.SearchStrategy[CoverageFacts]:
    return st.builds(
        lambda path, floor, notes, by: files(
            a_file(path, lines=9, missing=((2, 4),), branches=2, missing_branches=((5, -1),)),
            branch=True,
            project_floor=floor,
            notes=tuple(notes),
            measured_by=by,
        ),
        text,
        st.none() | st.decimals(0, 100, places=4).map(Decimal),
        st.lists(text, max_size=2),
        text,
    )
