"""Chains by scope: found where they are, and told apart from everywhere only where they differ."""

import numpy as np
from chain_worlds import EVENING, LUNCH, SLOTS, habit_world

from graph.algorithms.chains import ChainsRequest, Gap, Purchases, confirmed, find_by_scope

REQUEST = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,))
FIRST, THEN = LUNCH, len(SLOTS) + EVENING


def two_towns(follow: tuple[float, float], customers: int = 500) -> tuple[Purchases, np.ndarray]:
    """Two worlds of habits side by side, and which of them each customer lives in."""
    towns = [habit_world(31 + town, customers, 12, rate) for town, rate in enumerate(follow)]
    columns = (
        np.concatenate(
            [getattr(town, name) + number * customers * (name == "customer") for number, town in enumerate(towns)]
        )
        for name in ("customer", "day", "minute", "category")
    )
    return Purchases(*(c.astype(np.int32) for c in columns), 2 * customers, 5), np.repeat([0, 1], customers).astype(
        np.int32
    )


def planted(chains) -> int:
    [row] = np.flatnonzero((chains.first == FIRST) & (chains.then == THEN) & (chains.day_kind == 1))
    return int(row)


def test_a_chain_of_one_district_is_found_there_and_differs_from_elsewhere():
    here, there = find_by_scope(REQUEST, *two_towns((0.5, 0.0)))

    row, other = planted(here.chains), planted(there.chains)
    assert confirmed(here.chains, REQUEST)[row]
    assert not confirmed(there.chains, REQUEST)[other]
    assert here.log_q[row] < np.log(0.01)
    assert here.chains.lift[row] > 2 * here.rest_lift[row]
    assert here.rest_lift[row] == there.chains.lift[other]
    assert here.log_p[row] == there.log_p[other]


def test_a_chain_that_is_as_strong_everywhere_differs_nowhere():
    found = find_by_scope(REQUEST, *two_towns((0.5, 0.5)))

    for one in found:
        assert confirmed(one.chains, REQUEST)[planted(one.chains)]
        assert (one.log_q > np.log(0.05)).all()


def test_differences_are_as_rare_as_said_where_there_are_none():
    found = find_by_scope(REQUEST, *two_towns((0.4, 0.4), 400))

    log_p = np.concatenate([one.log_p[~np.isnan(one.rest_lift)] for one in found])
    assert (log_p < np.log(0.05)).mean() < 0.1


def test_customers_of_no_scope_count_among_the_rest_alone():
    purchases, scope = two_towns((0.5, 0.0), 300)
    scope = np.where(scope == 1, -1, 0).astype(np.int32)

    [only] = find_by_scope(REQUEST, purchases, scope)

    assert only.scope == 0
    assert only.chains.capable.max() <= 300


def test_where_nobody_belongs_to_a_scope_there_is_no_answer():
    purchases, scope = two_towns((0.5, 0.0), 20)

    assert find_by_scope(REQUEST, purchases, np.full_like(scope, -1)) == []
