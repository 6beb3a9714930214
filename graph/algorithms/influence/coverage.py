"""Greedy cover: the candidates who together meet the most reverse-reachable sets, and what any others could meet."""

import heapq
from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Int64
from graph.algorithms.influence.reverse_sets import Draw, batches
from graph.algorithms.influence.reverse_ties import Uint32
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

OTHER, CANDIDATE, ENLISTED = 0, 1, 2
CHECKS = 64
"""At so many points of the greedy run the bound on the optimum is taken; the least of them counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Sets 0 to drawn - 1 as far as a choice among the candidates depends on them.

    A set that an enlisted customer meets is left out, one with a single candidate is only counted. Memory: 4 bytes a
    kept member and 8 a kept set; as much again while a collection grows, or for the index of the choice.
    """

    drawn: int
    pointer: Int64
    member: Uint32
    """Candidates only."""
    alone: Int64
    """Per customer: sets with no other candidate."""
    met: int
    """Sets that an enlisted customer meets."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen in order; gains and the bound in numbers of sets."""

    chosen: Int64
    gain: Int64
    """Sets that each meets and nobody before them: never rising."""
    bound: int
    """No choice of as many candidates meets more of these sets."""


def nothing_drawn(count: int) -> Collection:
    """The collection before the first set."""
    return Collection(0, np.zeros(1, np.int64), np.empty(0, np.uint32), np.zeros(count, np.int64), 0)


def grown(old: Collection, draw: Draw, role: Uint32, until: int, most_members: int) -> Collection | None:
    """The same with sets up to `until`; None where more than `most_members` would have to be kept."""
    sizes, members, alone, met = [np.diff(old.pointer)], [old.member], old.alone.copy(), old.met
    total = old.member.size
    for pointer, member in batches(draw, old.drawn, until):
        kept_sizes, kept, met_now = _kept(pointer, member, role, alone)
        total += kept.size
        if total > most_members:
            return None
        sizes.append(kept_sizes)
        members.append(kept)
        met += met_now
    pointer = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return Collection(until, pointer, np.concatenate(members), alone, met)


def choose(collection: Collection, role: Uint32, k: int) -> Choice:
    """Greedy (Nemhauser, Wolsey, Fisher 1978), lazily (Minoux 1978); equals by lowest number, the useless ones too.

    Meets at least 1 - (1 - 1/k)^k of what the best k meet. Time O(members + customers ·
    min(k, 64)), and a logarithm for each outdated entry that is met.
    """
    if k > int((role == CANDIDATE).sum()):
        raise BadInput(f"k must be at most the number of candidates, {int((role == CANDIDATE).sum())}, not {k}")
    chosen, gain, bound = _greedy(collection.pointer, collection.member, collection.alone, role, k, max(1, k // CHECKS))
    return Choice(chosen, gain, bound)


def met_by(draw: Draw, chosen: Int64, sets: int) -> Int64:
    """Of so many fresh sets, how many each of the chosen is the first to meet; the last entry: the enlisted's."""
    rank = np.full(draw.ties.customer_count, chosen.size + 1, np.int64)
    rank[draw.enlisted] = -1
    rank[chosen] = np.arange(chosen.size)
    hits = np.zeros(chosen.size + 2, np.int64)
    for pointer, member in batches(draw, 0, sets):
        _first_met(pointer, member, rank, hits)
    return np.append(hits[:-2], hits[-1])


@kernel
def _first_met(pointer: Int64, member: Uint32, rank: Int64, hits: Int64) -> None:
    """Entry -1 is the enlisted's, entry -2 nobody's."""
    nobody = hits.size - 2
    for index in range(pointer.size - 1):
        first = nobody
        for place in range(pointer[index], pointer[index + 1]):
            first = min(first, rank[member[place]])
        hits[first if first >= 0 else nobody + 1] += 1


@kernel
def _kept(pointer: Int64, member: Uint32, role: Uint32, alone: Int64) -> tuple[Int64, Uint32, int]:
    sizes, kept = np.empty(pointer.size - 1, np.int64), np.empty(member.size, np.uint32)
    found = tail = met = 0
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
            alone[kept[start]] += 1
            tail = start
        elif tail > start:
            sizes[found] = tail - start
            found += 1
    return sizes[:found].copy(), kept[:tail].copy(), met


@kernel
def _greedy(
    pointer: Int64, member: Uint32, alone: Int64, role: Uint32, k: int, stride: int
) -> tuple[Int64, Int64, int]:
    index_pointer, index = _index(pointer, member, alone.size)
    gain = alone + (index_pointer[1:] - index_pointer[:-1])
    covered = np.zeros(pointer.size - 1, np.bool_)
    chosen, gains = np.empty(k, np.int64), np.zeros(k, np.int64)
    shift = np.int64(1) << np.int64(32)
    heap = [(-gain[customer]) * shift + customer for customer in range(alone.size) if role[customer] == 1]
    heapq.heapify(heap)
    met, bound = np.int64(0), np.int64(1) << np.int64(62)
    for step in range(k):
        if step % stride == 0:
            bound = min(bound, met + _largest(gain, k))
        while True:
            entry = heapq.heappop(heap)
            customer = entry & (shift - 1)
            if -((entry - customer) // shift) == gain[customer]:
                break
            heapq.heappush(heap, (-gain[customer]) * shift + customer)
        chosen[step], gains[step] = customer, gain[customer]
        met += gain[customer]
        gain[customer] = 0
        for place in range(index_pointer[customer], index_pointer[customer + 1]):
            found = index[place]
            if not covered[found]:
                covered[found] = True
                for other in member[pointer[found] : pointer[found + np.uint32(1)]]:
                    if other != customer:
                        gain[other] -= 1
    return chosen, gains, int(min(bound, met + _largest(gain, k)))


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
def _largest(gain: Int64, k: int) -> int:
    """The sum of the k largest."""
    positive = gain[gain > 0]
    if positive.size <= k:
        return positive.sum()
    return np.partition(positive, positive.size - k)[positive.size - k :].sum()
