"""Bursts: many registrations from one device, address or session in a short time."""

import numpy as np

from graph.algorithms.referrals.arrays import Bool, Float64, Int64
from graph.algorithms.referrals.fraud.raised import Raised, q_values, scored
from graph.algorithms.referrals.fraud.tails import places, poisson_tail


def bursts(value: Int64, at: Int64, seconds: int, least: int = 4, q_limit: float = 0.01) -> Raised:
    """The registrations of each value's fullest window of so many seconds, where that is more than chance.

    How many others usually follow within the window is learned from all other values, households and shared devices
    included; the chance of as many is Poisson's with this mean, times the windows that the value has (Bonferroni),
    corrected over all values by Benjamini and Hochberg. It assumes that further registrations come independently
    at a rate alike for all values: where some devices are shared by many on purpose (a shop's tablet), they are
    bursts too, and the reviewer has to know them. `cause` is the value. O(registrations · log registrations).
    """
    order = np.lexsort((at, value))
    values, times = value[order], at[order]
    groups, start, many = np.unique(values, return_index=True, return_counts=True)
    if not groups.size:
        return _none()
    span = int(times.max() - times.min()) + seconds + 2
    key: Int64 = np.repeat(np.arange(groups.size), many) * span + (times - times.min())
    others = places(key, key + seconds) - np.arange(key.size) - 1
    usual = _usual(others, start, many, span - seconds, seconds)
    best = start + np.asarray([others[s : s + m].argmax() for s, m in zip(start, many, strict=True)], np.int64)
    p = np.minimum(1.0, poisson_tail(others[best], usual) * many)
    q = q_values(p)
    flagged = np.flatnonzero((q < q_limit) & (others[best] + 1 >= least))
    sizes = others[best[flagged]] + 1
    rows = [order[best[g] : best[g] + size] for g, size in zip(flagged, sizes, strict=True)]
    if not rows:
        return _none()
    each = np.repeat(flagged, sizes)
    return Raised(
        np.concatenate(rows).astype(np.int64),
        groups[each],
        scored(q[each]),
        np.repeat(sizes, sizes).astype(np.int64),
        usual[each] + 1,
        q[each],
    )


def _usual(others: Int64, start: Int64, many: Int64, duration: int, seconds: int) -> Float64:
    """Of each value: how many others follow a registration within the window, as all other values have it.

    Never less than if the registrations of an average value were spread evenly over the whole time.
    """
    own = np.add.reduceat(others, start)
    rest = others.size - many
    elsewhere = np.divide(own.sum() - own, rest, out=np.zeros(many.size), where=rest > 0)
    return np.maximum(elsewhere, others.size / many.size * seconds / max(duration, seconds))


def _none() -> Raised:
    nothing, nowhere = np.zeros(0), np.zeros(0, np.int64)
    return Raised(nowhere, nowhere, nothing, nowhere, nothing, nothing)


def of_referred(raised: Raised, is_referred: Bool) -> Raised:
    """Only the rows that are referrals: the others count towards a burst, and nobody is paid for them."""
    kept = is_referred[raised.row]
    return Raised(*(getattr(raised, name)[kept] for name in Raised.__slots__))
