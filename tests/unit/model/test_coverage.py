"""Shares are whole numbers until they are printed, and are never printed better than they are."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.errors import EvidenceMissing
from pytest_gates.model.coverage import Ratio, line_count, ranges_of
from support.evidence import a_file

FLOORS = st.decimals(0, 100, places=None, allow_nan=False, allow_infinity=False).filter(
    lambda floor: int(floor.as_tuple().exponent) > -40
)


@st.composite
def ratios(draw: st.DrawFn) -> Ratio:
    total = draw(st.integers(1, 10**7))
    return Ratio(draw(st.integers(0, total)), total)


@pytest.mark.parametrize(
    "hit, total, floor, reached",
    [
        (9875, 10_000, "99", False),
        (9899, 10_000, "99", False),
        (99, 100, "99", True),
        (948, 1000, "94.9", False),
        (949, 1000, "94.9", True),
        (7955, 10_000, "80", False),
        (1, 3, "33.33333333333333333333333333", True),
        (1, 3, "33.33333333333333333333333334", False),
        (9999, 10_000, "100", False),
        (5, 5, "100", True),
        (0, 5, "0", True),
    ],
)
def test_a_floor_is_compared_exactly(hit: int, total: int, floor: str, reached: bool) -> None:
    assert Ratio(hit, total).reaches(Decimal(floor)) is reached


def test_the_percentage_is_an_exact_fraction() -> None:
    assert Ratio(1, 3).percent == Fraction(100, 3)


def test_zero_of_zero_is_no_percentage() -> None:
    with pytest.raises(EvidenceMissing, match="0 of 0"):
        _ = Ratio(0, 0).percent


def test_zero_of_zero_reaches_no_floor_at_all() -> None:
    with pytest.raises(EvidenceMissing):
        Ratio(0, 0).reaches(Decimal(0))


def test_ratios_add_their_counts_and_not_their_percentages() -> None:
    assert Ratio(1, 1) + Ratio(0, 3) == Ratio(1, 4)


@pytest.mark.parametrize(
    "hit, total, floor, shown",
    [
        (1, 3, None, "33.33 %"),
        (2, 3, None, "66.66 %"),
        (9_999, 10_000, None, "99.99 %"),
        (999_999, 1_000_000, None, "99.99 %"),
        (9_899_999, 10_000_000, "99", "98.99 %"),
        (9_489_999, 10_000_000, "94.9", "94.89 %"),
        (94_899_999, 100_000_000, "94.9000", "94.8999 %"),
        (5, 5, "90", "100.00 %"),
        (1, 200, None, "0.50 %"),
        (5, 5, "1E+2", "100.00 %"),
        (1, 3, "NaN", "33.33 %"),
        (0, 0, "90", "0 of 0"),
    ],
)
def test_the_shown_percentage_is_rounded_down(
    hit: int, total: int, floor: str | None, shown: str
) -> None:
    assert Ratio(hit, total).shown(None if floor is None else Decimal(floor)) == shown


@given(ratios(), FLOORS)
def test_the_shown_number_is_on_the_same_side_of_the_floor_as_the_ratio(
    ratio: Ratio, floor: Decimal
) -> None:
    shown = Decimal(ratio.shown(floor).removesuffix(" %"))
    assert (shown >= floor) is ratio.reaches(floor)


@given(ratios(), st.none() | FLOORS)
def test_a_hundred_is_shown_only_for_everything(ratio: Ratio, floor: Decimal | None) -> None:
    assert ratio.shown(floor).startswith("100") is (ratio.hit == ratio.total)


def test_lines_that_can_run_are_the_total_and_missing_ones_are_not_hit() -> None:
    assert a_file(lines=10, missing=((2, 4), (9, 9))).lines == Ratio(6, 10)


def test_branches_not_taken_are_not_hit() -> None:
    assert a_file(branches=4, missing_branches=((3, 5),)).branches == Ratio(3, 4)


def test_a_file_without_code_is_zero_of_zero() -> None:
    assert a_file(lines=0).lines == Ratio(0, 0)


def test_consecutive_lines_are_drawn_together() -> None:
    assert ranges_of((7, 1, 3, 2, 2)) == ((1, 3), (7, 7))


@given(st.lists(st.integers(1, 60)))
def test_ranges_hold_exactly_the_lines_and_never_touch(numbers: list[int]) -> None:
    found = ranges_of(tuple(numbers))
    spelled = [line for first, last in found for line in range(first, last + 1)]
    assert spelled == sorted(set(numbers))
    assert line_count(found) == len(set(numbers))
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(found)]
    assert all(gap > 1 for gap in gaps)
