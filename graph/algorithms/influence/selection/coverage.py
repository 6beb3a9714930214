"""Greedy cover: the candidates who together meet the most reverse-reachable sets, and what any others could meet.

A set may stand for several that hold the same members (a component of a shared world): it then counts `worth` times.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.limits import Limits, most_by
from graph.algorithms.influence.selection.reverse_sets import Draw, folded
from graph.algorithms.influence.selection.reverse_ties import Uint32
from graph.algorithms.kernels import kernel

OTHER, CANDIDATE, ENLISTED = 0, 1, 2
LEAST_COST = 1e-300
"""What is had for nothing comes first, and no gain is divided by 0."""
CHECKS = 8
"""At so many points of the greedy run the bound on the optimum is taken; the least of them counts, and `tightened` goes
on from it."""


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Sets 0 to drawn - 1 as far as a choice among the candidates depends on them.

    A set that an enlisted customer meets is left out, one with a single candidate is only counted. Memory: 4 bytes a
    kept member, 8 a kept set and 8 its worth; as much again while a collection grows, or for its index.
    """

    drawn: int
    pointer: Int64
    member: Uint32
    """Candidates only."""
    worth: Int64
    """Per kept set: how many it stands for; empty where each stands for itself."""
    alone: Int64
    """Per customer: sets with no other candidate."""
    met: int
    """Sets that an enlisted customer meets."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The other way round: in which kept sets each customer is; c's are set[pointer[c]] to set[pointer[c + 1] - 1]."""

    pointer: Int64
    set: Uint32
    gain: Int64
    """What each customer meets alone, over all kept sets, and those that are theirs alone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen in order; gains and the bound in numbers of sets."""

    chosen: Int64
    gain: Int64
    """Sets that each meets and nobody before them: never negative, and never rising where there are no costs."""
    bound: float
    """No allowed choice meets more of these sets."""


def nothing_drawn(count: int) -> Collection:
    """The collection before the first set."""
    return Collection(
        0, np.zeros(1, np.int64), np.empty(0, np.uint32), np.empty(0, np.int64), np.zeros(count, np.int64), 0
    )


def grown(old: Collection, draw: Draw, role: Uint32, until: int, most_members: int) -> Collection | None:
    """The same with sets up to `until`; None where more than `most_members` would have to be kept."""
    sizes, members = [np.diff(old.pointer).astype(np.uint32)], [old.member]
    alone, met = old.alone.copy(), old.met
    total = old.member.size
    everybody = bool((role == CANDIDATE).all())
    parts = folded(draw, old.drawn, until, lambda pointer, member: _kept(pointer, member, role, everybody))
    for kept_sizes, kept, single, met_now in parts:
        total += kept.size
        if total > most_members:
            return None
        sizes.append(kept_sizes)
        members.append(kept)
        met += met_now
        _counted(single, alone)
    pointer = np.zeros(sum(size.size for size in sizes) + 1, np.int64)
    np.cumsum(np.concatenate(sizes), out=pointer[1:])
    return Collection(until, pointer, np.concatenate(members), np.empty(0, np.int64), alone, met)


def indexed(collection: Collection) -> Index:
    """O(members + customers)."""
    pointer, found = _index(collection.pointer, collection.member, collection.alone.size)
    return Index(pointer, found, _gains(pointer, found, collection.worth, collection.alone))


def choose(collection: Collection, index: Index, role: Uint32, allowed: Limits, before: Int64 | None = None) -> Choice:
    """Greedy (Nemhauser, Wolsey, Fisher 1978), lazily (Minoux 1978); equals by lowest number, the useless ones too.

    By gain, or where there are costs by gain and cost, unless the best single one gains more. `before` are chosen
    already: they count against the limits. What greedy reaches at least: `Limits.guarantee`. Time O(members +
    customers · (log customers + min(k, 8))), and a logarithm for each outdated entry that is met.
    """
    taken = np.empty(0, np.int64) if before is None else before
    k = min(allowed.k - taken.size, int((role == CANDIDATE).sum()))
    simple = not (allowed.cost.size or allowed.group.size)
    candidates = np.flatnonzero(role == CANDIDATE)
    key = -index.gain[candidates].astype(np.float64)
    if allowed.cost.size:
        key /= np.maximum(allowed.cost[candidates], LEAST_COST)
    order = np.argsort(key, kind="stable")
    chosen, gain, bound, left = _greedy(
        collection.pointer,
        collection.member,
        collection.worth,
        index.pointer,
        index.set,
        index.gain.copy(),
        candidates[order],
        key[order],
        k,
        max(1, k // CHECKS) if simple else 0,
        allowed.cost,
        allowed.budget - float(allowed.cost[taken].sum() if allowed.cost.size else 0.0),
        allowed.group,
        _room(allowed, taken),
    )
    most, _ = most_by(left.astype(np.float64), allowed)
    return Choice(chosen, gain, min(float(bound), float(gain.sum()) + most))


def _room(allowed: Limits, taken: Int64) -> Int64:
    """How many more of each group may be chosen."""
    return allowed.room - np.bincount(
        allowed.group[taken] if allowed.group.size else taken[:0], minlength=allowed.room.size
    )


def met_by(draw: Draw, chosen: Int64, sets: int) -> Int64:
    """Of so many fresh sets, how many each of the chosen is the first to meet; the last entry: the enlisted's."""
    rank = np.full(draw.ties.customer_count, chosen.size + 1, np.int64)
    rank[draw.enlisted] = -1
    rank[chosen] = np.arange(chosen.size)
    hits = np.zeros(chosen.size + 2, np.int64)
    for more in folded(draw, 0, sets, lambda pointer, member: _first_met(pointer, member, rank, chosen.size)):
        hits += more
    return np.append(hits[:-2], hits[-1])


@kernel
def _first_met(pointer: Int64, member: Uint32, rank: Int64, chosen: int) -> Int64:
    """Sets by who meets them first: entry -1 is the enlisted's, entry -2 nobody's."""
    hits = np.zeros(chosen + 2, np.int64)
    for index in range(pointer.size - 1):
        first = np.int64(chosen)
        for place in range(pointer[index], pointer[index + 1]):
            first = min(first, rank[member[place]])
        hits[first if first >= 0 else chosen + 1] += 1
    return hits


@kernel
def _kept(pointer: Int64, member: Uint32, role: Uint32, everybody: bool) -> tuple[Uint32, Uint32, Uint32, int]:
    """Sizes and members of the sets to keep, the candidates of those with one alone, how many are the enlisted's.

    Where `everybody` is a candidate no role is looked at. The batch is packed where it stands, then copied.
    """
    sizes, kept = np.empty(pointer.size - 1, np.uint32), member
    single = np.empty(pointer.size - 1, np.uint32)
    found = tail = met = singles = 0
    if everybody:
        for index in range(pointer.size - 1):
            place, size = pointer[index], pointer[index + 1] - pointer[index]
            if size == 1:
                single[singles] = member[place]
                singles += 1
                continue
            for one in range(size):
                kept[tail + one] = member[place + one]
            tail += size
            sizes[found] = size
            found += 1
        return sizes[:found].copy(), kept[:tail].copy(), single[:singles].copy(), 0
    for index in range(pointer.size - 1):
        start, enlisted = tail, False
        for place in range(pointer[index], pointer[index + 1]):
            customer = member[place]
            enlisted = enlisted or role[customer] == 2
            kept[tail] = customer
            tail += role[customer] == 1
        if enlisted:
            met += 1
            tail = start
        elif tail - start == 1:
            single[singles] = kept[start]
            singles += 1
            tail = start
        elif tail > start:
            sizes[found] = tail - start
            found += 1
    return sizes[:found].copy(), kept[:tail].copy(), single[:singles].copy(), met


@kernel
def _counted(single: Uint32, alone: Int64) -> None:
    for customer in single:
        alone[customer] += 1


@kernel
def _greedy(
    pointer: Int64,
    member: Uint32,
    worth: Int64,
    index_pointer: Int64,
    index: Uint32,
    gain: Int64,
    order: Int64,
    order_key: Float64,
    k: int,
    stride: int,
    cost: Float64,
    budget: float,
    group: Int64,
    room: Int64,
) -> tuple[Int64, Int64, int, Int64]:
    """The chosen, their gains, a bound by k alone (each `stride` choices; none where 0), what the others would gain.

    `order` has the candidates by falling worth before anybody is chosen; whose worth has fallen since waits in a heap.
    """
    all_alone = gain.copy() if cost.size else gain
    covered = np.zeros(pointer.size - 1, np.bool_)
    chosen, gains = np.empty(k, np.int64), np.zeros(k, np.int64)
    heap = [(0.0, np.int64(0)) for _ in range(0)]
    single = np.int64(-1)
    if cost.size:
        for one in order:
            fits = cost[one] <= budget and (group.size == 0 or room[group[one]] > 0)
            if fits and (single < 0 or gain[one] > gain[single] or (gain[one] == gain[single] and one < single)):
                single = one
    best_single = gain[single] if single >= 0 else np.int64(-1)
    met, bound, step, checked, spent, first = np.int64(0), np.int64(1) << np.int64(62), 0, 0, 0.0, 0
    while step < k and (first < order.size or len(heap) > 0):
        if stride and step >= checked:
            bound = min(bound, met + _largest(gain, k))
            checked = step + stride
        if len(heap) == 0 or (first < order.size and (order_key[first], order[first]) < heap[0]):
            key, customer = order_key[first], order[first]
            first += 1
        else:
            key, customer = heapq.heappop(heap)
        if cost.size and spent + cost[customer] > budget:
            continue
        if group.size and room[group[customer]] <= 0:
            continue
        now = -np.float64(gain[customer])
        if cost.size:
            now /= max(cost[customer], LEAST_COST)
        if key != now:
            heapq.heappush(heap, (now, customer))
            continue
        chosen[step], gains[step] = customer, gain[customer]
        step += 1
        met += gain[customer]
        if cost.size:
            spent += cost[customer]
        if group.size:
            room[group[customer]] -= 1
        gain[customer] = 0
        for place in range(index_pointer[customer], index_pointer[customer + 1]):
            found = index[place]
            if not covered[found]:
                covered[found] = True
                for other in member[pointer[found] : pointer[found + np.uint32(1)]]:
                    if other != customer:
                        gain[other] -= worth[found] if worth.size else 1
    if best_single > met:
        chosen[0], gains[0], step = single, best_single, 1
        gain[:] = all_alone
        # What the others would gain beside the single one is not worked out: all they meet is a bound too.
        gain[single] = 0
    return chosen[:step].copy(), gains[:step].copy(), int(bound), gain


@kernel
def _index(pointer: Int64, member: Uint32, count: int) -> tuple[Int64, Uint32]:
    """The sets of every customer, in order."""
    start = np.zeros(count + 2, np.int64)
    for customer in member:
        start[np.int64(customer) + 2] += 1
    for customer in range(count):
        start[customer + 2] += start[customer + 1]
    index = np.empty(member.size, np.uint32)
    for found in range(pointer.size - 1):
        for place in range(pointer[found], pointer[found + 1]):
            customer = np.int64(member[place]) + 1
            index[start[customer]] = found
            start[customer] += 1
    return start[:-1], index


@kernel
def _gains(pointer: Int64, index: Uint32, worth: Int64, alone: Int64) -> Int64:
    gain = alone + pointer[1:] - pointer[:-1]
    if worth.size == 0:
        return gain
    gain[:] = alone
    for customer in range(alone.size):
        for place in range(pointer[customer], pointer[customer + 1]):
            gain[customer] += worth[index[place]]
    return gain


@kernel
def _largest(gain: Int64, k: int) -> int:
    """The sum of the k largest."""
    positive = gain[gain > 0]
    if positive.size <= k:
        return positive.sum()
    return np.partition(positive, positive.size - k)[positive.size - k :].sum()
