"""How surprising a count is against its shuffled mean and variance, and what remains after so many were tried.

A sum of independent hypergeometric counts is distributed as a sum of independent coins (Vatutin, Mikhailov 1982), so
the binomial with the same mean and variance follows it closely, far into the tail. Where the count lies beyond what
that binomial can reach, the Poisson tail is used, an upper bound (Hoeffding 1956; Anderson, Samuels 1967).
Logarithms throughout: strong chains lie far below the smallest float.
"""

import numpy as np
from scipy import special

from graph.algorithms.chains.events import Float64

SMALLEST_LOG = -600.0
"""Below e^-600 the closed forms lose their precision and the large-deviation form is used instead."""


def log_tail(count: Float64, mean: Float64, variance: Float64) -> Float64:
    """Natural logarithm of P(X >= count) under the null; 0 where the count is 0 or nothing can vary."""
    answer = np.zeros(count.shape)
    moves = (count > 0) & (variance > 0)
    k, mu, excess = count[moves], mean[moves], np.maximum(mean[moves] - variance[moves], 1e-12 * mean[moves])
    chance, trials = excess / mu, mu * mu / excess
    reachable = (trials > k) & (chance > 1e-9)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        binomial: Float64 = np.log(special.betainc(k, np.where(reachable, trials - k + 1, 1.0), chance))
        poisson: Float64 = np.log(special.gammainc(k, mu))
    near = np.where(reachable, binomial, poisson)
    far = np.where(reachable, _binomial_far(k, trials, chance), _poisson_far(k, mu))
    answer[moves] = np.where(np.isfinite(near) & (near > SMALLEST_LOG), near, far)
    return answer


def benjamini_hochberg(log_p: Float64) -> Float64:
    """Log q of every log p: the least false discovery rate at which it is called (Benjamini, Hochberg 1995)."""
    count = max(1, log_p.size)
    order = np.argsort(log_p, kind="stable")
    scaled = log_p[order] + np.log(count) - np.log(np.arange(1, log_p.size + 1))
    log_q = np.empty(log_p.size)
    log_q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 0.0)
    return log_q


def _binomial_far(k: Float64, trials: Float64, chance: Float64) -> Float64:
    """Bahadur and Rao's (1960) form of the binomial tail, right to a relative 1/k far above the mean."""
    share = np.clip(k / np.maximum(trials, k * (1 + 1e-12)), 0.0, 1 - 1e-12)
    divergence = share * np.log(share / chance) + (1 - share) * np.log((1 - share) / (1 - chance))
    odds = share * (1 - chance) / (chance * (1 - share))
    return -trials * divergence - 0.5 * np.log(2 * np.pi * trials * share * (1 - share)) - _log1m(odds)


def _poisson_far(k: Float64, mu: Float64) -> Float64:
    return k * np.log(mu / k) + k - mu - 0.5 * np.log(2 * np.pi * k) - _log1m(k / mu)


def _log1m(ratio: Float64) -> Float64:
    """log(1 - 1/ratio), the geometric tail beyond the first term."""
    return np.log1p(-1 / np.maximum(ratio, 1 + 1e-9))
