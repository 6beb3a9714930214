"""Coins: what they show has the law of moving days, stratum by stratum, and draws keep to the binomial's table."""

from itertools import combinations

import numpy as np
import pytest
from chain_worlds import SLOTS, Stratum, bought, days_by_hand, visits_by_hand, week_sort, weekday_sort
from scipy.stats import binom, hypergeom

from graph.algorithms.chains import Gap, Purchases
from graph.algorithms.chains.coins import Coins, Rows, chances_of, coins_of
from graph.algorithms.chains.events import Float64, to_steps
from graph.algorithms.chains.heads import drawn, fill, reach
from graph.algorithms.chains.strata import visits, weekdays, weeks


def heads_of(count: list[int], chance: list[float]) -> Float64:
    """How likely every number of heads is."""
    law = np.ones(1)
    for coins, one in zip(count, chance, strict=True):
        law = np.convolve(law, binom.pmf(np.arange(coins + 1), coins, one))
    return law


@pytest.mark.parametrize("units", [*range(2, 12), 91, 1_000])
def test_the_heads_of_a_stratums_coins_are_hypergeometric(units: int):
    some = range(1, units // 2 + 1) if units < 12 else (1, 2, units // 3)
    for fewer in some:
        for more in range(fewer, units - fewer + 1) if units < 12 else (fewer, units // 2, units - fewer):
            chances = chances_of(units, fewer, more)

            law = heads_of([1] * fewer, chances.tolist())
            np.testing.assert_allclose(law, hypergeom(units, fewer, more).pmf(np.arange(fewer + 1)), atol=1e-13)
            assert ((chances > 0) & (chances < 1)).all()


def moved(strata: list[Stratum], first: int, then: int, kinds: tuple[int, ...]) -> tuple[int, dict[int, float]]:
    """Occurrences in the log, and how likely each number is if the first step's days lie anywhere in their strata."""
    seen, law = 0, {0: 1.0}
    for _, kind, units in strata:
        on = [place for place, (one, _) in enumerate(units) if first in one]
        followed = {place for place, (_, two) in enumerate(units) if then in two}
        if kind not in kinds or not on or not followed:
            continue
        seen += len(followed.intersection(on))
        ways = [len(followed.intersection(places)) for places in combinations(range(len(units)), len(on))]
        before, law = law, {}
        for total, weight in before.items():
            for more in ways:
                law[total + more] = law.get(total + more, 0.0) + weight / len(ways)
    return seen, law


def thrown(coins: Coins, row: int) -> dict[int, float]:
    """How likely each number of occurrences is when the row's coins are thrown."""
    own = slice(coins.pointer[row], coins.pointer[row + 1])
    law = heads_of(coins.count[own].tolist(), coins.chance[own].tolist())
    return {int(coins.certain[row]) + heads: float(weight) for heads, weight in enumerate(law)}


def busy(seed: int) -> Purchases:
    """Three customers who shop on most days of eight weeks."""
    draw = np.random.default_rng(seed)
    rows = [
        (c, day, hour, category) for c in range(3) for day in range(56) for hour in (8, 12, 18) for category in (0, 1)
    ]
    return bought([row for row in rows if draw.random() < 0.4])


@pytest.mark.parametrize("null", ["weeks", "longer weeks", "weekdays", "visits"])
@pytest.mark.parametrize("gap", [Gap.NEXT_DAY, Gap.WITHIN_3_DAYS])
def test_throwing_a_rows_coins_has_the_law_of_moving_days_about(null: str, gap: Gap):
    log = busy(len(null))
    steps = to_steps(log, SLOTS)
    strata, wanted = {
        "weeks": lambda: (weeks(steps, gap, 7), days_by_hand(log, gap, week_sort(7, gap))),
        "longer weeks": lambda: (weeks(steps, gap, 14), days_by_hand(log, gap, week_sort(14, gap))),
        "weekdays": lambda: (weekdays(steps, gap), days_by_hand(log, gap, weekday_sort(gap))),
        "visits": lambda: (visits(steps, gap, 28), visits_by_hand(log, gap, 28)),
    }[null]()
    pairs = [(a, b, kind) for a in range(steps.token_count) for b in range(steps.token_count) for kind in (0, 1, 2)]
    rows = Rows(steps.token_count, *(np.array(column, np.int32) for column in zip(*pairs, strict=True)))

    coins = coins_of(strata, rows)

    by_hand, with_coins = list(wanted), 0
    for row, (first, then, kind) in enumerate(pairs):
        seen, law = moved(by_hand, first, then, (0, 1) if kind == 0 else (kind - 1,))
        told = thrown(coins, row)
        assert coins.observed[row] == seen
        for number in law.keys() | told.keys():
            assert told.get(number, 0.0) == pytest.approx(law.get(number, 0.0), abs=1e-12)
        with_coins += len(law) > 2
    assert with_coins > 50


@pytest.mark.parametrize("count", [1, 2, 7, 400, 1_000_000])
@pytest.mark.parametrize("chance", [0.0005, 0.2113, 0.5, 0.98])
def test_a_table_is_the_binomial_where_a_draw_may_come(count: int, chance: float):
    low, high = reach(count, chance)
    table = np.empty(high - low + 1)

    fill(count, chance, low, table)

    heads = np.arange(low, high + 1)
    np.testing.assert_allclose(table, binom.cdf(heads, count, chance), rtol=1e-9, atol=1e-15)
    assert binom.cdf(low - 1, count, chance) + binom.sf(high, count, chance) < 2**-53
    assert table[-1] == 1.0


def test_a_number_draws_the_first_entry_above_it():
    table = np.array([9.0, 0.25, 0.5, 0.5, 1.0, 9.0])

    answers = [drawn(table, 1, 5, number) for number in (0.0, 0.24, 0.25, 0.49, 0.5, 0.99)]

    assert answers == [0, 0, 1, 1, 3, 3]
