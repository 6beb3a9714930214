"""Spreads kept from an earlier run: what they follow from, who is simulated anew, how near to a full run they stay."""

from dataclasses import replace

import numpy as np
import pytest
from share_worlds import planted_log, ties

from graph.algorithms.influence import (
    Basis,
    Delays,
    Figures,
    InfluenceRequest,
    Kept,
    Reach,
    ShareLog,
    basis_of,
    expected_spread,
    interval,
    learn_ties,
    trace_moves,
)
from graph.algorithms.influence.learning.held_out import before

REQUEST = InfluenceRequest(simulations=2000, seed=3)
NEVER_LATE = Delays.unknown()
CHAIN = {(0, 1): 0.5, (1, 2): 0.5}


def figures(graph, request=REQUEST) -> Figures:
    spread = expected_spread(graph, request)
    simulated = spread.moved, spread.moved_variance, spread.revenue, spread.revenue_variance
    return Figures(*simulated, basis_of(graph, request, NEVER_LATE))


def test_a_spread_follows_from_what_each_way_would_move_alone():
    basis = basis_of(ties(3, CHAIN, pass_on=0.5, revenue=[1.0, 2.0, 10.0]), REQUEST, NEVER_LATE)

    assert basis.moved.tolist() == [0.5 + 0.5 * 0.5 * 0.5, 0.5, 0.0]
    assert basis.revenue.tolist() == [0.5 * 2.0 + 0.125 * 10.0, 5.0, 0.0]
    assert basis.doubt.tolist() == [0.0, 0.0, 0.0]


def test_an_unseen_contact_is_whoever_is_moved_on_average():
    graph = ties(3, {(1, 2): 0.5})
    unseen = Reach(
        np.array([2.0, 0, 0]), np.array([0.25, 0, 0]), np.zeros(3), np.zeros(3), np.array([1, 2, 2, 2], np.int32)
    )

    basis = basis_of(replace(graph, reach=unseen), REQUEST, NEVER_LATE)

    # Two of them, each moved by a quarter; one in four is customer 1, who moves customer 2 by half.
    assert basis.moved.tolist() == [0.5 + 0.5 * 0.25 * 0.5, 0.5, 0.0]
    assert basis.doubt.tolist() == [0.5, 0.0, 0.0]


def test_within_the_days_only_what_comes_in_time_counts():
    slow = Delays(np.array([1.0, 3.0]), np.array([0.0]))

    basis = basis_of(ties(3, CHAIN), replace(REQUEST, within_days=2.0), slow)

    # Each move comes in time by half; two of a day each come just in time.
    assert basis.moved.tolist() == pytest.approx([0.5 * 0.5 + 0.25 * 0.25, 0.25, 0.0])


def test_a_tie_that_grew_touches_whoever_leads_to_it_and_nobody_else():
    arcs = {**CHAIN, (3, 4): 0.5, (4, 5): 0.1}
    old = figures(ties(6, arcs))

    stands = old.standing(basis_of(ties(6, {**arcs, (1, 2): 0.9}), REQUEST, NEVER_LATE))

    assert stands.tolist() == [False, False, True, True, True, True]


def test_doubt_that_grew_touches_as_well_and_a_newcomer_has_nothing_to_stand():
    graph = ties(3, CHAIN)
    old = figures(replace(graph, variance=np.array([0.01, 0.01])))
    nobody = np.array([False, False, True])
    unknown = replace(
        old, basis=Basis(*(np.where(nobody, np.nan, column) for column in (old.moved, old.revenue, old.basis.doubt)))
    )

    doubted = old.standing(basis_of(replace(graph, variance=np.array([0.01, 0.02])), REQUEST, NEVER_LATE))

    assert doubted.tolist() == [True, False, True]
    assert not unknown.standing(basis_of(graph, REQUEST, NEVER_LATE))[2]


def test_where_the_expectation_ends_at_everybody_nothing_stands():
    both_ways = {(a, b): 0.9 for a in range(4) for b in range(4) if a != b}
    graph = ties(4, both_ways)

    assert not figures(graph).standing(basis_of(graph, REQUEST, NEVER_LATE)).any()


@pytest.mark.parametrize("within_days", [None, 2.0], ids=["whenever", "within two days"])
def test_who_is_simulated_anew_has_the_bits_of_a_full_run_and_the_others_keep_theirs(within_days):
    request = replace(REQUEST, within_days=within_days)
    arcs = {(a, (a * k + 1) % 50): 0.3 for a in range(50) for k in (1, 3) if (a * k + 1) % 50 != a}
    old, graph = figures(ties(50, arcs), request), ties(50, {**arcs, (7, 8): 0.8}, revenue=2.0)
    standing = np.arange(50) % 3 == 0

    full = expected_spread(graph, request)
    part = expected_spread(graph, request, None, Kept(old, standing))

    for name in ("moved", "moved_variance", "revenue", "revenue_variance"):
        assert np.array_equal(getattr(part, name), np.where(standing, getattr(old, name), getattr(full, name)))


def network(seed: int) -> ShareLog:
    """A hundred days of a hundred and twenty sharers with ties of all strengths."""
    random = np.random.default_rng(seed)
    arcs = {(a, int(b)): float(random.beta(0.6, 3)) for a in range(120) for b in random.choice(400, 9) if a != b}
    return planted_log(random, ties(400, arcs), np.where(np.arange(400) < 120, random.integers(2, 60, 400), 0))


@pytest.mark.parametrize("seed", range(4))
def test_after_many_refreshes_every_spread_is_within_the_interval_of_a_full_run(seed):
    log = network(seed)
    end = int(log.act_at.max()) + 1
    kept, anew = None, []
    for hours in range(36, -1, -4):
        now = before(log, end - hours * 3600)
        graph = learn_ties(now, trace_moves(now, REQUEST), REQUEST)
        basis = basis_of(graph, REQUEST, NEVER_LATE)
        old = None if kept is None else Kept(kept, kept.standing(basis))
        spread = expected_spread(graph, REQUEST, None, old)
        then = basis
        if old is not None:
            anew.append(np.count_nonzero(~old.standing))
            then = old.basis(basis)
        kept = Figures(spread.moved, spread.moved_variance, spread.revenue, spread.revenue_variance, then)

    full = expected_spread(graph, REQUEST)
    moved, revenue = interval(full.moved, full.moved_variance), interval(full.revenue, full.revenue_variance)
    assert 0 < np.mean(anew) < 60
    assert ((spread.moved >= moved.low) & (spread.moved <= moved.high)).all()
    assert ((spread.revenue >= revenue.low) & (spread.revenue <= revenue.high)).all()
    assert not np.array_equal(spread.moved, full.moved)
