"""Learning held against a planted network: ties with 20 exposures and more, and predictions of what comes later."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from share_worlds import planted_log, share_log

from benchmarks.influence_learning import network_of, oracle
from graph.algorithms.influence import (
    InfluenceRequest,
    Reach,
    Ties,
    calibrate,
    learn_ties,
    reliability,
    tie_interval,
    trace_moves,
)
from graph.algorithms.influence.learning.evidence import gather_evidence
from graph.algorithms.influence.learning.held_out import before
from loaders.world.network import connect
from loaders.world.people import populate
from loaders.world.request import WorldRequest

REQUEST = InfluenceRequest()
PLAIN = InfluenceRequest(prior_weight=0)
NONE = -1


def planted(customers: int, seed: int) -> Ties:
    """The network of a generated world, nobody passing on."""
    request = WorldRequest(customers=customers, seed=seed)
    network = connect(request, populate(request))
    chance, none = network.probability, np.zeros(customers)
    target = network.contact.astype(np.int32)
    return Ties(network.pointer, target, chance, chance * 0, none, none + 1, Reach.certain(customers))


def truth_of(ties: Ties, world: Ties) -> np.ndarray:
    """The planted probability of every learned tie."""
    keys = [
        np.repeat(np.arange(each.customer_count), np.diff(each.pointer)) * each.customer_count + each.target
        for each in (world, ties)
    ]
    return world.probability[np.searchsorted(*keys)]


@pytest.mark.parametrize(
    ("seed", "fewest", "most", "rank"), [(5, 20, 120, 0.87), (6, 20, 400, 0.9), (7, 100, 200, 0.92)]
)
def test_ties_of_twenty_exposures_and_more_are_ranked_and_covered(seed, fewest, most, rank):
    world, random = planted(1500, seed), np.random.default_rng(seed)
    shares = random.integers(fewest, most + 1, 1500) * (np.diff(world.pointer) > 0)
    log = planted_log(random, world, shares)
    moves = trace_moves(log, REQUEST)

    ties, plain = (learn_ties(log, moves, request) for request in (REQUEST, PLAIN))

    bounds, truth = tie_interval(ties), truth_of(ties, world)
    assert spearmanr(ties.probability, truth).statistic >= rank
    evidence = gather_evidence(log, moves, np.ones(log.share_at.size))
    best = oracle(evidence, shares[evidence.source], network_of(WorldRequest(customers=1500, seed=seed)))
    seen = evidence.times_shown >= 20
    assert spearmanr(ties.probability[seen], truth[seen]).statistic >= 0.93
    assert spearmanr(ties.probability, truth).statistic >= 0.99 * spearmanr(best, truth).statistic
    assert spearmanr(ties.probability, truth).statistic > spearmanr(plain.probability, truth).statistic
    assert 0.945 <= ((bounds.low <= truth) & (truth <= bounds.high)).mean() <= 0.98
    assert ties.probability.mean() == pytest.approx(truth.mean(), rel=0.05)


def test_what_was_learned_from_the_earlier_shares_foretells_the_later_ones():
    world, random = planted(3000, 8), np.random.default_rng(8)
    log = planted_log(random, world, 12 * (np.diff(world.pointer) > 0), days=120)

    report = calibrate(log, REQUEST)

    assert report is not None
    assert report.ties.count.size == report.cascades.count.size == 10
    for part in (report.ties, report.cascades):
        predicted, seen = part.total
        assert predicted == pytest.approx(seen, rel=0.1)
        assert (np.abs(part.predicted - part.seen) <= 4 * part.seen_error + 0.01).all()
        assert spearmanr(part.predicted, part.seen).statistic > 0.9


def test_bins_hold_equally_many_predictions_and_equal_ones_stay_together():
    bins = reliability(np.array([0.1, 0.1, 0.1, 0.4, 0.6, 0.8]), np.array([0, 0, 1.0, 0, 1, 1]), 3)

    assert bins.count.tolist() == [3, 1, 2]
    assert bins.predicted.tolist() == pytest.approx([0.1, 0.4, 0.7])
    assert bins.seen.tolist() == pytest.approx([1 / 3, 0, 1])
    assert bins.total == (pytest.approx(2.1), pytest.approx(3))
    assert reliability(np.zeros(0), np.zeros(0)).count.size == 0


def test_the_log_before_a_cut_knows_nothing_of_what_came_after():
    log = share_log(
        3, [(0, 5), (1, 1), (0, 2)], [(2, 0, 6), (2, 1, 1.5)], [(2, 6, 0, NONE, 100), (2, 3, 1, NONE, 200)], [(2, 1, 3)]
    )

    earlier = before(log, 4 * 86_400)

    assert earlier.share_sharer.tolist() == [1, 0]
    assert (earlier.click_customer.tolist(), earlier.click_share.tolist()) == ([2], [0])
    assert (earlier.act_share.tolist(), earlier.act_cents.tolist()) == ([0], [200])
    assert before(log, 2 * 86_400).brought_customer.size == 0


def test_a_log_with_nothing_to_judge_gives_no_report():
    assert calibrate(share_log(2), REQUEST) is None
    assert calibrate(share_log(2, [(0, 1)]), REQUEST) is None
