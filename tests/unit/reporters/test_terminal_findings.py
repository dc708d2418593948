"""What the screen says of one finding about a test: its name, what it is, its limit, its next steps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.gates.flaky import GATE as FLAKY
from pytest_gates.gates.tests import GATE as TESTS
from pytest_gates.gates.tests import TestsSettings
from pytest_gates.model.case import CaseRecord, Diagnosis, FlakeClass, Outcome, Setting
from pytest_gates.model.contracts import Gate
from pytest_gates.model.finding import Location
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import HistoryFacts, Tally, TestHistory
from pytest_gates.model.report import Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Measure
from pytest_gates.reporters.terminal import Detail, lines
from support.evidence import (
    NODEID,
    a_case,
    a_failure,
    a_gate,
    a_gate_policy,
    a_policy,
    a_quarantine,
    a_report,
    an_attempt,
    an_evidence,
    an_unknown,
)

PATH = "gates-report/report.json"
INDENT = " " * 19
PLACE = "pyproject.toml [tool.pytest-gates.flaky]"


def screen(report: Report, detail: Detail = Detail.NORMAL) -> list[str]:
    return [line.text for line in lines(report, detail, PATH)]


def judged(
    gate: Gate, settings: GateSettings, *tests: CaseRecord, past: tuple[TestHistory, ...] = ()
) -> Report:
    place = f"pyproject.toml [tool.pytest-gates.{gate.name}]"
    policy = a_policy(a_gate_policy(gate.name, settings=settings, table=place))
    history = HistoryFacts(source="sqlite", base_runs=9, tests={one.nodeid: one for one in past})
    evidence = msgspec.structs.replace(an_evidence(tests=tests), history=history)
    return a_report(gate, policy=policy, evidence=evidence)


def a_flake(nodeid: str = NODEID, **changes: Any) -> CaseRecord:
    """Failed in line 14, and passed alone."""
    diagnosis = Diagnosis(
        kind=FlakeClass.FLAKY, why="alone it passes", command=f"until ! pytest {nodeid}; do :; done"
    )
    attempts = (an_attempt(line=14), an_attempt(Outcome.PASSED, Setting.ISOLATED))
    return CaseRecord(**{"nodeid": nodeid, "attempts": attempts, "diagnosis": diagnosis, **changes})


def a_failed(diagnosis: Diagnosis, *further: Outcome, nodeid: str = NODEID) -> CaseRecord:
    """Failed in the run, and ended so when it was tried again."""
    attempts = (an_attempt(), *(an_attempt(one, Setting.ISOLATED) for one in further))
    return CaseRecord(nodeid=nodeid, attempts=attempts, diagnosis=diagnosis)


def test_a_flaky_test_is_told_by_name_line_limit_and_two_next_steps() -> None:
    assert screen(judged(FLAKY, FlakySettings(), a_flake()))[2:5] == [
        (
            f" BLOCK  flaky      new-flaky-test {NODEID} (line 14): "
            "flaky: alone it passes; never seen on the base"
        ),
        f"{INDENT}next: reproduce: until ! pytest {NODEID}; do :; done",
        (
            f"{INDENT}next: or quarantine it for a time: gates quarantine add {NODEID} · "
            f"set by {PLACE} new-flaky (default)"
        ),
    ]


def test_verbose_tells_the_same_steps() -> None:
    text = screen(judged(FLAKY, FlakySettings(), a_flake()), Detail.FULL)
    assert f"{INDENT}  next: reproduce: until ! pytest {NODEID}; do :; done" in text
    assert any(f"{INDENT}  next: or quarantine it for a time: gates quar" in one for one in text)


def test_an_excuse_is_the_next_step_where_there_is_no_remedy() -> None:
    report = a_report(a_gate(a_failure(excuse="waive it")))
    assert screen(report)[3] == f"{INDENT}next: waive it"


def test_a_step_that_looks_like_two_stays_one() -> None:
    report = a_report(a_gate(a_failure(remedy="pytest a\nnext: rm -r .", excuse="wait")))
    assert screen(report)[3:5] == [
        f"{INDENT}next: pytest a\\nnext: rm -r .",
        f"{INDENT}next: or wait",
    ]


KNOWN = TestHistory(nodeid=NODEID, base=Tally(runs=200, failures=10), change=Tally(), flaked=10)
ORDER = Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="passes alone")


@pytest.mark.parametrize(
    "settings, past, changes, key",
    [
        (FlakySettings(), (), {}, "new-flaky"),
        (FlakySettings(flaky=0), (KNOWN,), {}, "flaky"),
        (FlakySettings(), (), {"diagnosis": ORDER}, "order-dependent"),
    ],
)
def test_a_flaky_test_names_the_limit_that_it_exceeds(
    settings: FlakySettings, past: tuple[TestHistory, ...], changes: dict[str, Any], key: str
) -> None:
    text = screen(judged(FLAKY, settings, a_flake(**changes), past=past))
    assert sum(one.endswith(f"set by {PLACE} {key} (default)") for one in text) == 1


def test_a_quarantine_that_is_too_long_names_its_limit() -> None:
    settings = FlakySettings(max_quarantined=0)
    entries = (a_quarantine(),)
    policy = a_policy(a_gate_policy("flaky", settings=settings, table=PLACE), quarantine=entries)
    text = screen(a_report(FLAKY, policy=policy, evidence=an_evidence(tests=(a_case(),))))
    assert f"{INDENT}next: repair some of them · set by {PLACE} max-quarantined (default)" in text


@pytest.mark.parametrize("required", [None, "at most 0"])
def test_a_limit_that_does_not_stand_in_the_policy_is_not_made_up(required: str | None) -> None:
    other = Measure(name="a", observed="1", required="at most 0", setting="other", origin="there")
    own = Measure(name="b", observed="1", required=required, setting="own", origin="here")
    text = "\n".join(screen(a_report(a_gate(a_failure(setting="own"), measures=(other, own)))))
    assert ("set by here" in text) is (required is not None)
    assert "set by there" not in text


def test_an_unknown_exceeds_no_limit() -> None:
    own = Measure(name="b", observed="1", required="at most 0", setting="own", origin="here")
    report = a_report(a_gate(an_unknown(setting="own"), measures=(own,)))
    assert "set by" not in "\n".join(screen(report))


@pytest.mark.parametrize("length, own_line", [(100, False), (180, True)])
def test_a_line_of_200_columns_gets_no_longer(length: int, own_line: bool) -> None:
    own = Measure(name="b", observed="1", required="at most 0", setting="own", origin="here")
    gate = a_gate(a_failure(setting="own", remedy="x" * length), measures=(own,))
    text = screen(a_report(gate))
    assert (f"{INDENT}set by here" in text) is own_line
    assert (f"{INDENT}next: {'x' * length} · set by here" in text) is not own_line


def test_further_tests_of_a_rule_are_told_by_name() -> None:
    tests = tuple(a_case(f"tests/test_pay.py::test_{n}", Outcome.FAILED) for n in range(3))
    text = screen(judged(TESTS, TestsSettings(), *tests))
    assert f"{INDENT}+2 failed-test: tests/test_pay.py::test_1, tests/test_pay.py::test_2" in text


def test_as_many_further_tests_are_named_as_one_line_holds() -> None:
    names = [f"tests/test_{'long' * 10}.py::test_{n}" for n in range(5)]
    gate = a_gate(*(a_failure(subject=name, location=Location(path="t.py")) for name in names))
    (told,) = [text for text in screen(a_report(gate)) if "+4" in text]
    assert told == f"{INDENT}+4 B602: {names[1]}, {names[2]}, …"


REGRESSION = Diagnosis(kind=FlakeClass.REGRESSION, why="fails every time")


@pytest.mark.parametrize(
    "case, told",
    [
        (
            a_failed(REGRESSION, *[Outcome.FAILED] * 5),
            "regression: failed 5 of 5 further attempts",
        ),
        (a_failed(REGRESSION, Outcome.ERROR), "regression: failed 1 of 1 further attempt"),
        (a_failed(REGRESSION), "regression: fails every time"),
        (
            a_failed(Diagnosis(kind=FlakeClass.INCONCLUSIVE, why="no time\n left"), Outcome.FAILED),
            "inconclusive: no time\\n left",
        ),
    ],
)
def test_a_failed_test_says_what_it_was_told_to_be(case: CaseRecord, told: str) -> None:
    report = judged(TESTS, TestsSettings(), case)
    assert screen(report)[3:5] == [f"{INDENT}{told}", f"{INDENT}next: reproduce: pytest {NODEID}"]
    assert f"{INDENT}  {told}" in screen(report, Detail.FULL)


def test_what_another_rule_says_of_that_test_is_not_explained_by_it() -> None:
    evidence = an_evidence(tests=(a_failed(REGRESSION, Outcome.FAILED),))
    report = a_report(a_gate(a_failure("slow-test", subject=NODEID)), evidence=evidence)
    assert "regression" not in "\n".join(screen(report))
