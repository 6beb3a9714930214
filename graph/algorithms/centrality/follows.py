"""Who follows whose shares: the graph that centrality is computed on."""

from dataclasses import dataclass, field

import numpy as np

from graph.algorithms.centrality.sparse import Matrix, matrix
from graph.algorithms.influence import NOBODY, ShareLog
from graph.algorithms.influence.arrays import Int64


@dataclass(frozen=True, slots=True, eq=False)
class Follows:
    """Ties from whoever followed a share to its sharer, among those customers who have any."""

    customer: Int64
    """The code of each row's customer in the log that was read, rising."""
    weight: Matrix
    """Entry (v, u): how often v clicked a share of u, or registered, was referred or bought by one."""
    around: Int64 = field(default_factory=lambda: np.empty(0, np.int64))
    """Rows of the customers whom `nearness` is reckoned from; it is 0 for all where there are none."""


def follows(log: ShareLog) -> Follows:
    """Clicks, acts that name a share or a referrer, and who was brought; nobody follows themselves. O(n · log n)."""
    share_known = log.act_share != NOBODY
    named = np.where(share_known, log.share_sharer[np.where(share_known, log.act_share, 0)], log.act_referrer)
    follower = np.concatenate([log.click_customer, log.act_customer, log.brought_customer]).astype(np.int64)
    sharer = np.concatenate([log.share_sharer[log.click_share], named, log.brought_by]).astype(np.int64)
    told = (follower >= 0) & (sharer >= 0) & (follower != sharer)
    customer, code = np.unique(np.concatenate([follower[told], sharer[told]]), return_inverse=True)
    pairs = code.reshape(2, -1)
    return Follows(customer, matrix(pairs[0], pairs[1], customer.size))
