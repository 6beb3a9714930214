"""Credited revenue so far: every attributed cent goes to those who moved it, and in part up to who brought them.

A customer keeps 1 - decay of what they are credited and passes the rest to whoever brought them, who does the same; one
whom nobody brought keeps all. Whole cents throughout: what is credited adds up to what was attributed, exactly.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import NOBODY, Float64, Int32, Int64, Moves, ShareLog
from graph.algorithms.kernels import kernel

PARTS = 1_000_000
"""The decay is kept to a millionth, so that the shares are whole-number arithmetic."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Who brought whom: at most one bringer each, no rings."""

    bringer: Int32
    """NOBODY where nobody did."""
    children_first: Int32
    """All customers, each after everybody whom they brought at any depth."""


@dataclass(frozen=True, slots=True)
class Credit:
    """One entry a customer; cents."""

    direct: Int64
    """Kept out of what the customer moved themselves."""
    downstream: Int64
    """Kept out of what came up from those whom they brought, at any depth."""
    brought: Int64
    """How many the customer brought."""
    brought_below: Int64
    """How many came by them, at any depth, the direct ones included."""


def grow_forest(log: ShareLog) -> Forest:
    """Who brought whom, the earliest first; one that would close a ring is left out."""
    return forest_of(log.brought_customer, log.brought_by, log.brought_at, log.customer_count)


def forest_of(customer: Int32, bringer: Int32, at: Int64, customer_count: int) -> Forest:
    """The same of who was brought by whom and when."""
    order = np.lexsort((bringer, customer, at))
    parent = _without_rings(customer[order], bringer[order], customer_count)
    return Forest(parent, _children_first(parent))


def direct_cents(log: ShareLog, moves: Moves, forest: Forest) -> Int64:
    """Attributed cents of every customer: acts belong to their movers, what is left to whoever brought the customer.

    The parts of an act are whole cents that add up to its amount, or to as much of it as was moved. What was paid
    before the customer was brought, and by those whom nobody brought, belongs to nobody.
    """
    brought_at = np.full(log.customer_count, np.iinfo(np.int64).max)
    brought_at[log.brought_customer] = log.brought_at
    bringer = forest.bringer[log.act_customer]
    brought = (bringer >= 0) & (log.act_at >= brought_at[log.act_customer])
    moved = _split(moves.act, moves.weight, log.act_cents)
    left = log.act_cents - _summed(moves.act, moved, log.act_cents.size)
    owner = np.concatenate([moves.sharer, bringer[brought]])
    cents = np.concatenate([moved, left[brought]])
    return _summed(owner, cents, log.customer_count)


def credit_upwards(direct: Int64, forest: Forest, decay: float) -> Credit:
    """One pass from the leaves to the roots, O(customers)."""
    kept, downstream = _passed_up(direct, forest.bringer, forest.children_first, round(decay * PARTS))
    brought, below = counted(forest.bringer, forest.children_first)
    return Credit(kept, downstream, brought, below)


@kernel
def _without_rings(customer: Int32, bringer: Int32, count: int) -> Int32:
    parent = np.full(count, NOBODY, np.int32)
    for row in range(customer.size):
        child, above = customer[row], bringer[row]
        if above < 0 or parent[child] != NOBODY:
            continue
        while above != NOBODY and above != child:
            above = parent[above]
        if above == NOBODY:
            parent[child] = bringer[row]
    return parent


@kernel
def _children_first(parent: Int32) -> Int32:
    waiting = np.zeros(parent.size, np.int32)
    for child in range(parent.size):
        if parent[child] != NOBODY:
            waiting[parent[child]] += 1
    order = np.empty(parent.size, np.int32)
    filled = 0
    for customer in range(parent.size):
        if waiting[customer] == 0:
            order[filled] = customer
            filled += 1
    head = 0
    while head < filled:
        above = parent[order[head]]
        head += 1
        if above != NOBODY:
            waiting[above] -= 1
            if waiting[above] == 0:
                order[filled] = above
                filled += 1
    return order


@kernel
def _split(act: Int32, weight: Float64, act_cents: Int64) -> Int64:
    """Cumulative rounding: each row gets the rounded running part less what was given out before it."""
    cents = np.zeros(act.size, np.int64)
    running, given = 0.0, 0
    for row in range(act.size):
        if row == 0 or act[row] != act[row - 1]:
            running, given = 0.0, 0
        running += weight[row]
        total = act_cents[act[row]]
        last = row + 1 == act.size or act[row + 1] != act[row]
        whole = last and running > 1 - 1e-9
        upto = total if whole else min(total, int(np.floor(total * running + 0.5)))
        cents[row] = upto - given
        given = upto
    return cents


@kernel
def _summed(owner: Int32, cents: Int64, count: int) -> Int64:
    sums = np.zeros(count, np.int64)
    for row in range(owner.size):
        sums[owner[row]] += cents[row]
    return sums


@kernel
def _passed_up(direct: Int64, parent: Int32, children_first: Int32, decay_parts: int) -> tuple[Int64, Int64]:
    kept, downstream = np.zeros(direct.size, np.int64), np.zeros(direct.size, np.int64)
    arrived = np.zeros(direct.size, np.int64)
    for customer in children_first:
        own, below, above = direct[customer], arrived[customer], parent[customer]
        if above == NOBODY:
            kept[customer], downstream[customer] = own, below
            continue
        own_up, below_up = own * decay_parts // PARTS, below * decay_parts // PARTS
        kept[customer], downstream[customer] = own - own_up, below - below_up
        arrived[above] += own_up + below_up
    return kept, downstream


@kernel
def counted(parent: Int32, children_first: Int32) -> tuple[Int64, Int64]:
    """How many everybody brought, and how many came by them at any depth."""
    brought, below = np.zeros(parent.size, np.int64), np.zeros(parent.size, np.int64)
    for customer in children_first:
        above = parent[customer]
        if above != NOBODY:
            brought[above] += 1
            below[above] += below[customer] + 1
    return brought, below
