"""Whether ties fade, and how fast: the half-life of evidence that foretells later shares best out of the earlier ones.

Evidence that is a half-life older counts half (a power prior: Ibrahim, Chen 2000). A half-life is believed only where
the likelihood of the later shares gains more than chance would give: half of all half-lives fit a little better.
"""

from dataclasses import replace

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, summed
from graph.algorithms.influence.learning.held_out import HeldOut
from graph.algorithms.influence.learning.strengths import learn_ties
from graph.algorithms.influence.request import InfluenceRequest

HALF_LIVES = (15.0, 30.0, 60.0, 120.0, 240.0)
"""Days that are tried."""
Z = 2.0
"""Standard errors, over the sharers, by which a half-life must beat never."""
LEAST = 1e-9


def fit_half_life(held: HeldOut | None, request: InfluenceRequest) -> float | None:
    """The best half-life in days, None for never. One learning for each that is tried."""
    if held is None:
        return None
    never = _likelihood(held, replace(request, fading_days=None))
    best, most = None, 0.0
    for days in HALF_LIVES:
        gain = _likelihood(held, replace(request, fading_days=days)) - never
        sharers = np.count_nonzero(gain)
        total = float(gain.sum())
        error = float(np.sqrt(max(sharers, 1)) * gain[gain != 0].std()) if sharers else 0.0
        if total > max(most, Z * error):
            best, most = days, total
    return best


def _likelihood(held: HeldOut, request: InfluenceRequest) -> Float64:
    """Logarithm of the likelihood of every customer's later shares."""
    ties = learn_ties(held.earlier, held.moves, request)
    arc, hit, sharer = held.trials(ties)
    return summed(sharer, _told(ties.probability[arc], hit), held.log.customer_count)


def _told(chance: Float64, hit: Bool) -> Float64:
    inside = np.clip(chance, LEAST, 1 - LEAST)
    return np.where(hit, np.log(inside), np.log1p(-inside))
