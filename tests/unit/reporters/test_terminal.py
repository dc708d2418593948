"""What the screen says: rule, measured, required, where it is written, and what to do next."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from pytest_gates.gates import coverage
from pytest_gates.gates.coverage import CoverageSettings, Floors
from pytest_gates.gates.scan import scan_gate
from pytest_gates.gates.tests import GATE as TESTS
from pytest_gates.gates.tests import TestsSettings
from pytest_gates.model.case import Outcome
from pytest_gates.model.contracts import Gate
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Checkout, Unavailable
from pytest_gates.model.finding import Location, Severity
from pytest_gates.model.policy import GatePolicy
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Measure, Mode
from pytest_gates.reporters.terminal import Detail, Style, lines, verdict_line
from pytest_gates.tools import bandit
from support.evidence import (
    a_case,
    a_failure,
    a_file,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    a_scan,
    a_waiver,
    an_evidence,
    an_unknown,
    files,
)
from support.evidence import lines as measured

PATH = "gates-report/report.json"
BANDIT = scan_gate(bandit.TOOL, bandit.BanditSettings, "No flaw.")


def screen(report: Report, detail: Detail = Detail.NORMAL) -> list[str]:
    return [line.text for line in lines(report, detail, PATH)]


def gate_policy(gate: Gate, settings: GateSettings, *keys: str) -> GatePolicy:
    """The gate is on; these keys are written in the policy."""
    place = f"pyproject.toml [tool.pytest-gates.{gate.name}]"
    origins = dict.fromkeys(keys, place)
    return a_gate_policy(gate.name, settings=settings, table=place, origins=origins)


def covered(settings: CoverageSettings, facts: CoverageFacts, *keys: str) -> Report:
    policy = a_policy(gate_policy(coverage.GATE, settings, *keys))
    return a_report(coverage.GATE, policy=policy, evidence=an_evidence(coverage=facts))


def test_one_line_says_that_all_is_well() -> None:
    (text,) = screen(a_report(a_gate(summary="3 passed"), a_gate(name="lint", summary="clean")))
    assert text == f"gates: pass · stub 3 passed · lint clean · report {PATH}"


def test_of_many_gates_each_says_its_first_words() -> None:
    """No gate is lost in the cut of a long line."""
    gates = [a_gate(name=f"gate-{n}", summary="no findings, 4 below the floor") for n in range(9)]
    (text,) = screen(a_report(*gates))
    assert text.count(" no findings ·") == 9
    assert "..." not in text


def test_a_partial_run_on_a_laptop_does_not_nag() -> None:
    policy = a_policy(gate_policy(TESTS, TestsSettings()), block_on_inconclusive=False)
    evidence = an_evidence(run=a_run(selection=("-k pay",)))
    report = a_report(TESTS, policy=policy, evidence=evidence)
    assert report.decision is Decision.WARN
    assert screen(report) == ["gates: not judged, partial run (-k pay)"]
    assert screen(report, Detail.QUIET) == screen(report)


def test_a_partial_run_with_a_failure_is_told_in_full() -> None:
    evidence = an_evidence(run=a_run(selection=("-k pay",)))
    policy = a_policy(a_gate_policy(mode=Mode.WARN), block_on_inconclusive=False)
    report = a_report(a_gate(a_failure()), policy=policy, evidence=evidence)
    assert len(screen(report)) > 1


def test_a_missed_floor_names_rule_measured_required_place_and_next_step() -> None:
    report = covered(CoverageSettings(lines=Decimal(99)), measured(9875, of=10_000), "lines")
    assert screen(report)[2:4] == [
        " BLOCK  coverage   lines-below-floor lines 98.75 % (9875 of 10000), required 99 %",
        (
            "                   next: cover 25 of 125 missing: src/shop/pay.py:9876-10000 · "
            "set by pyproject.toml [tool.pytest-gates.coverage] lines"
        ),
    ]


def test_each_missed_floor_names_its_own_setting() -> None:
    file = a_file(missing=((1, 5),), branches=4, missing_branches=((1, 2),))
    floors = CoverageSettings(
        lines=Decimal(99),
        branches=Decimal(98),
        combined=Decimal(97),
        paths={"src/**": Floors(lines=Decimal(96))},
    )
    report = covered(floors, files(file, branch=True), "lines", "branches", "combined", "paths")
    place = "set by pyproject.toml [tool.pytest-gates.coverage] "
    told = [text.partition(place)[2] for text in screen(report) if place in text]
    assert told == ["lines", "branches", "combined"]
    assert [text.partition(place)[2] for text in screen(report, Detail.FULL) if place in text] == [
        "lines",
        "branches",
        "combined",
        'paths."src/**"',
    ]


def test_a_setting_is_not_mistaken_for_another_in_a_table_of_its_name() -> None:
    place = "pyproject.toml [tool.pytest-gates.profiles.branches.coverage]"
    settings = CoverageSettings(lines=Decimal(1), branches=Decimal(98))
    gate = a_gate_policy("coverage", settings=settings, origins={"lines": place, "branches": place})
    file = a_file(branches=4, missing_branches=((1, 2),))
    evidence = an_evidence(coverage=files(file, branch=True))
    report = a_report(coverage.GATE, policy=a_policy(gate), evidence=evidence)
    assert any(text.endswith(f"set by {place} branches") for text in screen(report))


def test_the_floor_of_the_project_is_not_said_to_be_a_default_of_ours() -> None:
    facts = files(a_file(missing=((1, 5),)), project_floor=Decimal(80))
    (text,) = [one for one in screen(covered(CoverageSettings(), facts)) if "set by" in one]
    assert text.endswith("set by [report] fail_under of the project's coverage settings")


def test_a_finding_of_a_tool_names_severity_place_threshold_and_next_step() -> None:
    finding = a_finding(
        severity=Severity.HIGH,
        confidence=Severity.HIGH,
        location=Location(path="src/shop/pay.py", line=3),
        remedy="fix it, or waive it for a time",
    )
    settings = bandit.BanditSettings()
    policy = a_policy(gate_policy(BANDIT, settings, "fail-on"))
    report = a_report(
        BANDIT, policy=policy, evidence=an_evidence(scans={"bandit": a_scan(finding)})
    )
    assert screen(report)[2:4] == [
        " BLOCK  bandit     B602 (high) src/shop/pay.py:3: shell=True",
        (
            "                   next: fix it, or waive it for a time · "
            "set by pyproject.toml [tool.pytest-gates.bandit] fail-on"
        ),
    ]


def test_a_failed_test_names_how_to_reproduce_it() -> None:
    evidence = an_evidence(
        tests=(a_case("tests/t.py::test_a", Outcome.FAILED),), run=a_run(exit_status=1)
    )
    policy = a_policy(gate_policy(TESTS, TestsSettings()))
    report = a_report(TESTS, policy=policy, evidence=evidence)
    assert screen(report)[2:4] == [
        " BLOCK  tests      failed-test tests/t.py::test_a: failed",
        "                   next: reproduce: pytest tests/t.py::test_a",
    ]


def test_an_unknown_is_told_as_such() -> None:
    report = a_report(a_gate(an_unknown(subject="stub", remedy="install it")))
    assert screen(report)[0] == "gates: INCONCLUSIVE"
    assert screen(report)[2].startswith(" UNSURE stub       no-scan")
    assert screen(report)[-1].startswith(" 1 gate(s) cannot clear ")


def test_a_warning_is_told_as_such() -> None:
    report = a_report(a_gate(a_failure()), policy=a_policy(a_gate_policy(mode=Mode.WARN)))
    assert screen(report)[0] == "gates: WARN"
    assert screen(report)[2].startswith(" WARN   stub       B602")
    assert screen(report)[-1] == f" 1 gate(s) warn. Report {PATH}"


def test_a_policy_without_a_gate_is_told_to_clear_nothing() -> None:
    policy = msgspec.structs.replace(a_policy(), gates=())
    report = a_report(policy=policy)
    assert report.decision is Decision.INCONCLUSIVE
    assert "no gate is on" in screen(report)[-1].lower()


def test_tests_whose_failure_is_waived_are_not_said_to_pass() -> None:
    policy = a_policy(
        a_gate_policy("tests"), a_gate_policy(), waivers=(a_waiver(gate="tests", subject="B9"),)
    )
    gates = (a_gate(a_failure("B9"), name="tests"), a_gate(a_failure()))
    assert screen(a_report(*gates, policy=policy))[-1].startswith(" 1 gate(s) block")


def test_verbose_tells_the_notes_of_a_gate_that_passes() -> None:
    text = screen(a_report(a_gate(a_finding("B3"), summary="1 below the floor")), Detail.FULL)
    assert text[2:4] == [" pass   stub       1 below the floor", f"{' ' * 19}note: B3 shell=True"]


def test_blocking_gates_come_first_and_warnings_last() -> None:
    policy = a_policy(
        a_gate_policy("warned", Mode.WARN), a_gate_policy("unsure"), a_gate_policy("failed")
    )
    report = a_report(
        a_gate(a_failure(), name="warned"),
        a_gate(an_unknown(), name="unsure"),
        a_gate(a_failure(), name="failed"),
        policy=policy,
    )
    told = [text.split()[:2] for text in screen(report)[2:-1]]
    assert told == [["BLOCK", "failed"], ["UNSURE", "unsure"], ["WARN", "warned"]]


def test_findings_of_one_rule_are_drawn_together() -> None:
    places = [f"src/{number}.py" for number in range(7)]
    gate = a_gate(*(a_failure(location=Location(path=place)) for place in places))
    assert "+6 B602: src/1.py, src/2.py, src/3.py, src/4.py, …" in screen(a_report(gate))[3]


def test_rules_that_find_no_room_are_counted() -> None:
    gate = a_gate(*(a_failure(f"R{number}", remedy="fix") for number in range(40)))
    assert any("in the report: R" in text for text in screen(a_report(gate)))


def test_a_green_test_gate_is_said_before_what_blocks() -> None:
    report = a_report(a_gate(name="tests", summary="3 passed"), a_gate(a_failure()))
    assert screen(report)[-2:] == [
        " pass   tests 3 passed",
        f" Tests pass, but 1 gate(s) block this change. Report {PATH}",
    ]


def test_a_skipped_gate_is_named_with_its_reason() -> None:
    report = a_report(a_gate(name="patch", skipped="nothing changed"), a_gate(a_failure()))
    assert " pass   patch skipped: nothing changed" in screen(report)


@pytest.mark.parametrize(
    "checkout, shown",
    [
        (Checkout(commit="0123456789abcdef", dirty=False), "commit 0123456789"),
        (
            Checkout(commit="0123456789abcdef", dirty=True),
            "commit 0123456789 + uncommitted changes",
        ),
        (Unavailable(why="no git", remedy="install git"), "no commit"),
    ],
)
def test_the_second_line_says_what_was_judged_by_what(
    checkout: Checkout | Unavailable, shown: str
) -> None:
    evidence = an_evidence(run=a_run(checkout=checkout), coverage=measured(1, of=2))
    text = screen(a_report(a_gate(a_failure()), evidence=evidence))[1]
    assert text.startswith("profile ci · policy pyproject.toml [tool.pytest-gates] · sha256:")
    assert text.endswith(f" · {shown} · coverage by pytest-gates, ctrace")


def test_quiet_is_one_line_that_names_each_loud_gate() -> None:
    report = a_report(
        a_gate(a_failure("B1"), name="one"), a_gate(an_unknown("B2"), name="two"), a_gate(name="ok")
    )
    assert screen(report, Detail.QUIET) == [f"gates: BLOCKED · one (B1), two (B2) · report {PATH}"]


def test_verbose_tells_every_finding_note_and_measure() -> None:
    gate = a_gate(
        a_failure("B1", remedy="fix"),
        an_unknown("B2"),
        a_finding("B3"),
        summary="3 findings",
        measures=(
            Measure(name="findings", observed="3", required="0", setting="fail-on"),
            Measure(name="files", observed="7"),
        ),
    )
    text = screen(a_report(gate), Detail.FULL)
    indent = " " * 19
    assert text[2:9] == [
        " BLOCK  stub       3 findings",
        f"{indent}B1 shell=True",
        f"{indent}  next: fix",
        f"{indent}B2 shell=True",
        f"{indent}note: B3 shell=True",
        (
            " stub: findings 3, required 0  "
            "[pyproject.toml [tool.pytest-gates.stub] fail-on (default)]"
        ),
        " stub: files 7",
    ]


def test_verbose_tells_the_measures_of_a_pass_too() -> None:
    gate = a_gate(measures=(Measure(name="lines", observed="91 %"),))
    text = screen(a_report(gate), Detail.FULL)
    assert " stub: lines 91 %" in text
    assert text[-1] == f" report {PATH}"


@pytest.mark.parametrize(
    "gates, line",
    [
        ((a_gate(),), None),
        ((a_gate(a_failure()), a_gate(name="b")), "gates: BLOCKED - 1 failed, 2 evaluated"),
        ((a_gate(an_unknown()),), "gates: INCONCLUSIVE - 1 inconclusive, 1 evaluated"),
        (
            (a_gate(a_failure()), a_gate(an_unknown(), name="b")),
            "gates: BLOCKED - 1 failed, 1 inconclusive, 2 evaluated",
        ),
    ],
)
def test_the_red_line_of_pytest(gates: tuple[Gate, ...], line: str | None) -> None:
    assert verdict_line(a_report(*gates)) == line


def test_the_red_line_of_a_run_that_nothing_judged() -> None:
    report = a_report(evidence=an_evidence(run=a_run(finished=None)))
    assert verdict_line(report) == "gates: INCONCLUSIVE - no result, 1 evaluated"


@pytest.mark.parametrize(
    "gate, mode, style",
    [
        (a_gate(), Mode.BLOCK, Style.GOOD),
        (a_gate(a_failure()), Mode.WARN, Style.UNSURE),
        (a_gate(a_failure()), Mode.BLOCK, Style.BAD),
        (a_gate(an_unknown()), Mode.BLOCK, Style.BAD),
    ],
)
def test_the_one_line_has_the_colour_of_the_decision(gate: Gate, mode: Mode, style: Style) -> None:
    report = a_report(gate, policy=a_policy(a_gate_policy(mode=mode)))
    (line,) = lines(report, Detail.QUIET, PATH)
    assert line.style is style


@pytest.mark.parametrize(
    "where, told",
    [
        ("suite", "B602 shell=True"),
        ("shell=True", "B602 shell=True"),
        ("src", "B602 src: bad=True"),
    ],
)
def test_a_place_is_told_where_it_adds_something(where: str, told: str) -> None:
    message = "bad=True" if where == "src" else "shell=True"
    report = a_report(a_gate(a_failure(subject=where, message=message)))
    assert screen(report)[2].endswith(told)
