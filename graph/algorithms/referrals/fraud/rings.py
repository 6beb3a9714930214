"""Rings: customers who bring one another in a circle within some days."""

from collections import deque
from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components  # pyright: ignore[reportUnknownVariableType]

from graph.algorithms.referrals.arrays import Int32, Int64
from graph.algorithms.referrals.fraud.raised import Raised

RING_SCORE = 0.9


def rings(referrer: Int32, referred: Int32, at: Int64, count: int, seconds: int) -> Raised:
    """Every referral on a ring whose earliest and latest referral lie at most so many seconds apart.

    Of each referral that is the earliest of a ring the shortest one is told. Only strongly connected parts are walked,
    so that the cost is O(referrals) plus, within such a part, its referrals squared at worst. `cause` numbers the
    rings; a referral on several is told of the first, `count` is how many customers that one has.
    """
    linked = coo_array((np.ones(referrer.size, np.int8), (referrer, referred)), shape=(count, count))
    part = cast("Int32", connected_components(linked, connection="strong")[1])
    inside = np.flatnonzero((part[referrer] == part[referred]) & (referrer != referred))
    inside = inside[np.lexsort((inside, at[inside]))]
    leaving: dict[int, list[int]] = {}
    for edge in inside.tolist():
        leaving.setdefault(int(referrer[edge]), []).append(edge)
    ring_of: dict[int, tuple[int, int]] = {}
    number = 0
    for edge in inside.tolist():
        way = _way_back(edge, leaving, referrer, referred, at, int(at[edge]) + seconds)
        if way:
            for one in way:
                ring_of.setdefault(one, (number, len(way)))
            number += 1
    rows = np.asarray(sorted(ring_of), np.int64)
    told = np.asarray([ring_of[int(row)] for row in rows], np.int64).reshape(-1, 2)
    none = np.full(rows.size, np.nan)
    return Raised(rows, told[:, 0], np.full(rows.size, RING_SCORE), told[:, 1], none, none.copy())


def _way_back(
    first: int, leaving: dict[int, list[int]], referrer: Int32, referred: Int32, at: Int64, latest: int
) -> list[int]:
    """The shortest ring that begins with this referral and has no earlier and no too late one; empty without any."""
    home, came_by = int(referrer[first]), {int(referred[first]): first}
    waiting = deque([int(referred[first])])
    while waiting:
        here = waiting.popleft()
        for edge in leaving.get(here, ()):
            there = int(referred[edge])
            if there in came_by or not at[first] <= at[edge] <= latest:
                continue
            came_by[there] = edge
            if there == home:
                return _walked(home, came_by, referrer)
            waiting.append(there)
    return []


def _walked(home: int, came_by: dict[int, int], referrer: Int32) -> list[int]:
    way, here = list[int](), home
    while not way or here != home:
        way.append(came_by[here])
        here = int(referrer[came_by[here]])
    return way[::-1]
