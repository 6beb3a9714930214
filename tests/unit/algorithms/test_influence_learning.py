"""What is learned out of thin data: rates, contacts, ties, and how sure it is."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv
from share_worlds import share_log, ties

from graph.algorithms.influence import (
    Attribution,
    InfluenceRequest,
    Reach,
    Ties,
    calibrate,
    expected_spread,
    incremental_effect,
    interval,
    learn_ties,
    tie_interval,
    trace_moves,
)
from graph.algorithms.influence.learning.contacts import fit_contacts, showing_rate
from graph.algorithms.influence.learning.rates import fit_rates

REQUEST = InfluenceRequest(simulations=4000, seed=3)
NONE = -1


def within(truth, low, high) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


def test_the_interval_is_never_below_nought_and_that_of_an_exponential_is_known():
    bounds = interval(np.array([1.0, 0.0, 2.0]), np.array([1.0, 0.0, 0.0]))

    assert bounds.low.tolist() == pytest.approx([-np.log(0.975), 0, 2])
    assert bounds.high.tolist() == pytest.approx([-np.log(0.025), 0, 2])


def test_rates_of_a_heavy_tail_are_recovered_without_bias_and_covered():
    random = np.random.default_rng(1)
    rate = 0.2 * (1 - random.random(4000)) ** (-1 / 2.2)
    exposure = random.integers(1, 30, 4000).astype(np.float64)
    count = random.poisson(rate * exposure).astype(np.float64)

    rates = fit_rates(count, exposure)

    bounds = interval(rates.mean, rates.variance)
    assert rates.mean.mean() == pytest.approx(rate.mean(), rel=0.03)
    assert 0.93 <= within(rate, bounds.low, bounds.high) <= 0.98
    assert ((rates.mean - rate) ** 2).sum() < 0.7 * ((count / exposure - rate) ** 2).sum()


def test_where_nothing_was_counted_every_rate_is_nought():
    rates = fit_rates(np.zeros(3), np.ones(3))

    assert rates.mean.tolist() == rates.variance.tolist() == [0, 0, 0]


def test_contacts_that_never_showed_are_counted_from_those_that_showed_again():
    random = np.random.default_rng(2)
    contacts, trials = random.integers(5, 40, 800), random.integers(1, 12, 800).astype(np.float64)
    shows = [random.binomial(int(n), 0.15, size) for size, n in zip(contacts, trials, strict=True)]
    seen = np.array([(times > 0).sum() for times in shows], np.float64)

    showing = showing_rate(np.concatenate([t[t > 0] for t in shows]).astype(float), np.repeat(trials, seen.astype(int)))
    found = fit_contacts(seen, trials, showing)

    assert showing == pytest.approx(0.15, rel=0.05)
    assert found.mean.sum() == pytest.approx(contacts.sum(), rel=0.05)
    assert seen.sum() < 0.7 * contacts.sum()
    assert (found.mean >= seen).all()


def test_where_no_contact_could_have_shown_twice_none_is_hidden():
    assert showing_rate(np.ones(5), np.ones(5)) == 1.0
    assert fit_contacts(np.array([2.0]), np.array([1.0]), 1.0).mean.tolist() == [2.0]


def test_a_share_too_young_to_have_moved_anybody_is_only_part_of_a_trial():
    old = [(0, day) for day in range(10)]
    acts = [(1, day + 2, day, NONE, 100) for day in range(8)]
    young = [(0, 11.9)] * 5
    clicks = [(1, 0, 12)]  # the log ends on day 12
    settled, fresh = (share_log(2, shares, clicks, acts) for shares in (old, [*old, *young]))

    chances = [learn_ties(log, trace_moves(log, REQUEST), REQUEST).probability[0] for log in (settled, fresh)]

    assert chances[1] == pytest.approx(chances[0], rel=0.02)


def test_the_interval_of_a_tie_is_the_beta_one():
    graph = ties(2, {(0, 1): 0.25})
    graph = Ties(graph.pointer, graph.target, graph.probability, np.array([0.25 * 0.75 / 21]), *tail_of(graph))

    bounds = tie_interval(graph)

    assert bounds.low[0] == pytest.approx(betaincinv(5, 15, 0.025))
    assert bounds.high[0] == pytest.approx(betaincinv(5, 15, 0.975))


def tail_of(graph: Ties):
    return graph.pass_on, graph.revenue, graph.reach


def test_doubt_about_a_tie_further_on_widens_the_interval_of_the_first():
    graph = ties(3, {(0, 1): 1.0, (1, 2): 0.5})
    doubted = Ties(graph.pointer, graph.target, graph.probability, np.array([0, 0.04]), *tail_of(graph))

    sure, unsure = (expected_spread(each, REQUEST) for each in (graph, doubted))

    assert sure.moved_variance[0] < 0.001
    assert unsure.moved_variance[0] == pytest.approx(0.04, rel=0.3)
    assert unsure.moved[0] == pytest.approx(1.5, abs=0.05)


def test_doubt_about_passing_on_widens_it_too():
    graph = ties(3, {(0, 1): 1.0, (1, 2): 1.0}, pass_on=0.5)
    reach = Reach(np.zeros(3), np.zeros(3), np.zeros(3), np.array([0, 0.04, 0]), np.zeros(0, np.int32))
    doubted = Ties(graph.pointer, graph.target, graph.probability, graph.variance, graph.pass_on, graph.revenue, reach)

    assert expected_spread(doubted, REQUEST).moved_variance[0] == pytest.approx(0.04, rel=0.3)


def test_contacts_who_have_not_shown_themselves_are_moved_as_well():
    graph = ties(40, {(0, 1): 0.5})
    hidden, chance = np.zeros(40), np.zeros(40)
    hidden[0], chance[0] = 4, 0.25
    reach = Reach(hidden, chance, np.zeros(40), np.zeros(40), np.arange(2, 40, dtype=np.int32))
    graph = Ties(graph.pointer, graph.target, graph.probability, graph.variance, graph.pass_on, graph.revenue, reach)

    spread = expected_spread(graph, REQUEST)

    assert spread.moved[0] == pytest.approx(1.5, abs=0.06)
    assert spread.moved[1:].tolist() == [0] * 39


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), max_size=8),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7), st.integers(0, 25)), max_size=20),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(-1, 7), st.integers(0, 500)), max_size=12),
    st.sampled_from(list(Attribution)),
)
@example([(0, 0)] * 6 + [(1, 1)], [(0, 6, 0)], [(1, 1, 0, 0)], Attribution.AUTO)  # one who shared too late to tell
def test_whatever_the_log_holds_figures_are_finite_and_within_their_bounds(shares, clicks, acts, attribution):
    request = InfluenceRequest(simulations=50, attribution=attribution)
    clicks = [click for click in clicks if click[1] < len(shares)]
    told = [(who, at, share if share < len(shares) else NONE, NONE, paid) for who, at, share, paid in acts]
    log = share_log(5, shares, clicks, told)

    learned = learn_ties(log, trace_moves(log, request), request)
    spread = expected_spread(learned, request)

    reach, bounds, known = learned.reach, interval(spread.moved, spread.moved_variance), tie_interval(learned)
    for chance in (learned.probability, learned.pass_on, reach.hidden_chance):
        assert ((chance >= 0) & (chance <= 1)).all()
    for figure in (learned.variance, learned.revenue, reach.hidden, reach.strength_variance, spread.revenue_variance):
        assert (np.isfinite(figure) & (figure >= 0)).all()
    assert ((bounds.low >= 0) & (bounds.low <= bounds.high) & np.isfinite(bounds.high)).all()
    assert ((known.low <= known.high) & (known.high <= 1)).all()
    assert np.isfinite(incremental_effect(log, request).high)
    calibrate(log, request)
