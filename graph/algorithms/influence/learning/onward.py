"""What being moved leads to: how often the moved share on, and what a move of them brings."""

import numpy as np
from scipy.special import betaln

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, Moves, ShareLog, summed
from graph.algorithms.influence.learning.rates import Rates

WEIGHTS = np.geomspace(0.2, 200.0, 61)
"""The weights of a prior that are tried, in moves."""
PLAIN_WEIGHT = 2.0
"""Of the mean revenue, where the amounts tell nothing of how far customers differ."""
CENTS = 100.0


def pass_on_rate(log: ShareLog, moves: Moves, moved: Float64, window_days: float, weight: float | None) -> Rates:
    """How often being moved is followed by a share of one's own, drawn towards the mean of those who ever share.

    `moved` is how often each customer was moved; a `weight` of None is fitted (beta-binomial, maximum likelihood).
    """
    passing = _passing_sharers(log, moves, window_days)
    passed = np.minimum(np.bincount(passing, minlength=log.customer_count).astype(np.float64), moved)
    shares = np.zeros(log.customer_count, np.bool_)
    shares[log.share_sharer[log.share_sharer >= 0]] = True
    mean = float(passed.sum() / moved[shares].sum()) if moved[shares].sum() > 0 else 0.0
    worth = _weight(passed, moved, shares, mean) if weight is None else weight
    rate = np.where(shares, (passed + worth * mean) / np.maximum(moved + worth, 1e-12), 0.0)
    return Rates(rate, rate * (1 - rate) / (moved + worth + 1))


def move_revenue(log: ShareLog, moves: Moves, moved: Float64, weight: float | None) -> Float64:
    """What one move of a customer brings, in units of the currency: money attributed over moves, drawn to the mean.

    A `weight` of None is how many moves the mean is worth: the variance within customers over the one between them
    (credibility: Bühlmann, Straub 1970).
    """
    cents = log.act_cents[moves.act] / CENTS
    paid = summed(moves.customer, moves.weight * cents, log.customer_count)
    mean = paid.sum() / moved.sum() if moved.sum() > 0 else 0.0
    squares = summed(moves.customer, moves.weight * cents**2, log.customer_count)
    worth = _credibility(paid, squares, moved) if weight is None else weight
    return (paid + worth * mean) / np.maximum(moved + worth, 1e-12)


def _weight(passed: Float64, moved: Float64, shares: Bool, mean: float) -> float:
    tried = shares & (moved > 0)
    if not 0 < mean < 1:
        return PLAIN_WEIGHT
    yes, no = passed[tried], (moved - passed)[tried]
    likelihood = [
        float((betaln(w * mean + yes, w * (1 - mean) + no) - betaln(w * mean, w * (1 - mean))).sum()) for w in WEIGHTS
    ]
    return float(WEIGHTS[int(np.argmax(likelihood))])


def _credibility(paid: Float64, squares: Float64, moved: Float64) -> float:
    """Within-variance over between-variance, by moments; within the weights that are tried."""
    several = moved > 1
    total = moved[several].sum()
    spare = total - several.sum()
    if spare <= 0:
        return PLAIN_WEIGHT
    means = paid[several] / moved[several]
    within = max(float((squares[several] - moved[several] * means**2).sum() / spare), 0.0)
    overall = paid[several].sum() / total
    scale = total - (moved[several] ** 2).sum() / total
    between = float((moved[several] * (means - overall) ** 2).sum() - (several.sum() - 1) * within)
    if scale <= 0:
        return PLAIN_WEIGHT
    return float(np.clip(within * scale / max(between, 1e-12), WEIGHTS[0], WEIGHTS[-1]))


def _passing_sharers(log: ShareLog, moves: Moves, window_days: float) -> Int32:
    """The sharer of every share that passes another on: as the share says, or else the first one within the window."""
    if (log.share_parent >= 0).any():
        return log.share_sharer[(log.share_parent >= 0) & (log.share_sharer >= 0)]
    return log.act_customer[next_shares(log, moves, window_days)[0]]


def next_shares(log: ShareLog, moves: Moves, window_days: float) -> tuple[Int32, Int64]:
    """The moved acts after which their customer shared within the window, and the first share after each."""
    order = np.lexsort((log.share_at, log.share_sharer))
    span = int(max(log.share_at.max(initial=0), log.act_at.max(initial=0))) + 1
    shared = log.share_sharer[order].astype(np.int64) * span + log.share_at[order]
    _, first = np.unique(moves.act, return_index=True)
    act = moves.act[first]
    start = log.act_customer[act].astype(np.int64) * span + log.act_at[act]
    after = np.searchsorted(shared, start, side="right")
    found = after < shared.size
    near = np.zeros(act.size, np.bool_)
    near[found] = (shared[after[found]] - start[found] <= window_days * 86_400) & (
        shared[after[found]] // span == log.act_customer[act[found]]
    )
    return act[near], order[after[near]]
