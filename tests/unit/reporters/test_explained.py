"""`gates explain`: every name that a reader may have in hand leads to the facts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from pytest_gates.model.finding import Effect, Location, Severity
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Measure, Mode
from pytest_gates.reporters.explained import chosen, explained, names
from support.any_report import HOSTILE, reports
from support.evidence import (
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_waiver,
    an_unknown,
)

PLACE = Location(path="src/shop.py", line=7)
FLAW = a_failure(
    "PYSEC-1",
    message="idna 3.1: slow",
    subject="idna 3.1",
    severity=Severity.HIGH,
    aliases=("CVE-2026-1",),
    required_by=("mall", "street"),
    fixed_in=("3.7",),
    url="https://example.org/1",
    fingerprint="0" * 16,
    setting="fail-on",
    remedy="upgrade",
    detail="first\nsecond",
    is_new=True,
)
MEASURE = Measure(
    name="findings", observed="1", required="0", setting="fail-on", origin="gates.toml fail-on"
)
AUDIT = a_gate(FLAW, name="pip-audit", measures=(MEASURE,))
GREEN = a_gate(name="ruff")
REPORT = a_report(AUDIT, GREEN, policy=a_policy(a_gate_policy("pip-audit"), a_gate_policy("ruff")))


def told(report: Report, name: str | None, doc: str | None = "What it is about.") -> list[str]:
    return [line for one in chosen(report, name) for line in explained(report, one, doc)]


def test_a_finding_is_told_with_all_that_is_known() -> None:
    assert told(REPORT, "pip-audit") == [
        "pip-audit: fail, blocks the merge",
        "  What it is about.",
        "  found: looked",
        "  measured: findings 1, required 0, written in gates.toml fail-on",
        "",
        "  fail: PYSEC-1 idna 3.1: slow",
        "    severity:    high",
        "    at:          idna 3.1",
        "    new:         yes",
        "    also called: CVE-2026-1",
        "    required by: mall > street",
        "    fixed in:    3.7",
        "    read more:   https://example.org/1",
        "    threshold:   gates.toml fail-on",
        "    next:        upgrade",
        "    or:          gates waive pip-audit 'idna 3.1:PYSEC-1' --owner YOU --reason WHY",
        "    | first",
        "    | second",
    ]


@pytest.mark.parametrize(
    "name",
    ["PYSEC-1", "cve-2026-1", "0" * 16, "idna 3.1", "idna 3.1:pysec-1", "pip-audit:PYSEC-1", None],
)
def test_each_of_its_names_leads_to_it(name: str | None) -> None:
    (one,) = chosen(REPORT, name)
    assert one.findings == (FLAW,)
    assert one.whole is (name is None)
    assert name is None or name.upper() in {found.upper() for found in names(REPORT)}


def test_what_nobody_knows_is_nothing() -> None:
    assert chosen(REPORT, "idna") == ()
    assert names(REPORT)[:2] == ("pip-audit", "ruff")


def test_without_a_name_a_green_report_tells_of_all_gates() -> None:
    green = a_report(GREEN)
    assert told(green, None, doc=None) == ["ruff: pass", "  found: looked"]
    measured = a_gate(name="ruff", measures=(Measure(name="files", observed="3"),))
    assert told(a_report(measured), "ruff")[-1] == "  measured: files 3"
    skipped = a_report(a_gate(name="ruff", summary="no Python", skipped="no Python here"))
    assert told(skipped, None, doc=None)[0].startswith("ruff: skipped, no Python")


@pytest.mark.parametrize(
    "finding, mode, blocks, verdict",
    [
        (a_failure(), Mode.WARN, True, "fail, only warns"),
        (an_unknown(), Mode.BLOCK, True, "inconclusive, blocks the merge"),
        (an_unknown(), Mode.BLOCK, False, "inconclusive, only warns"),
        (an_unknown(), Mode.WARN, True, "inconclusive, only warns"),
    ],
)
def test_it_says_what_the_verdict_does(
    finding: object, mode: Mode, blocks: bool, verdict: str
) -> None:
    policy = a_policy(a_gate_policy(mode=mode), block_on_inconclusive=blocks)
    report = a_report(a_gate(finding), policy=policy)  # type: ignore[arg-type]
    assert told(report, "stub")[0] == f"stub: {verdict}"


def test_an_excuse_is_told_and_no_second_one_offered() -> None:
    policy = a_policy(a_gate_policy(), waivers=(a_waiver(),))
    waived = "\n".join(told(a_report(a_gate(a_failure(location=PLACE)), policy=policy), "B602"))
    assert "waived:      until 2026-11-30 by @ana: the command is a literal" in waived
    assert "gates waive" not in waived
    hidden = a_failure(effect=Effect.NOTE, suppressed="a literal", is_new=False)
    text = "\n".join(told(a_report(a_gate(hidden)), "B602"))
    assert "suppressed:  a literal" in text
    assert "new:         no" in text
    assert "gates waive" not in text


@pytest.mark.parametrize(
    "finding, gate, offer",
    [
        (a_failure(location=PLACE), "bandit", "src/shop.py:B602"),
        (a_failure(), "bandit", "B602"),
        (a_failure(subject="t.py::test[a]", fingerprint="1" * 16), "flaky", "1" * 16),
        (a_failure(subject="t.py::test[a]"), "flaky", "B602"),
        (a_failure(subject="t.py::test"), "tests", None),
        (a_failure(excuse="wait"), "bandit", None),
        (a_finding("N1"), "bandit", None),
    ],
)
def test_the_offered_waiver_names_this_finding(
    finding: object, gate: str, offer: str | None
) -> None:
    report = a_report(a_gate(finding, name=gate))  # type: ignore[arg-type]
    offers = [line for line in told(report, gate) if "gates waive" in line]
    expected = [f"    or:          gates waive {gate} {offer} --owner YOU --reason WHY"]
    assert offers == (expected if offer is not None else [])


@settings(deadline=None, max_examples=15)
@given(reports(HOSTILE))
def test_no_text_of_a_report_reaches_the_screen_raw(report: Report) -> None:
    for name in (None, *names(report)[:5]):
        assert not set("".join(told(report, name))) & set("\x00\x1b\n\r\x85\u2028\u202e\u2066")
