"""Counts, and their chances through the incomplete gamma and beta functions: P(X >= 0) is 1."""

import numpy as np
from scipy import special

from graph.algorithms.referrals.arrays import Float64, Int64


def places(keys: Int64, wanted: Int64) -> Int64:
    """How many of the ascending keys are each wanted one or less."""
    return np.searchsorted(keys, wanted, side="right").astype(np.int64)


def poisson_tail(count: Int64, mean: Float64) -> Float64:
    """P(X >= count) of a Poisson variable."""
    tail: Float64 = special.gammainc(np.maximum(count, 1), mean)
    return np.where(count > 0, tail, 1.0)


def binomial_tail(count: Int64, trials: Int64, chance: Float64) -> Float64:
    """P(X >= count) of so many trials."""
    tail: Float64 = special.betainc(np.maximum(count, 1), np.maximum(trials - count + 1, 1), chance)
    return np.where(count > 0, tail, 1.0)


def negative_binomial_tail(count: Int64, shape: Float64, chance: Float64) -> Float64:
    """P(X >= count) of a Poisson variable whose mean is Gamma(shape)'s; `chance` is rate / (rate + exposure)."""
    tail: Float64 = special.betainc(np.maximum(count, 1), shape, 1 - chance)
    return np.where(count > 0, tail, 1.0)
