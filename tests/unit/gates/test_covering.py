"""What the gates say of the tests that execute a change."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.gates import flaky, patch_coverage
from pytest_gates.gates.covering import covering_findings
from pytest_gates.model.case import CaseRecord, Diagnosis, FlakeClass, Novelty, Outcome
from pytest_gates.model.change import FileChange, Hunk
from pytest_gates.model.covering_settings import CoveringSettings
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.exceptions import QuarantineState, QuarantineUse
from pytest_gates.model.finding import Effect, Finding, Location
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.patch import CoveringFacts, PatchFacts
from pytest_gates.model.patch_coverage_settings import PatchCoverageSettings
from pytest_gates.model.verdict import Verdict, verdict_of
from support.changes import a_change, a_patch, covering, group, stated
from support.evidence import a_case, a_quarantine, an_evidence, rules

NOTE = CoveringSettings()
STRICT = CoveringSettings(flaky_cover="fail")
PATCH = a_patch(
    **{"src/a.py": (stated(2), stated(11, scope="pay"), stated(12, scope="pay"), stated(21))}
)
LOST = Unavailable(why="worker gw1 died", remedy="see the crashed test")
CHANGE = a_change(FileChange(path="src/a.py", hunks=(Hunk(11, 1, 11, 1),)))


def seen(
    *cases: CaseRecord,
    patch: PatchFacts | Unavailable = PATCH,
    facts: CoveringFacts | Unavailable | None = None,
    **changes: Any,
) -> Evidence:
    return msgspec.structs.replace(
        an_evidence(tests=cases or None), change=CHANGE, patch=patch, covering=facts, **changes
    )


FACTS = covering(
    "t.py::a",
    "t.py::b",
    groups=(
        group((2, 2)),
        group((11, 11), tests=(0,)),
        group((12, 12), tests=(0, 1)),
    ),
)


def of(rule: str, findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if one.rule == rule]


def test_each_changed_function_is_told_with_its_tests() -> None:
    found = covering_findings(seen(facts=FACTS), STRICT)
    assert rules(found) == ["covering-tests"] * 2
    outside, pay = found
    assert (pay.effect, pay.location) == (
        Effect.NOTE,
        Location(path="src/a.py", line=11, end_line=12),
    )
    assert pay.message == "pay: 2 tests, t.py::a, t.py::b"
    assert outside.message.startswith("code outside of functions: no test, only imports")


def test_code_that_ran_where_nobody_watched_is_told_so() -> None:
    patch = a_patch(**{"src/a.py": (stated(5, scope="load"),)})
    (found,) = covering_findings(seen(patch=patch, facts=FACTS), NOTE)
    assert found.message.startswith("load: no test that was watched")


def test_at_most_four_tests_are_named() -> None:
    names = tuple(f"t.py::{name}" for name in "abcde")
    facts = covering(*names, groups=(group((5, 5), tests=(0, 1, 2, 3, 4)),))
    patch = a_patch(**{"src/a.py": (stated(5, scope="load"),)})
    (found,) = covering_findings(seen(patch=patch, facts=facts), NOTE)
    assert found.message == "load: 5 tests, t.py::a, t.py::b, t.py::c, t.py::d, …"


FLAKY = a_case("t.py::a", Outcome.FAILED, Outcome.PASSED)
ENTRY = QuarantineUse(entry=a_quarantine("t.py::a*"), state=QuarantineState.IDLE, tests=1)


@pytest.mark.parametrize(
    "settings, effect, verdict",
    [(NOTE, Effect.NOTE, Verdict.PASS), (STRICT, Effect.FAIL, Verdict.FAIL)],
    ids=["note", "fail"],
)
@pytest.mark.parametrize(
    "case, uses, word",
    [
        (FLAKY, (), "flaky"),
        (a_case("t.py::a"), (ENTRY,), "quarantined"),
        (a_case("t.py::a", Outcome.FAILED, excused="@ana"), (), "quarantined"),
    ],
    ids=["flaky", "passed in quarantine", "failed in quarantine"],
)
def test_what_only_a_flaky_or_quarantined_test_executes_is_weakly_covered(
    case: CaseRecord,
    uses: tuple[QuarantineUse, ...],
    word: str,
    settings: CoveringSettings,
    effect: Effect,
    verdict: Verdict,
) -> None:
    found = covering_findings(seen(case, a_case("t.py::b"), facts=FACTS, quarantine=uses), settings)
    (weak,) = of("covered-only-by-flaky", found)
    assert weak.message == f"pay is executed only by t.py::a ({word})"
    assert str(weak.location) == "src/a.py:11"
    assert weak.remedy is not None
    assert weak.effect is effect
    assert verdict_of(found) is verdict


@pytest.mark.parametrize(
    "facts, settings, effect, words",
    [
        (LOST, NOTE, Effect.NOTE, "worker gw1 died"),
        (LOST, STRICT, Effect.UNKNOWN, "worker gw1 died"),
        (None, NOTE, Effect.NOTE, "did not record"),
        (None, STRICT, Effect.UNKNOWN, "did not record"),
        (
            None,
            CoveringSettings(covering_tests="off", flaky_cover="fail"),
            Effect.UNKNOWN,
            'covering-tests = "off"',
        ),
    ],
)
def test_where_nobody_knows_the_tests_it_blocks_only_if_the_policy_must_know(
    facts: Unavailable | None, settings: CoveringSettings, effect: Effect, words: str
) -> None:
    (found,) = covering_findings(seen(facts=facts), settings)
    assert (found.rule, found.effect) == ("covering-tests-unknown", effect)
    assert words in found.message
    assert found.remedy


@pytest.mark.parametrize(
    "patch, settings",
    [
        (LOST, STRICT),
        (a_patch(**{"src/a.py": (stated(2, executed=False),)}), STRICT),
        (PATCH, CoveringSettings(covering_tests="off")),
    ],
    ids=["no patch", "nothing executed", "off"],
)
def test_without_an_executed_statement_or_a_wish_there_is_nothing_to_say(
    patch: PatchFacts | Unavailable, settings: CoveringSettings
) -> None:
    assert covering_findings(seen(patch=patch), settings) == ()


CONTACT = "runs no line of this change"
CLEAN = covering("t.py::near", groups=(group((11, 12), tests=(0,)), group((21, 21), tests=(0,))))


def told(case: CaseRecord, facts: CoveringFacts | None = CLEAN) -> list[Finding]:
    patch = a_patch(**{"src/a.py": (stated(11, scope="pay"),)})
    return list(flaky.evaluate(seen(case, patch=patch, facts=facts), FlakySettings()).findings)


def a_flake(test: str = "t.py::far", **changes: Any) -> CaseRecord:
    kind = changes.pop("kind", FlakeClass.FLAKY)
    outcomes = changes.pop("outcomes", (Outcome.FAILED, Outcome.PASSED))
    because = changes.pop("because", ())
    diagnosis = Diagnosis(kind=kind, why="seen to", because=because)
    return a_case(test, *outcomes, diagnosis=diagnosis, **changes)


@pytest.mark.parametrize(
    "case",
    [
        a_flake(),
        a_flake(kind=FlakeClass.REGRESSION, outcomes=(Outcome.FAILED, Outcome.FAILED)),
        a_flake(kind=FlakeClass.ORDER_DEPENDENT, because=("t.py::other",)),
        a_flake(novelty=Novelty.UNCHANGED),
    ],
    ids=["flaky", "regression", "order-dependent", "unchanged"],
)
def test_a_failed_test_that_runs_no_line_of_the_change_is_told_so(case: CaseRecord) -> None:
    (finding,) = told(case)
    assert finding.message.endswith(f"{CONTACT}: no likely cause of it")
    assert finding.detail is None or CONTACT in finding.detail


@pytest.mark.parametrize(
    "case",
    [
        a_flake("t.py::near"),
        a_flake(novelty=Novelty.NEW),
        a_flake(kind=FlakeClass.ORDER_DEPENDENT, because=("t.py::near",)),
        a_flake(kind=FlakeClass.IMPORT_POLLUTED, because=("u.py",)),
    ],
    ids=["runs it", "is new", "its polluter runs it", "a file pollutes"],
)
def test_nothing_is_said_of_a_test_that_the_change_may_reach(case: CaseRecord) -> None:
    (finding,) = told(case)
    assert CONTACT not in finding.message


def test_nothing_is_said_where_nobody_watched() -> None:
    (finding,) = told(a_flake(), facts=None)
    assert CONTACT not in finding.message


def test_a_new_flaky_test_still_counts_when_it_runs_no_line_of_the_change() -> None:
    """Told, not excused: it may depend on the change by data, time or imports."""
    (finding,) = told(a_flake())
    assert (finding.rule, finding.effect) == ("new-flaky-test", Effect.UNKNOWN)


def test_the_gate_patch_coverage_tells_it() -> None:
    settings = PatchCoverageSettings(flaky_cover="fail")
    told = patch_coverage.evaluate(seen(facts=LOST), settings).findings
    assert "covering-tests-unknown" in rules(told)
