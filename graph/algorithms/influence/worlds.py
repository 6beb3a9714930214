"""Simulated worlds: how strong each tie is in a batch of them, and what one share of each customer does in each.

Every (customer, world) and every (customer, batch) has random numbers of its own (SplitMix64: Steele, Lea, Flood 2014),
so that no answer depends on order, on threads or on those whom a customer cannot reach.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int32, Int64, Ties
from graph.algorithms.kernels import kernel

OF_BATCHES, OF_TIES, OF_STRANGERS = 0x5851F42D4C957F2D, 0x14057B7EF767814F, 0x2545F4914F6CDD1D
"""Keep what is drawn for a batch apart from the coins of its worlds."""
MOST_HIDDEN = 10_000
"""Contacts who have not shown themselves, of one customer."""
GENERATIONS, CLOSE_ENOUGH = 30, 1e-4


@dataclass(frozen=True, slots=True)
class Drawn:
    """One batch: how strong each tie is, who the hidden contacts are, how readily everybody passes on."""

    probability: Float64
    hidden: Int32
    """How many hidden contacts each customer has."""
    hidden_chance: Float64
    pass_on: Float64
    batch: int


def draw(ties: Ties, seed: int, batch: int) -> Drawn:
    """Draw what is believed: log-normal strengths, ties and rates up or down by their standard error. O(ties).

    Each has the mean and variance of the belief, which is all that the variance between batches rests on. Every second
    batch mirrors the one before (antithetic variates: Hammersley, Morton 1956): the draws cancel in the mean.
    """
    reach = ties.reach
    columns = ties.pointer, ties.probability, ties.variance, reach.strength_variance
    stream = np.uint64(seed), np.uint64(batch)
    probability, strength = _drawn_ties(*columns, *stream)
    hidden, pass_on = _drawn_customers(reach.hidden, ties.pass_on, reach.pass_on_variance, *stream)
    if not reach.strangers.size:
        hidden = np.zeros(ties.customer_count, np.int32)
    return Drawn(probability, hidden, reach.hidden_chance * strength, pass_on, batch)


def simulate(ties: Ties, drawn: Drawn, seed: int, first: int, last: int) -> tuple[Float64, int]:
    """Worlds `first` to `last` - 1 of every customer: sums of moved, moved², revenue, revenue²; and coins tossed."""
    sharing = (np.diff(ties.pointer) > 0) | (drawn.hidden > 0)
    known, unknown = (ties.pointer, ties.target, drawn.probability), (drawn.hidden, drawn.hidden_chance)
    people = ties.reach.strangers, drawn.pass_on, ties.revenue, sharing
    return _simulate(*known, *unknown, *people, np.uint64(seed), np.uint64(drawn.batch), first, last)


def by_recursion(ties: Ties, drawn: Drawn, seed: int) -> Float64:
    """Moved and revenue expected of every customer, shape (customers, 2), as if no two ways led to the same one.

    Free of coins, and so the measure of how much a batch's draws change; O(ties · generations).
    """
    sharing = (np.diff(ties.pointer) > 0) | (drawn.hidden > 0)
    known, unknown = (ties.pointer, ties.target, drawn.probability), (drawn.hidden, drawn.hidden_chance)
    people = ties.reach.strangers, drawn.pass_on, ties.revenue, sharing
    return _recursion(*known, *unknown, *people, np.uint64(seed), np.uint64(drawn.batch))


@kernel
def _drawn_ties(
    pointer: Int64, probability: Float64, variance: Float64, common: Float64, seed: np.uint64, batch: np.uint64
) -> tuple[Float64, Float64]:
    drawn, strength = probability.copy(), np.ones(pointer.size - 1)
    mirrored = batch % np.uint64(2) == 1
    for customer in range(pointer.size - 1):
        state = _mix(_mix(seed + np.uint64(customer)) ^ _mix(np.uint64(OF_TIES) + batch // np.uint64(2)))
        if common[customer] > 0:
            spread = np.log1p(common[customer])
            radius = np.sqrt(-2.0 * np.log(1.0 - _uniform(state + np.uint64(1))))
            normal = radius * np.cos(2.0 * np.pi * _uniform(state + np.uint64(2)))
            strength[customer] = np.exp(np.sqrt(spread) * (-normal if mirrored else normal) - spread / 2)
        for arc in range(pointer[customer], pointer[customer + 1]):
            own = variance[arc] - common[customer] * probability[arc] ** 2
            state += np.uint64(0x9E3779B97F4A7C15)
            uniform = _uniform(state)
            drawn[arc] = strength[customer] * _up_or_down(probability[arc], own, 1 - uniform if mirrored else uniform)
    return drawn, strength


@kernel
def _drawn_customers(
    hidden: Float64, pass_on: Float64, variance: Float64, seed: np.uint64, batch: np.uint64
) -> tuple[Int32, Float64]:
    count, passing = np.zeros(hidden.size, np.int32), pass_on.copy()
    mirrored = batch % np.uint64(2) == 1
    for customer in range(hidden.size):
        state = _mix(_mix(seed + np.uint64(customer)) ^ _mix(np.uint64(OF_BATCHES) + batch // np.uint64(2)))
        first, second = _uniform(state), _uniform(state + np.uint64(1))
        if mirrored:
            first, second = 1 - first, 1 - second
        if hidden[customer] > 0:
            count[customer] = int(min(hidden[customer], MOST_HIDDEN) + first)
        passing[customer] = _up_or_down(pass_on[customer], variance[customer], second)
    return count, passing


@kernel
def _up_or_down(chance: float, variance: float, uniform: float) -> float:
    """One of two probabilities with this mean and variance; alike in likelihood where both then lie within 0 and 1."""
    if variance <= 0 or chance <= 0 or chance >= 1:
        return chance
    error = np.sqrt(variance)
    if error <= min(chance, 1 - chance):
        return chance + error if uniform < 0.5 else chance - error
    part = min(1.0, np.sqrt(variance / (chance * (1 - chance))))
    return chance + part * (1 - chance) if uniform < chance else chance * (1 - part)


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
    step = np.uint64(0x9E3779B97F4A7C15)
    for customer in range(count):
        if not sharing[customer]:
            continue
        for world in range(first, last):
            stamp = customer * (last - first) + world - first
            state = _mix(_mix(seed + np.uint64(customer)) + np.uint64(world))
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
                    state += step
                    if _uniform(state) >= chance:
                        continue
                    visited[other] = stamp
                    moved += 1.0
                    earned += revenue[other]
                    state += step
                    if sharing[other] and _uniform(state) < pass_on[other]:
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
    seed: np.uint64,
    batch: np.uint64,
) -> Float64:
    count = pointer.size - 1
    before, after = np.zeros((count, 2)), np.zeros((count, 2))
    for _ in range(GENERATIONS):
        change = 0.0
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
                onward = pass_on[other] if sharing[other] else 0.0
                moved += chance * (1.0 + onward * before[other, 0])
                earned += chance * (revenue[other] + onward * before[other, 1])
            after[sharer, 0], after[sharer, 1] = min(moved, float(count)), earned
            change = max(change, after[sharer, 0] - before[sharer, 0])
        before, after = after, before
        if change < CLOSE_ENOUGH:
            break
    return before


@kernel
def _whose(seed: np.uint64, sharer: int, batch: np.uint64) -> np.uint64:
    """Who a hidden contact is depends on batch, sharer and place alone: the same in all worlds of a batch."""
    return _mix(_mix(seed + np.uint64(sharer)) ^ _mix(np.uint64(OF_STRANGERS) + batch))


@kernel
def _place(whose: np.uint64, place: int, size: int) -> int:
    return int(_uniform(whose + np.uint64(place) * np.uint64(0x9E3779B97F4A7C15)) * size)


@kernel
def _mix(state: np.uint64) -> np.uint64:
    """SplitMix64's finisher."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@kernel
def _uniform(state: np.uint64) -> float:
    """A number in [0, 1) out of the top 53 bits."""
    return np.float64(_mix(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
