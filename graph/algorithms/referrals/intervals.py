"""95 % intervals of shares, means and ratios; None where there is too little to tell."""

from math import exp, log, sqrt

import numpy as np

from graph.algorithms.referrals.arrays import Estimate, Float64, Int64

NORMAL = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def share(successes: int, trials: int) -> Estimate | None:
    """Part of the trials that succeeded, with the interval of Wilson (1927)."""
    if trials == 0:
        return None
    part, z2 = successes / trials, NORMAL**2
    centre = (part + z2 / (2 * trials)) / (1 + z2 / trials)
    half = NORMAL / (1 + z2 / trials) * sqrt(part * (1 - part) / trials + z2 / (4 * trials**2))
    return Estimate(part, max(0.0, centre - half), min(1.0, centre + half), trials)


def mean(values: Float64) -> Estimate | None:
    """Mean with the normal interval of its standard error; of a single value nothing is known but itself."""
    if values.size == 0:
        return None
    value = float(values.mean())
    half = NORMAL * float(values.std(ddof=1)) / sqrt(values.size) if values.size > 1 else float("inf")
    return Estimate(value, value - half, value + half, values.size)


def ratio_of_means(upper: Float64, lower: Float64) -> Estimate | None:
    """One mean over the other, with the interval of its logarithm (delta method)."""
    if min(upper.size, lower.size) < 2 or upper.mean() <= 0 or lower.mean() <= 0:
        return None
    value = float(upper.mean() / lower.mean())
    variance = sum(float(v.var(ddof=1)) / v.size / float(v.mean()) ** 2 for v in (upper, lower))
    return _around(value, sqrt(variance), upper.size + lower.size)


def risk_ratio(exposed_cases: Int64, exposed: Int64, other_cases: Int64, others: Int64) -> Estimate | None:
    """How many times likelier the exposed are cases, over strata: Mantel and Haenszel's estimate.

    The interval is that of Greenland and Robins (1985); of one stratum alone it is Katz's (1978). Strata in which one
    of the two groups is missing tell nothing and drop out; `count` is how many remain in the others.
    """
    total = exposed + others
    both = (exposed > 0) & (others > 0)
    a, n1, b, n0, n = (
        column[both].astype(np.float64) for column in (exposed_cases, exposed, other_cases, others, total)
    )
    upper, lower = float((a * n0 / n).sum()), float((b * n1 / n).sum())
    if upper == 0 or lower == 0:
        return None
    variance = float(((n1 * n0 * (a + b) - a * b * n) / n**2).sum()) / (upper * lower)
    return _around(upper / lower, sqrt(max(0.0, variance)), int(n.sum()))


def _around(value: float, log_error: float, count: int) -> Estimate:
    half = NORMAL * log_error
    return Estimate(value, exp(log(value) - half), exp(log(value) + half), count)
