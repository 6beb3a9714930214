"""How deep and how wide the trees of referrals are."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.credit import forest_of
from graph.algorithms.referrals.arrays import Bool, Int64, ReferralLog


@dataclass(frozen=True, slots=True)
class Trees:
    """Of the customers who were brought in the period."""

    trees: int
    """Distinct roots above them: customers whom nobody brought."""
    depths: tuple[int, ...]
    """How many came at depth 1 (brought by a root), 2, 3 …"""
    mean_depth: float
    bringers: int
    """Who brought at least one of them."""
    mean_width: float
    """How many a bringer brought."""
    widest: int
    """The most that one bringer brought."""
    largest: int
    """The most of them that belong to one tree."""


def referral_trees(log: ReferralLog, referred: Bool) -> Trees:
    """O(customers · log depth), by pointer jumping. Depths count the whole way up, before the period too."""
    brought = np.flatnonzero(log.bringer >= 0).astype(np.int32)
    forest = forest_of(brought, log.bringer[brought], log.brought_at[brought], log.customer_count)
    depth, root = _climbed(forest.bringer.astype(np.int64))
    # A ring's latest tie is no part of the forest, so that its customer stands at depth 0.
    new = np.flatnonzero(referred & (depth > 0))
    if not new.size:
        return Trees(0, (), 0.0, 0, 0.0, 0, 0)
    width, size = (np.unique(owner[new], return_counts=True)[1] for owner in (forest.bringer, root))
    return Trees(
        size.size,
        tuple(np.bincount(depth[new])[1:].tolist()),
        float(depth[new].mean()),
        width.size,
        float(width.mean()),
        int(width.max()),
        int(size.max()),
    )


def _climbed(parent: Int64) -> tuple[Int64, Int64]:
    """Steps up to the root, and the root, of everybody."""
    above = np.where(parent >= 0, parent, np.arange(parent.size))
    depth = (parent >= 0).astype(np.int64)
    while True:
        further = above[above]
        if np.array_equal(further, above):
            return depth, above
        depth = depth + depth[above]
        above = further
