"""Rates out of counts by empirical Bayes: a prior fitted to all units, and what each unit's own count makes of it.

Unit i shows count[i] ~ Poisson(exposure[i] · rate[i]); the rates come from a mixture of Gamma distributions on a grid
of means, whose weights are those of maximum marginal likelihood (by expectation-maximisation; the smooth form of
Kiefer, Wolfowitz 1956; see Efron 2014). A mixture bends to heavy tails, where one Gamma prior would pull the strongest
down and promise too much about the rest.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64

GRID = 24
WIDEST = 64.0
"""The grid of means spans the pooled rate divided and multiplied by this."""
SHAPE = 2.0
"""Of every Gamma component: as much spread as an exponential waiting time's, halved."""
ROUNDS = 200
SAMPLE = 20_000
"""The prior is fitted to so many units at most, evenly picked; beyond that it no longer changes."""
CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Rates:
    """The posterior of every unit's rate."""

    mean: Float64
    variance: Float64


@dataclass(frozen=True, slots=True)
class GammaMixture:
    """Component j is Gamma(SHAPE, SHAPE / mean[j]), with weight[j]."""

    mean: Float64
    weight: Float64

    def posterior(self, count: Float64, exposure: Float64) -> Rates:
        """The rates of units with these counts, which may be fractions; O(units · GRID)."""
        mean, second = np.empty(count.size), np.empty(count.size)
        for start in range(0, count.size, CHUNK):
            rows = slice(start, start + CHUNK)
            part = _responsibility(self.weight, _likelihood(self.mean, count[rows], exposure[rows]))
            scale = 1.0 / (SHAPE / self.mean + exposure[rows, None])
            shape = SHAPE + count[rows, None]
            mean[rows] = (part * shape * scale).sum(1)
            second[rows] = (part * shape * (shape + 1) * scale**2).sum(1)
        return Rates(mean, np.maximum(second - mean**2, 0.0))


def fit_rates(count: Float64, exposure: Float64) -> Rates:
    """Fit the prior to units with exposure above 0 and give everybody's posterior; nought where nothing was counted."""
    if not count.sum() > 0:
        return Rates(np.zeros(count.size), np.zeros(count.size))
    return _fitted(count, exposure).posterior(count, exposure)


def _fitted(count: Float64, exposure: Float64) -> GammaMixture:
    pooled = count.sum() / exposure.sum()
    means = pooled * np.geomspace(1 / WIDEST, WIDEST, GRID)
    step = max(1, -(-count.size // SAMPLE))
    likelihood = _likelihood(means, count[::step], exposure[::step])
    weight = np.full(GRID, 1.0 / GRID)
    for _ in range(ROUNDS):
        weight = _responsibility(weight, likelihood).mean(0)
    return GammaMixture(means, weight)


def _likelihood(means: Float64, count: Float64, exposure: Float64) -> Float64:
    """Marginal likelihood of each unit under each component, over that of the likeliest one."""
    rate, total = SHAPE / means, SHAPE + count[:, None]
    evidence = SHAPE * np.log(rate) - total * np.log(rate + exposure[:, None])
    return np.exp(evidence - evidence.max(1, keepdims=True))


def _responsibility(weight: Float64, likelihood: Float64) -> Float64:
    joint = likelihood * weight
    return joint / joint.sum(1, keepdims=True)
