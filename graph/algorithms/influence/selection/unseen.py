"""The contacts whom a run believes in but has not seen, as ties of their own, so that selection counts them too.

Who they are nobody knows: for each, one customer is drawn in proportion to how often everybody was moved, as the run's
own cascades do anew in every batch. One draw is enough for spreads: it stands for each tie with its own chance, and
over all of them the sums are those of the belief.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.learning.beliefs import MOST_HIDDEN


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """One entry a customer."""

    contacts: Float64
    """How many contacts are believed in who have not shown themselves."""
    chance: Float64
    """That a share of the customer moves one of these."""
    moved: Float64
    """How often the customer was moved: as often they are one of somebody's unseen contacts."""


def with_unseen(
    pointer: Int64, target: Int64, probability: Float64, unseen: Unseen, seed: int
) -> tuple[Int64, Int64, Float64]:
    """Out-ties in compressed rows with one tie more for each unseen contact, the known ones joined by either chance.

    The same seed gives the same bits. O(ties + unseen contacts, sorted).
    """
    count = pointer.size - 1
    shares = np.cumsum(unseen.moved)
    if not shares.size or not shares[-1] > 0 or not (unseen.contacts * unseen.chance > 0).any():
        return pointer, target, probability
    random = np.random.default_rng(seed)
    believed = np.where(unseen.chance > 0, np.minimum(unseen.contacts, MOST_HIDDEN), 0.0)
    source = np.repeat(np.arange(count), (believed + random.random(count)).astype(np.int64) * (believed > 0))
    drawn: Float64 = random.random(source.size) * shares[-1]
    stranger: Int64 = np.searchsorted(shares, drawn, side="right").clip(max=count - 1)
    other = np.not_equal(stranger, source)
    known = np.repeat(np.arange(count), np.diff(pointer)) * count + target
    key = np.concatenate([known, source[other] * count + stranger[other]])
    chance = np.concatenate([probability, unseen.chance[source[other]]])
    with np.errstate(divide="ignore"):
        missed = np.log1p(-np.minimum(chance, 1.0))
    pairs, place = np.unique(key, return_inverse=True)
    joined = -np.expm1(np.bincount(place, weights=missed, minlength=pairs.size))
    return np.searchsorted(pairs // count, np.arange(count + 1)).astype(np.int64), pairs % count, joined
