"""Referrers whose referred come for the reward alone: they buy nothing more once it is paid."""

import numpy as np

from graph.algorithms.referrals.arrays import Bool, Int32
from graph.algorithms.referrals.fraud.raised import Raised, q_values, scored
from graph.algorithms.referrals.fraud.tails import binomial_tail


def lapsed(referrer: Int32, came_back: Bool, least: int = 3, q_limit: float = 0.05) -> Raised:
    """The lapsed referrals of referrers who have more of them than all others lead one to expect.

    One row given is one referral that was observed long enough. That a single referred customer lapses says little:
    many do. The binomial tail with the others' part (one lapsed and one other added) is corrected over all referrers
    with `least` referrals. `cause` is the referrer, `count` how many of theirs lapsed. O(referrals).
    """
    people, which = np.unique(referrer, return_inverse=True)
    which = which.reshape(-1)
    many = np.bincount(which, minlength=people.size)
    gone = np.bincount(which[~came_back], minlength=people.size)
    part = (gone.sum() - gone + 1) / (referrer.size - many + 2)
    tried = np.flatnonzero(many >= least)
    q = np.ones(people.size)
    q[tried] = q_values(binomial_tail(gone[tried], many[tried], part[tried]))
    rows = np.flatnonzero((q < q_limit)[which] & ~came_back)
    own = which[rows]
    expected = (part * many)[own]
    return Raised(rows, people[own].astype(np.int64), scored(q[own]), gone[own], expected, q[own])
