"""One belief out of many: how strong each tie, how many the hidden contacts and how readily everybody passes on.

Every (customer, batch) has random numbers of its own: no draw depends on order, on threads or on other customers.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int32, Int64, Ties
from graph.algorithms.influence.splitmix import STEP, mix, uniform
from graph.algorithms.kernels import kernel

OF_CUSTOMERS, OF_TIES = 0x5851F42D4C957F2D, 0x14057B7EF767814F
"""Keep the two kinds of draws apart from one another and from the coins of the worlds."""
MOST_HIDDEN = 10_000
"""Contacts who have not shown themselves, of one customer."""


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


@kernel
def _drawn_ties(
    pointer: Int64, probability: Float64, variance: Float64, common: Float64, seed: np.uint64, batch: np.uint64
) -> tuple[Float64, Float64]:
    drawn, strength = probability.copy(), np.ones(pointer.size - 1)
    mirrored = batch % np.uint64(2) == 1
    for customer in range(pointer.size - 1):
        state = mix(mix(seed + np.uint64(customer)) ^ mix(np.uint64(OF_TIES) + batch // np.uint64(2)))
        if common[customer] > 0:
            spread = np.log1p(common[customer])
            radius = np.sqrt(-2.0 * np.log(1.0 - uniform(state + np.uint64(1))))
            normal = radius * np.cos(2.0 * np.pi * uniform(state + np.uint64(2)))
            strength[customer] = np.exp(np.sqrt(spread) * (-normal if mirrored else normal) - spread / 2)
        for arc in range(pointer[customer], pointer[customer + 1]):
            own = variance[arc] - common[customer] * probability[arc] ** 2
            state += STEP
            number = uniform(state)
            drawn[arc] = strength[customer] * _up_or_down(probability[arc], own, 1 - number if mirrored else number)
    return drawn, strength


@kernel
def _drawn_customers(
    hidden: Float64, pass_on: Float64, variance: Float64, seed: np.uint64, batch: np.uint64
) -> tuple[Int32, Float64]:
    count, passing = np.zeros(hidden.size, np.int32), pass_on.copy()
    mirrored = batch % np.uint64(2) == 1
    for customer in range(hidden.size):
        state = mix(mix(seed + np.uint64(customer)) ^ mix(np.uint64(OF_CUSTOMERS) + batch // np.uint64(2)))
        first, second = uniform(state), uniform(state + np.uint64(1))
        if mirrored:
            first, second = 1 - first, 1 - second
        if hidden[customer] > 0:
            count[customer] = int(min(hidden[customer], MOST_HIDDEN) + first)
        passing[customer] = _up_or_down(pass_on[customer], variance[customer], second)
    return count, passing


@kernel
def _up_or_down(chance: float, variance: float, number: float) -> float:
    """One of two probabilities with this mean and variance; alike in likelihood where both then lie within 0 and 1."""
    if variance <= 0 or chance <= 0 or chance >= 1:
        return chance
    error = np.sqrt(variance)
    if error <= min(chance, 1 - chance):
        return chance + error if number < 0.5 else chance - error
    part = min(1.0, np.sqrt(variance / (chance * (1 - chance))))
    return chance + part * (1 - chance) if number < chance else chance * (1 - part)
