"""Whether a day does more to some segments than to others: a campaign in one region, or for those who click at all.

Customers are parted by segment, and within a segment by whether they ever click: what a day does to a whole segment is
believed by the orders of both its parts, and only what is left sets those who click apart.

Orders of a segment on a day are Poisson around what the day gives to everybody, times a factor of their own: 1 for
certain, or Gamma(w, w), 1 in the mean and the closer to it the greater w. On most days no segment is set apart and on
that of a campaign one is by far, so that one w for all days would pull the campaign's factor towards 1: how often each
w holds is fitted (a mixture by maximum marginal likelihood: Kiefer, Wolfowitz 1956), and a factor is believed by what
all of them say. Where nothing sets segments apart they are one.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from graph.algorithms.influence.arrays import Float64, Int64, ShareLog

WEIGHTS = np.geomspace(0.5, 2_000.0, 13)
"""In orders; beside them stands the factor that is 1 for certain."""
ROUNDS = 200
SETTLED = 1e-6
ENOUGH = 2.0
"""Logarithm of the likelihood ratio from which on segments are believed in."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Factors:
    """How often the factor of a segment on a day is drawn with each of the weights, and how often it is 1."""

    part: Float64
    """One entry a weight and a last one for certainty; adds up to 1."""

    def believed(self, seen: Float64, expected: Float64) -> tuple[Float64, Float64]:
        """Mean and relative standard error of every factor, for orders seen and expected without it."""
        told = np.maximum(expected, TINY)
        likely = _likelihoods(seen, told) + np.log(np.maximum(self.part, TINY))[:, None, None]
        belief = np.exp(likely - likely.max(0))
        belief /= belief.sum(0)
        ones = np.ones((1, *seen.shape))
        each = np.concatenate([(seen + _WEIGHT) / (told + _WEIGHT), ones])
        spread = np.concatenate([(seen + _WEIGHT) / (told + _WEIGHT) ** 2, 0 * ones])
        mean = (belief * each).sum(0)
        variance = (belief * (spread + each**2)).sum(0) - mean**2
        return mean, np.sqrt(np.maximum(variance, 0.0)) / np.maximum(mean, TINY)


_WEIGHT = WEIGHTS[:, None, None]


@dataclass(frozen=True, slots=True)
class Apart:
    """What days do to groups beyond what they do to all: a factor of a segment, times one of each of its halves."""

    of_segment: Factors | None
    of_half: Factors | None

    def __bool__(self) -> bool:
        return self.of_segment is not None or self.of_half is not None

    @classmethod
    def fitted(cls, seen: Float64, expected: Float64) -> "Apart":
        """From orders seen and expected of each (group, day), groups as `groups_of` numbers them."""
        of_segment = fit_factors(_halves(seen).sum(1), _halves(expected).sum(1))
        factor, _ = cls(of_segment, None).believed(seen, expected)
        return cls(of_segment, fit_factors(seen, factor * expected))

    def believed(self, seen: Float64, expected: Float64) -> tuple[Float64, Float64]:
        """The factor of every (group, day), and the relative standard errors of its two parts, shape (2, groups, days).

        The first error is shared by the halves of a segment, the second one is each half's own.
        """
        factor, errors = np.ones(seen.shape), np.zeros((2, *seen.shape))
        if self.of_segment is not None:
            mean, error = self.of_segment.believed(_halves(seen).sum(1), _halves(expected).sum(1))
            factor, errors[0] = np.repeat(mean, 2, axis=0), np.repeat(error, 2, axis=0)
        if self.of_half is not None:
            mean, errors[1] = self.of_half.believed(seen, factor * expected)
            factor = factor * mean
        return factor, errors


def _halves(of_group: Float64) -> Float64:
    """Shape (segments, 2, days)."""
    return of_group.reshape(-1, 2, of_group.shape[1])


def groups_of(log: ShareLog) -> Int64:
    """The group of every customer: twice their segment, and one more for who ever clicks a share."""
    clicks = np.zeros(log.customer_count, np.int64)
    clicks[log.click_customer] = 1
    return clicks if log.segment is None else 2 * log.segment.astype(np.int64) + clicks


def fit_factors(seen: Float64, expected: Float64) -> Factors | None:
    """For orders seen and expected of each (segment, day); None where nothing sets segments apart.

    Expectation-maximisation over the weights. Time O(segments · days · weights · rounds).
    """
    told = expected > TINY
    if not told.any():
        return None
    likely = _likelihoods(seen[told][None], expected[told][None])[:, 0]
    highest = likely.max(0)
    relative = np.exp(likely - highest)
    part, reached = np.full(WEIGHTS.size + 1, 1 / (WEIGHTS.size + 1)), -np.inf
    for _ in range(ROUNDS):
        mixed = part @ relative
        before, reached = reached, float((np.log(mixed) + highest).sum())
        if reached - before < SETTLED:
            break
        part = part * (relative / mixed).mean(1)
    return Factors(part) if reached > float(likely[-1].sum()) + ENOUGH else None


def _likelihoods(seen: Float64, expected: Float64) -> Float64:
    """Logarithms by weight, certainty last, less what all have in common."""
    rest = gammaln(seen + _WEIGHT) - gammaln(_WEIGHT) + _WEIGHT * np.log(_WEIGHT)
    drawn = rest + seen * np.log(expected) - (seen + _WEIGHT) * np.log(expected + _WEIGHT)
    return np.concatenate([drawn, (seen * np.log(expected) - expected)[None]])
