"""Whether who shares much buys again more often, and how much of that remains among alike customers.

A landmark design (Anderson, Cain, Gelber 1983): who shares much is told by the period's first half, who buys again by
its second, so that nobody counts as a sharer because they stayed long enough to share. Strata of equally frequent
buyers and of equally long customers take out that lively customers share more *and* buy more; what makes people like
the brand makes them do both, and no log takes that out: the ratio is no effect of sharing.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.referrals.arrays import Bool, EconomicsRequest, Estimate, Int32, Int64, ReferralLog
from graph.algorithms.referrals.intervals import risk_ratio, share

BANDS = np.asarray([2, 3, 5, 9])
"""Orders of the first half: 1, 2, 3 to 4, 5 to 8, 9 and more."""


@dataclass(frozen=True, slots=True)
class Repurchase:
    """Of the buyers of the first half, who bought in the second half; None where there are none."""

    high_sharers: Estimate | None
    others: Estimate | None
    ratio: Estimate | None
    """The former over the latter, as they are."""
    matched_ratio: Estimate | None
    """The same within strata of orders in the first half and month of registration; `count` is who could be matched."""


def repurchase(log: ReferralLog, request: EconomicsRequest, audience: Bool) -> Repurchase:
    """O(customers + orders + shares)."""
    end = min(request.end, log.until + 1)
    middle = (request.start + end) // 2
    first, second = (_orders(log, *half) for half in ((request.start, middle), (middle, end)))
    shares = _counted(log.share_customer, log.share_at, request.start, middle, log.customer_count)
    buyers = audience & (first > 0)
    sharer = shares[buyers] >= request.high_sharer_shares
    again = second[buyers] > 0
    month = np.where(log.registered_at >= request.start, log.month, -1)[buyers]
    strata = np.unique(
        np.stack([month, np.searchsorted(BANDS, first[buyers], side="right")]), axis=1, return_inverse=True
    )
    stratum = strata[1].reshape(-1)
    return Repurchase(
        share(int(again[sharer].sum()), int(sharer.sum())),
        share(int(again[~sharer].sum()), int((~sharer).sum())),
        _ratio(again, sharer, np.zeros(again.size, np.int64)),
        _ratio(again, sharer, stratum.astype(np.int64)),
    )


def _ratio(again: Bool, sharer: Bool, stratum: Int64) -> Estimate | None:
    count = int(stratum.max(initial=-1)) + 1

    def many(which: Bool) -> Int64:
        return np.bincount(stratum[which], minlength=count).astype(np.int64)

    return risk_ratio(many(again & sharer), many(sharer), many(again & ~sharer), many(~sharer))


def _orders(log: ReferralLog, start: int, end: int) -> Int64:
    return _counted(log.order_customer, log.order_at, start, end, log.customer_count)


def _counted(customer: Int32, at: Int64, start: int, end: int, count: int) -> Int64:
    return np.bincount(customer[(at >= start) & (at < end)], minlength=count).astype(np.int64)
