"""Every doubt about a report, each alone, and what weighs how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.cli.verification import Expected, inspect
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Checkout, Unavailable
from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Location
from pytest_gates.model.policy import Policy
from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import GateResult, Mode, Verdict
from support.evidence import (
    COMMIT,
    NOW,
    TODAY,
    a_failure,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    a_waiver,
    an_evidence,
    an_unknown,
    by_name,
)

DAY = dt.timedelta(days=1)
EXPECTED = Expected(commit=COMMIT, max_age=DAY, shards=(), accept_recorded=frozenset(), now=NOW)
GREEN = a_gate()


def claims(
    report: Report,
    *,
    policy: Policy | None = None,
    gates: Mapping[str, Gate] | None = None,
    **changes: Any,
) -> tuple[Claim, ...]:
    expected = msgspec.structs.replace(EXPECTED, **changes)
    known = by_name(GREEN) if gates is None else gates
    return inspect(report, "report.json", policy or a_policy(), known, expected)


def weights(found: tuple[Claim, ...]) -> list[Weight]:
    return [claim.weight for claim in found]


def only(found: tuple[Claim, ...]) -> Claim:
    (claim,) = found
    return claim


def of_run(**changes: Any) -> Report:
    return a_report(evidence=an_evidence(run=a_run(**changes)))


@pytest.mark.parametrize(
    "weight, status, word",
    [
        (Weight.SAID, 0, "note"),
        (Weight.UNKNOWN, 11, "inconclusive"),
        (Weight.BLOCKED, 10, "blocked"),
    ],
)
def test_each_weight_has_its_exit_status(weight: Weight, status: int, word: str) -> None:
    assert (weight.exit_status, weight.word) == (status, word)
    assert weight.colour


def test_a_block_outweighs_an_unknown_although_its_status_is_smaller() -> None:
    assert max(Weight) is Weight.BLOCKED
    assert max(Weight).exit_status == 10


def test_a_report_without_a_doubt_is_said_to_pass() -> None:
    claim = only(claims(a_report()))
    assert claim == Claim(Weight.SAID, "report.json: pass · stub looked")


def test_a_run_that_did_not_finish_is_doubted() -> None:
    found = claims(of_run(finished=None, started=NOW))
    assert "report.json: the run did not finish" in [claim.text for claim in found]
    assert max(weights(found)) is Weight.UNKNOWN
    assert not any(claim.text.startswith("report.json: pass") for claim in found)


@pytest.mark.parametrize("commit", [COMMIT, COMMIT[:7], COMMIT[:12].upper(), COMMIT.upper()])
def test_the_tested_commit_may_be_abbreviated(commit: str) -> None:
    assert weights(claims(a_report(), commit=commit)) == [Weight.SAID]


@pytest.mark.parametrize("commit", ["f" * 40, COMMIT[:6], "0", COMMIT + "0", " " + COMMIT])
def test_another_commit_or_one_too_short_is_doubted(commit: str) -> None:
    claim = only(claims(a_report(), commit=commit))
    assert claim.weight is Weight.UNKNOWN
    assert claim.text == f"report.json: tested commit {COMMIT[:12]}, expected {commit[:12]}"


def test_without_a_commit_of_its_own_verify_doubts_every_report() -> None:
    claim = only(claims(a_report(), commit=""))
    assert claim.weight is Weight.UNKNOWN
    assert "git does not say which commit is checked out here" in claim.text


def test_any_commit_will_do_where_nobody_asks_for_one() -> None:
    nowhere = Unavailable(why="no git", remedy="install git")
    assert weights(claims(of_run(checkout=nowhere), commit=None)) == [Weight.SAID]


def test_a_run_that_did_not_know_its_commit_is_doubted() -> None:
    claim = only(claims(of_run(checkout=Unavailable(why="no git", remedy="install git"))))
    assert claim == Claim(
        Weight.UNKNOWN, "report.json: the run did not know its commit (no git)", "install git"
    )


def test_uncommitted_changes_are_said() -> None:
    found = claims(of_run(checkout=Checkout(commit=COMMIT, dirty=True)))
    assert set(weights(found)) == {Weight.SAID}
    assert "uncommitted changes" in found[0].text


def test_a_report_that_passes_is_said_to_pass_although_something_else_is_said() -> None:
    found = claims(of_run(checkout=Checkout(commit=COMMIT, dirty=True)))
    assert any(claim.text.startswith("report.json: pass") for claim in found)


SECOND = dt.timedelta(seconds=1)
SKEW = dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    "age, said",
    [
        (DAY, None),
        (DAY + SECOND, "1 day(s) old, at most 1 day(s) is accepted"),
        (dt.timedelta(days=40), "40 day(s) old, at most 1 day(s) is accepted"),
        (dt.timedelta(0), None),
        (-SKEW, None),
        (-SKEW - SECOND, "ends 5 minute(s) in the future"),
        (dt.timedelta(hours=-3), "ends 3 hour(s) in the future"),
    ],
)
def test_a_report_is_neither_too_old_nor_of_the_future(age: dt.timedelta, said: str | None) -> None:
    claim = only(claims(of_run(finished=NOW - age)))
    assert claim.weight is (Weight.UNKNOWN if said else Weight.SAID)
    assert said is None or claim.text == f"report.json: {said}"


def test_a_short_limit_is_told_in_seconds() -> None:
    limit = dt.timedelta(seconds=30)
    claim = only(claims(of_run(finished=NOW - dt.timedelta(seconds=59)), max_age=limit))
    assert claim.text == "report.json: 59 second(s) old, at most 30 second(s) is accepted"


def test_an_unfinished_report_is_as_old_as_its_start() -> None:
    found = claims(of_run(finished=None, started=NOW - 3 * DAY))
    assert any("3 day(s) old" in claim.text for claim in found)


@pytest.mark.parametrize(
    "policy, changed",
    [
        (a_policy(a_gate_policy(mode=Mode.WARN)), "(edited since): stub"),
        (a_policy(expect=("unit",)), "(edited since): expect"),
        (
            a_policy(a_gate_policy(mode=Mode.WARN), profile="strict"),
            "(profile ci, verified with strict): stub",
        ),
    ],
)
def test_a_report_of_another_policy_is_doubted(policy: Policy, changed: str) -> None:
    claim = only(claims(a_report(), policy=policy))
    assert claim.weight is Weight.UNKNOWN
    assert claim.text == f"report.json: was run under another policy {changed}"


def test_a_gate_that_the_run_did_not_have_is_doubted() -> None:
    policy = a_policy(a_gate_policy(), a_gate_policy("more"))
    gates = by_name(GREEN, a_gate(name="more"))
    assert (
        "another policy (other gates were on): more"
        in claims(a_report(), policy=policy, gates=gates)[0].text
    )


def test_a_gate_that_left_the_policy_is_doubted_even_where_it_is_not_installed() -> None:
    report = a_report(GREEN, a_gate(name="gone"))
    assert "another policy (other gates were on): gone (gone)" in claims(report)[0].text


def test_other_profile_with_the_same_settings_is_no_other_policy() -> None:
    assert weights(claims(a_report(), policy=a_policy(profile="strict"))) == [Weight.SAID]


def edited(report: Report, **changes: Any) -> Report:
    """The first result says something else than the gate did."""
    first, *others = report.results
    return msgspec.structs.replace(
        report, results=(msgspec.structs.replace(first, **changes), *others)
    )


RED = a_gate(a_failure(remedy="do not use a shell"))
UNSURE = a_gate(an_unknown())


@pytest.mark.parametrize(
    "gate, verdict",
    [
        (RED, Verdict.PASS),
        (RED, Verdict.SKIPPED),
        (RED, Verdict.INCONCLUSIVE),
        (UNSURE, Verdict.PASS),
        (UNSURE, Verdict.SKIPPED),
    ],
)
def test_a_verdict_better_than_its_evidence_is_an_edited_one(gate: Gate, verdict: Verdict) -> None:
    report = edited(a_report(gate, decision=Decision.PASS), verdict=verdict, findings=())
    doubt, truth = claims(report, gates=by_name(gate))
    assert doubt.weight is Weight.UNKNOWN
    assert doubt.text == (
        "report.json: the verdict of stub is not what its evidence says; "
        "the report may have been edited"
    )
    assert truth.weight is (Weight.BLOCKED if gate is RED else Weight.UNKNOWN)


def test_a_verdict_worse_than_its_evidence_is_an_edited_evidence() -> None:
    report = edited(a_report(decision=Decision.BLOCKED), verdict=Verdict.FAIL)
    assert weights(claims(report)) == [Weight.UNKNOWN]


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE])
def test_a_decision_that_its_own_verdicts_contradict_is_doubted(verdict: Verdict) -> None:
    report = edited(a_report(decision=Decision.PASS), verdict=verdict)
    claim = only(claims(report))
    assert claim.weight is Weight.UNKNOWN
    assert "is not what its evidence says" in claim.text


@pytest.mark.parametrize("decision", [Decision.PASS, Decision.WARN])
def test_a_decision_of_an_unfinished_run_is_an_edited_one(decision: Decision) -> None:
    report = msgspec.structs.replace(of_run(finished=None, started=NOW), decision=decision)
    assert any(
        f"the decision `{decision}` is not what its evidence says" in claim.text
        for claim in claims(report)
    )


def test_a_failure_blocks_with_its_rule_and_remedy() -> None:
    claim = only(claims(a_report(RED), gates=by_name(RED)))
    assert claim == Claim(
        Weight.BLOCKED, "report.json: stub: B602 shell=True", "do not use a shell"
    )


def test_of_many_failures_the_first_is_told_and_the_others_counted() -> None:
    gate = a_gate(a_failure("B1"), an_unknown("B2"), a_failure("B3"))
    claim = only(claims(a_report(gate), gates=by_name(gate)))
    assert claim.text == "report.json: stub: B1 shell=True (+2 more)"


@pytest.mark.parametrize(
    "gate, mode, blocks, weight",
    [
        (RED, Mode.BLOCK, True, Weight.BLOCKED),
        (RED, Mode.BLOCK, False, Weight.BLOCKED),
        (RED, Mode.WARN, True, Weight.SAID),
        (UNSURE, Mode.BLOCK, True, Weight.UNKNOWN),
        (UNSURE, Mode.BLOCK, False, Weight.SAID),
        (UNSURE, Mode.WARN, True, Weight.SAID),
    ],
)
def test_the_policy_says_what_a_result_weighs(
    gate: Gate, mode: Mode, blocks: bool, weight: Weight
) -> None:
    policy = a_policy(a_gate_policy(mode=mode), block_on_inconclusive=blocks)
    found = claims(a_report(gate, policy=policy), policy=policy, gates=by_name(gate))
    assert max(weights(found)) is weight


def test_a_policy_without_gates_clears_nothing() -> None:
    policy = msgspec.structs.replace(a_policy(), gates=())
    found = claims(a_report(policy=policy), policy=policy)
    assert found == (Claim(Weight.UNKNOWN, "report.json: inconclusive"),)


def excused(*waivers: Waiver) -> tuple[Report, Policy]:
    """A failure, and a report that says that it was waived on the day of the run."""
    policy = a_policy(waivers=waivers)
    return a_report(RED, policy=policy), policy


def test_a_waiver_that_expired_since_the_run_blocks_again_and_nobody_is_accused() -> None:
    report, policy = excused(a_waiver(expires=TODAY))
    assert report.decision is Decision.PASS
    found = claims(report, policy=policy, gates=by_name(RED), now=NOW + DAY, max_age=3 * DAY)
    (heavy,) = [claim for claim in found if claim.weight]
    assert heavy.weight is Weight.BLOCKED
    assert heavy.text == "report.json: stub: B602 shell=True"
    assert "report.json: 1 finding(s) whose waiver has expired" in [one.text for one in found]


def test_a_waiver_that_is_still_valid_excuses_here_too_and_that_is_said() -> None:
    report, policy = excused(a_waiver())
    found = claims(report, policy=policy, gates=by_name(RED))
    assert set(weights(found)) == {Weight.SAID}
    assert "report.json: 1 finding(s) waived" in [claim.text for claim in found]


def test_a_waiver_that_matches_nothing_is_said() -> None:
    report, policy = excused(a_waiver(), a_waiver(subject="B1"))
    found = claims(report, policy=policy, gates=by_name(RED))
    assert "report.json: waiver matches nothing, remove it: B1" in [one.text for one in found]


def test_the_place_of_a_failure_is_told_where_its_message_does_not() -> None:
    gate = a_gate(a_failure(location=Location(path="src/shop/pay.py", line=3)))
    claim = only(claims(a_report(gate), gates=by_name(gate)))
    assert claim.text == "report.json: stub: B602 src/shop/pay.py:3: shell=True"


FOREIGN = a_gate(name="foreign", summary="fine")


def foreign(*gates: Gate, mode: Mode = Mode.BLOCK) -> tuple[Report, Policy]:
    policy = a_policy(*(a_gate_policy(gate.name, mode) for gate in gates))
    return a_report(*gates, policy=policy), policy


def test_a_gate_that_is_not_installed_here_clears_nothing() -> None:
    report, policy = foreign(GREEN, FOREIGN)
    claim = only(claims(report, policy=policy))
    assert claim.weight is Weight.UNKNOWN
    assert "the gate `foreign` is not installed here" in claim.text


def test_its_recorded_result_is_taken_where_the_caller_accepts_it_and_that_is_said() -> None:
    report, policy = foreign(GREEN, FOREIGN)
    found = claims(report, policy=policy, accept_recorded=frozenset({"foreign"}))
    assert [claim.text for claim in found] == [
        "report.json: foreign: taken as recorded, not judged again",
        "report.json: pass · stub looked · foreign fine",
    ]
    assert set(weights(found)) == {Weight.SAID}


def test_a_recorded_failure_blocks_although_it_is_accepted() -> None:
    report, policy = foreign(GREEN, a_gate(a_failure(), name="foreign"))
    found = claims(report, policy=policy, accept_recorded=frozenset({"foreign"}))
    assert max(weights(found)) is Weight.BLOCKED


def test_the_policy_of_today_says_whether_a_recorded_failure_blocks() -> None:
    red = a_gate(a_failure(), name="foreign")
    report, _ = foreign(red, mode=Mode.WARN)
    policy = a_policy(a_gate_policy("foreign", Mode.BLOCK))
    found = claims(report, policy=policy, gates={}, accept_recorded=frozenset({"foreign"}))
    assert max(weights(found)) is Weight.BLOCKED


def test_an_installed_gate_is_never_taken_as_recorded() -> None:
    report = edited(a_report(RED, decision=Decision.PASS), verdict=Verdict.PASS, findings=())
    found = claims(report, gates=by_name(RED), accept_recorded=frozenset({"stub"}))
    assert max(weights(found)) is Weight.BLOCKED


def test_a_recorded_result_that_is_not_there_cannot_be_accepted() -> None:
    policy = a_policy(a_gate_policy(), a_gate_policy("foreign"))
    found = claims(a_report(), policy=policy, accept_recorded=frozenset({"foreign"}))
    assert max(weights(found)) is Weight.UNKNOWN


def test_a_result_without_counted_findings_is_told_by_its_summary() -> None:
    odd = GateResult(gate="foreign", mode=Mode.BLOCK, verdict=Verdict.FAIL, summary="no good")
    report, policy = foreign(FOREIGN)
    report = msgspec.structs.replace(report, results=(odd,), decision=Decision.BLOCKED)
    found = claims(report, policy=policy, gates={}, accept_recorded=frozenset({"foreign"}))
    assert found[0] == Claim(Weight.BLOCKED, "report.json: foreign: no good")
