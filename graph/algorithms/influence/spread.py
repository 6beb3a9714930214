"""Expected spread of every customer: how many others one share of theirs moves, by simulation of independent cascades.

The seed shares once; a share moves each tie's target by the tie's probability; who is moved shares on by a rate of
their own, once (Kempe, Kleinberg, Tardos 2003, with a coin for passing on). Every (customer, cascade) has random
numbers of its own (SplitMix64: Steele, Lea, Flood 2014), so the answer depends on neither order nor thread.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int32, Int64, Ties, summed
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.kernels import kernel

PILOT = 20
FEWEST = 50
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Spread:
    """Means over the simulated cascades, one entry a customer; 0 for who has no ties."""

    moved: Float64
    """Expected number of others moved."""
    moved_variance: Float64
    """Variance of that mean: of the simulation and, by the first step of the cascade, of the learned probabilities."""
    revenue: Float64
    revenue_variance: Float64
    simulations: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval around a mean, never below 0."""

    low: Float64
    high: Float64


def expected_spread(ties: Ties, request: InfluenceRequest) -> Spread:
    """Simulate from every customer with ties. Time O(simulations × arcs reached), memory O(customers)."""
    simulations = _affordable(ties, request)
    sums, _ = _simulate(*_columns(ties), np.uint64(request.seed), simulations)
    mean = sums[:, [0, 2]] / simulations
    spare = np.maximum(sums[:, [1, 3]] / simulations - mean**2, 0.0) / max(1, simulations - 1)
    learned = _learned_variance(ties, mean)
    return Spread(mean[:, 0], spare[:, 0] + learned[:, 0], mean[:, 1], spare[:, 1] + learned[:, 1], simulations)


def interval(mean: Float64, variance: Float64) -> Interval:
    """The normal 95 % interval."""
    half = Z95 * np.sqrt(variance)
    return Interval(np.maximum(mean - half, 0.0), mean + half)


def _affordable(ties: Ties, request: InfluenceRequest) -> int:
    """The requested number of cascades, or as many as the coin limit lets through judging by a small pilot."""
    _, tossed = _simulate(*_columns(ties), np.uint64(request.seed), PILOT)
    return int(min(request.simulations, max(FEWEST, request.coin_limit * PILOT // max(1, tossed))))


def _columns(ties: Ties) -> tuple[Int64, Int32, Float64, Float64, Float64]:
    return ties.pointer, ties.target, ties.probability, ties.pass_on, ties.revenue


def _learned_variance(ties: Ties, mean: Float64) -> Float64:
    """Sum over the ties of Var(p) × (what moving the target brings)²: the first step's part of the uncertainty."""
    below = ties.pass_on[ties.target]
    counts = ties.variance * (1 + below * mean[ties.target, 0]) ** 2
    revenues = ties.variance * (ties.revenue[ties.target] + below * mean[ties.target, 1]) ** 2
    source = np.repeat(np.arange(ties.customer_count), np.diff(ties.pointer))
    return np.stack([summed(source, part, ties.customer_count) for part in (counts, revenues)], axis=1)


@kernel
def _simulate(
    pointer: Int64,
    target: Int32,
    probability: Float64,
    pass_on: Float64,
    revenue: Float64,
    seed: np.uint64,
    simulations: int,
) -> tuple[Float64, int]:
    """Sums per customer of moved, moved², revenue, revenue²; and how many coins were tossed."""
    count = pointer.size - 1
    sums = np.zeros((count, 4))
    visited = np.full(count, -1, np.int64)
    queue = np.empty(count, np.int32)
    tossed = 0
    for customer in range(count):
        if pointer[customer] == pointer[customer + 1]:
            continue
        for simulation in range(simulations):
            stamp = customer * simulations + simulation
            state = _mix(_mix(seed + np.uint64(customer)) + np.uint64(simulation))
            visited[customer] = stamp
            queue[0] = customer
            head, tail, moved, earned = 0, 1, 0.0, 0.0
            while head < tail:
                sharer = queue[head]
                head += 1
                for arc in range(pointer[sharer], pointer[sharer + 1]):
                    other = target[arc]
                    if visited[other] == stamp:
                        continue
                    tossed += 1
                    state += np.uint64(0x9E3779B97F4A7C15)
                    if _uniform(state) >= probability[arc]:
                        continue
                    visited[other] = stamp
                    moved += 1.0
                    earned += revenue[other]
                    state += np.uint64(0x9E3779B97F4A7C15)
                    if pointer[other] < pointer[other + 1] and _uniform(state) < pass_on[other]:
                        queue[tail] = other
                        tail += 1
            sums[customer, 0] += moved
            sums[customer, 1] += moved * moved
            sums[customer, 2] += earned
            sums[customer, 3] += earned * earned
    return sums, tossed


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
