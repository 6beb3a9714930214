"""How long moves take, and whom a share moves within so many days."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share_worlds import share_log, ties

from graph.algorithms.influence import Delays, InfluenceRequest, Ties, expected_spread, learn, trace_moves
from graph.algorithms.influence.learning.delays import QUANTILES, fit_delays
from graph.algorithms.influence.timed_worlds import in_time
from graph.errors import BadInput

REQUEST = InfluenceRequest(simulations=4000, seed=5)
NONE = -1
DELAYS = Delays(np.array([1.0, 3.0]), np.array([2.0]))


def fitted(log) -> tuple[list[float], list[float]]:
    delays = fit_delays(log, trace_moves(log, REQUEST), REQUEST.window_days)
    return delays.move.tolist(), delays.pass_on.tolist()


def test_delays_are_those_of_the_first_act_of_every_move():
    shares = [(0, 1), (1, 4)]  # customer 1 passes the first one on
    acts = [(1, 3, 0, NONE, 100), (1, 3.5, 0, NONE, 50), (2, 9, 1, NONE, 100), (2, 1.5, 0, NONE, 0)]
    log = share_log(3, shares, acts=[*acts, (0, 30, NONE, NONE, 100)], parents=[NONE, 0])

    assert fitted(log) == ([0.5, 2.0, 5.0], [1.0])


def test_where_no_share_names_its_parent_the_next_share_within_the_window_passes_on():
    acts = [(1, 2, 0, NONE, 100), (2, 3, 0, NONE, 100), (2, 40, NONE, NONE, 100)]
    log = share_log(3, [(0, 1), (1, 5), (2, 11)], acts=acts)

    assert fitted(log) == ([1.0, 2.0], [3.0])


def test_a_share_younger_than_the_window_does_not_tell_since_its_slow_moves_are_still_to_come():
    log = share_log(3, [(0, 0), (0, 10)], acts=[(1, 5, 0, NONE, 100), (2, 11, 1, NONE, 100)])

    assert fitted(log) == ([5.0], [])


def test_of_many_delays_evenly_spaced_quantiles_are_kept():
    acts = [(1 + place, place / 1000, 0, NONE, 100) for place in range(2 * QUANTILES)]
    log = share_log(1 + len(acts), [(0, 0)], acts=[*acts, (0, 20, NONE, NONE, 0)])

    found, _ = fitted(log)

    assert len(found) == QUANTILES
    assert found[:2] + found[-1:] == pytest.approx([0.001, 0.003, 1.023], abs=2e-5)


def test_a_limit_of_days_is_refused_where_nothing_tells_how_long_moves_take():
    log = share_log(2, [(0, 0)], acts=[(1, 1, 0, NONE, 100)])

    with pytest.raises(BadInput, match=r"within_days=3 cannot be kept: no move .* 7.0 days old"):
        learn(log, replace(REQUEST, within_days=3))
    with pytest.raises(BadInput, match="within_days must be above 0 days, or null for no limit, not 0"):
        replace(REQUEST, within_days=0)


def test_how_many_of_each_generation_come_in_time():
    # One day or three for each move, two for passing on: 1 or 3, then 4, 6 or 8, then 7 at the earliest.
    assert in_time(6.0, DELAYS)[:3].tolist() == pytest.approx([1, 0.75, 0])
    assert in_time(7.0, DELAYS)[2] == pytest.approx(1 / 8)
    assert in_time(1000.0, Delays.unknown())[29] == pytest.approx(1)


def in_every_world(customers: int, arcs: dict[tuple[int, int], float], pass_on: float, days: float) -> list[float]:
    """Summed over all live arcs, all who would pass on, and a fast or a slow move along every arc."""
    moved, listed = [0.0] * customers, list(arcs.items())
    for live, passing in product(product((0, 1, 3), repeat=len(listed)), product((False, True), repeat=customers)):
        chance = np.prod([p / 2 if takes else 1 - p for (_, p), takes in zip(listed, live, strict=True)] or [1.0])
        chance *= np.prod([pass_on if on else 1 - pass_on for on in passing])
        for seed in range(customers):
            at, grew = {seed: 0.0}, True
            while grew:
                grew = False
                for ((start, end), _), takes in zip(listed, live, strict=True):
                    shares = start == seed or (start in at and passing[start])
                    due = at.get(start, 0) + (0 if start == seed else 2) + takes
                    if takes and shares and due < at.get(end, np.inf):
                        at[end], grew = due, True
            moved[seed] += chance * (sum(when <= days for when in at.values()) - 1)
    return moved


arcs = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(lambda arc: arc[0] != arc[1]), st.floats(0.1, 1), max_size=5
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(arcs, st.sampled_from([0.5, 1.0]), st.sampled_from([2.0, 4.0, 7.0]))
def test_the_spread_in_time_is_the_mean_over_all_worlds_and_times(known, pass_on, days):
    spread = expected_spread(ties(3, known, pass_on), replace(REQUEST, within_days=days), DELAYS)

    exact = np.array(in_every_world(3, known, pass_on, days))
    assert (np.abs(spread.moved - exact) <= 5 * np.sqrt(spread.moved_variance) + 1e-9).all()


def test_doubt_counts_as_far_as_its_moves_come_in_time():
    graph = ties(3, {(0, 1): 1.0, (1, 2): 0.5})
    doubted = Ties(
        graph.pointer, graph.target, graph.probability, np.array([0, 0.04]), graph.pass_on, graph.revenue, graph.reach
    )

    early, late = (expected_spread(doubted, replace(REQUEST, within_days=days), DELAYS) for days in (3.5, 50))

    assert early.moved_variance[0] == 0
    assert late.moved_variance[0] == pytest.approx(0.04, rel=0.3)
    assert late.moved[0] == pytest.approx(1.5, abs=0.05)
