"""A report before the law of its base: what that law can use of the evidence, and who else has a say."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from pytest_gates.cli.bench import Bench
from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.cli.verification import inspect
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence, Scan, Unavailable
from pytest_gates.model.policy import Policy
from pytest_gates.model.report import Report
from pytest_gates.model.settings import GateSettings
from pytest_gates.model.verdict import Judgement, Mode
from pytest_gates.pipeline import evaluate
from support.evidence import (
    NOW,
    a_failure,
    a_gate_policy,
    a_policy,
    a_scan,
    an_evidence,
    an_unknown,
    by_name,
)
from unit.cli.test_verification import EXPECTED

BASE, PARTED = "b" * 40, "p" * 40


class Limits(GateSettings, frozen=True, kw_only=True):
    most: Annotated[int, msgspec.Meta(extra={"looser": "higher", "judged_later": True})] = 0
    paths: Annotated[tuple[str, ...], msgspec.Meta(extra={"looser": "fewer"})] = ("a",)
    compares: Annotated[bool, msgspec.Meta(extra={"looser": "never"})] = False

    @property
    def needs_change(self) -> bool:
        return self.compares


def judge(evidence: Evidence, settings: Limits) -> Judgement:
    """Fails when the scan holds more findings than `most`."""
    scan = evidence.scans.get("stub")
    if not isinstance(scan, Scan):
        return Judgement(summary="unknown", findings=(an_unknown(),))
    found = len(scan.findings)
    findings = (a_failure(message=f"{found} > {settings.most}"),) if found > settings.most else ()
    return Judgement(summary=f"{found}", findings=findings)


STUB = Gate(name="stub", doc="Counts.", settings=Limits, evaluate=judge)


def law(mode: Mode = Mode.BLOCK, **settings: Any) -> Policy:
    return a_policy(a_gate_policy(settings=Limits(mode=mode, **settings)))


def a_report_of(policy: Policy, *, findings: int = 0, **changes: Any) -> Report:
    evidence = an_evidence(scans={"stub": a_scan(*(a_failure(f"B{n}") for n in range(findings)))})
    evidence = msgspec.structs.replace(evidence, **changes)
    return evaluate(policy, evidence, gates=by_name(STUB), now=NOW, generator="pytest-gates 0.1.0")


def claims(report: Report, own: Policy, **bench: Any) -> tuple[Claim, ...]:
    values = {"reference": "origin/main", "parted": PARTED, **bench}
    return inspect(report, "r", own, by_name(STUB), EXPECTED, Bench(**values))


def said(found: tuple[Claim, ...], weight: Weight) -> list[str]:
    return [claim.text for claim in found if claim.weight is weight]


def test_a_law_that_agrees_says_so_once() -> None:
    own = law(most=1)
    found = claims(a_report_of(own, findings=1), own, law=law(most=1))
    assert [claim.text for claim in found] == ["r: pass · stub 1"]


def test_the_law_judges_the_same_evidence_by_its_own_limit() -> None:
    own = law(most=9)
    found = claims(a_report_of(own, findings=2), own, law=law(most=1))
    assert said(found, Weight.BLOCKED) == ["r: stub: B602 2 > 1"]
    assert said(found, Weight.UNKNOWN) == []
    assert not any(": pass" in claim.text for claim in found)


def test_a_stricter_limit_of_the_change_counts_as_well() -> None:
    own = law(most=1)
    found = claims(a_report_of(own, findings=2), own, law=law(most=9))
    assert said(found, Weight.BLOCKED) == ["r: stub: B602 2 > 1 (by the change's own policy)"]
    assert said(found, Weight.SAID) == []


def test_what_both_mind_is_told_once() -> None:
    own = law(most=1)
    found = claims(a_report_of(own, findings=2), own, law=law(most=0))
    assert said(found, Weight.BLOCKED) == ["r: stub: B602 2 > 0"]


def test_what_the_law_only_warns_of_may_block_by_the_change() -> None:
    own = law(most=1)
    found = claims(a_report_of(own, findings=2), own, law=law(Mode.WARN, most=0))
    assert said(found, Weight.SAID) == ["r: stub: B602 2 > 0"]
    assert said(found, Weight.BLOCKED) == ["r: stub: B602 2 > 1 (by the change's own policy)"]


def test_a_gate_that_the_run_did_not_have_is_unknown() -> None:
    own = a_policy(a_gate_policy("other", settings=Limits()))
    other = msgspec.structs.replace(STUB, name="other")
    report = evaluate(
        own,
        an_evidence(scans={"stub": a_scan()}),
        gates=by_name(other),
        now=NOW,
        generator="pytest-gates 0.1.0",
    )
    bench = Bench(law=law(), reference="origin/main", parted=PARTED)
    found = inspect(report, "r", own, by_name(STUB, other), EXPECTED, bench)
    assert said(found, Weight.UNKNOWN) == [
        "r: the policy of origin/main has the gate `stub`, and the run was made without it"
    ]


def test_evidence_of_less_than_the_law_asks_for_is_unknown() -> None:
    own = law(paths=("b",))
    found = claims(a_report_of(own), own, law=law())
    (text,) = said(found, Weight.UNKNOWN)
    assert text.endswith(
        'otherwise than the policy of origin/main asks: paths ["b"] in place of ["a"]'
    )


def test_evidence_of_more_than_the_law_asks_for_is_enough() -> None:
    own = law(paths=("a", "b"))
    assert said(claims(a_report_of(own), own, law=law()), Weight.UNKNOWN) == []


def test_a_new_scan_takes_the_place_of_the_evidence() -> None:
    own = law(paths=("b",))
    found = claims(
        a_report_of(own),
        own,
        law=law(),
        scans={"stub": a_scan(a_failure("B602", subject="x"))},
        own_scans={"stub": a_scan()},
    )
    assert said(found, Weight.UNKNOWN) == []
    assert said(found, Weight.BLOCKED) == ["r: stub: B602 1 > 0"]
    assert said(found, Weight.SAID) == [
        "r: stub: scanned again, 1 finding(s) that the report hides (B602 x)"
    ]


@pytest.mark.parametrize(
    "scan, text",
    [
        (a_scan(a_failure("B0"), a_failure("B1")), "with the same result"),
        (a_scan(a_failure("B0")), "1 finding(s) that are not there (B1)"),
        (
            a_scan(a_failure("B0"), a_failure("B7")),
            "1 finding(s) that the report hides (B7); 1 finding(s) that are not there (B1)",
        ),
        (Unavailable(why="no bandit", remedy="install it"), "which failed: no bandit"),
    ],
    ids=["same", "fewer", "others", "failed"],
)
def test_how_a_new_scan_differs_is_told(scan: Scan | Unavailable, text: str) -> None:
    own = law(most=5)
    found = claims(a_report_of(own, findings=2), own, own_scans={"stub": scan})
    assert f"r: stub: scanned again, {text}" in said(found, Weight.SAID)


def test_a_report_without_a_scan_has_nothing_to_compare() -> None:
    own = law()
    found = claims(a_report_of(own, scans={}), own, own_scans={"stub": a_scan()})
    assert "r: stub: scanned again, 0 finding(s); the report holds no scan" in said(
        found, Weight.SAID
    )


def a_change(base: str) -> Change:
    return Change(base=base, reference="main", how="named by the policy")


@pytest.mark.parametrize(
    "base, parted, compares, doubted",
    [
        (PARTED, PARTED, True, False),
        (BASE, PARTED, True, True),
        (BASE, None, True, True),
        (BASE, PARTED, False, False),
    ],
)
def test_what_is_new_is_for_the_base_to_say(
    base: str, parted: str | None, compares: bool, doubted: bool
) -> None:
    own = law(compares=compares)
    found = claims(
        a_report_of(own, change=a_change(base)), own, law=law(compares=compares), parted=parted
    )
    assert bool(said(found, Weight.UNKNOWN)) is doubted
    assert not doubted or "was compared with bbbbbbbbbbbb" in said(found, Weight.UNKNOWN)[0]
