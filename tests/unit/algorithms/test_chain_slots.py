"""Slots found in the data: planted stretches come back, and no more than the profile has."""

import numpy as np
import pytest
from chain_worlds import MONDAY, bought

from graph.algorithms.chains import ChainsRequest, Compared, Purchases, SlotsFrom, confirmed, find_by_scope, find_chains
from graph.algorithms.chains.finding_slots import find_slots, profiles
from graph.errors import BadInput


def profiled(seed: int, *rates: list[tuple[int, int, float]]) -> Purchases:
    """Customers of categories whose minutes come at a rate an hour within [start, end) hours, and 1 elsewhere."""
    rng = np.random.default_rng(seed)
    parts = []
    for category, stretches in enumerate(rates):
        weight = np.ones(1440)
        for start, end, rate in stretches:
            weight[start * 60 : end * 60] = rate
        minutes = rng.choice(1440, 6000, p=weight / weight.sum())
        customer, day = rng.integers(0, 3000, 6000), rng.integers(0, 28, 6000)
        parts.append(np.stack([customer, day + MONDAY, minutes, np.full(6000, category)], 1))
    table = np.concatenate(parts).astype(np.int32)
    return Purchases(*table.T, 3000, len(rates))


def slots(found, category: int) -> list[tuple[int, int]]:
    return [(start // 60, end // 60) for start, end in found[category].tolist() if end]


def test_the_stretches_of_each_category_come_back():
    purchases = profiled(1, [(11, 13, 12.0)], [(7, 9, 6.0), (18, 20, 10.0)])

    found = find_slots(purchases)

    assert slots(found, 0) == [(0, 11), (11, 13), (13, 24)]
    assert slots(found, 1) == [(0, 7), (7, 9), (9, 18), (18, 20), (20, 24)]


def test_a_stretch_over_midnight_is_one_rate_and_cut_there():
    # From 22 to 3 in the night: without the circle of the day it would be two unequal ends.
    found = find_slots(profiled(2, [(22, 24, 8.0), (0, 3, 8.0)]))

    assert slots(found, 0) == [(0, 3), (3, 22), (22, 24)]


def test_an_even_profile_has_one_slot():
    assert slots(find_slots(profiled(3, [])), 0) == [(0, 24)]


def test_in_evenly_spread_days_few_find_more_than_one_slot():
    # The criterion is not a test, but it should seldom see change where there is none.
    assert sum(len(slots(find_slots(profiled(seed, [])), 0)) > 1 for seed in range(40)) <= 4


def test_a_customer_counts_once_in_a_half_hour():
    found = profiles(bought([(0, day, 12, 0) for day in range(9)], 2, 1))

    assert found.sum() == found[0, 24] == 1


def test_chains_are_found_in_found_slots_and_told_in_them():
    rng = np.random.default_rng(6)
    coffee = rng.random((1500, 84)) < rng.uniform(0.05, 0.3, (1500, 1))
    tea = rng.random((1500, 84)) < rng.uniform(0.05, 0.25, (1500, 1))
    led = np.zeros_like(tea)
    led[:, 1:] = coffee[:, :-1] & (rng.random((1500, 83)) < 0.5)
    parts = [(coffee, 660, 780, 0), (tea | led, 1080, 1200, 1)]
    rows = []
    for one, start, end, what in parts:
        customer, day = np.nonzero(one)
        minute = rng.integers(start, end, customer.size)
        rows.append(np.stack([customer, day + MONDAY, minute, np.full(customer.size, what)], 1))
    purchases = Purchases(*np.concatenate(rows).astype(np.int32).T, 1500, 2)
    request = ChainsRequest(slots_from=SlotsFrom.FOUND)

    chains = find_chains(request, purchases)

    table = find_slots(purchases)
    [row] = np.flatnonzero(confirmed(chains, request) & (chains.stronger < 0))
    first, then = (table.reshape(-1, 2)[token[row]].tolist() for token in (chains.first, chains.then))
    assert (first, then) == ([660, 780], [1080, 1200])
    parts = find_by_scope(request, purchases, (np.arange(1500) % 2).astype(np.int32))
    assert all(confirmed(part.chains, request).any() for part in parts)


def test_slots_of_visits_must_be_given():
    with pytest.raises(BadInput, match="give the slots"):
        ChainsRequest(slots_from="found", compared=Compared.VISITS)
