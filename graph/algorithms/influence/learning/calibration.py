"""Calibration: what is learned from the earlier shares, held against what the later ones did.

The log is cut in time. Ties and spread are learned from what had happened by then alone; every later share that is old
enough to have moved whom it will is then a prediction with an outcome. Figures by bins of the predicted value are those
of a reliability diagram (Murphy, Winkler 1977).
"""

from dataclasses import dataclass, replace

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64, ShareLog
from graph.algorithms.influence.learning.fading import fit_half_life
from graph.algorithms.influence.learning.held_out import HELD_OUT, hold_out
from graph.algorithms.influence.learning.strengths import learn_ties
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.spread import expected_spread

BINS = 10
SIMULATIONS = 200
HALVINGS = 32
"""Each halves the way to the first share of a cascade."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predictions and outcomes by bins of equally many predictions, lowest first; one entry a bin."""

    count: Int64
    predicted: Float64
    seen: Float64
    seen_error: Float64
    """Standard error of `seen`, each prediction taken as independent."""

    @property
    def total(self) -> tuple[float, float]:
        """Predicted and seen over all bins."""
        return float((self.count * self.predicted).sum()), float((self.count * self.seen).sum())


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predictions from before `cut_at` did afterwards."""

    cut_at: int
    shares: int
    """Later shares, old enough, of customers who had shared before."""
    ties: Reliability
    """Each such share with each tie known by then: the tie's probability, and whether the share moved the target."""
    cascades: Reliability
    """Each such share of their own accord: the sharer's spread, and how many others its whole cascade moved.

    Where no share says which one it passes on, what the share itself is expected to move and moved.
    """


def calibrate(log: ShareLog, request: InfluenceRequest, held_out: float = HELD_OUT) -> Calibration | None:
    """Learn from the earlier part of the shares, judge by the later; None where either part has nothing to tell."""
    held = hold_out(log, request, held_out)
    if held is None:
        return None
    if request.fading_days == "fitted":
        request = replace(request, fading_days=fit_half_life(held, request))
    ties = learn_ties(held.earlier, held.moves, request)
    if (log.share_parent >= 0).any():
        expected = expected_spread(ties, replace(request, simulations=SIMULATIONS, within_days=None)).moved
    else:
        expected = ties.direct
    arc, hit, _ = held.trials(ties)
    own = held.shares[log.share_parent[held.shares] < 0]
    return Calibration(
        held.cut,
        held.shares.size,
        reliability(ties.probability[arc], hit.astype(np.float64)),
        reliability(expected[log.share_sharer[own]], _cascade_sizes(log, held.happened)[own]),
    )


def reliability(predicted: Float64, seen: Float64, bins: int = BINS) -> Reliability:
    """Cut the predictions into at most so many bins of about equal size; equal predictions share a bin."""
    limits = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1])) if predicted.size else np.zeros(0)
    place = np.searchsorted(limits, predicted, side="left")
    count = np.bincount(place, minlength=limits.size + 1)
    kept = np.flatnonzero(count)
    sums = [
        np.bincount(place, weights=values, minlength=limits.size + 1)[kept] for values in (predicted, seen, seen**2)
    ]
    size = count[kept]
    mean = sums[1] / size
    error = np.sqrt(np.maximum(sums[2] / size - mean**2, 0.0) / np.maximum(size - 1, 1))
    return Reliability(size.astype(np.int64), sums[0] / size, mean, error)


def _cascade_sizes(log: ShareLog, happened: Int64) -> Float64:
    """How many customers each share's cascade moved, itself and all that was passed on from it; at its first share."""
    root = np.where(log.share_parent >= 0, log.share_parent, np.arange(log.share_parent.size)).astype(np.int64)
    for _ in range(HALVINGS):
        root = root[root]
    reached = np.unique(root[happened // log.customer_count] * log.customer_count + happened % log.customer_count)
    return np.bincount(reached // log.customer_count, minlength=root.size).astype(np.float64)
