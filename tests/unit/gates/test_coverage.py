"""The gate `coverage`: floors are compared exactly, in total and for the longest glob of a path."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.gates.coverage import (
    GATE,
    CoverageSettings,
    Floors,
    evaluate,
    owner_of,
)
from pytest_gates.model.coverage import CoverageFacts, FileCoverage
from pytest_gates.model.evidence import Evidence, Unavailable
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.verdict import Judgement, Verdict, verdict_of
from support.evidence import a_file, a_run, an_evidence, files, lines, rules

PAY = a_file("src/shop/pay.py", lines=100, missing=((11, 30),))
CART = a_file("src/shop/cart.py", lines=100)


def floors(**percent: str) -> CoverageSettings:
    values: dict[str, Any] = {unit: Decimal(text) for unit, text in percent.items()}
    return CoverageSettings(**values)


def path_floors(**globs: Floors) -> CoverageSettings:
    return CoverageSettings(paths=globs)


def judged(facts: CoverageFacts | Unavailable, settings: CoverageSettings) -> Judgement:
    return evaluate(an_evidence(coverage=facts), settings)


def only(judgement: Judgement) -> Finding:
    (found,) = judgement.findings
    return found


def verdict(facts: CoverageFacts, settings: CoverageSettings) -> Verdict:
    return verdict_of(judged(facts, settings).findings)


@pytest.mark.parametrize(
    "hit, of, floor, expected",
    [
        (948, 1000, "94.9", Verdict.FAIL),
        (949, 1000, "94.9", Verdict.PASS),
        (950, 1000, "94.9", Verdict.PASS),
        (9875, 10_000, "99", Verdict.FAIL),
        (7955, 10_000, "80", Verdict.FAIL),
        (9999, 10_000, "100", Verdict.FAIL),
        (1000, 1000, "100", Verdict.PASS),
        (0, 1000, "0", Verdict.PASS),
    ],
)
def test_the_floor_itself_is_enough_and_nothing_below_it(
    hit: int, of: int, floor: str, expected: Verdict
) -> None:
    assert verdict(lines(hit, of=of), floors(lines=floor)) is expected


def test_a_missed_floor_is_told_with_counts_and_what_is_required() -> None:
    found = only(judged(lines(9875, of=10_000), floors(lines="99")))
    assert (found.rule, found.effect, found.subject) == ("lines-below-floor", Effect.FAIL, "total")
    assert found.message == "lines 98.75 % (9875 of 10000), required 99 %"
    assert found.remedy == "cover 25 of 125 missing: src/shop/pay.py:9876-10000"


@given(st.integers(0, 500), st.integers(1, 500), st.decimals(0, 100, places=3))
def test_covering_what_is_asked_for_reaches_the_floor_and_one_less_does_not(
    hit: int, missing: int, floor: Decimal
) -> None:
    settings = CoverageSettings(lines=floor)
    found = judged(lines(hit, of=hit + missing), settings).findings
    if not found:
        return
    needed = int((found[0].remedy or "").split()[1])
    assert 1 <= needed <= missing
    assert verdict(lines(hit + needed, of=hit + missing), settings) is Verdict.PASS
    assert verdict(lines(hit + needed - 1, of=hit + missing), settings) is Verdict.FAIL


def test_files_are_counted_together_and_the_worst_are_named_first() -> None:
    worse = a_file("src/shop/refund.py", lines=100, missing=((1, 1), (3, 3), (5, 50)))
    others = (a_file(f"src/shop/other{n}.py", lines=100, missing=((1, n),)) for n in (1, 2))
    found = only(judged(files(PAY, CART, worse, *others), floors(lines="90")))
    assert found.message == "lines 85.80 % (429 of 500), required 90 %"
    assert found.remedy == (
        "cover 21 of 71 missing: "
        "src/shop/refund.py:1,3,5-50 · src/shop/pay.py:11-30 · src/shop/other2.py:1-2"
    )


def test_of_many_gaps_in_a_file_the_first_four_are_named() -> None:
    gaps = a_file(lines=20, missing=tuple((line, line) for line in range(2, 20, 2)))
    remedy = only(judged(files(gaps), floors(lines="100"))).remedy or ""
    assert remedy.endswith("src/shop/pay.py:2,4,6,8,…")


BRANCHES = a_file(lines=10, branches=4, missing_branches=((7, 9), (3, 5), (3, -1)))


@pytest.mark.parametrize(
    "settings, message",
    [
        (floors(branches="80"), "branches 25.00 % (1 of 4), required 80 %"),
        (floors(combined="80"), "combined 78.57 % (11 of 14), required 80 %"),
    ],
)
def test_branches_are_judged_alone_and_together_with_lines(
    settings: CoverageSettings, message: str
) -> None:
    assert only(judged(files(BRANCHES, branch=True), settings)).message == message


def test_missing_branches_are_named_by_the_line_they_start_on() -> None:
    found = only(judged(files(BRANCHES, branch=True), floors(branches="100")))
    assert found.remedy == "cover 3 of 3 missing: src/shop/pay.py:3,7"


def test_a_combined_floor_that_only_branches_miss_names_where_they_are() -> None:
    found = only(judged(files(BRANCHES, branch=True), floors(combined="100")))
    assert "src/shop/pay.py" in (found.remedy or "")


@pytest.mark.parametrize("unit", ["branches", "combined"])
def test_branches_that_were_not_measured_are_unknown_and_not_complete(unit: str) -> None:
    found = only(judged(lines(10, of=10), floors(**{unit: "50"})))
    assert (found.rule, found.effect) == ("branches-not-measured", Effect.UNKNOWN)
    assert found.message == f"{unit}: pytest-gates did not measure branches"
    assert "branch = true" in (found.remedy or "")


@pytest.mark.parametrize("floor", ["0", "1", "100"])
@pytest.mark.parametrize("facts", [files(), files(a_file(lines=0))])
def test_zero_of_zero_reaches_no_floor(facts: CoverageFacts, floor: str) -> None:
    judgement = judged(facts, floors(lines=floor))
    found = only(judgement)
    assert (found.rule, found.effect) == ("nothing-to-measure", Effect.UNKNOWN)
    assert judgement.summary == "lines 0 of 0"


def test_no_branch_at_all_is_zero_of_zero_too() -> None:
    found = only(judged(files(CART, branch=True), floors(branches="80")))
    assert found.message == "branches: 0 of 0, which is no percentage"


def test_without_a_floor_coverage_is_told_and_not_judged() -> None:
    judgement = judged(lines(1, of=3), CoverageSettings())
    assert judgement.findings == ()
    assert judgement.summary == "lines 33.33 %"
    assert [(one.observed, one.required, one.setting) for one in judgement.measures] == [
        ("33.33 % (1/3)", None, None)
    ]


@pytest.mark.parametrize(
    "branch, rule", [(False, "lines-below-floor"), (True, "combined-below-floor")]
)
def test_the_floor_of_the_project_is_honoured_where_we_have_none(branch: bool, rule: str) -> None:
    facts = files(PAY, branch=branch, project_floor=Decimal("80.1"))
    judgement = judged(facts, CoverageSettings())
    assert rules(judgement.findings) == [rule]
    assert [one.required for one in judgement.measures if one.required] == [">= 80.1 %"]


def test_the_floor_of_the_project_is_compared_exactly() -> None:
    facts = files(PAY, project_floor=Decimal("80.0"))
    assert verdict(facts, CoverageSettings()) is Verdict.PASS


@pytest.mark.parametrize(
    "settings", [floors(lines="70"), path_floors(**{"src/**": Floors(lines=Decimal(70))})]
)
def test_the_floor_of_the_project_gives_way_to_any_of_ours(settings: CoverageSettings) -> None:
    assert verdict(files(PAY, project_floor=Decimal(99)), settings) is Verdict.PASS


@pytest.mark.parametrize(
    "path, glob",
    [
        ("src/shop/pay/ledger.py", "src/shop/pay/**"),
        ("src/shop/cart.py", "src/**"),
        ("lib/x.py", None),
    ],
)
def test_the_longest_glob_owns_a_path(path: str, glob: str | None) -> None:
    assert owner_of(path, ["src/**", "src/shop/pay/**", "**/ledger.py"]) == glob


def test_among_globs_of_one_length_the_first_owns_a_path() -> None:
    assert owner_of("a/b.py", ["a/*.py", "*/b.py"]) == "a/*.py"


def test_a_file_counts_for_its_longest_glob_only() -> None:
    settings = path_floors(
        **{"src/**": Floors(lines=Decimal(100)), "src/shop/pay.py": Floors(lines=Decimal(80))}
    )
    assert verdict(files(PAY, CART), settings) is Verdict.PASS


def test_a_path_floor_is_told_with_its_glob_and_setting() -> None:
    judgement = judged(files(PAY, CART), path_floors(**{"src/**": Floors(lines=Decimal(95))}))
    found = only(judgement)
    assert found.message == "lines in src/** 90.00 % (180 of 200), required 95 %"
    assert found.subject == "src/**"
    measure = judgement.measures[-1]
    assert (measure.name, measure.setting) == ("lines in src/**", 'paths."src/**"')
    assert judgement.summary == "lines 90.00 %, 1 path floor(s)"


def test_a_path_floor_and_the_total_are_judged_both() -> None:
    settings = CoverageSettings(
        lines=Decimal(95), paths={"src/shop/pay.py": Floors(lines=Decimal(90))}
    )
    assert [one.subject for one in judged(files(PAY, CART), settings).findings] == [
        "total",
        "src/shop/pay.py",
    ]


def test_all_units_of_a_glob_are_judged() -> None:
    both = Floors(lines=Decimal(100), branches=Decimal(100), combined=Decimal(100))
    file = a_file(missing=((1, 1),), branches=2, missing_branches=((1, 2),))
    judgement = judged(files(file, branch=True), path_floors(**{"src/**": both}))
    assert rules(judgement.findings) == [
        "lines-below-floor",
        "branches-below-floor",
        "combined-below-floor",
    ]


def test_a_path_floor_over_files_without_code_is_unknown() -> None:
    facts = files(CART, a_file("src/empty.py", lines=0))
    found = only(judged(facts, path_floors(**{"src/empty.py": Floors(lines=Decimal(0))})))
    assert found.message == "lines in src/empty.py: 0 of 0, which is no percentage"


@pytest.mark.parametrize(
    "globs, wrong, why",
    [
        (("lib/**",), "lib/**", "matches no measured file"),
        (
            ("src/**", "src/shop/*.py"),
            "src/**",
            "matches only files that a longer glob already owns",
        ),
    ],
)
def test_a_glob_that_judges_no_file_is_unknown(
    globs: tuple[str, ...], wrong: str, why: str
) -> None:
    settings = CoverageSettings(paths={glob: Floors(lines=Decimal(1)) for glob in globs})
    found = only(judged(files(PAY), settings))
    assert (found.rule, found.effect) == ("unmatched-glob", Effect.UNKNOWN)
    assert found.message == f'coverage.paths "{wrong}" {why}'
    assert found.subject == wrong


def test_what_could_not_be_measured_is_unknown_with_the_reason() -> None:
    judgement = judged(
        Unavailable(why="worker gw1 died", remedy="see the crash"), floors(lines="0")
    )
    found = only(judgement)
    assert (found.rule, found.effect, found.message, found.remedy) == (
        "not-measured",
        Effect.UNKNOWN,
        "worker gw1 died",
        "see the crash",
    )
    assert judgement.summary == "not measured: worker gw1 died"


def test_a_part_of_the_suite_says_nothing_about_coverage() -> None:
    partial: Evidence = an_evidence(
        coverage=lines(10, of=10), run=a_run(selection=("-k pay", "--lf"))
    )
    judgement = evaluate(partial, floors(lines="1"))
    assert rules(judgement.findings) == ["not-measured"]
    assert judgement.summary == "not measured: only a part of the suite ran (-k pay, --lf)"


@pytest.mark.parametrize(
    "settings, needed",
    [
        (CoverageSettings(), False),
        (floors(lines="1"), False),
        (floors(branches="1"), True),
        (floors(combined="0"), True),
        (path_floors(**{"src/**": Floors(lines=Decimal(1))}), False),
        (path_floors(**{"src/**": Floors(branches=Decimal(1))}), True),
    ],
)
def test_a_floor_of_branches_turns_their_measurement_on(
    settings: CoverageSettings, needed: bool
) -> None:
    assert settings.needs_branches is needed


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.decimals(0, 100, places=2),
    st.randoms(),
)
def test_the_order_of_the_files_does_not_change_the_verdict(
    missing: list[int], floor: Decimal, random: Any
) -> None:
    measured: list[FileCoverage] = [
        a_file(f"src/{number}.py", lines=30, missing=((1, gap),) if gap else ())
        for number, gap in enumerate(missing)
    ]
    settings = CoverageSettings(lines=floor)
    first = judged(files(*measured), settings)
    random.shuffle(measured)
    assert judged(files(*measured), settings) == first


def test_the_gate_says_that_it_needs_a_measurement() -> None:
    assert (GATE.name, GATE.uses_coverage) == ("coverage", True)


@pytest.mark.parametrize(
    "hit, effect",
    [(94, Effect.UNKNOWN), (95, None)],
)
def test_a_lower_bound_can_prove_a_floor_and_never_disprove_it(
    hit: int, effect: Effect | None
) -> None:
    facts = msgspec.structs.replace(lines(hit, of=100), lower_bound="imported too early")
    found = judged(facts, floors(lines="95")).findings
    assert [one.effect for one in found] == ([] if effect is None else [effect])
    assert all("imported too early" in one.message for one in found)


def test_a_run_that_stopped_early_can_prove_a_floor_and_never_disprove_it() -> None:
    run = a_run(stopped_early="the run stopped early: stopping after 1 failures")
    evidence = an_evidence(run=run, coverage=lines(50, of=100))
    (found,) = evaluate(evidence, floors(lines="90")).findings
    assert found.effect is Effect.UNKNOWN
    assert "stopping after 1 failures" in found.message
    assert evaluate(evidence, floors(lines="50")).findings == ()


@pytest.mark.parametrize("hit, effect", [(95, Effect.UNKNOWN), (89, Effect.FAIL)])
def test_an_upper_bound_can_disprove_a_floor_and_never_prove_it(hit: int, effect: Effect) -> None:
    """Lines that only the failed attempt of a flaky test ran may be among them."""
    facts = msgspec.structs.replace(lines(hit, of=100), upper_bound="one test failed at first")
    (finding,) = evaluate(an_evidence(coverage=facts), CoverageSettings(lines=Decimal(90))).findings
    assert finding.effect is effect
