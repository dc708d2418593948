"""The screen stays short and harmless, whatever a report holds."""

from __future__ import annotations

import datetime as dt
import unicodedata

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pytest_gates.model.case import Attempt, CaseRecord, Diagnosis, FlakeClass, Outcome
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Refusal
from pytest_gates.model.finding import Effect, Finding, Location
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import Measure
from pytest_gates.reporters.terminal import MOST_LINES, Detail, Line, lines, verdict_line
from support.any_report import HOSTILE, evidences, reports
from support.evidence import (
    TODAY,
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_waiver,
    an_evidence,
    an_excuse,
    an_unknown,
)

PATH = "gates-report/report.json"
# A whole report is not made smaller after a failure: that takes minutes and tells nothing more.
SLOW = settings(max_examples=50, phases=(Phase.explicit, Phase.reuse, Phase.generate))
HOSTILE_PATH = "a\x1b[31m\n\u202eb"


def harmless(line: Line) -> bool:
    return all(unicodedata.category(one) not in {"Cc", "Cs", "Zl", "Zp"} for one in line.text)


@pytest.mark.parametrize("times", [1, 8])
@SLOW
@given(data=st.data())
def test_a_report_of_any_size_takes_at_most_25_lines(data: st.DataObject, times: int) -> None:
    report = data.draw(reports(HOSTILE, times, an_evidence()))
    found = lines(report, Detail.NORMAL, HOSTILE_PATH)
    assert 1 <= len(found) <= MOST_LINES == 25
    assert len(lines(report, Detail.QUIET, HOSTILE_PATH)) == 1


@given(reports(HOSTILE), st.sampled_from(Detail))
@SLOW
def test_no_line_holds_a_control_character(report: Report, detail: Detail) -> None:
    assert all(harmless(line) for line in lines(report, detail, PATH))
    assert harmless(Line(verdict_line(report) or ""))


@given(reports(HOSTILE), st.sampled_from(Detail))
@SLOW
def test_no_line_is_longer_than_a_screen_can_bear(report: Report, detail: Detail) -> None:
    assert max(len(line.text) for line in lines(report, detail, PATH)) <= 400


@given(
    st.lists(HOSTILE, min_size=1, max_size=8),
    evidences(HOSTILE),
)
@SLOW
def test_exactly_one_line_when_all_is_well(summaries: list[str], evidence: Evidence) -> None:
    judges = [a_gate(name=f"gate-{n}", summary=text) for n, text in enumerate(summaries)]
    report = a_report(*judges, evidence=evidence)
    assert report.decision is Decision.PASS
    (line,) = lines(report, Detail.NORMAL, PATH)
    assert line.text.startswith("gates: pass · gate-0")
    assert verdict_line(report) is None


_TEXTS = HOSTILE | st.sampled_from(["t.py::test_a", "t.py::test_b[\x1b]", "t.py"])


@st.composite
def loud_reports(draw: st.DrawFn) -> Report:
    """Reports that block, with failed and flaky tests, what they were told to be, and quarantine."""
    report = draw(reports(HOSTILE, draw(st.sampled_from([1, 8])), an_evidence()))
    found = st.builds(
        Finding,
        rule=st.sampled_from(
            ["failed-test", "errored-test", "new-flaky-test", "flaky-test", "order-dependent-test"]
        ),
        message=HOSTILE,
        effect=st.sampled_from(Effect),
        subject=st.none() | _TEXTS,
        location=st.none() | st.builds(Location, path=HOSTILE, line=st.none() | st.just(14)),
        remedy=st.none() | HOSTILE,
        excuse=st.none() | HOSTILE,
        setting=st.none() | st.just("new-flaky"),
        detail=st.none() | HOSTILE,
    )
    measure = Measure(name="new", observed="1", required="at most 0", setting="new-flaky")
    judges = [
        a_gate(*draw(st.lists(found, max_size=8)), name=name, measures=(measure,))
        for name in ("tests", "flaky")
    ]
    return msgspec.structs.replace(
        report,
        decision=Decision.BLOCKED,
        results=(*report.results, *a_report(*judges).results),
        quarantine=tuple(draw(st.lists(_uses(), max_size=6))),
        evidence=msgspec.structs.replace(report.evidence, cases=tuple(draw(st.lists(_cases())))),
    )


def _cases() -> st.SearchStrategy[CaseRecord]:
    diagnoses = st.builds(Diagnosis, kind=st.sampled_from(FlakeClass), why=HOSTILE)
    attempts = st.lists(st.builds(Attempt, outcome=st.sampled_from(Outcome)), max_size=4)
    return st.builds(
        CaseRecord,
        nodeid=_TEXTS,
        attempts=attempts.map(tuple),
        diagnosis=st.none() | diagnoses,
    )


def _uses() -> st.SearchStrategy[QuarantineUse]:
    entries = st.builds(
        lambda test, reason, owner, days: Quarantine(
            test=test, reason=reason, owner=owner, expires=TODAY + dt.timedelta(days=days)
        ),
        _TEXTS,
        HOSTILE,
        HOSTILE,
        st.integers(-5, 30),
    )
    refusals = st.builds(Refusal, test=_TEXTS, why=HOSTILE)
    return st.builds(
        QuarantineUse,
        entry=entries,
        state=st.sampled_from(QuarantineState),
        tests=st.integers(0, 9),
        excused=st.lists(_TEXTS, max_size=3).map(tuple),
        refused=st.lists(refusals, max_size=3).map(tuple),
        release=st.none() | HOSTILE,
        releasable=st.booleans(),
    )


@given(loud_reports(), st.sampled_from(Detail))
@SLOW
def test_no_flaky_test_and_no_excuse_makes_the_screen_long_or_harmful(
    report: Report, detail: Detail
) -> None:
    found = lines(report, detail, HOSTILE_PATH)
    assert detail is Detail.FULL or 1 <= len(found) <= MOST_LINES
    assert all(harmless(line) for line in found)
    assert max(len(line.text) for line in found) <= 400


@given(st.lists(_uses(), max_size=6))
@SLOW
def test_no_quarantine_makes_a_green_run_more_than_one_line(uses: list[QuarantineUse]) -> None:
    (line,) = lines(a_report(quarantine=tuple(uses)), Detail.NORMAL, PATH)
    assert harmless(line)


def test_that_a_gate_blocks_is_told_before_the_advice_of_another() -> None:
    """Also where waivers, quarantine and known flaky tests take all the lines they may."""
    flake = a_failure(remedy="reproduce", excuse="quarantine it")
    known = [a_finding("flaky-test", subject=f"t.py::test_{n}") for n in range(9)]
    judges = [
        *(a_gate(flake, flake, an_unknown(), name=f"gate-{n}") for n in range(9)),
        a_gate(*known, name="flaky"),
    ]
    policy = a_policy(
        *(a_gate_policy(one.name) for one in judges),
        waivers=tuple(a_waiver(gate="flaky", subject=f"B{n}") for n in range(9)),
    )
    uses = tuple(an_excuse(f"t.py::test_{n}") for n in range(9))
    found = lines(a_report(*judges, policy=policy, quarantine=uses), Detail.NORMAL, PATH)
    text = [line.text for line in found]
    assert len(found) <= MOST_LINES
    assert [one.split()[1] for one in text if one.startswith(" BLOCK")] == [
        f"gate-{n}" for n in range(9)
    ]
    assert " BLOCK  gate-8     B602 shell=True (+2 in the report)" in text


@pytest.mark.parametrize("number", [1, 5, 9, 10, 17, 18, 19, 60])
@pytest.mark.parametrize("findings", [1, 2, 50])
def test_many_gates_with_many_findings_fit(number: int, findings: int) -> None:
    judges = [
        a_gate(
            *(a_failure(f"R{n % 7}", subject=f"place {n}", remedy="fix") for n in range(findings)),
            an_unknown("no-scan", remedy="look"),
            name=f"gate-{gate}",
        )
        for gate in range(number)
    ]
    found = lines(a_report(*judges), Detail.NORMAL, PATH)
    assert len(found) <= MOST_LINES
    assert found[0].text == "gates: BLOCKED"
    assert found[-1].text.endswith(f"Report {PATH}")


def test_what_does_not_fit_is_said_to_be_in_the_report() -> None:
    judges = [a_gate(a_failure(remedy="fix"), name=f"gate-{number}") for number in range(30)]
    found = lines(a_report(*judges), Detail.NORMAL, PATH)
    assert any("more in the report" in line.text for line in found)


def test_the_first_group_of_each_gate_comes_before_the_second_of_any() -> None:
    loud = a_gate(*(a_failure(f"R{n}", remedy="fix") for n in range(40)), name="loud")
    judges = [loud, *(a_gate(a_failure("B1", remedy="fix"), name=f"g{n}") for n in range(5))]
    text = "\n".join(line.text for line in lines(a_report(*judges), Detail.NORMAL, PATH))
    assert all(f"g{number} " in text for number in range(5))


@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("gate", [a_gate(), a_gate(a_failure())])
def test_the_folder_of_the_reports_is_as_hostile_as_any_text(gate: Gate, detail: Detail) -> None:
    assert all(harmless(line) for line in lines(a_report(gate), detail, HOSTILE_PATH))


@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("findings", [(), (a_failure(),), (a_failure(), an_unknown())])
def test_the_name_of_a_gate_of_a_third_party_is_as_hostile_as_any_text(
    findings: tuple[Finding, ...], detail: Detail
) -> None:
    report = a_report(a_gate(*findings, name="x\x1b[31m\n"))
    assert all(harmless(line) for line in lines(report, detail, PATH))
