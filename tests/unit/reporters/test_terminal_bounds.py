"""The screen stays short and harmless, whatever a report holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.finding import Finding
from pytest_gates.model.report import Decision, Report
from pytest_gates.reporters.terminal import MOST_LINES, Detail, Line, lines, verdict_line
from support.any_report import HOSTILE, evidences, reports
from support.evidence import a_failure, a_gate, a_report, an_evidence, an_unknown

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
