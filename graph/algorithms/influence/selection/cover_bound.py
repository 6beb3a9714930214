"""What no allowed choice can exceed on a collection of sets: a bound by linear-programming duality.

Give every set a price from 0 to 1. A choice pays each of its candidates the prices of their sets, and every set gives
back 1 less its price; where a set is met that is 1 or more, where not 0 or more. So no choice meets more sets than all
of 1 - price plus the largest sum of prices that the limits allow: true of every prices, thus of the least that a few
rounds of subgradient descent find (weak duality; Shor 1985), which lower the price of sets that several of the dearest
share.
"""

from math import ceil

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int32, Int64
from graph.algorithms.influence.selection.coverage import Choice, Collection, Index
from graph.algorithms.influence.selection.limits import Limits, most_by
from graph.algorithms.influence.selection.reverse_ties import Uint32
from graph.algorithms.kernels import kernel

ROUNDS = 3
PACE = 0.7
"""Both were tried on NetHEPT; they decide how tight the bound is, never whether it is one."""
ROUNDING = 1e-9


def tightened(collection: Collection, index: Index, choice: Choice, allowed: Limits) -> int:
    """No allowed choice meets more of the collection's sets. O(customers + members of sets that several meet) a round.

    Prices begin at 1, and only sets with two of the dearest ever get cheaper: the others are not looked at.
    """
    price, shared = np.ones(collection.pointer.size - 1), np.zeros(collection.pointer.size - 1, np.int32)
    cheaper, before = np.empty(0, np.uint32), 0
    value = index.gain.astype(np.float64)
    dearest = choice.chosen
    best, spare = float(choice.bound), 0.0
    for turn in range(ROUNDS):
        pace = PACE / (turn + 1)
        sets = collection.pointer, collection.member, collection.worth
        cheaper, change = _priced(*sets, index.pointer, index.set, dearest, pace, price, shared, before, cheaper, value)
        spare += change
        before += dearest.size
        most, among = most_by(np.maximum(value, 0.0), allowed)
        dearest = np.flatnonzero(among)
        best = min(best, spare + most)
    return ceil(best * (1 + ROUNDING))


@kernel
def _priced(
    pointer: Int64,
    member: Uint32,
    worth: Int64,
    index_pointer: Int64,
    index: Uint32,
    dearest: Int64,
    pace: float,
    price: Float64,
    shared: Int32,
    before: int,
    cheaper: Uint32,
    value: Float64,
) -> tuple[Uint32, float]:
    """Move every price towards one of the dearest a set: which sets are below 1 now, and what all give back more.

    `shared` counts on from `before`, which no count of an earlier round exceeds: it need not be cleared.
    """
    many = 0
    for customer in dearest:
        many += index_pointer[customer + 1] - index_pointer[customer]
    touched, found = np.empty(many + cheaper.size, np.uint32), 0
    for each in cheaper:
        touched[found] = each
        found += 1
    for customer in dearest:
        for place in range(index_pointer[customer], index_pointer[customer + 1]):
            each = index[place]
            shared[each] = max(shared[each], before) + 1
            # Those below 1 are in the list already, those that one alone meets stay at 1.
            if shared[each] == before + 2 and price[each] == 1.0:
                touched[found] = each
                found += 1
    below, back = 0, 0.0
    for at in range(found):
        each = touched[at]
        cost = min(1.0, max(0.0, price[each] - pace * (max(shared[each], before) - before - 1)))
        change = (price[each] - cost) * (worth[each] if worth.size else 1)
        back += change
        price[each] = cost
        for place in range(pointer[each], pointer[each + np.uint32(1)]):
            value[member[place]] -= change
        if cost < 1.0:
            touched[below] = each
            below += 1
    return touched[:below].copy(), float(back)
