"""How strong each tie is (the probability that a share of u moves v) and what being moved leads to, each with doubt.

`evidence.py` counts, `shrinkage.py` weighs, `onward.py` says what follows.
"""

import numpy as np
from scipy.special import betaincinv

from graph.algorithms.influence.arrays import Float64, Interval, Moves, Reach, ShareLog, Ties, summed
from graph.algorithms.influence.learning.evidence import gather_evidence, maturity
from graph.algorithms.influence.learning.onward import move_revenue, pass_on_rate
from graph.algorithms.influence.learning.shrinkage import fitted_prior, fixed_prior
from graph.algorithms.influence.request import InfluenceRequest


def learn_ties(log: ShareLog, moves: Moves, request: InfluenceRequest) -> Ties:
    """Every known tie with its probability, and every customer's own rates. O((clicks + moves) · rounds).

    A half-life that the log is to tell is fitted beforehand (`fading.py`); here "fitted" counts as never.
    """
    weight = request.prior_weight
    worth = maturity(log, moves) if weight is None else np.ones(log.share_at.size)
    unfaded = evidence = gather_evidence(log, moves, worth)
    if isinstance(request.fading_days, int | float):
        evidence = gather_evidence(log, moves, worth, request.fading_days)
    belief = fitted_prior(evidence, unfaded) if weight is None else fixed_prior(evidence, weight)
    moved = summed(unfaded.target, unfaded.successes, log.customer_count)
    pass_on = pass_on_rate(log, moves, moved, request.window_days, weight)
    strangers = moves.customer[np.unique(moves.act, return_index=True)[1]]
    return Ties(
        np.searchsorted(evidence.source, np.arange(log.customer_count + 1)).astype(np.int64),
        evidence.target.astype(np.int32),
        belief.probability,
        belief.variance,
        pass_on.mean,
        move_revenue(log, moves, moved, weight),
        Reach(belief.hidden, belief.hidden_chance, belief.strength_variance, pass_on.variance, strangers),
    )


def tie_interval(ties: Ties) -> Interval:
    """The central 95 % of what is believed of each tie: of the Beta distribution with its mean and variance."""
    chance = ties.probability
    open_ = (ties.variance > 0) & (chance > 0) & (chance < 1)
    low, high = chance.copy(), chance.copy()
    mean = chance[open_]
    worth = np.maximum(mean * (1 - mean) / ties.variance[open_] - 1, 1e-6)
    low[open_], high[open_] = (_quantile(mean, worth, part) for part in (0.025, 0.975))
    return Interval(low, high)


def _quantile(mean: Float64, worth: Float64, part: float) -> Float64:
    return betaincinv(mean * worth, (1 - mean) * worth, part)
