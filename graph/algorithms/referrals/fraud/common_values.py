"""Referrer and referred have a hashed device, phone, address or payment in common."""

import numpy as np

from graph.algorithms.referrals.arrays import Int32, Int64
from graph.algorithms.referrals.fraud.raised import Raised


def common_values(referrer: Int32, referred: Int32, owner: Int32, value: Int64, weight: float) -> Raised:
    """One row a referral, for the rarest value that both ends have; `owner` and `value` may repeat pairs.

    `weight` says how strongly a value speaks that only these two have; one that m customers have speaks for 1 / (m - 1)
    as much: a family's address, a shop's tablet. Whoever refers themselves has everything in common and is no row here.
    O(values · log values + referrals · values of a referrer).
    """
    pairs = np.unique(np.stack([owner.astype(np.int64), value]), axis=1)
    owners, values = pairs[0], pairs[1]
    holders = np.bincount(values, minlength=int(values.max(initial=-1)) + 1)
    start, end = (np.searchsorted(owners, referrer, side=side) for side in ("left", "right"))
    many = end - start
    row = np.repeat(np.arange(referrer.size), many)
    place = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many) + np.repeat(start, many)
    width = int(values.max(initial=0)) + 1
    wanted = referred[row].astype(np.int64) * width + values[place]
    known = owners * width + values
    found = np.isin(wanted, known) & (referred[row] != referrer[row])
    row, shared = row[found], values[place[found]]
    order = np.lexsort((shared, holders[shared], row))
    first = np.unique(row[order], return_index=True)[1]
    row, shared = row[order][first], shared[order][first]
    none = np.full(row.size, np.nan)
    return Raised(row, shared, weight / np.maximum(1, holders[shared] - 1), holders[shared], none, none.copy())
