"""Slots found in the data: where a category's profile over the hours of the day changes, around the clock.

Each category's profile is how many customers were there in every half hour, each customer once. It is cut into
stretches of one rate each, as Poisson counts, by optimal partitioning (Jackson and others 2005) on the circle of the
day. Their number has the least BIC (Schwarz 1978): -2 log-likelihood + 2 · stretches · ln(customers), each stretch
having a rate and a place. Minutes and categories alone decide, which every shuffle of days keeps, so that choosing
slots does not bend the p-values.
"""

from itertools import pairwise

import numpy as np

from graph.algorithms.chains.events import Float64, Int32, Int64, Purchases
from graph.algorithms.chains.language import MINUTES_A_DAY
from graph.algorithms.kernels import kernel

BIN_MINUTES = 30
BINS = MINUTES_A_DAY // BIN_MINUTES
SHORTEST = 2
"""A slot has so many bins at least: an hour."""
MOST_STRETCHES = 8
MOST_FOUND = MOST_STRETCHES + 1
"""Slots of a category at most: a stretch over midnight is cut there, because a step belongs to one day."""


def find_slots(purchases: Purchases) -> Int32:
    """[start, end) in minutes of each category's slots, which part its day; shape (categories, slots, 2).

    Categories with fewer slots than others are filled up with empty ones, (0, 0). No randomness; time O(purchases log
    purchases + categories × bins³ × stretches).
    """
    found = [_slots(_stretches(profile)) for profile in profiles(purchases)]
    most = max(map(len, found), default=1)
    table = np.zeros((purchases.category_count, most, 2), np.int32)
    for category, slots in enumerate(found):
        table[category, : len(slots)] = slots
    return table


def profiles(purchases: Purchases) -> Int64:
    """How many customers each category has in every bin of the day, each customer once; shape (categories, bins)."""
    cell = purchases.category.astype(np.int64) * BINS + purchases.minute // BIN_MINUTES
    cells = purchases.category_count * BINS
    seen = np.unique(purchases.customer.astype(np.int64) * cells + cell) % max(1, cells)
    return np.bincount(seen, minlength=cells).reshape(-1, BINS)


def _stretches(profile: Int64) -> list[int]:
    """The bins at which a new stretch begins, ascending; none where one rate fits the whole day best."""
    begins = np.zeros((MOST_STRETCHES, MOST_STRETCHES), np.int64)
    costs = np.full(MOST_STRETCHES, np.inf)
    _partition(profile.astype(np.float64), begins, costs)
    count = int(np.argmin(costs + np.arange(1, MOST_STRETCHES + 1) * np.log(max(2.0, float(profile.sum())))))
    return sorted(begins[count, : count + 1].tolist()) if count else []


def _slots(begins: list[int]) -> list[tuple[int, int]]:
    """The stretches between the beginnings as slots of one day."""
    edges = sorted({0, BINS, *begins})
    return [(start * BIN_MINUTES, end * BIN_MINUTES) for start, end in pairwise(edges)]


@kernel
def _partition(profile: Float64, begins: Int64, costs: Float64) -> None:
    """For every number of stretches the cheapest cut of the circle: its negative log-likelihood and where it begins."""
    bins, most = profile.size, costs.size
    best = np.empty((most, bins + 1))
    came = np.zeros((most, bins + 1), np.int64)
    sums = np.zeros(bins + 1)
    for offset in range(bins):
        for index in range(bins):
            sums[index + 1] = sums[index] + profile[(offset + index) % bins]
        for stretches in range(most):
            for end in range(bins + 1):
                best[stretches, end] = np.inf
                if end < SHORTEST * (stretches + 1):
                    continue
                if stretches == 0:
                    best[0, end] = _cost(sums[end], end)
                    continue
                for begin in range(SHORTEST * stretches, end - SHORTEST + 1):
                    cost = best[stretches - 1, begin] + _cost(sums[end] - sums[begin], end - begin)
                    if cost < best[stretches, end]:
                        best[stretches, end] = cost
                        came[stretches, end] = begin
            if best[stretches, bins] < costs[stretches]:
                costs[stretches] = best[stretches, bins]
                end = bins
                for back in range(stretches, -1, -1):
                    end = came[back, end] if back else 0
                    begins[stretches, back] = (offset + end) % bins


@kernel
def _cost(events: float, length: int) -> float:
    """Negative log-likelihood of Poisson counts of one rate, less what is the same for every cut."""
    return 0.0 if events == 0 else -events * np.log(events / length)
