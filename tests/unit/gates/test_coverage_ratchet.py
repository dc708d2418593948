"""The ratchet gate: a line that lost its cover fails; what cannot be known never passes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.gates.coverage_ratchet import GATE, RatchetSettings, evaluate
from pytest_gates.model.case import CollectionError, Outcome
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import NO_RATCHET, Unavailable
from pytest_gates.model.finding import Effect
from pytest_gates.model.ratchet import Lowered, RatchetFacts, RatchetFile
from pytest_gates.model.verdict import Judgement, Verdict, verdict_of
from support.evidence import (
    NOT_MEASURED,
    TODAY,
    a_case,
    a_run,
    an_evidence,
    files,
    lines,
    rules,
)

BASE = "b" * 40
PAY = "src/pay.py"
LOST = RatchetFile(path=PAY, base_path=PAY, lost=((3, 6), (9, 9)))


def facts(*found: RatchetFile, **changes: Any) -> RatchetFacts:
    return RatchetFacts(
        **{"commit": BASE, "source": "a report", "compared": 20, "files": found, **changes}
    )


def judged(
    ratchet: RatchetFacts | Unavailable,
    settings: RatchetSettings | None = None,
    coverage: CoverageFacts | Unavailable | None = None,
    **more: Any,
) -> Judgement:
    evidence = an_evidence(coverage=coverage or lines(8, of=10), **more)
    return evaluate(
        msgspec.structs.replace(evidence, ratchet=ratchet), settings or RatchetSettings()
    )


def verdict(found: Judgement) -> Verdict:
    return verdict_of(found.findings)


def test_nothing_lost_passes_and_says_how_much_was_compared() -> None:
    found = judged(facts())
    assert (verdict(found), found.findings) == (Verdict.PASS, ())
    assert found.summary == "no line lost its cover (20 compared with bbbbbbbbbbbb)"
    assert [one.observed for one in found.measures] == ["0", "20"]


def test_each_lost_range_fails_where_it_is_now() -> None:
    found = judged(facts(LOST))
    assert verdict(found) is Verdict.FAIL
    assert [one.where for one in found.findings] == ["src/pay.py:3-6", "src/pay.py:9"]
    assert (
        "4 lines were executed at the base bbbbbbbbbbbb, not executed now"
        in found.findings[0].message
    )
    assert "bring back the test" in (found.findings[0].remedy or "")
    assert found.summary.startswith("5 line(s) lost their cover (20 compared")


def test_the_fingerprint_survives_the_movement_of_lines_and_tells_ranges_apart() -> None:
    twice = RatchetFile(path=PAY, base_path=PAY, lost=((3, 3), (9, 9)))
    moved = RatchetFile(path=PAY, base_path=PAY, lost=((5, 5), (11, 11)))
    before, after = (
        [one.fingerprint for one in judged(facts(file)).findings] for file in (twice, moved)
    )
    assert before == after
    assert len(set(before)) == 2


def test_a_file_that_is_not_measured_says_so() -> None:
    found = judged(facts(msgspec.structs.replace(LOST, measured=False)))
    assert "in no measured file now" in found.findings[0].message
    assert "`omit`" in (found.findings[0].remedy or "")


@pytest.mark.parametrize("allowed, expected", [(4, Verdict.FAIL), (5, Verdict.PASS)])
def test_as_many_lines_as_allowed_may_be_lost(allowed: int, expected: Verdict) -> None:
    found = judged(facts(LOST), RatchetSettings(allow_lost=allowed))
    assert verdict(found) is expected
    assert len(found.findings) == 2


@pytest.mark.parametrize(
    "count, is_new, path, expected",
    [
        (5, True, PAY, Verdict.PASS),
        (4, True, PAY, Verdict.FAIL),
        (5, False, PAY, Verdict.FAIL),
        (5, True, "src/other.py", Verdict.FAIL),
    ],
)
def test_what_the_change_itself_gave_up_with_a_reason_is_no_loss(
    count: int, is_new: bool, path: str, expected: Verdict
) -> None:
    entry = Lowered(date=TODAY, path=path, count=count, reason="dead", is_new=is_new)
    found = judged(facts(LOST, lowered=(entry,)))
    assert verdict(found) is expected
    assert "lowered-baseline" in rules(found.findings)
    assert ("lost-coverage-allowed" in rules(found.findings)) is (expected is Verdict.PASS)


@pytest.mark.parametrize(
    "ratchet, rule",
    [
        (Unavailable(why="no baseline", remedy="gates ratchet --write"), "no-baseline"),
        (NO_RATCHET, "no-baseline"),
        (
            facts(compared=0, not_comparable=((PAY, "changed since"),)),
            "nothing-compared",
        ),
    ],
)
def test_without_anything_to_compare_with_nothing_is_known(
    ratchet: RatchetFacts | Unavailable, rule: str
) -> None:
    found = judged(ratchet)
    assert verdict(found) is Verdict.INCONCLUSIVE
    assert rules(found.findings)[0] == rule
    assert found.findings[0].remedy


def test_a_base_of_which_no_line_is_left_has_lost_nothing() -> None:
    assert verdict(judged(facts(compared=0))) is Verdict.PASS


@pytest.mark.parametrize(
    "more",
    [{"coverage": NOT_MEASURED}, {"run": a_run(selection=("-k",))}],
)
def test_a_run_that_was_not_measured_whole_is_not_judged(more: dict[str, Any]) -> None:
    found = judged(facts(LOST), **more)
    assert (verdict(found), rules(found.findings)) == (Verdict.INCONCLUSIVE, ["not-measured"])


@pytest.mark.parametrize(
    "more, said",
    [
        ({"coverage": files(lower_bound="imported before")}, "imported before"),
        ({"run": a_run(stopped_early="the run was interrupted")}, "the run was interrupted"),
        ({"errors": (CollectionError(nodeid="t.py", message="boom"),)}, "could not be collected"),
        ({"tests": (a_case("t.py::test_a", Outcome.FAILED),)}, "1 test(s) failed (t.py::test_a)"),
        ({"tests": (a_case("t.py::test_a", Outcome.FAILED, excused="@ana"),)}, "in quarantine failed (t."),
    ],
)  # fmt: skip
def test_a_loss_in_a_run_that_may_have_seen_too_little_is_unknown(
    more: dict[str, Any], said: str
) -> None:
    found = judged(facts(LOST), **more)
    assert verdict(found) is Verdict.INCONCLUSIVE
    assert said in found.findings[0].message
    assert verdict(judged(facts(), **more)) is Verdict.PASS


def test_a_baseline_in_doubt_cannot_prove_a_loss() -> None:
    found = judged(facts(LOST, doubt="of another Python"))
    assert verdict(found) is Verdict.INCONCLUSIVE
    assert found.findings[0].message.endswith("; but of another Python")


def test_cover_that_may_come_from_failed_attempts_proves_nothing_but_a_loss() -> None:
    generous = files(upper_bound="1 test(s) failed at first")
    assert rules(judged(facts(), coverage=generous).findings) == ["coverage-of-failed-attempts"]
    assert verdict(judged(facts(), coverage=generous)) is Verdict.INCONCLUSIVE
    assert verdict(judged(facts(LOST), coverage=generous)) is Verdict.FAIL


def test_the_base_itself_passes_and_says_so() -> None:
    found = judged(facts(compared=0, is_first=True))
    assert verdict(found) is Verdict.PASS
    assert found.summary.startswith("this is the base")


def test_what_does_not_block_is_told() -> None:
    file = RatchetFile(path=PAY, base_path=PAY, unstable=((3, 4),), uncounted=((7, 7),))
    skipped = tuple((f"{name}.py", "changed since") for name in "abcd")
    found = judged(facts(file, not_comparable=skipped, notes=("another coverage",)))
    assert verdict(found) is Verdict.PASS
    assert rules(found.findings) == [
        "not-counted-any-more", "unstable-coverage", "not-comparable", "baseline-note",
    ]  # fmt: skip
    assert found.findings[2].message == "a.py, b.py, c.py and 1 more: changed since"
    assert found.summary.endswith("(20 compared with bbbbbbbbbbbb, 4 file(s) not)")
    assert found.measures[-1].observed == "4"
    assert {one.effect for one in found.findings} == {Effect.NOTE}


def test_the_gate_asks_for_the_change_and_for_coverage() -> None:
    assert GATE.uses_coverage
    assert RatchetSettings().needs_change
