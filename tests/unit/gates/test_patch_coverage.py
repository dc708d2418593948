"""The changed statements alone are judged, exactly, and nothing of a change is dropped in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.gates.patch_coverage import GATE, evaluate
from pytest_gates.model.case import CollectionError
from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.patch import ChangedStatement, Newness, PatchFacts, PatchFile
from pytest_gates.model.patch_coverage_settings import PatchCoverageSettings
from pytest_gates.model.verdict import Judgement, Verdict, verdict_of
from support.evidence import a_run, an_evidence, rules

CHANGE = Change(
    base="0123456789abcdef0123456789abcdef01234567",
    reference="origin/main",
    how="named by the policy",
    files=(FileChange(path="src/shop.py"), FileChange(path="README.md")),
    deleted=("src/old.py",),
)


def settings(**values: Any) -> PatchCoverageSettings:
    for unit in ("lines", "branches"):
        if unit in values:
            values[unit] = Decimal(str(values[unit]))
    return PatchCoverageSettings(covering_tests="off", **values)


def statement(first: int = 1, **changes: Any) -> ChangedStatement:
    """Executed, in the function `pay`, directly behind the one before, unless more is said."""
    values = {"first": first, "last": first, "scope": "pay", "executed": True, "follows": True}
    return ChangedStatement(**{**values, **changes})


def statements(hit: int, *, of: int, **changes: Any) -> PatchFile:
    """So many changed statements, of which the first ones were executed."""
    return a_patch_file(*(statement(n, executed=n <= hit, **changes) for n in range(1, of + 1)))


def a_patch_file(*found: ChangedStatement, path: str = "src/shop.py", **changes: Any) -> PatchFile:
    return PatchFile(path=path, statements=found, **changes)


def facts(*files: PatchFile, branch: bool = False, **changes: Any) -> PatchFacts:
    return PatchFacts(files=files, branch=branch, **changes)


def evidence(patch: PatchFacts | Unavailable, **changes: Any) -> Evidence:
    return msgspec.structs.replace(an_evidence(), **{"change": CHANGE, "patch": patch, **changes})


def judged(
    patch: PatchFacts | Unavailable, chosen: PatchCoverageSettings | None = None, **changes: Any
) -> Judgement:
    return evaluate(evidence(patch, **changes), chosen or settings(lines=95))


def decisive(judgement: Judgement) -> list[Finding]:
    return [one for one in judgement.findings if one.effect is not Effect.NOTE]


def notes(judgement: Judgement, rule: str) -> list[Finding]:
    return [one for one in judgement.findings if one.rule == rule]


def verdict(judgement: Judgement) -> Verdict:
    return verdict_of(judgement.findings)


@pytest.mark.parametrize(
    "hit, of, floor, expected",
    [
        (948, 1000, "94.9", Verdict.FAIL),
        (949, 1000, "94.9", Verdict.PASS),
        (9999, 10_000, "100", Verdict.FAIL),
        (2, 3, "66.67", Verdict.FAIL),
        (2, 3, "66.66", Verdict.PASS),
        (0, 3, "0", Verdict.PASS),
    ],
)
def test_the_floor_is_compared_exactly(hit: int, of: int, floor: str, expected: Verdict) -> None:
    assert verdict(judged(facts(statements(hit, of=of)), settings(lines=floor))) is expected


@given(st.integers(0, 60), st.integers(1, 60), st.decimals(0, 100, places=2))
def test_covering_what_is_asked_for_is_enough(hit: int, missing: int, floor: Decimal) -> None:
    chosen = settings(lines=floor)
    found = decisive(judged(facts(statements(hit, of=hit + missing)), chosen))
    if found:
        needed = int((found[0].remedy or "").split()[1])
        for count, expected in ((needed, Verdict.PASS), (needed - 1, Verdict.FAIL)):
            patch = facts(statements(hit + count, of=hit + missing))
            assert verdict(judged(patch, chosen)) is expected


def test_a_missed_floor_is_told_with_counts_places_and_its_setting() -> None:
    judgement = judged(facts(statements(2, of=4)))
    (found,) = decisive(judgement)
    assert found.rule == "changed-lines-below-floor"
    assert found.message == "2 of 4 changed statements are executed, 50.00 %, required 95 %"
    assert found.remedy == "cover 2 of 2 missing: src/shop.py:3-4 (pay)"
    assert found.setting == "lines"
    assert judgement.summary == "2 of 4 changed statements"


def test_a_table_without_limits_asks_for_eighty_percent() -> None:
    assert verdict(judged(facts(statements(79, of=100)), settings())) is Verdict.FAIL
    judgement = judged(facts(statements(8, of=10)), settings())
    assert verdict(judgement) is Verdict.PASS
    assert judgement.measures[0].required == ">= 80 %"
    assert judgement.measures[0].origin == "the default of the gate"


@pytest.mark.parametrize("chosen", [settings(max_uncovered=9), settings(branches=10)])
def test_with_another_limit_there_is_no_default(chosen: PatchCoverageSettings) -> None:
    patch = facts(statements(1, of=10, branches=0), branch=True)
    assert verdict(judged(patch, chosen)) is Verdict.PASS


@pytest.mark.parametrize(
    "patch",
    [
        facts(),
        facts(a_patch_file()),
        facts(statements(0, of=3, newness=Newness.REFORMATTED)),
        facts(a_patch_file(statement(executed=False, excluded=True))),
    ],
)
@pytest.mark.parametrize("chosen", [settings(lines=100, branches=100), settings(max_uncovered=0)])
def test_no_changed_statement_passes_and_says_so(
    patch: PatchFacts, chosen: PatchCoverageSettings
) -> None:
    patch = msgspec.structs.replace(patch, branch=True)
    judgement = judged(patch, chosen)
    assert verdict(judgement) is Verdict.PASS
    assert judgement.summary == "no changed statement in 3 changed file(s)"


def test_a_few_statements_are_not_enforced_but_listed() -> None:
    judgement = judged(facts(statements(0, of=2)), settings(lines=95, min_statements=3))
    assert verdict(judgement) is Verdict.PASS
    assert judgement.summary == "0 of 2 changed statements, not enforced: 2 < 3 statements"
    assert judgement.measures[0].required == ">= 95 %, not enforced: 2 < 3 statements"
    assert rules(judgement.findings) == ["not-enforced", "uncovered-change"]


def test_so_many_statements_as_the_least_are_enforced() -> None:
    chosen = settings(lines=95, min_statements=3)
    assert verdict(judged(facts(statements(0, of=3)), chosen)) is Verdict.FAIL


@pytest.mark.parametrize("hit, expected", [(98, Verdict.PASS), (97, Verdict.FAIL)])
def test_at_most_so_many_may_stay_unexecuted(hit: int, expected: Verdict) -> None:
    chosen = settings(max_uncovered=2, min_statements=1000)
    judgement = judged(facts(statements(hit, of=100)), chosen)
    assert verdict(judgement) is expected
    if expected is Verdict.FAIL:
        (found,) = decisive(judgement)
        assert found.message == "3 changed statements are not executed, at most 2 may"
        assert (found.remedy or "").startswith("cover 1 of 3 missing: src/shop.py:98-100")


def test_branches_of_changed_statements_are_judged_where_they_have_a_floor() -> None:
    found = a_patch_file(
        statement(1, branches=2, missing_branches=(7,)),
        statement(2, branches=2, missing_branches=(-1, 4), executed=False),
        statement(3, branches=4),
    )
    judgement = judged(facts(found, branch=True), settings(branches=80))
    (one,) = decisive(judgement)
    assert one.message == "5 of 8 branches of changed statements are taken, 62.50 %, required 80 %"
    assert one.remedy == "cover 2 of 3 missing: src/shop.py:1 (pay)"
    assert judgement.summary == "2 of 3 changed statements, 5 of 8 branches"
    (partial,) = notes(judgement, "partial-branch")
    assert partial.message == "pay: never went from here to line 7"
    assert str(partial.location) == "src/shop.py:1"


def test_branches_without_a_floor_are_shown_and_decide_nothing() -> None:
    found = a_patch_file(statement(1, branches=2, missing_branches=(-1,)))
    judgement = judged(facts(found, branch=True))
    assert verdict(judgement) is Verdict.PASS
    assert [one.name for one in judgement.measures] == ["lines", "branches", "base"]
    assert notes(judgement, "partial-branch")[0].message == "pay: never went from here to the end"


def test_branches_of_statements_that_did_not_run_are_told_as_lines() -> None:
    found = a_patch_file(statement(1, executed=False, branches=2, missing_branches=(2, 3)))
    (one,) = decisive(judged(facts(found, branch=True), settings(branches=80)))
    assert one.remedy == "cover 2 of 2 missing: src/shop.py:1 (pay)"


def test_branches_that_were_not_measured_are_unknown() -> None:
    (found,) = decisive(judged(facts(statements(3, of=3)), settings(branches=80)))
    assert (found.rule, found.effect) == ("branches-not-measured", Effect.UNKNOWN)


def test_neighbours_of_one_function_are_one_place() -> None:
    judgement = judged(
        facts(
            a_patch_file(
                statement(1, scope="", executed=False, last=2),
                statement(3, executed=False),
                statement(4, executed=False),
                statement(5),
                statement(6, executed=False),
                statement(90, executed=False, follows=False),
            )
        )
    )
    found = notes(judgement, "uncovered-change")
    assert [(str(one.location), one.message) for one in found] == [
        (
            "src/shop.py:1-2",
            "code outside of functions: 1 changed statement not executed by any test",
        ),
        ("src/shop.py:3-4", "pay: 2 changed statements not executed by any test"),
        ("src/shop.py:6", "pay: 1 changed statement not executed by any test"),
        ("src/shop.py:90", "pay: 1 changed statement not executed by any test"),
    ]
    assert len({one.fingerprint for one in found}) == 4
    remedy = decisive(judgement)[0].remedy or ""
    assert remedy.endswith("src/shop.py:3-4 (pay) · src/shop.py:1-2 · src/shop.py:6 (pay) · …")


def test_a_file_that_nothing_imported_is_one_place() -> None:
    found = a_patch_file(
        statement(1, scope="", executed=False), statement(2, executed=False), measured=False
    )
    judgement = judged(facts(found))
    assert [one.message for one in notes(judgement, "uncovered-change")] == [
        "never imported: 2 changed statements not executed by any test"
    ]
    assert (decisive(judgement)[0].remedy or "").endswith("src/shop.py:1-2 (never imported)")


def test_a_fingerprint_survives_the_movement_of_lines() -> None:
    one, other = (
        notes(judged(facts(a_patch_file(statement(n, executed=False)))), "uncovered-change")[0]
        for n in (3, 30)
    )
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "newness, rule, switch",
    [
        (Newness.MOVED, "moved-debt", "count_moved"),
        (Newness.REFORMATTED, "reformatted-debt", "count_reformatted"),
    ],
)
def test_what_is_not_new_is_told_and_judged_only_on_demand(
    newness: Newness, rule: str, switch: str
) -> None:
    patch = facts(a_patch_file(statement(1), statement(2, newness=newness, executed=False)))
    judgement = judged(patch)
    assert verdict(judgement) is Verdict.PASS
    assert judgement.summary == "1 of 1 changed statements"
    assert rules(judgement.findings) == [rule]
    assert f"{newness} statements" in [one.name for one in judgement.measures]
    strict = judged(patch, settings(lines=95, **{switch: True}))
    assert verdict(strict) is Verdict.FAIL
    assert not notes(strict, rule)


def test_excluded_statements_are_listed_and_not_counted() -> None:
    judgement = judged(facts(a_patch_file(statement(1, executed=False, excluded=True))))
    assert rules(judgement.findings) == ["excluded-change"]
    assert judgement.measures[-1].name == "excluded statements"


@pytest.mark.parametrize(
    "most, expected", [(None, Verdict.PASS), (2, Verdict.PASS), (1, Verdict.FAIL)]
)
def test_new_pragmas_are_listed_and_may_be_limited(most: int | None, expected: Verdict) -> None:
    patch = facts(a_patch_file(statement(1), new_pragmas=(4, 9)))
    judgement = judged(patch, settings(lines=95, max_new_pragmas=most))
    assert verdict(judgement) is expected
    places = [str(one.location) for one in notes(judgement, "new-pragma")]
    assert places == ["src/shop.py:4", "src/shop.py:9"]
    if expected is Verdict.FAIL:
        (found,) = decisive(judgement)
        assert found.message == "2 new pragmas of coverage, at most 1 may be added"
        assert found.remedy == "test the code instead: src/shop.py:4, src/shop.py:9"


def test_many_new_pragmas_are_cut() -> None:
    patch = facts(a_patch_file(new_pragmas=(1, 2, 3, 4, 5)))
    (found,) = decisive(judged(patch, settings(max_new_pragmas=0)))
    assert (found.remedy or "").endswith("src/shop.py:4, …")


@pytest.mark.parametrize(
    "globs, why",
    [
        ({"paths": ("src/pay/**",)}, "not among the `paths` of the gate"),
        ({"exclude": ("src/*.py",)}, "left out by `exclude` of the gate"),
    ],
)
def test_files_that_the_policy_leaves_out_are_told(globs: dict[str, Any], why: str) -> None:
    patch = facts(
        statements(0, of=3),
        unread=(("src/shop.py", "it is no Python"),),
        out_of_scope=(("tests/test_shop.py", "tests"),),
    )
    judgement = judged(patch, settings(lines=95, **globs))
    assert verdict(judgement) is Verdict.PASS
    assert [one.message for one in judgement.findings] == [
        f"1 changed file(s) not judged, {why}: src/shop.py",
        "1 changed file(s) not judged, tests: tests/test_shop.py",
    ]


def test_files_out_of_scope_are_one_note_for_each_reason() -> None:
    out = tuple((f"tests/test_{n}.py", "tests") for n in range(9))
    (found,) = judged(facts(out_of_scope=out)).findings
    assert found.message.startswith("9 changed file(s) not judged, tests: tests/test_0.py")
    assert found.message.endswith("tests/test_4.py, …")


def test_a_changed_file_that_cannot_be_read_is_unknown() -> None:
    judgement = judged(facts(unread=(("src/shop.py", "it is no Python: line 3"),)))
    (found,) = judgement.findings
    assert (found.rule, found.effect) == ("unread", Effect.UNKNOWN)
    assert found.message == "this changed file could not be judged: it is no Python: line 3"
    assert judgement.summary == "no changed statement in 3 changed file(s), 1 not read"


@pytest.mark.parametrize("chosen", [settings(lines=95), settings(max_uncovered=0)])
def test_a_lower_bound_proves_what_it_reaches_and_nothing_else(
    chosen: PatchCoverageSettings,
) -> None:
    reached = judged(facts(statements(3, of=3), lower_bound="imported early"), chosen)
    assert verdict(reached) is Verdict.PASS
    (found,) = decisive(judged(facts(statements(1, of=3), lower_bound="imported early"), chosen))
    assert found.effect is Effect.UNKNOWN
    assert found.message.endswith("; but imported early")


@pytest.mark.parametrize("chosen", [settings(lines=95), settings(max_uncovered=0)])
def test_an_upper_bound_disproves_what_it_misses_and_proves_nothing(
    chosen: PatchCoverageSettings,
) -> None:
    missed = judged(facts(statements(1, of=3), upper_bound="a test failed"), chosen)
    assert verdict(missed) is Verdict.FAIL
    (found,) = decisive(judged(facts(statements(3, of=3), upper_bound="a test failed"), chosen))
    assert (found.rule, found.effect) == ("coverage-of-failed-attempts", Effect.UNKNOWN)


def test_a_run_that_stopped_early_saw_too_little() -> None:
    run = a_run(stopped_early="-x stopped it")
    (found,) = decisive(judged(facts(statements(1, of=3)), run=run))
    assert found.effect is Effect.UNKNOWN
    assert found.message.endswith("; but -x stopped it")
    errors = (CollectionError(nodeid="test_a.py", message="boom"),)
    (found,) = decisive(judged(facts(statements(1, of=3)), collection_errors=errors))
    assert found.message.endswith("; but some tests could not be collected")


def test_a_part_of_the_suite_is_not_judged() -> None:
    judgement = judged(facts(statements(3, of=3)), run=a_run(selection=("-k pay",)))
    (found,) = judgement.findings
    assert (found.rule, found.effect) == ("not-measured", Effect.UNKNOWN)
    assert "only a part of the suite ran (-k pay)" in found.message


def test_without_a_base_nothing_is_known() -> None:
    nothing = Unavailable(why="a shallow clone", remedy="git fetch --unshallow")
    (found,) = judged(facts(), change=nothing).findings
    assert (found.rule, found.message) == ("no-base", "a shallow clone")
    assert (found.remedy, found.effect) == ("git fetch --unshallow", Effect.UNKNOWN)


def test_without_a_measurement_nothing_is_known() -> None:
    judgement = judged(Unavailable(why="paths do not match", remedy="map them"))
    (found,) = judgement.findings
    assert (found.rule, found.effect) == ("not-measured", Effect.UNKNOWN)
    assert judgement.summary == "not measured: paths do not match"


def test_the_base_and_how_it_was_found_are_told() -> None:
    assert judged(facts()).measures[-1].observed == "origin/main 0123456789ab, named by the policy"


def test_the_gate_says_what_it_needs() -> None:
    assert GATE.uses_coverage
    assert settings().needs_change
    assert settings().needs_patch
    assert [settings(branches=one).needs_branches for one in (0, 80)] == [True, True]
    assert not settings().needs_branches
