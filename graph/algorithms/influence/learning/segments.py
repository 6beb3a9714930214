"""Whether a day does more to some segments than to others: a campaign in one region, or for those who click at all.

Orders of a segment on a day are Poisson around what the day gives to everybody, times a factor of their own that is
Gamma(w, w): 1 in the mean, and the closer to 1 the greater w, which is fitted by maximum marginal likelihood (negative
binomial). Where nothing sets segments apart w is infinite and they are one.
"""

import numpy as np
from scipy.special import gammaln

from graph.algorithms.influence.arrays import Float64, Int64, ShareLog

WEIGHTS = np.geomspace(0.5, 2_000.0, 49)
"""In orders; where none of them does better than one factor for all, there is one."""
ENOUGH = 2.0
"""Logarithm of the likelihood ratio from which on segments are believed in; 1.35 is passed once in twenty by chance."""
TINY = 1e-9


def groups_of(log: ShareLog) -> Int64:
    """The group of every customer: their segment, and whether they ever click a share."""
    clicks = np.zeros(log.customer_count, np.int64)
    clicks[log.click_customer] = 1
    return clicks if log.segment is None else 2 * log.segment.astype(np.int64) + clicks


def fit_weight(seen: Float64, expected: Float64) -> float:
    """w, for orders seen and expected of each (segment, day); infinity where nothing sets segments apart."""
    told = expected > TINY
    count, mean = seen[told], expected[told]
    alike = float((count * np.log(mean) - mean).sum())
    best, most = np.inf, alike + ENOUGH
    for weight in WEIGHTS:
        rest = gammaln(count + weight) - gammaln(weight) + weight * np.log(weight)
        likelihood = float((rest + count * np.log(mean) - (count + weight) * np.log(mean + weight)).sum())
        if likelihood > most:
            best, most = float(weight), likelihood
    return best
