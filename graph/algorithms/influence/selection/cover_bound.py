"""What no allowed choice can exceed on a collection of sets: a bound by linear-programming duality.

Give every set a price from 0 to 1. A choice pays each of its candidates the prices of their sets, and every set gives
back 1 less its price; where a set is met that is 1 or more, where not 0 or more. So no choice meets more sets than all
of 1 - price plus the largest sum of prices that the limits allow: true of every prices, thus of the least that a few
rounds of subgradient descent find (weak duality; Shor 1985), which lower the price of sets that several of the dearest
share.
"""

from math import ceil

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.coverage import Choice, Collection
from graph.algorithms.influence.selection.limits import Limits, most_by
from graph.algorithms.influence.selection.reverse_ties import Uint32
from graph.algorithms.kernels import kernel

ROUNDS = 3
PACE = 0.7
"""Both were tried on NetHEPT; they decide how tight the bound is, never whether it is one."""
ROUNDING = 1e-9


def tightened(collection: Collection, choice: Choice, allowed: Limits) -> int:
    """No allowed choice meets more of the collection's sets. O(members + customers) a round."""
    price = np.ones(collection.pointer.size - 1)
    dearest = np.zeros(collection.alone.size, np.bool_)
    dearest[choice.chosen] = True
    best = float(choice.bound)
    for turn in range(ROUNDS):
        value = collection.alone.astype(np.float64)
        pace = PACE / (turn + 1)
        spare = _priced(collection.pointer, collection.member, collection.worth, price, dearest, pace, value)
        most, dearest = most_by(value, allowed)
        best = min(best, spare + most)
    return ceil(best * (1 + ROUNDING))


@kernel
def _priced(
    pointer: Int64, member: Uint32, worth: Int64, price: Float64, dearest: Bool, pace: float, value: Float64
) -> float:
    """Move every price towards one of the dearest a set; add up what the sets give back and what candidates get."""
    spare = 0.0
    for index in range(price.size):
        shared = 0
        for place in range(pointer[index], pointer[index + 1]):
            shared += dearest[member[place]]
        cost = min(1.0, max(0.0, price[index] - pace * (shared - 1)))
        price[index] = cost
        spare += (1.0 - cost) * worth[index]
        for place in range(pointer[index], pointer[index + 1]):
            value[member[place]] += cost * worth[index]
    return spare
