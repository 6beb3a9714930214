"""Ties of one category: of all that a tie moves its target to, the part that is of the category.

P(a share of u moves v to the category) is the tie's own strength, learned from everything, times the part of the shares
that moved v through it which moved v to the category too, whatever else to. That part is drawn towards v's part over
everybody who moves them, and v's towards that of all, each as far as the log shows that they are alike (beta-binomial,
maximum marginal likelihood). A tie that has shown nothing of the category yet is thus as strong as it is on the whole,
times what its target is moved to.
"""

from dataclasses import replace

import numpy as np
from scipy.special import betaln

from graph.algorithms.influence.arrays import Float64, Int64, Moves, ShareLog, Ties, summed
from graph.algorithms.influence.learning.onward import WEIGHTS, move_revenue
from graph.algorithms.influence.learning.rates import Rates


def of_category(ties: Ties, log: ShareLog, moves: Moves, prior_weight: float | None) -> Ties:
    """The ties, the unseen ones too, with the chance that a share moves the target to the log's category.

    The log's cents are then those of the category alone. Without a category all stays as it is. O(moves + ties).
    """
    if log.act_in_category is None:
        return ties
    count = log.customer_count
    here = log.act_in_category[moves.act]
    part = Moves(moves.act[here], moves.sharer[here], moves.share[here], moves.customer[here], moves.weight[here])
    source = np.repeat(np.arange(count), np.diff(ties.pointer))
    key = source * count + ties.target
    tried, done = (_by_tie(each, key, count) for each in (moves, part))
    moved, moved_here = (summed(ties.target, each, count) for each in (tried, done))
    overall = float(moved_here.sum() / moved.sum()) if moved.sum() > 0 else 0.0
    of_target, _ = part_of(moved_here, moved, np.full(count, overall), prior_weight)
    of_tie, worth = part_of(done, tried, of_target.mean[ties.target], prior_weight)
    # Where the target's part is in doubt, so is the tie's, by as much of it as is not its own.
    borrowed = np.where(tried + worth > 0, worth / np.maximum(tried + worth, 1e-12), 1.0)
    part_variance = of_tie.variance + borrowed**2 * of_target.variance[ties.target]
    chance = ties.probability
    return replace(
        ties,
        probability=chance * of_tie.mean,
        variance=chance**2 * part_variance + ties.variance * (of_tie.mean**2 + part_variance),
        revenue=move_revenue(log, part, moved_here, prior_weight),
        reach=replace(ties.reach, hidden_chance=ties.reach.hidden_chance * overall),
    )


def part_of(done: Float64, tried: Float64, mean: Float64, weight: float | None) -> tuple[Rates, float]:
    """How often it is done when tried, each drawn towards a mean of its own, and the weight of that mean in tries.

    A `weight` of None is fitted.
    """
    worth = _weight(done, tried, mean) if weight is None else weight
    rate = np.where(tried + worth > 0, (done + worth * mean) / np.maximum(tried + worth, 1e-12), mean)
    rate = np.clip(rate, 0.0, 1.0)
    return Rates(rate, rate * (1 - rate) / (tried + worth + 1)), worth


def _weight(done: Float64, tried: Float64, mean: Float64) -> float:
    """The likeliest weight of the mean, in tries; the largest where nothing tells them apart."""
    open_ = (tried > 0) & (mean > 0) & (mean < 1)
    yes, centre = np.minimum(done, tried)[open_], mean[open_]
    no = tried[open_] - yes
    likelihood = [
        float((betaln(w * centre + yes, w * (1 - centre) + no) - betaln(w * centre, w * (1 - centre))).sum())
        for w in WEIGHTS[::-1]
    ]
    return float(WEIGHTS[::-1][int(np.argmax(likelihood))])


def _by_tie(moves: Moves, key: Int64, count: int) -> Float64:
    """How many shares moved the target of every tie, each once however many acts follow; the keys are in order."""
    mine = moves.sharer.astype(np.int64) * count + moves.customer
    order = np.lexsort((-moves.weight, moves.share, mine))
    tie, share = mine[order], moves.share[order]
    first = np.ones(order.size, np.bool_)
    first[1:] = (tie[1:] != tie[:-1]) | (share[1:] != share[:-1])
    return summed(np.searchsorted(key, tie[first]), moves.weight[order][first], key.size)
