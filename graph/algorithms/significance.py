"""How surprising a count is against its shuffled moments, and what remains after so many were tried.

A sum of independent hypergeometric counts is distributed as a sum of independent coins (Vatutin, Mikhailov 1982). Its
tail is taken from the shifted binomial with the same mean, variance and third cumulant, which follows it closely far
into the tail; at the very end of what can happen the tail is held where that binomial ends, on the cautious side.
Logarithms throughout: strong chains lie far below the smallest float.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

SMALLEST_LOG = -600.0
"""Below e^-600 the closed form loses its precision and the large-deviation form is used instead."""
EDGE = 0.25
"""The tail is held at so much beyond the number of coins, where the real-valued binomial nears its end."""


def log_tail(count: Float64, mean: Float64, variance: Float64, third: Float64) -> Float64:
    """Natural logarithm of P(X >= count) under the null; 0 where the count is 0 or nothing can vary."""
    answer = np.zeros(count.shape)
    moves = (count > 0) & (variance > 0)
    mu, spread = mean[moves], variance[moves]
    chance = np.clip((1 - third[moves] / spread) / 2, 1e-9, 1 - 1e-9)
    trials = spread / (chance * (1 - chance))
    shift = mu - trials * chance
    k = np.minimum(count[moves] - shift, trials + EDGE)
    some = k > 0
    with np.errstate(divide="ignore", under="ignore"):
        tail: Float64 = np.log(special.betainc(np.where(some, k, 1.0), trials - np.where(some, k, 1.0) + 1, chance))
    near = np.where(some, tail, 0.0)
    precise = np.isfinite(near) & (near > SMALLEST_LOG)
    answer[moves] = np.where(precise, near, _far(np.maximum(k, EDGE), trials, chance))
    return answer


def benjamini_hochberg(log_p: Float64, counted: Bool | None = None, tried: int | None = None) -> Float64:
    """Log q of every log p: the least false discovery rate at which it is called (Benjamini, Hochberg 1995).

    Everything given was tried. Where `counted` is given, only its rows count as discoveries: several wordings of one
    discovery must not make room for a false one. Then q is the same or larger. With `tried`, so many were tried in all,
    and those that are not given have a p-value of 1.
    """
    order = np.argsort(log_p, kind="stable")
    discoveries = np.arange(1, log_p.size + 1) if counted is None else np.maximum(np.cumsum(counted[order]), 1)
    scaled = log_p[order] + np.log(max(1, log_p.size, tried or 0)) - np.log(discoveries)
    log_q = np.empty(log_p.size)
    log_q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 0.0)
    return log_q


def log_p_of_difference(one: tuple[Float64, Float64], other: tuple[Float64, Float64]) -> Float64:
    """Natural logarithm of Wald's two-sided p of two independent estimates, (value, standard error), being equal."""
    z = np.abs(one[0] - other[0]) / np.hypot(one[1], other[1])
    return np.log(2.0) + special.log_ndtr(-z)


def proportion_interval(share: float, successes: int) -> tuple[float, float]:
    """The 95 % interval of a share that is `successes` over all trials (Wilson 1927); 0 to 1 without any."""
    if share <= 0 or successes <= 0:
        return 0.0, 1.0
    trials, z = successes / share, 1.959963984540054
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def _far(k: Float64, trials: Float64, chance: Float64) -> Float64:
    """Bahadur and Rao's (1960) form of the binomial tail, right to a relative 1/k far above the mean."""
    share = np.clip(k / trials, 1e-12, 1 - 1e-12)
    divergence = share * np.log(share / chance) + (1 - share) * np.log((1 - share) / (1 - chance))
    odds = share * (1 - chance) / (chance * (1 - share))
    lattice = np.log1p(-1 / np.maximum(odds, 1 + 1e-9))
    return np.minimum(-trials * divergence - 0.5 * np.log(2 * np.pi * trials * share * (1 - share)) - lattice, 0.0)
