"""Simulated worlds: what one share of each customer does in each, given one belief about everybody.

Every (customer, world) has random numbers of its own, so that no answer depends on order, on threads or on those whom a
customer cannot reach.
"""

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, Ties
from graph.algorithms.influence.learning.beliefs import Drawn
from graph.algorithms.influence.splitmix import STEP, mix, uniform
from graph.algorithms.kernels import kernel

OF_STRANGERS = 0x2545F4914F6CDD1D
"""Keeps who the hidden contacts are apart from the coins."""
GENERATIONS, CLOSE_ENOUGH = 30, 1e-4


def simulate(
    ties: Ties, drawn: Drawn, seed: int, first: int, last: int, asked: Bool | None = None
) -> tuple[Float64, int]:
    """Worlds `first` to `last` - 1 of every customer: sums of moved, moved², revenue, revenue²; and coins tossed.

    Where `asked` says whose worlds are wanted, all others have sums of 0.
    """
    sharing = (np.diff(ties.pointer) > 0) | (drawn.hidden > 0)
    known, unknown = (ties.pointer, ties.target, drawn.probability), (drawn.hidden, drawn.hidden_chance)
    people = ties.reach.strangers, drawn.pass_on, ties.revenue, sharing, sharing if asked is None else sharing & asked
    return _simulate(*known, *unknown, *people, np.uint64(seed), np.uint64(drawn.batch), first, last)


def by_recursion(ties: Ties, drawn: Drawn, seed: int, in_time: Float64 | None = None) -> Float64:
    """Moved and revenue expected of every customer, shape (customers, 2), as if no two ways led to the same one.

    Free of coins, and so the measure of how much a batch's draws change; O(ties · generations). `in_time` says how much
    of each generation counts: delays do not depend on who, so that a limit of time takes a part of each (None: all).
    """
    sharing = (np.diff(ties.pointer) > 0) | (drawn.hidden > 0)
    known, unknown = (ties.pointer, ties.target, drawn.probability), (drawn.hidden, drawn.hidden_chance)
    people = ties.reach.strangers, drawn.pass_on, ties.revenue, sharing
    counts = np.ones(GENERATIONS) if in_time is None else in_time
    return _recursion(*known, *unknown, *people, counts, np.uint64(seed), np.uint64(drawn.batch))


@kernel
def _simulate(
    pointer: Int64,
    target: Int32,
    probability: Float64,
    hidden: Int32,
    hidden_chance: Float64,
    strangers: Int32,
    pass_on: Float64,
    revenue: Float64,
    sharing: Bool,
    asked: Bool,
    seed: np.uint64,
    batch: np.uint64,
    first: int,
    last: int,
) -> tuple[Float64, int]:
    count = pointer.size - 1
    sums = np.zeros((count, 4))
    visited = np.full(count, -1, np.int64)
    queue = np.empty(count, np.int32)
    tossed = 0
    for customer in range(count):
        if not asked[customer]:
            continue
        for world in range(first, last):
            stamp = customer * (last - first) + world - first
            state = mix(mix(seed + np.uint64(customer)) + np.uint64(world))
            visited[customer] = stamp
            queue[0] = customer
            head, tail, moved, earned = 0, 1, 0.0, 0.0
            while head < tail:
                sharer = queue[head]
                head += 1
                known = pointer[sharer + 1] - pointer[sharer]
                whose = _whose(seed, sharer, batch)
                for place in range(known + hidden[sharer]):
                    if place < known:
                        other = target[pointer[sharer] + place]
                        chance = probability[pointer[sharer] + place]
                    else:
                        other = strangers[_place(whose, place, strangers.size)]
                        chance = hidden_chance[sharer]
                    if visited[other] == stamp:
                        continue
                    tossed += 1
                    state += STEP
                    if uniform(state) >= chance:
                        continue
                    visited[other] = stamp
                    moved += 1.0
                    earned += revenue[other]
                    state += STEP
                    if sharing[other] and uniform(state) < pass_on[other]:
                        queue[tail] = other
                        tail += 1
            sums[customer, 0] += moved
            sums[customer, 1] += moved * moved
            sums[customer, 2] += earned
            sums[customer, 3] += earned * earned
    return sums, tossed


@kernel
def _recursion(
    pointer: Int64,
    target: Int32,
    probability: Float64,
    hidden: Int32,
    hidden_chance: Float64,
    strangers: Int32,
    pass_on: Float64,
    revenue: Float64,
    sharing: Bool,
    in_time: Float64,
    seed: np.uint64,
    batch: np.uint64,
) -> Float64:
    count = pointer.size - 1
    before, after, total = np.zeros((count, 2)), np.zeros((count, 2)), np.zeros((count, 2))
    # Only ties to those who share lead on: the first generation looks at all, the later ones at these alone.
    onward = np.zeros(count + 1, np.int64)
    arcs = pointer[-1] + hidden.sum()
    leads_to, weight = np.empty(arcs, np.int32), np.empty(arcs)
    change, end = 0.0, 0
    for sharer in range(count):
        moved, earned = 0.0, 0.0
        known = pointer[sharer + 1] - pointer[sharer]
        whose = _whose(seed, sharer, batch)
        for place in range(known + hidden[sharer]):
            if place < known:
                other = target[pointer[sharer] + place]
                chance = min(1.0, probability[pointer[sharer] + place])
            else:
                other = strangers[_place(whose, place, strangers.size)]
                chance = min(1.0, hidden_chance[sharer])
            moved += chance
            earned += chance * revenue[other]
            if sharing[other]:
                leads_to[end], weight[end] = other, chance * pass_on[other]
                end += 1
        onward[sharer + 1] = end
        before[sharer, 0], before[sharer, 1] = min(moved, float(count)), earned
        total[sharer, 0] = min(before[sharer, 0] * in_time[0], float(count))
        total[sharer, 1] = earned * in_time[0]
        change = max(change, total[sharer, 0])
    for generation in range(1, GENERATIONS):
        if change < CLOSE_ENOUGH:
            break
        change = 0.0
        for sharer in range(count):
            moved, earned = 0.0, 0.0
            for arc in range(onward[sharer], onward[sharer + 1]):
                moved += weight[arc] * before[leads_to[arc], 0]
                earned += weight[arc] * before[leads_to[arc], 1]
            after[sharer, 0], after[sharer, 1] = min(moved, float(count)), earned
            added = min(after[sharer, 0] * in_time[generation], count - total[sharer, 0])
            total[sharer, 0] += added
            total[sharer, 1] += earned * in_time[generation]
            change = max(change, added)
        before, after = after, before
    return total


@kernel
def stranger_of(seed: np.uint64, sharer: int, batch: np.uint64, place: int, size: int) -> int:
    """Which stranger, of so many, the hidden contact at this place of the sharer's is."""
    return _place(_whose(seed, sharer, batch), place, size)


@kernel
def _whose(seed: np.uint64, sharer: int, batch: np.uint64) -> np.uint64:
    """Who a hidden contact is depends on batch, sharer and place alone: the same in all worlds of a batch."""
    return mix(mix(seed + np.uint64(sharer)) ^ mix(np.uint64(OF_STRANGERS) + batch))


@kernel
def _place(whose: np.uint64, place: int, size: int) -> int:
    return int(uniform(whose + np.uint64(place) * STEP) * size)
