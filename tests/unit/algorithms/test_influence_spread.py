"""Spread by simulation, and the paths that explain it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share_worlds import share_log, ties

from graph.algorithms.influence import (
    InfluenceRequest,
    expected_spread,
    interval,
    learn_ties,
    strongest_paths,
    trace_moves,
)

REQUEST = InfluenceRequest(simulations=4000, seed=5)


def close(spread, customer: int, expected: float) -> bool:
    return abs(spread.moved[customer] - expected) <= 5 * np.sqrt(spread.moved_variance[customer]) + 1e-9


def test_a_chain_of_two_halves_moves_three_quarters():
    spread = expected_spread(ties(3, {(0, 1): 0.5, (1, 2): 0.5}), REQUEST)

    assert close(spread, 0, 0.75)
    assert close(spread, 1, 0.5)
    assert spread.moved[2] == 0


def test_who_never_passes_on_ends_the_cascade():
    spread = expected_spread(ties(3, {(0, 1): 1.0, (1, 2): 1.0}, pass_on=0.0), REQUEST)

    assert spread.moved[:2].tolist() == [1.0, 1.0]
    assert spread.moved_variance[0] == 0


def test_passing_on_half_the_time_halves_what_lies_behind():
    spread = expected_spread(ties(3, {(0, 1): 1.0, (1, 2): 1.0}, pass_on=0.5), REQUEST)

    assert close(spread, 0, 1.5)


def test_a_ring_moves_everybody_else_once():
    spread = expected_spread(ties(3, {(0, 1): 1.0, (1, 2): 1.0, (2, 0): 1.0}), REQUEST)

    assert spread.moved.tolist() == [2.0, 2.0, 2.0]


def test_revenue_is_what_the_moved_bring():
    spread = expected_spread(ties(3, {(0, 1): 1.0, (0, 2): 1.0}, revenue=[7.0, 2.5, 4.0]), REQUEST)

    assert spread.revenue[0] == pytest.approx(6.5)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    graph = ties(40, {(a, b): 0.3 for a in range(40) for b in ((a + 1) % 40, (a * 7 + 3) % 40) if a != b}, 0.5)

    first, second = expected_spread(graph, REQUEST), expected_spread(graph, REQUEST)
    other = expected_spread(graph, InfluenceRequest(simulations=4000, seed=6))

    assert first.moved.tobytes() == second.moved.tobytes()
    assert first.revenue_variance.tobytes() == second.revenue_variance.tobytes()
    assert first.moved.tobytes() != other.moved.tobytes()


def test_a_customer_s_figure_does_not_depend_on_those_whom_they_cannot_reach():
    small = expected_spread(ties(3, {(0, 1): 0.4, (1, 2): 0.4}), REQUEST)
    large = expected_spread(ties(6, {(0, 1): 0.4, (1, 2): 0.4, (3, 4): 0.9, (4, 5): 0.9}), REQUEST)

    assert np.array_equal(small.moved, large.moved[:3])


def test_a_small_limit_of_coins_means_fewer_cascades_but_never_below_fifty():
    graph = ties(3, {(0, 1): 0.5, (1, 2): 0.5})

    assert expected_spread(graph, InfluenceRequest(simulations=1000, coin_limit=1)).simulations == 50
    assert expected_spread(graph, InfluenceRequest(simulations=1000)).simulations == 1000


arcs = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda arc: arc[0] != arc[1]),
    st.floats(0.05, 0.9),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(arcs, st.integers(0, 5), st.integers(0, 5))
def test_one_tie_more_never_means_less_spread(known, start, end):
    if start == end:
        return
    before = expected_spread(ties(6, known, 0.7), REQUEST)
    after = expected_spread(ties(6, {**known, (start, end): 1.0}, 0.7), REQUEST)

    spare = 5 * np.sqrt(before.moved_variance + after.moved_variance)
    assert (after.moved >= before.moved - spare - 1e-9).all()


def test_a_tie_known_from_few_shares_makes_a_wider_interval():
    request = InfluenceRequest(prior_weight=0)
    shares = [(0, day) for day in range(2)] + [(1, day) for day in range(40)]
    acts = [(2, 0.5, 0, -1, 100), *[(3, day + 0.5, 2 + day, -1, 100) for day in range(20)]]
    log = share_log(4, shares, acts=acts)
    spread = expected_spread(learn_ties(log, trace_moves(log, request), request), request)

    bounds = interval(spread.moved, spread.moved_variance)

    assert spread.moved[0] == pytest.approx(spread.moved[1], abs=0.1)
    assert bounds.high[0] - bounds.low[0] > 3 * (bounds.high[1] - bounds.low[1])
    assert (bounds.low >= 0).all()


def test_the_strongest_paths_go_round_a_weak_arc():
    graph = ties(4, {(0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.5, (0, 3): 0.1}, pass_on=[1.0, 0.9, 1.0, 1.0])

    paths = strongest_paths(graph, 5)

    own = slice(*paths.pointer[:2])
    assert paths.customers[own].tolist() == [[0, 1, -1, -1, -1, -1], [0, 1, 2, -1, -1, -1], [0, 3, -1, -1, -1, -1]]
    assert paths.probability[own].tolist() == pytest.approx([0.9, 0.9 * 0.9 * 0.8, 0.1])


def test_so_many_paths_and_no_more_equal_ones_by_their_last_customer():
    paths = strongest_paths(ties(5, {(0, other): 0.5 for other in (4, 2, 3, 1)}), 2)

    assert paths.pointer.tolist() == [0, 2, 2, 2, 2, 2]
    assert paths.customers[:, 1].tolist() == [1, 2]


def test_a_graph_without_ties_has_neither_spread_nor_paths():
    graph = ties(2, {})

    assert expected_spread(graph, REQUEST).moved.tolist() == [0.0, 0.0]
    assert strongest_paths(graph, 3).probability.size == 0
