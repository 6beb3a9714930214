"""Expected spread of every customer: how many others one share of theirs moves, by simulation of independent cascades.

The seed shares once; a share moves each tie's target by the tie's probability; who is moved shares on by a rate of
their own, once (Kempe, Kleinberg, Tardos 2003, with a coin for passing on). The worlds come in batches: each batch
draws anew how strong every sharer is and how readily everybody passes on, out of what is believed of them, so that the
doubt about the whole cascade shows as the variance between batches (analysis of variance takes the coins out of it).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from graph.algorithms.influence.arrays import Bool, Delays, Float64, Interval, Ties
from graph.algorithms.influence.kept import Kept
from graph.algorithms.influence.learning.beliefs import Drawn, draw
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.timed_worlds import in_time, simulate_in_time
from graph.algorithms.influence.worlds import by_recursion, simulate

PILOT = 20
FEWEST = 50
BATCHES = 100


@dataclass(frozen=True, slots=True)
class Spread:
    """Means over the simulated cascades, one entry a customer; 0 for who never shared and moved nobody."""

    moved: Float64
    """Expected number of others moved."""
    moved_variance: Float64
    """Variance of what is believed of it: the doubt about every learned rate on the way, and the simulation's own."""
    revenue: Float64
    revenue_variance: Float64
    simulations: int


def expected_spread(
    ties: Ties,
    request: InfluenceRequest,
    delays: Delays | None = None,
    kept: Kept | None = None,
) -> Spread:
    """Simulate from every sharer. Time O(simulations × arcs reached + batches × customers), memory O(customers).

    `delays` count only where the request limits the days; a delay that nothing is known of is none. Whose figures stand
    has those that were `kept`; everybody else has what a simulation of all gives, bit for bit.
    """
    worlds = _Worlds(ties, request, delays or Delays.unknown(), None if kept is None else ~kept.standing)
    simulations = _affordable(worlds, request)
    batches = min(BATCHES, simulations // 2) if _in_doubt(ties) else 1
    limits = [simulations * batch // batches for batch in range(batches + 1)]
    sums, drawn_sums = np.zeros((ties.customer_count, 4)), np.zeros((ties.customer_count, 4))
    for batch in range(batches):
        drawn = draw(ties, request.seed, batch)
        part, _ = worlds.simulated(drawn, limits[batch], limits[batch + 1])
        sums += part
        if batches > 1:
            expected = by_recursion(ties, drawn, request.seed, worlds.in_time)
            drawn_sums[:, :2] += expected
            drawn_sums[:, 2:] += expected**2
    mean = sums[:, [0, 2]] / simulations
    variance = _coins(sums[:, [1, 3]], mean, simulations) + mean**2 * _doubt(drawn_sums, batches)
    if kept is not None:
        stays, old = kept.standing, kept.figures
        mean[stays] = np.stack([old.moved, old.revenue], axis=1)[stays]
        variance[stays] = np.stack([old.moved_variance, old.revenue_variance], axis=1)[stays]
    return Spread(mean[:, 0], variance[:, 0], mean[:, 1], variance[:, 1], simulations)


def interval(mean: Float64, variance: Float64) -> Interval:
    """The central 95 % of the Gamma distribution of this mean and variance: never below 0, longer upwards."""
    low, high = mean.copy(), mean.copy()
    rows = (variance > 0) & (mean > 0)
    shape, scale = mean[rows] ** 2 / variance[rows], variance[rows] / mean[rows]
    low[rows], high[rows] = (gammaincinv(shape, part) * scale for part in (0.025, 0.975))
    return Interval(low, high)


def _coins(squares: Float64, mean: Float64, simulations: int) -> Float64:
    """Variance of the simulated mean."""
    return np.maximum(squares / simulations - mean**2, 0.0) / max(1, simulations - 1)


def _doubt(sums: Float64, batches: int) -> Float64:
    """Variance between batches over the squared mean, of what the recursion gives."""
    if batches == 1:
        return np.zeros_like(sums[:, :2])
    mean = sums[:, :2] / batches
    variance = np.maximum(sums[:, 2:] - batches * mean**2, 0.0) / (batches - 1)
    return np.divide(variance, mean**2, out=np.zeros_like(mean), where=mean > 0)


def _in_doubt(ties: Ties) -> bool:
    reach = ties.reach
    return any(
        bool((v > 0).any()) for v in (ties.variance, reach.hidden, reach.strength_variance, reach.pass_on_variance)
    )


class _Worlds:
    """The simulated worlds of a request, with or without a limit of days; of all, or of those who are asked for."""

    def __init__(self, ties: Ties, request: InfluenceRequest, delays: Delays, asked: Bool | None) -> None:
        self.ties, self._request, self._delays, self._asked = ties, request, delays, asked
        self._within = request.within_days
        self.in_time = None if self._within is None else in_time(self._within, delays)

    def simulated(self, drawn: Drawn, first: int, last: int) -> tuple[Float64, int]:
        return self._of(self._asked, drawn, first, last)

    def of_all(self, drawn: Drawn, first: int, last: int) -> tuple[Float64, int]:
        """Whoever is asked for: so many simulations as all would take."""
        return self._of(None, drawn, first, last)

    def _of(self, asked: Bool | None, drawn: Drawn, first: int, last: int) -> tuple[Float64, int]:
        if self._within is None:
            return simulate(self.ties, drawn, self._request.seed, first, last, asked)
        return simulate_in_time(self.ties, drawn, self._request.seed, first, last, self._within, self._delays, asked)


def _affordable(worlds: _Worlds, request: InfluenceRequest) -> int:
    """The requested number of cascades, or as many as the coin limit lets through judging by a small pilot."""
    _, tossed = worlds.of_all(draw(worlds.ties, request.seed, 0), 0, PILOT)
    return int(min(request.simulations, max(FEWEST, request.coin_limit * PILOT // max(1, tossed))))
