"""Tails and corrections: against exact convolution, against shuffling, against SciPy."""

from math import comb

import numpy as np
import pytest
from chain_worlds import EVENING, LUNCH, SLOTS, bought, habit_world
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graph.algorithms.chains import ChainsRequest, DayKind, Gap, find_chains
from graph.algorithms.significance import benjamini_hochberg, log_tail

week = st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1), st.integers(1, n - 1)))


def exact_distribution(parts: list[tuple[int, int, int]]) -> np.ndarray:
    """P(S = 0, 1, 2, …) of a sum of hypergeometric counts, by convolution."""
    total = np.ones(1)
    for n, k, m in parts:
        total = np.convolve(total, [comb(k, s) * comb(n - k, m - s) / comb(n, m) for s in range(min(k, m) + 1)])
    return total


def moments(exact: np.ndarray, size: int) -> list[np.ndarray]:
    """Mean, variance and third cumulant of a distribution over 0, 1, 2, …, each `size` times."""
    values = np.arange(exact.size)
    mean = (exact * values).sum()
    return [np.full(size, m) for m in (mean, *((exact * (values - mean) ** power).sum() for power in (2, 3)))]


def told_and_exact(parts: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Log tails down to 1e-7, as told from three cumulants and as they are."""
    distribution = exact_distribution(parts)
    exact = np.cumsum(distribution[::-1])[::-1]
    counts = np.flatnonzero((exact > 1e-7) & (exact < 0.5))
    return log_tail(counts.astype(float), *moments(distribution, counts.size)), np.log(exact[counts])


def test_the_tail_of_mixed_strata_follows_the_exact_one_far_out():
    rng = np.random.default_rng(7)

    for _ in range(300):
        sizes = rng.integers(2, 8, rng.integers(30, 81))
        told, exact = told_and_exact([(n, rng.integers(1, n), rng.integers(1, n)) for n in sizes.tolist()])

        # Of as many sorts of weeks as logs have: 1e-6 is never told as less than 3e-7, and 1e-3 is right to a third.
        assert (told >= 1.08 * exact - 0.1).all()
        np.testing.assert_allclose(told[exact > np.log(1e-3)], exact[exact > np.log(1e-3)], atol=0.3)


@settings(max_examples=150, deadline=None)
@given(week, week, st.sampled_from([3, 10, 30]), st.sampled_from([27, 50]))
def test_the_tail_of_the_most_awkward_strata_errs_no_more_than_is_said(one, other, few, many):
    told, exact = told_and_exact([one] * few + [other] * many)

    # Nothing but two sorts of weeks, one nearly sure and one rare: what docs/algorithms.md says of the worst case.
    for least, factor in ((1e-2, 1.2), (1e-3, 2.5), (1e-5, 8.0), (1e-7, 150.0)):
        assert (told - exact)[exact > np.log(least)].min(initial=0) >= -np.log(factor)


@given(st.floats(0.01, 50), st.floats(0.05, 1.0), st.integers(1, 200))
def test_more_occurrences_are_never_less_surprising(mean, ratio, count):
    moments = np.full(2, mean), np.full(2, mean * ratio), np.full(2, mean * ratio * (2 * ratio - 1))

    less, more = log_tail(np.array([count, count + 1.0]), *moments)

    assert more <= less + 1e-9
    assert less <= 1e-9


def test_nothing_that_can_vary_is_no_surprise():
    assert log_tail(np.array([5.0, 0.0]), np.array([5.0, 2.0]), np.array([0.0, 1.0]), np.zeros(2)).tolist() == [
        0.0,
        0.0,
    ]


def test_the_far_tail_keeps_falling_where_floats_have_ended():
    counts = np.array([2_000.0, 4_000.0, 8_000.0])

    told = log_tail(counts, np.full(3, 1_000.0), np.full(3, 900.0), np.full(3, 720.0))

    assert np.all(np.isfinite(told))
    assert told[0] > told[1] > told[2]
    assert told[2] < -5_000


def test_the_far_form_meets_the_closed_form_where_both_hold():
    trials, chance, count = 1_800, 1 / 6, 850.0
    exact = stats.binom.logsf(count - 1, trials, chance)
    variance = trials * chance * (1 - chance)
    assert -700 < exact < -400

    [told] = log_tail(np.array([count]), *(np.array([m]) for m in (300.0, variance, variance * (1 - 2 * chance))))

    assert told == pytest.approx(exact, rel=1e-3)


def test_shuffling_days_within_the_strata_gives_the_same_mean_variance_and_tail():
    # Every customer's weekdays as rows of 0 and 1, shuffled within each block of 28 days.
    rng = np.random.default_rng(7)
    rows = []
    for customer in range(40):
        for day in range(56):
            if day % 7 < 5:
                rows += [(customer, day, 12, 0)] if rng.random() < 0.3 else []
                rows += [(customer, day, 18, 1)] if rng.random() < 0.25 else []
        rows += [(customer, 0, 8, 2), (customer, 55, 8, 2)]
    purchases = bought(rows)
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.SAME_DAY,), day_kinds=(DayKind.WEEKDAY,), block_days=28)
    chains = find_chains(request, purchases)
    [row] = np.flatnonzero((chains.first == LUNCH) & (chains.then == len(SLOTS) + EVENING))

    coffee, tea = (np.zeros((40, 56), np.bool_) for _ in range(2))
    for customer, day, _, category in rows:
        if category < 2:
            (coffee, tea)[category][customer, day] = True
    weekdays = np.flatnonzero(np.arange(56) % 7 < 5).reshape(2, 20)
    shuffled = np.zeros(4000)
    for days in weekdays:
        first, second = coffee[:, days], tea[:, days]
        for turn in range(shuffled.size):
            shuffled[turn] += (first & rng.permuted(second, axis=1)).sum()

    observed = chains.occurrences[row]
    assert observed == (coffee & tea).sum()
    assert shuffled.mean() == pytest.approx(chains.expected[row], abs=4 * np.sqrt(chains.variance[row] / 4000))
    assert shuffled.var() == pytest.approx(chains.variance[row], rel=0.1)
    tail = (shuffled >= observed).mean()
    assert np.exp(chains.log_p[row]) == pytest.approx(tail, abs=4 * np.sqrt(tail * (1 - tail) / 4000) + 0.01)


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=50))
def test_q_values_are_those_of_scipy(p_values):
    told = np.exp(benjamini_hochberg(np.log(np.array(p_values))))

    np.testing.assert_allclose(told, stats.false_discovery_control(p_values), rtol=1e-9)


def test_p_values_are_uniform_or_larger_when_nothing_is_planted():
    chains = find_chains(ChainsRequest(slots=SLOTS), habit_world(21, 1200, 12, 0.0))

    for level in (0.2, 0.1, 0.05, 0.01):
        assert (chains.log_p < np.log(level)).mean() < 1.5 * level + 0.01
