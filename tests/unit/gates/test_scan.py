"""Gates over tools: what is not known to be harmless fails, what was not looked at is unknown."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pytest_gates.gates.scan import judge, scan_gate
from pytest_gates.model.evidence import BaseScan, Scan, Unavailable, Unread
from pytest_gates.model.finding import Effect, Finding, Severity, unknown_finding
from pytest_gates.model.package import AdvisoryDatabase
from pytest_gates.model.settings import ScanSettings, SeveritySettings
from pytest_gates.model.verdict import Judgement, Verdict, verdict_of
from pytest_gates.tools import bandit
from pytest_gates.tools.pip_audit import PipAuditSettings
from support.evidence import a_finding, a_scan, an_evidence, rules

LOW, MEDIUM, HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
SETTINGS = SeveritySettings(fail_on=MEDIUM, confidence=MEDIUM)

STARTED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def judged(scan: Scan | Unavailable | None, settings: ScanSettings, name: str) -> Judgement:
    return judge(scan, settings, name, STARTED)


def effect(finding: Finding) -> Effect:
    return judged(a_scan(finding), SETTINGS, "bandit").findings[0].effect


@pytest.mark.parametrize(
    "severity, confidence, expected",
    [
        (LOW, HIGH, Effect.NOTE),
        (MEDIUM, MEDIUM, Effect.FAIL),
        (HIGH, HIGH, Effect.FAIL),
        (HIGH, LOW, Effect.NOTE),
        (None, HIGH, Effect.FAIL),
        (HIGH, None, Effect.FAIL),
        (None, None, Effect.FAIL),
        (None, LOW, Effect.NOTE),
        (LOW, None, Effect.NOTE),
    ],
)
def test_a_finding_fails_unless_it_is_known_to_be_milder_or_less_sure(
    severity: Severity | None, confidence: Severity | None, expected: Effect
) -> None:
    assert effect(a_finding(severity=severity, confidence=confidence)) is expected


def test_without_floors_every_finding_fails_and_the_measure_speaks_of_none() -> None:
    judgement = judged(a_scan(*(a_finding(severity=one) for one in Severity)), ScanSettings(), "x")
    assert {one.effect for one in judgement.findings} == {Effect.FAIL}
    (measure,) = judgement.measures
    assert (measure.name, measure.observed, measure.setting) == ("findings", "5", None)


@pytest.mark.parametrize("said", list(Effect))
def test_what_a_tool_says_about_the_verdict_is_not_believed(said: Effect) -> None:
    assert effect(a_finding(severity=HIGH, confidence=HIGH, effect=said)) is Effect.FAIL


def test_by_default_every_finding_of_any_weight_fails_but_mere_information() -> None:
    scan = a_scan(*(a_finding(severity=one, confidence=LOW) for one in Severity))
    found = judged(scan, SeveritySettings(), "bandit").findings
    assert [one.effect is Effect.FAIL for one in found] == [False, True, True, True, True]


def test_findings_below_the_floor_stay_in_the_report() -> None:
    judgement = judged(a_scan(a_finding(severity=LOW)), SETTINGS, "bandit")
    assert rules(judgement.findings) == ["B602"]
    assert verdict_of(judgement.findings) is Verdict.PASS


@pytest.mark.parametrize(
    "scan, summary",
    [
        (a_scan(), "no findings, 3 scanned"),
        (a_scan(a_finding()), "1 finding(s), 3 scanned"),
        (
            a_scan(a_finding(severity=LOW), unread=(Unread(subject="a.py", why="syntax"),)),
            "no findings, 1 below the floor, 1 not looked at, 3 scanned",
        ),
    ],
)
def test_the_summary_counts_everything(scan: Scan, summary: str) -> None:
    assert judged(scan, SETTINGS, "bandit").summary == summary


def test_the_measure_names_the_floor_and_the_key_that_sets_it() -> None:
    (measure,) = judged(a_scan(a_finding()), SETTINGS, "bandit").measures
    assert measure.name == "findings of at least medium severity"
    assert (measure.observed, measure.required, measure.setting) == ("1", "0", "fail-on")


def test_what_a_tool_did_not_look_at_is_unknown_with_its_reason() -> None:
    unread = Unread(subject="src/shop/pay.py", why="syntax error while parsing AST")
    (found,) = judged(a_scan(unread=(unread,)), SETTINGS, "bandit").findings
    assert (found.rule, found.effect, found.subject) == (
        "unread",
        Effect.UNKNOWN,
        "src/shop/pay.py",
    )
    assert found.message == (
        "bandit did not look at src/shop/pay.py: syntax error while parsing AST"
    )
    assert found.remedy


@pytest.mark.parametrize(
    "subject, verdict",
    [
        ("my-internal-lib 1.0", Verdict.PASS),
        ("My_Internal.lib 1.0", Verdict.PASS),
        ("other 1.0", Verdict.INCONCLUSIVE),
    ],
)
def test_a_policy_may_allow_what_need_not_be_looked_at(subject: str, verdict: Verdict) -> None:
    settings = PipAuditSettings(allow_unaudited=("my-internal-*",))
    scan = a_scan(unread=(Unread(subject=subject, why="not on PyPI"),))
    assert verdict_of(judged(scan, settings, "pip-audit").findings) is verdict


def test_nobody_finds_anything_where_nobody_looked() -> None:
    (found,) = judged(a_scan(inputs=0), SETTINGS, "bandit").findings
    assert (found.rule, found.effect) == ("nothing-scanned", Effect.UNKNOWN)
    assert found.message == "bandit looked at nothing at all"
    assert "[tool.pytest-gates.bandit]" in (found.remedy or "")


def test_everything_unread_and_allowed_is_still_nothing_scanned() -> None:
    settings = PipAuditSettings(allow_unaudited=("*",))
    scan = a_scan(unread=(Unread(subject="any 1.0", why="not on PyPI"),), inputs=0)
    assert rules(judged(scan, settings, "pip-audit").findings) == ["nothing-scanned"]


def test_a_scan_that_is_not_there_is_unknown_with_reason_and_remedy() -> None:
    gone = Unavailable(why="bandit was stopped after 600 s", remedy="raise `timeout`")
    judgement = judged(gone, SETTINGS, "bandit")
    (found,) = judgement.findings
    assert (found.rule, found.effect) == ("no-scan", Effect.UNKNOWN)
    assert (found.message, found.remedy) == (gone.why, gone.remedy)
    assert judgement.summary == gone.why


def test_a_scan_that_nobody_started_is_unknown() -> None:
    (found,) = judged(None, SETTINGS, "bandit").findings
    assert (found.rule, found.effect) == ("no-scan", Effect.UNKNOWN)
    assert found.message == "bandit was not started in this run"


def test_the_gate_of_a_tool_reads_the_scan_of_its_own_name() -> None:
    gate = scan_gate(bandit.TOOL, bandit.BanditSettings, "No flaw.")
    assert (gate.name, gate.tool) == ("bandit", bandit.TOOL)
    evidence = an_evidence(scans={"bandit": a_scan(), "ruff": a_scan(a_finding())})
    assert gate.evaluate(evidence, bandit.BanditSettings()).findings == ()
    assert rules(gate.evaluate(an_evidence(), bandit.BanditSettings()).findings) == ["no-scan"]


ONLY_NEW = SeveritySettings(fail_on=MEDIUM, confidence=MEDIUM, only_new=True)
BASE = BaseScan(commit="c0ffee" * 6, findings=7)


def compared(*findings: Finding, base: BaseScan | Unavailable | None = BASE) -> Scan:
    return msgspec.structs.replace(a_scan(*findings), base=base)


def a_flaw(is_new: bool | None) -> Finding:
    return a_finding(severity=HIGH, confidence=HIGH, is_new=is_new)


@pytest.mark.parametrize(
    "is_new, expected", [(True, Effect.FAIL), (False, Effect.NOTE), (None, Effect.FAIL)]
)
def test_with_only_new_what_is_not_known_to_be_old_fails(
    is_new: bool | None, expected: Effect
) -> None:
    (found,) = judged(compared(a_flaw(is_new)), ONLY_NEW, "bandit").findings
    assert found.effect is expected
    assert found.is_new is is_new


def test_a_new_finding_below_the_floor_fails_no_more_than_an_old_one() -> None:
    mild = a_finding(severity=LOW, is_new=True)
    (found,) = judged(compared(mild), ONLY_NEW, "bandit").findings
    assert found.effect is Effect.NOTE


def test_without_only_new_an_old_finding_fails_as_ever() -> None:
    (found,) = judged(compared(a_flaw(False)), SETTINGS, "bandit").findings
    assert found.effect is Effect.FAIL


@pytest.mark.parametrize(
    "findings, summary, new",
    [
        ((), "no findings, 7 at the base c0ffeec0ff, 3 scanned", "0"),
        ((False,), "no new of 1 finding(s), 7 at the base c0ffeec0ff, 3 scanned", "0"),
        ((False, True, True), "2 new of 3 finding(s), 7 at the base c0ffeec0ff, 3 scanned", "2"),
    ],
)
def test_both_counts_are_told(findings: tuple[bool, ...], summary: str, new: str) -> None:
    judgement = judged(compared(*(a_flaw(one) for one in findings)), ONLY_NEW, "bandit")
    assert judgement.summary == summary
    first, second = judgement.measures
    assert (first.name, first.observed, first.required, first.setting) == (
        "new findings of at least medium severity",
        new,
        "0",
        "only-new",
    )
    assert (second.name, second.observed, second.required, second.setting) == (
        "findings of at least medium severity",
        str(len(findings)),
        None,
        "fail-on",
    )


@pytest.mark.parametrize("findings", [(), (None,), (True, False)])
@pytest.mark.parametrize("base", [None, Unavailable(why="no base here", remedy="git fetch origin")])
def test_without_a_base_only_new_is_unknown_and_nothing_is_called_old(
    findings: tuple[bool | None, ...], base: Unavailable | None
) -> None:
    scan = compared(*(a_flaw(one) for one in findings), base=base)
    judgement = judged(scan, ONLY_NEW, "bandit")
    assert verdict_of(judgement.findings) is Verdict.INCONCLUSIVE
    last = judgement.findings[-1]
    assert (last.rule, last.effect) == ("no-base", Effect.UNKNOWN)
    assert last.message == (
        "no base here" if base else "nobody compared the findings of bandit with the base"
    )
    assert last.remedy == ("git fetch origin" if base else last.remedy)
    assert judgement.measures[0].observed == "unknown"
    assert "not known which are new" in judgement.summary


def test_without_a_base_but_without_only_new_nothing_is_missing() -> None:
    scan = compared(base=Unavailable(why="no base here", remedy="git fetch origin"))
    assert judged(scan, SETTINGS, "bandit").findings == ()


def test_what_was_not_looked_at_is_unknown_with_only_new_too() -> None:
    scan = msgspec.structs.replace(compared(), unread=(Unread(subject="a.py", why="syntax"),))
    assert verdict_of(judged(scan, ONLY_NEW, "bandit").findings) is Verdict.INCONCLUSIVE


def test_only_the_settings_that_ask_for_it_need_a_change() -> None:
    assert ONLY_NEW.needs_change
    assert not SETTINGS.needs_change
    assert not ScanSettings().new_only
    assert ScanSettings().config_files == ()
    assert not hasattr(PipAuditSettings(), "only_new")


def test_what_a_comment_in_the_source_hides_is_shown_and_does_not_fail() -> None:
    flaw = a_finding(severity=HIGH, confidence=HIGH, suppressed="the shell is ours")
    judgement = judged(a_scan(flaw), SETTINGS, "bandit")
    assert [one.effect for one in judgement.findings] == [Effect.NOTE]
    assert judgement.summary == "no findings, 1 suppressed in the source, 3 scanned"


def test_an_answer_that_the_settings_doubt_is_no_answer() -> None:
    class Doubting(ScanSettings, frozen=True, kw_only=True):
        def doubts(
            self, database: AdvisoryDatabase | None, started: dt.datetime
        ) -> tuple[Finding, ...]:
            return (unknown_finding("old", f"{database} at {started:%F}", "renew it", subject="x"),)

    (found,) = judged(a_scan(), Doubting(), "x").findings
    assert (found.effect, found.message) == (Effect.UNKNOWN, "None at 2026-11-01")
