"""Credit by the Shapley value of the referral forest: everybody without whom a cent had not come gets the same of it.

What a customer moved would not have come without them, nor without whoever brought them, nor without whoever brought
those. The value of a set of customers is the sum of what needs only them; its Shapley value (Shapley 1953) divides each
sum equally among all whom it needs, since each of these unanimity games is divided so and the value is additive.
"""

import numpy as np

from graph.algorithms.influence.arrays import NOBODY, Int32, Int64
from graph.algorithms.influence.credit import Credit, Forest, counted
from graph.algorithms.kernels import kernel


def credit_equally(direct: Int64, forest: Forest) -> Credit:
    """To the cent: what an equal division leaves over, less than a cent a head, stays with who moved it. O(n)."""
    kept, downstream = _divided(direct, forest.bringer, forest.children_first)
    brought, below = counted(forest.bringer, forest.children_first)
    return Credit(kept, downstream, brought, below)


@kernel
def _divided(direct: Int64, parent: Int32, children_first: Int32) -> tuple[Int64, Int64]:
    heads = np.ones(direct.size, np.int64)
    for place in range(children_first.size - 1, -1, -1):
        customer = children_first[place]
        if parent[customer] != NOBODY:
            heads[customer] = heads[parent[customer]] + 1
    kept, downstream = np.zeros(direct.size, np.int64), np.zeros(direct.size, np.int64)
    for customer in children_first:
        part = direct[customer] // heads[customer]
        kept[customer] = direct[customer] - part * (heads[customer] - 1)
        if parent[customer] != NOBODY:
            downstream[parent[customer]] += part + downstream[customer]
    return kept, downstream
