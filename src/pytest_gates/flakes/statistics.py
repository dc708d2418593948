"""How often a test fails by chance: what is believed, what a run adds, how it is told. Pure.

Floats are enough here: these numbers weigh evidence and are told to people; none is a threshold that
two processes must agree on to the last digit.
"""

from __future__ import annotations

import math

import msgspec

from pytest_gates.model.history import Tally

_HALF = 0.5  # Jeffreys' prior: half a failure and half a pass before the first run
_SURE = 0.95
_PRECISION = 1e-14
_MOST_TERMS = 100_000


class Belief(msgspec.Struct, frozen=True):
    """What is believed of the rate at which a test fails on good code: Beta(alpha, beta).

    Raises ValueError unless both are finite and above 0.
    """

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if not (0 < self.alpha < math.inf and 0 < self.beta < math.inf):
            raise ValueError(f"{self}: expected two finite numbers above 0")

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)


UNKNOWN = Belief(0.5, 4.5)
"""Of a test without a history: 10 % on average, most likely far less."""


def belief_of(tally: Tally | None) -> Belief:
    """Beta(0.5 + failures, 0.5 + passes) of the weighted counts, but never fewer passes than UNKNOWN.

    Taken alone, the counts of 3 clean runs would give Beta(0.5, 3.5): a mean of 12.5 %, worse than the
    10 % of a test that nobody ever saw, and a history that has faded away would end at 50 %. Passes
    must not count against a test, so below 4 of them those of UNKNOWN stand. From 4 on it is the
    plain formula. Failures always count whole.
    """
    known = tally or Tally()
    passes = known.weighted_runs - known.weighted_failures
    return Belief(
        UNKNOWN.alpha + known.weighted_failures,
        max(UNKNOWN.beta, _HALF + passes),
    )


def probability_of_regression(failed_reruns: int, belief: Belief, prior: float = 0.5) -> float:
    """That a test which failed once, and in all `failed_reruns` since, fails always; 0 to 1.

    `prior` is the share of regressions among first failures. The other explanation is bad luck at a
    rate of `belief`, in which the first failure is already counted.
    """
    after_the_first = Belief(belief.alpha + 1, belief.beta)
    return _posterior(prior, _evidence(failed_reruns, 0, after_the_first))


def probability_of_order(
    *,
    alone_passes: int,
    alone_failures: int,
    behind_passes: int,
    behind_failures: int,
    belief: Belief,
    prior: float = 0.59,
) -> float:
    """That what ran before decides over a test which failed once in the run; 0 to 1.

    `alone` counts attempts with nothing before them, `behind` those behind the same tests as in the
    run. If the order decides, each of the first passes and each of the second fails; one attempt that
    does otherwise makes it impossible: 0. The other explanation is failure at random, at a rate of
    `belief`. The default `prior` is the share of order-dependent tests among flaky ones in Python
    (Gruber et al. 2021).
    """
    if alone_failures or behind_passes:
        return 0.0
    after_the_first = Belief(belief.alpha + 1, belief.beta)
    return _posterior(prior, _evidence(behind_failures, alone_passes, after_the_first))


def tail_probability(failures: int, runs: int, belief: Belief) -> float:
    """That a test of this belief fails at least `failures` times in `runs`: beta-binomial, 0 to 1."""
    if failures <= 0:
        return 1.0
    terms = (
        math.exp(_log_choose(runs, count) + _log_evidence(count, runs - count, belief))
        for count in range(failures, runs + 1)
    )
    return min(1.0, math.fsum(terms))


def share_below(belief: Belief, rate: float) -> float:
    """How sure it is that the failure rate is at most `rate`: the distribution function, 0 to 1."""
    if rate <= 0:
        return 0.0
    if rate >= 1:
        return 1.0
    a, b = belief.alpha, belief.beta
    front = math.exp(a * math.log(rate) + b * math.log1p(-rate) - _log_beta(a, b))
    # The continued fraction converges fast on the near side of the mean only.
    if rate < (a + 1) / (a + b + 2):
        return min(1.0, front * _continued_fraction(a, b, rate) / a)
    return max(0.0, 1 - front * _continued_fraction(b, a, 1 - rate) / b)


def quantile(belief: Belief, probability: float) -> float:
    """The rate that the failure rate is below with this probability: the inverse of `share_below`."""
    if not 0 < probability < 1:
        return float(probability > 0)
    low, high = 0.0, 1.0
    middle = (low + high) / 2
    while low < middle < high:
        if share_below(belief, middle) < probability:
            low = middle
        else:
            high = middle
        middle = (low + high) / 2
    return high


def credible_interval(belief: Belief, mass: float = _SURE) -> tuple[float, float]:
    """The lowest and the highest rate that are credible: as much is left out below as above."""
    outside = (1 - mass) / 2
    return quantile(belief, outside), quantile(belief, 1 - outside)


def upper_bound(passes: int, sure: float = _SURE) -> float:
    """The highest failure rate that so many passes in a row leave possible; 1 without any."""
    return 1 - (1 - sure) ** (1 / passes) if passes > 0 else 1.0


def passes_needed(rate: float, risk: float = 0.05) -> int:
    """How many passes in a row a test that fails at `rate` reaches with a probability of `risk` at most.

    Raises ValueError when `rate` is 0: no number of passes tells it from a test that never fails.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate {rate}: expected above 0, at most 1")
    if rate == 1:
        return 1
    count = max(1, math.ceil(math.log(risk) / math.log1p(-rate)))
    # The quotient of two logarithms can lie a hair above a whole number.
    return count - 1 if count > 1 and (1 - rate) ** (count - 1) <= risk else count


def release_passes(belief: Belief, risk: float = 0.05) -> int:
    """Passes in a row that show it fails no longer as it did: quarantine can end.

    They contradict the highest rate that the history leaves credible (95 %). A test that failed more
    rarely than that may still come through: tell the user `told_upper_bound` beside it.
    """
    return passes_needed(quantile(belief, _SURE), risk)


def told_upper_bound(passes: int) -> str:
    """`0 failures in 30 runs: fails less than 9.5 % of the time, 95 % sure`."""
    if passes <= 0:
        return "no runs: nothing is known of how often it fails"
    runs = "1 run" if passes == 1 else f"{passes} runs"
    rate = told_percent(upper_bound(passes))
    return f"0 failures in {runs}: fails less than {rate} of the time, 95 % sure"


def told_rate(tally: Tally) -> str:
    """`3 of 214 on the base (1.4 %, between 0.4 % and 3.7 %)`: all runs counted alike, 95 % sure."""
    if tally.runs <= 0:
        return "no runs on the base"
    passes = tally.runs - tally.failures
    low, high = credible_interval(Belief(_HALF + tally.failures, _HALF + passes))
    # The equal-tailed interval never reaches 0 or 1; where nothing was seen, it must.
    if not tally.failures:
        between = f"at most {told_percent(high)}"
    elif not passes:
        between = f"at least {told_percent(low)}"
    else:
        between = f"between {told_percent(low)} and {told_percent(high)}"
    rate = told_percent(tally.failures / tally.runs)
    return f"{tally.failures} of {tally.runs} on the base ({rate}, {between})"


def told_percent(rate: float) -> str:
    """`9.5 %`: one decimal, more below 0.1 %; what is not 0 or 100 % is never rounded to it."""
    percent = 100 * rate
    if rate in {0, 1}:
        return f"{percent:.0f} %"
    decimals = max(1, -math.floor(math.log10(percent)))
    text = f"{percent:.{decimals}f}"
    return "over 99.9 %" if text == "100.0" else f"{text} %"


def _posterior(prior: float, evidence: float) -> float:
    """Of an explanation that makes the data certain, against one that gives them this probability."""
    total = prior + (1 - prior) * evidence
    return prior / total if total > 0 else 0.0


def _evidence(failures: int, passes: int, belief: Belief) -> float:
    """Probability of these outcomes in one given order: E[p^failures (1-p)^passes]."""
    return math.exp(_log_evidence(failures, passes, belief))


def _log_evidence(failures: int, passes: int, belief: Belief) -> float:
    a, b = belief.alpha, belief.beta
    return _log_beta(a + failures, b + passes) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Of the incomplete beta function (DLMF 8.17.22), by the modified method of Lentz.

    Raises ArithmeticError when it does not converge: a number nobody can trust is none.
    """
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a}, {b} at {x} does not converge")


def _not_zero(number: float) -> float:
    return number if abs(number) > 1e-300 else 1e-300  # noqa: PLR2004 - as good as 0
