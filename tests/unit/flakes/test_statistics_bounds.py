"""Distribution and quantiles of a failure rate, the passes that rule one out, and how both are told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes import statistics
from pytest_gates.flakes.statistics import (
    UNKNOWN,
    Belief,
    belief_of,
    credible_interval,
    passes_needed,
    quantile,
    release_passes,
    share_below,
    told_percent,
    told_rate,
    told_upper_bound,
    upper_bound,
)
from pytest_gates.model.history import Tally

SIZES = st.floats(0.5, 500)
BELIEFS = st.builds(Belief, SIZES, SIZES)
RATES = st.floats(0, 1)


def weighted(failures: float, runs: float) -> Tally:
    return Tally(weighted_runs=runs, weighted_failures=failures)


def raw(failures: int, runs: int) -> Tally:
    return Tally(runs=runs, failures=failures)


# Distribution, quantile, interval.


@given(RATES, st.integers(1, 30), st.integers(1, 30))
def test_the_distribution_of_whole_numbers_is_a_binomial_sum(rate: float, a: int, b: int) -> None:
    runs = a + b - 1
    exact = math.fsum(
        math.comb(runs, count) * rate**count * (1 - rate) ** (runs - count)
        for count in range(a, runs + 1)
    )
    assert share_below(Belief(a, b), rate) == pytest.approx(exact, abs=1e-12)


@given(RATES)
def test_the_distribution_of_halves_is_the_arcsine_law(rate: float) -> None:
    exact = 2 / math.pi * math.atan2(math.sqrt(rate), math.sqrt(1 - rate))
    assert share_below(Belief(0.5, 0.5), rate) == pytest.approx(exact, abs=1e-9)


@given(BELIEFS, RATES)
def test_failing_is_the_mirror_of_passing(belief: Belief, rate: float) -> None:
    mirrored = share_below(Belief(belief.beta, belief.alpha), 1 - rate)
    assert share_below(belief, rate) == pytest.approx(1 - mirrored, abs=1e-9)


@given(BELIEFS, RATES, RATES)
def test_the_distribution_rises(belief: Belief, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= share_below(belief, low) <= share_below(belief, high) + 1e-12 <= 1 + 1e-12


def test_a_rate_lies_between_nothing_and_always() -> None:
    assert (share_below(UNKNOWN, -1), share_below(UNKNOWN, 0)) == (0, 0)
    assert (share_below(UNKNOWN, 1), share_below(UNKNOWN, 2)) == (1, 1)


@pytest.mark.parametrize("size", [1, 1e3, 1e6])
def test_half_of_a_symmetric_belief_lies_below_the_middle(size: float) -> None:
    assert share_below(Belief(size, size), 0.5) == pytest.approx(0.5, abs=1e-8)


def test_a_number_that_does_not_converge_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_MOST_TERMS", 2)
    with pytest.raises(ArithmeticError, match="does not converge"):
        share_below(Belief(1000, 1000), 0.5)


@given(BELIEFS, st.floats(0.001, 0.999))
def test_the_quantile_inverts_the_distribution(belief: Belief, probability: float) -> None:
    rate = quantile(belief, probability)
    assert 0 <= rate <= 1
    # Next to 1 a float cannot name the rate any better.
    slack = 1e-9 + share_below(belief, math.nextafter(rate, 1)) - share_below(belief, rate)
    assert share_below(belief, rate) == pytest.approx(probability, abs=max(slack, 1e-6))


@pytest.mark.parametrize("probability, rate", [(-1, 0), (0, 0), (1, 1), (2, 1)])
def test_the_ends_of_the_quantile_are_exact(probability: float, rate: float) -> None:
    assert quantile(UNKNOWN, probability) == rate


@given(BELIEFS, st.floats(0.5, 0.99))
def test_the_interval_holds_its_mass_and_leaves_as_much_below_as_above(
    belief: Belief, mass: float
) -> None:
    low, high = credible_interval(belief, mass)
    assert share_below(belief, high) - share_below(belief, low) == pytest.approx(mass, abs=1e-6)
    assert share_below(belief, low) == pytest.approx((1 - mass) / 2, abs=1e-6)


@given(BELIEFS)
def test_the_interval_holds_the_mean(belief: Belief) -> None:
    low, high = credible_interval(belief)
    assert low <= belief.mean <= high


# How many passes.


@pytest.mark.parametrize(
    "passes, bound",
    [(0, 1), (1, 0.95), (5, 0.45), (10, 0.26), (20, 0.139), (30, 0.095), (100, 0.03), (300, 0.01)],
)
def test_passes_leave_a_failure_rate_possible(passes: int, bound: float) -> None:
    assert upper_bound(passes) == pytest.approx(bound, abs=0.005)


@pytest.mark.parametrize(
    "rate, passes", [(1, 1), (0.99, 1), (0.3, 9), (0.1, 29), (0.05, 59), (0.02, 149), (0.01, 299)]
)
def test_a_rarer_failure_takes_more_passes_to_rule_out(rate: float, passes: int) -> None:
    assert passes_needed(rate) == passes


@given(st.floats(1e-4, 0.999), st.floats(0.001, 0.5))
def test_no_fewer_passes_would_do(rate: float, risk: float) -> None:
    passes = passes_needed(rate, risk)
    assert (1 - rate) ** passes <= risk * (1 + 1e-9)
    assert passes == 1 or (1 - rate) ** (passes - 1) > risk * (1 - 1e-9)


@pytest.mark.parametrize("power", range(1, 12))
def test_a_risk_that_is_met_exactly_is_met(power: int) -> None:
    assert passes_needed(0.5, 0.5**power) == power


@given(st.integers(1, 2000))
def test_passes_and_bound_are_two_sides_of_one_number(passes: int) -> None:
    assert abs(passes_needed(upper_bound(passes)) - passes) <= 1


@pytest.mark.parametrize("rate", [0, -0.1, 1.1, math.nan])
def test_no_number_of_passes_shows_that_it_never_fails(rate: float) -> None:
    with pytest.raises(ValueError, match="expected above 0"):
        passes_needed(rate)


@pytest.mark.parametrize(
    "belief, passes",
    [
        (UNKNOWN, 7),
        (belief_of(weighted(30, 100)), 7),
        (belief_of(weighted(20, 200)), 20),
        (belief_of(weighted(2, 200)), 108),
        (belief_of(weighted(20, 1000)), 105),
    ],
)
def test_quarantine_ends_after_passes_that_contradict_its_old_rate(
    belief: Belief, passes: int
) -> None:
    assert release_passes(belief) == passes


@given(st.integers(1, 50), st.integers(50, 500))
def test_a_test_that_failed_more_often_is_released_sooner(failures: int, runs: int) -> None:
    before = release_passes(belief_of(weighted(failures, runs)))
    assert release_passes(belief_of(weighted(failures + 1, runs))) <= before


# Words.


@pytest.mark.parametrize(
    "passes, text",
    [
        (30, "0 failures in 30 runs: fails less than 9.5 % of the time, 95 % sure"),
        (1, "0 failures in 1 run: fails less than 95.0 % of the time, 95 % sure"),
        (0, "no runs: nothing is known of how often it fails"),
    ],
)
def test_green_runs_are_told_with_what_they_leave_possible(passes: int, text: str) -> None:
    assert told_upper_bound(passes) == text


@pytest.mark.parametrize(
    "tally, text",
    [
        (raw(3, 214), "3 of 214 on the base (1.4 %, between 0.4 % and 3.7 %)"),
        (raw(0, 10), "0 of 10 on the base (0 %, at most 21.7 %)"),
        (raw(10, 10), "10 of 10 on the base (100 %, at least 78.3 %)"),
        (raw(1, 20000), "1 of 20000 on the base (0.005 %, between 0.0005 % and 0.02 %)"),
        (raw(0, 0), "no runs on the base"),
        (weighted(1, 5), "no runs on the base"),
    ],
)
def test_a_rate_is_told_with_its_counts_and_how_sure_it_is(tally: Tally, text: str) -> None:
    assert told_rate(tally) == text


@pytest.mark.parametrize(
    "rate, text",
    [
        (0, "0 %"),
        (0.00001, "0.001 %"),
        (0.0004, "0.04 %"),
        (0.001, "0.1 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.99999, "over 99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_percentage_is_not_rounded_to_never_or_always(rate: float, text: str) -> None:
    assert told_percent(rate) == text
