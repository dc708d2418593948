"""What is believed of a test's failure rate, and what further runs say of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes.statistics import (
    UNKNOWN,
    Belief,
    belief_of,
    probability_of_order,
    probability_of_regression,
    tail_probability,
)
from pytest_gates.model.history import Tally

SIZES = st.floats(0.5, 500)
BELIEFS = st.builds(Belief, SIZES, SIZES)
RATES = st.floats(0, 1)


def weighted(failures: float, runs: float) -> Tally:
    return Tally(weighted_runs=runs, weighted_failures=failures)


def raw(failures: int, runs: int) -> Tally:
    return Tally(runs=runs, failures=failures)


# What is believed.


@pytest.mark.parametrize("alpha, beta", [(0, 1), (1, 0), (-1, 1), (math.nan, 1), (1, math.inf)])
def test_a_belief_is_two_finite_numbers_above_zero(alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match="expected two finite numbers above 0"):
        Belief(alpha, beta)


@pytest.mark.parametrize(
    "tally, belief",
    [
        (None, UNKNOWN),
        (Tally(), UNKNOWN),
        (weighted(0, 1), UNKNOWN),
        (weighted(0, 3), UNKNOWN),
        (weighted(0, 4), UNKNOWN),
        (weighted(0, 5), Belief(0.5, 5.5)),
        (weighted(0, 200), Belief(0.5, 200.5)),
        (weighted(20, 200), Belief(20.5, 180.5)),
        (weighted(1.5, 20), Belief(2.0, 19.0)),
        (weighted(1, 1), Belief(1.5, 4.5)),
        (weighted(0.01, 0.02), Belief(0.51, 4.5)),
        (raw(3, 3), UNKNOWN),
    ],
)
def test_a_belief_counts_weighted_failures_and_passes(tally: Tally | None, belief: Belief) -> None:
    assert belief_of(tally) == belief


@given(st.floats(0, 1000))
def test_passes_never_count_against_a_test(passes: float) -> None:
    assert belief_of(weighted(0, passes)).mean <= UNKNOWN.mean


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_a_failure_makes_it_worse_and_a_pass_no_worse(
    failures: float, passes: float, more: float
) -> None:
    before = belief_of(weighted(failures, failures + passes)).mean
    assert belief_of(weighted(failures + more, failures + more + passes)).mean >= before - 1e-12
    assert belief_of(weighted(failures, failures + passes + more)).mean <= before + 1e-12


def test_the_mean_of_an_unknown_test_is_a_tenth() -> None:
    assert UNKNOWN.mean == pytest.approx(0.1)


# A regression, or bad luck.


@pytest.mark.parametrize(
    "prior, belief, table",
    [
        (0.50, Belief(1, 19), [0.50, 0.91, 0.99]),
        (0.50, UNKNOWN, [0.50, 0.80, 0.92, 0.96, 0.98, 0.99]),
        (0.16, UNKNOWN, [0.16, 0.43, 0.68, 0.83, 0.91, 0.95]),
        (0.50, Belief(2, 2), [0.50, 0.625, 0.71, 0.78, 0.82, 0.86]),
    ],
)
def test_each_failed_rerun_speaks_for_a_regression(
    prior: float, belief: Belief, table: list[float]
) -> None:
    found = [probability_of_regression(count, belief, prior) for count in range(len(table))]
    assert found == pytest.approx(table, abs=0.005)


@given(BELIEFS, st.integers(0, 50), st.floats(0.01, 0.99))
def test_no_failed_rerun_speaks_against_a_regression(
    belief: Belief, count: int, prior: float
) -> None:
    now = probability_of_regression(count, belief, prior)
    assert prior - 1e-9 <= now <= 1
    assert probability_of_regression(count + 1, belief, prior) >= now - 1e-9


@given(BELIEFS, st.floats(1, 100), st.integers(1, 10))
def test_the_same_failures_say_less_of_a_test_that_failed_often(
    belief: Belief, more: float, count: int
) -> None:
    worse = Belief(belief.alpha + more, belief.beta)
    assert (
        probability_of_regression(count, worse) <= probability_of_regression(count, belief) + 1e-9
    )


@pytest.mark.parametrize("prior", [0, 1])
def test_who_was_certain_before_is_certain_still(prior: float) -> None:
    assert probability_of_regression(3, UNKNOWN, prior) == prior


# The order of the tests, or bad luck.


def order(
    alone: tuple[int, int], behind: tuple[int, int], belief: Belief = UNKNOWN, **prior: float
) -> float:
    """(passes, failures) alone and behind the same tests."""
    return probability_of_order(
        alone_passes=alone[0],
        alone_failures=alone[1],
        behind_passes=behind[0],
        behind_failures=behind[1],
        belief=belief,
        **prior,
    )


def test_without_an_attempt_only_the_prior_speaks() -> None:
    assert order((0, 0), (0, 0)) == pytest.approx(0.59)
    assert order((0, 0), (0, 0), prior=0.2) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "alone, behind, chance",
    [
        # E[1-p] of Beta(1.5, 4.5) is 3/4, E[p] is 1/4, E[p(1-p)] is 27/168.
        ((1, 0), (0, 0), 0.75),
        ((0, 0), (0, 1), 0.25),
        ((1, 0), (0, 1), 27 / 168),
    ],
)
def test_the_posterior_weighs_order_against_chance(
    alone: tuple[int, int], behind: tuple[int, int], chance: float
) -> None:
    assert order(alone, behind) == pytest.approx(0.59 / (0.59 + 0.41 * chance))


@pytest.mark.parametrize("alone, behind", [((9, 1), (0, 9)), ((9, 0), (1, 9)), ((0, 1), (1, 0))])
def test_one_attempt_that_does_otherwise_rules_the_order_out(
    alone: tuple[int, int], behind: tuple[int, int]
) -> None:
    assert order(alone, behind) == 0


@given(BELIEFS, st.integers(0, 30), st.integers(0, 30))
def test_every_attempt_that_agrees_speaks_for_the_order(
    belief: Belief, passes: int, failures: int
) -> None:
    now = order((passes, 0), (0, failures), belief)
    assert 0.59 - 1e-9 <= now <= 1
    assert order((passes + 1, 0), (0, failures), belief) >= now - 1e-9
    assert order((passes, 0), (0, failures + 1), belief) >= now - 1e-9


def test_a_coin_needs_more_pairs_than_a_test_that_seldom_fails() -> None:
    coin, seldom = Belief(50, 50), Belief(1, 99)
    assert order((2, 0), (0, 2), coin) < 0.97 < order((2, 0), (0, 2), seldom)


def test_what_cannot_be_computed_for_smallness_is_not_believed() -> None:
    assert order((10**6, 0), (0, 10**6), prior=0) == 0


# Worse than before, or the same.


@pytest.mark.parametrize(
    "failed, of, failures, runs, chance",
    [
        (0, 200, 1, 2, 0.005),
        (0, 200, 1, 6, 0.015),
        (2, 200, 1, 2, 0.025),
        (10, 200, 1, 2, 0.10),
        (20, 200, 2, 6, 0.12),
        (20, 200, 4, 6, 0.002),
        (0, 20, 1, 6, 0.12),
    ],
)
def test_the_tail_tells_a_new_flake_from_a_known_one(
    failed: int, of: int, failures: int, runs: int, chance: float
) -> None:
    belief = Belief(0.5 + failed, 0.5 + of - failed)
    assert tail_probability(failures, runs, belief) == pytest.approx(chance, rel=0.15)
    assert belief_of(weighted(failed, of)) == belief


def test_the_tail_of_a_uniform_belief_is_uniform() -> None:
    found = [tail_probability(failures, 4, Belief(1, 1)) for failures in range(6)]
    assert found == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0])


@given(BELIEFS, st.integers(0, 200), st.data())
def test_the_tail_falls_with_failures_and_rises_with_runs(
    belief: Belief, runs: int, data: st.DataObject
) -> None:
    failures = data.draw(st.integers(0, runs + 1))
    now = tail_probability(failures, runs, belief)
    assert 0 <= now <= 1
    assert tail_probability(failures + 1, runs, belief) <= now + 1e-9
    assert tail_probability(failures, runs + 1, belief) >= now - 1e-9


@given(BELIEFS, st.integers(1, 100))
def test_some_number_of_failures_comes_about(belief: Belief, runs: int) -> None:
    exactly = [
        tail_probability(count, runs, belief) - tail_probability(count + 1, runs, belief)
        for count in range(runs + 1)
    ]
    assert min(exactly) > -1e-9
    mean = sum(count * share for count, share in enumerate(exactly))
    assert mean == pytest.approx(runs * belief.mean, rel=1e-6)
