"""Ties of one category: parts of what a tie moves its target to."""

from dataclasses import replace

import numpy as np
import pytest
from share_worlds import planted_log, share_log, ties

from graph.algorithms.influence import InfluenceRequest, learn, learn_ties, tie_interval, trace_moves
from graph.algorithms.influence.learning.by_category import of_category, part_of

REQUEST = InfluenceRequest(simulations=50)
NOBODY = -1


def test_parts_by_hand_are_drawn_towards_their_own_mean():
    parts, worth = part_of(np.array([3.0, 0.0, 0.0]), np.array([4.0, 2.0, 0.0]), np.array([0.5, 0.5, 0.25]), weight=2.0)

    assert worth == 2
    assert parts.mean.tolist() == [4 / 6, 1 / 4, 0.25]
    assert parts.variance.tolist() == pytest.approx([4 / 6 * 2 / 6 / 7, 3 / 16 / 5, 3 / 16 / 3])


def test_plain_counting_leaves_exactly_the_moves_of_the_category():
    acts = [(1, 1, 0, NOBODY, 500), (1, 11, 1, NOBODY, 0), (2, 1.1, 0, NOBODY, 0), (2, 31, 3, NOBODY, 700)]
    log = share_log(3, shares=[(0, 0), (0, 10), (0, 20), (0, 30)], acts=acts)
    here = replace(log, act_in_category=np.array([True, False, False, True]))
    request = InfluenceRequest(prior_weight=0)

    moves, graph = learn(here, request)

    everything = learn_ties(log, moves, request)
    assert everything.probability.tolist() == [0.5, 0.5]
    assert graph.ties.probability.tolist() == [0.25, 0.25]
    assert graph.ties.revenue.tolist() == [0, 5, 7]


def test_a_category_of_everything_changes_no_tie_and_one_of_nothing_leaves_none():
    random = np.random.default_rng(5)
    planted = ties(40, {(a, b): random.random() / 2 for a in range(8) for b in random.permutation(40)[:5] if a != b})
    log = planted_log(random, planted, np.where(np.arange(40) < 8, 12, 0))
    moves = trace_moves(log, REQUEST)
    learned = learn_ties(log, moves, REQUEST)

    for every in (True, False):
        found = of_category(learned, replace(log, act_in_category=np.full(log.act_at.size, every)), moves, None)

        assert found.probability == pytest.approx(learned.probability * every)
        assert found.reach.hidden_chance == pytest.approx(learned.reach.hidden_chance * every)


def test_tastes_are_recovered_better_than_by_counting_and_ties_are_covered():
    random, count, sharers = np.random.default_rng(6), 600, 120
    arcs = {(a, int(b)): random.beta(1, 9) for a in range(sharers) for b in random.permutation(count)[:8] if a != b}
    planted = ties(count, arcs)
    log = planted_log(random, planted, np.where(np.arange(count) < sharers, 40, 0))
    taste = random.beta(1.5, 4.5, count)
    here = replace(log, act_in_category=random.random(log.act_at.size) < taste[log.act_customer])
    moves = trace_moves(log, REQUEST)

    found = of_category(learn_ties(log, moves, REQUEST), here, moves, None)

    pairs = np.repeat(np.arange(count), np.diff(found.pointer)), found.target
    truth = np.array([arcs.get((int(a), int(b)), 0.0) for a, b in zip(*pairs, strict=True)]) * taste[found.target]
    counted = np.zeros(truth.size)
    key = pairs[0] * count + pairs[1]
    mine = moves.sharer.astype(np.int64) * count + moves.customer
    np.add.at(counted, np.searchsorted(key, mine), here.act_in_category[moves.act])
    bounds = tie_interval(found)
    assert found.probability.sum() == pytest.approx(truth.sum(), rel=0.05)
    assert np.abs(found.probability - truth).mean() < 0.8 * np.abs(counted / 40 - truth).mean()
    assert ((bounds.low <= truth) & (truth <= bounds.high)).mean() >= 0.93
