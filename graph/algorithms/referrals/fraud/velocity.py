"""Referrers who suddenly bring many more than they used to."""

import numpy as np

from graph.algorithms.referrals.arrays import Int32, Int64
from graph.algorithms.referrals.fraud.raised import Raised, q_values, scored
from graph.algorithms.referrals.fraud.tails import negative_binomial_tail, places

HISTORY = 4
"""A referrer's own history before the window is at least so many windows long."""


def velocity(
    referrer: Int32, at: Int64, since: Int64, until: int, seconds: int, least: int = 5, q_limit: float = 0.01
) -> Raised:
    """The referrals of each referrer's most surprising window of so many seconds.

    `since` is from when on each referrer (by code) could have brought anybody. Their own rate is believed to be
    Gamma distributed, with the mean and the spread of all who brought anybody, and is learned from their own history
    before the window, of at least one referral and four windows; so the count in the window is negative binomial. Its
    tail, times their windows, is corrected over all referrers. Several who come by one share are counted each: a share
    that goes uncommonly well is a sign too. `cause` is the referrer, `count` how many came in the window.
    O(referrals · log referrals).
    """
    order = np.lexsort((at, referrer))
    who, when = referrer[order].astype(np.int64), at[order]
    if not who.size:
        nothing, nowhere = np.zeros(0), np.zeros(0, np.int64)
        return Raised(nowhere, nowhere, nothing, nowhere, nothing, nothing)
    people, start, many = np.unique(who, return_index=True, return_counts=True)
    begun = np.minimum(np.maximum(since[people], when.min() - seconds), when[start])
    prior = (until + 1 - begun).sum() / who.size
    group = np.repeat(np.arange(people.size), many)
    span = int(when.max() - when.min()) + seconds + 2
    key: Int64 = group * span + (when - when.min())
    first = np.maximum(places(key, key - seconds), start[group])
    count = np.arange(who.size) - first + 1
    before, watched = first - start[group], np.maximum(0, when - seconds - begun[group])
    weight = _prior_shape(many)
    shape, rate = (before + weight).astype(np.float64), (watched + weight * prior).astype(np.float64)
    # Who has no history of their own cannot break with it.
    tail = negative_binomial_tail(count, shape, rate / (rate + seconds))
    tail = np.where((watched >= HISTORY * seconds) & (before > 0), tail, 1.0)
    best = np.asarray([s + tail[s : s + m].argmin() for s, m in zip(start, many, strict=True)], np.int64)
    q = q_values(np.minimum(1.0, tail[best] * many))
    flagged = np.flatnonzero((q < q_limit) & (count[best] >= least))
    sizes = count[best[flagged]]
    each = np.repeat(flagged, sizes)
    rows = [order[first[best[g]] : best[g] + 1] for g in flagged]
    usual = (shape / rate)[best] * seconds
    return Raised(
        np.concatenate(rows).astype(np.int64) if rows else np.zeros(0, np.int64),
        people[each],
        scored(q[each]),
        np.repeat(sizes, sizes).astype(np.int64),
        usual[each],
        q[each],
    )


def _prior_shape(many: Int64) -> float:
    """The Gamma shape by the moments of how many everybody brought: small where few bring most."""
    mean, variance = float(many.mean()), float(many.var())
    return min(1.0, mean**2 / (variance - mean)) if variance > mean else 1.0
