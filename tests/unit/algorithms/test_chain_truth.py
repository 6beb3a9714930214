"""Worlds without any chain: habits, weekdays, busy weeks, seasons, shared events. What is found there is false."""

from collections.abc import Iterator

import numpy as np
import pytest
from chain_worlds import MONDAY
from scipy import stats

from graph.algorithms.chains import ChainsRequest, Compared, DayKind, Gap, Purchases, confirmed, find_chains
from graph.algorithms.chains.events import to_steps
from graph.algorithms.significance import benjamini_hochberg

WORLDS, CUSTOMERS, DAYS, CATEGORIES = 50, 250, 16 * 7, 5
SLOTS = ((660, 780), (1080, 1200))
HOURS = (12, 19)
REQUEST = ChainsRequest(slots=SLOTS, gaps=(Gap.SAME_DAY, Gap.NEXT_DAY))


def chainless(seed: int) -> Purchases:
    """Each (customer, day, slot, category) by itself, given habits and the day: nothing follows anything."""
    rng = np.random.default_rng(seed)
    shape = CUSTOMERS, DAYS, len(HOURS), CATEGORIES
    rate = np.zeros(shape)
    rate += rng.gamma(0.5, 0.08, (CUSTOMERS, 1, len(HOURS), CATEGORIES))
    favourite = rng.integers(0, 7, (CUSTOMERS, 1, 1, CATEGORIES))
    on_favourite = np.arange(DAYS).reshape(1, -1, 1, 1) % 7 == favourite
    rate *= np.where(on_favourite, 3.0, 0.6)
    rate *= np.repeat(rng.choice([0.2, 1.6], (CUSTOMERS, DAYS // 7)), 7, axis=1)[:, :, None, None]
    phase = rng.uniform(0, 2 * np.pi, CATEGORIES)
    rate *= 1 + 0.5 * np.sin(2 * np.pi * np.arange(DAYS)[None, :, None, None] / DAYS + phase)
    for _ in range(3):
        # An event: on two days in turn everybody buys two categories many times as often, perhaps one after the other.
        day, (first, then) = rng.integers(0, DAYS - 1), rng.integers(0, CATEGORIES, 2)
        rate[:, day, :, first] *= 6
        rate[:, day + 1, :, then] *= 6
    customer, day, slot, category = np.nonzero(rng.random(shape) < rate)
    columns = (column.astype(np.int32) for column in (customer, day + MONDAY, np.array(HOURS)[slot] * 60, category))
    return Purchases(*columns, CUSTOMERS, CATEGORIES)


def false_alarms(request: ChainsRequest) -> int:
    """In how many worlds anything at all is confirmed."""
    return sum(bool(confirmed(find_chains(request, chainless(seed)), request).any()) for seed in range(WORLDS))


def test_of_fifty_worlds_without_chains_few_show_any():
    alarms = false_alarms(REQUEST)

    # At most 5 % and its sampling error: 6 of 50 or more would come by chance in 4 of 100 tries.
    assert alarms <= 5, alarms


def test_visits_too_show_few_chains_where_there_are_none():
    visits = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), compared=Compared.VISITS, day_kinds=(DayKind.ANY,))

    alarms = false_alarms(visits)

    assert alarms <= 5, alarms


def test_lift_and_chi_squared_call_shared_habits_chains_in_nearly_every_world():
    lifted, squared = 0, 0
    for seed in range(WORLDS // 5):
        tables = list(next_day_tables(chainless(seed)))
        with_both, with_first, with_second, days = np.array(tables, np.float64).T
        lifted += bool((with_both * days / (with_first * with_second) > 1.5).any())
        p = [stats.chi2_contingency([[b, f - b], [s - b, n - f - s + b]]).pvalue for b, f, s, n in tables]
        squared += bool((np.exp(benjamini_hochberg(np.log(np.maximum(p, 1e-300)))) < 0.05).any())

    assert lifted == squared == WORLDS // 5


def next_day_tables(purchases: Purchases) -> Iterator[tuple[int, int, int, int]]:
    """Of all customer-days: with both steps, with the first, with the second a day later, in all; of pairs with 30."""
    steps = to_steps(purchases, SLOTS)
    done = np.zeros((CUSTOMERS, steps.day_count, steps.token_count), np.int64)
    done[steps.customers(), steps.day, steps.token] = 1
    first, then = (days.reshape(-1, steps.token_count) for days in (done[:, :-1], done[:, 1:]))
    both = first.T @ then
    for one, two in np.argwhere(both >= 30):
        yield int(both[one, two]), int(first[:, one].sum()), int(then[:, two].sum()), first.shape[0]


@pytest.mark.parametrize("seed", range(3))
def test_without_the_guard_of_weeks_one_event_would_be_a_chain(seed):
    rng = np.random.default_rng(seed)
    bought = rng.random((1500, 70, 2)) < 0.05
    bought[:, 24, 0] |= rng.random(1500) < 0.6
    bought[:, 25, 1] |= rng.random(1500) < 0.6
    customer, day, category = np.nonzero(bought)
    columns = (column.astype(np.int32) for column in (customer, day + MONDAY, np.full(day.size, 720), category))

    chains = find_chains(ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,)), Purchases(*columns, 1500, 2))

    [row] = np.flatnonzero((chains.first == 0) & (chains.then == len(SLOTS)) & (chains.day_kind == 0))
    assert chains.log_shuffled[row] < np.log(1e-6)
    assert chains.log_p[row] > np.log(0.05)


def test_who_never_buys_two_things_together_does_not_lead_from_one_to_the_other():
    # Each visit is for fuel or for food, by a coin: one excludes the other on a day, and nothing follows anything.
    rng = np.random.default_rng(5)
    customer, day = np.nonzero(rng.random((600, 120)) < 0.3)
    category = rng.integers(0, 2, day.size)
    columns = (column.astype(np.int32) for column in (customer, day + MONDAY, np.full(day.size, 720), category))
    purchases = Purchases(*columns, 600, 2)

    for compared in Compared:
        request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY, Gap.WITHIN_WEEK), compared=compared)
        assert not confirmed(find_chains(request, purchases), request).any(), compared
