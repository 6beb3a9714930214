"""Simulated worlds with a clock: what one share of each customer does within so many days.

Every live tie takes a time of its own, and so does every passing on; who is reached on several ways is moved by the
first to arrive (independent cascade with delays: Chen, Lu, Zhang 2012; Du, Song, Gomez-Rodriguez, Zha 2013).
"""

import heapq

import numpy as np

from graph.algorithms.influence.arrays import Bool, Delays, Float64, Int32, Int64, Ties
from graph.algorithms.influence.learning.beliefs import Drawn
from graph.algorithms.influence.splitmix import STEP, mix, uniform
from graph.algorithms.influence.worlds import GENERATIONS, stranger_of
from graph.algorithms.kernels import kernel

STEPS = 512
"""Into which the days are cut where only the doubt hangs on it."""


def simulate_in_time(
    ties: Ties,
    drawn: Drawn,
    seed: int,
    first: int,
    last: int,
    within_days: float,
    delays: Delays,
    asked: Bool | None = None,
) -> tuple[Float64, int]:
    """As `worlds.simulate`, of those who are moved within the days alone."""
    sharing = (np.diff(ties.pointer) > 0) | (drawn.hidden > 0)
    known, unknown = (ties.pointer, ties.target, drawn.probability), (drawn.hidden, drawn.hidden_chance)
    people = ties.reach.strangers, drawn.pass_on, ties.revenue, sharing, sharing if asked is None else sharing & asked
    move, passing = (each if each.size else np.zeros(1) for each in (delays.move, delays.pass_on))
    clock, streams = (within_days, move, passing), (np.uint64(seed), np.uint64(drawn.batch))
    return _simulate(*known, *unknown, *people, *clock, *streams, first, last)


def in_time(within_days: float, delays: Delays) -> Float64:
    """For each generation of a cascade the probability that its moves come within the days. O(generations · steps²)."""
    move, pass_on = (_by_step(each, within_days) for each in (delays.move, delays.pass_on))
    onward = np.convolve(pass_on, move)[: STEPS + 1]
    arrived, chance = move, np.zeros(GENERATIONS)
    for generation in range(GENERATIONS):
        chance[generation] = arrived.sum()
        arrived = np.convolve(arrived, onward)[: STEPS + 1]
    return chance


def _by_step(delay: Float64, within_days: float) -> Float64:
    """The probability of a delay in each of the steps; of what lies beyond the days nothing."""
    if not delay.size:
        return np.eye(1, STEPS + 1)[0]
    step = np.rint(delay[delay <= within_days] / within_days * STEPS).astype(np.int64)
    return np.bincount(step, minlength=STEPS + 1) / delay.size


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
    within: float,
    move_delay: Float64,
    pass_on_delay: Float64,
    seed: np.uint64,
    batch: np.uint64,
    first: int,
    last: int,
) -> tuple[Float64, int]:
    count = pointer.size - 1
    sums = np.zeros((count, 4))
    visited = np.full(count, -1, np.int64)
    tossed = 0
    for customer in range(count):
        if not asked[customer]:
            continue
        for world in range(first, last):
            stamp = customer * (last - first) + world - first
            state = mix(mix(seed + np.uint64(customer)) + np.uint64(world))
            arrivals = [(0.0, np.int64(customer))]
            moved, earned = 0.0, 0.0
            while len(arrivals) > 0:
                at, sharer = heapq.heappop(arrivals)
                if visited[sharer] == stamp:
                    continue
                visited[sharer] = stamp
                if sharer != customer:
                    moved += 1.0
                    earned += revenue[sharer]
                    state += STEP
                    if not (sharing[sharer] and uniform(state) < pass_on[sharer]):
                        continue
                    state += STEP
                    at += float(pass_on_delay[int(uniform(state) * pass_on_delay.size)])
                known = pointer[sharer + 1] - pointer[sharer]
                for place in range(known + hidden[sharer]):
                    if place < known:
                        other = np.int64(target[pointer[sharer] + place])
                        chance = probability[pointer[sharer] + place]
                    else:
                        other = np.int64(strangers[stranger_of(seed, int(sharer), batch, place, strangers.size)])
                        chance = hidden_chance[sharer]
                    if visited[other] == stamp:
                        continue
                    tossed += 1
                    state += STEP
                    if uniform(state) >= chance:
                        continue
                    state += STEP
                    arrival = float(at + move_delay[int(uniform(state) * move_delay.size)])
                    if arrival <= within:
                        heapq.heappush(arrivals, (arrival, other))
            sums[customer, 0] += moved
            sums[customer, 1] += moved * moved
            sums[customer, 2] += earned
            sums[customer, 3] += earned * earned
    return sums, tossed
