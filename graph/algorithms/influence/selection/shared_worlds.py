"""Worlds shared by all customers, for ties that are as likely one way as the other.

There a tie needs one coin for both ways: only who is moved first ever uses it, so that who is reached has the same
distribution (Kempe, Kleinberg, Tardos 2003). A world is then a graph without directions, and each of its components the
reverse-reachable set of all its members at once: a few hundred worlds say what millions of single sets would, however
vast the components (Cohen, Delling, Pajor, Werneck 2014; Göktürk, Kaya 2021). The time goes with the live ties.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.coverage import Collection
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.splitmix import STEP, between, mix, stream_of
from graph.algorithms.kernels import kernel

SMALLEST = 1e-12
ROUNDING = 1e-12
"""What the sum of so many probabilities may be off by, each."""


@dataclass(frozen=True, slots=True)
class BothWays:
    """Each tie once, the likeliest first; run r's ties are run_start[r] to [r + 1] and within a factor of two."""

    customer_count: int
    low: Uint32
    high: Uint32
    probability: Float64
    run_start: Int64


def both_ways(ties: ReverseTies) -> BothWays | None:
    """The ties where all are as likely both ways, else None. O(ties · log ties) where they are."""
    start = ties.run_start[ties.run_pointer].astype(np.int64)
    size = np.diff(start)
    count = ties.customer_count
    if not np.array_equal(np.bincount(ties.source, minlength=count), size):
        return None
    target = np.repeat(np.arange(count, dtype=np.int64), size)
    source = ties.source.astype(np.int64)
    up, down = source < target, source > target
    upwards, downwards = ties.probability[up], ties.probability[down]
    if upwards.size != downwards.size or abs(upwards.sum() - downwards.sum()) > ROUNDING * upwards.size:
        return None
    # Ordered by the two customers and the probability, both halves must be the same.
    key, chance = _ordered(source[up] * count + target[up], upwards)
    other_key, other_chance = _ordered(target[down] * count + source[down], downwards)
    if not (np.array_equal(key, other_key) and np.array_equal(chance, other_chance)):
        return None
    order = np.argsort(-chance, kind="stable")
    key, chance = key[order], np.maximum(chance[order], SMALLEST)
    level = np.floor(-np.log2(chance)).astype(np.int64)
    heads = np.flatnonzero(np.append(True, level[1:] != level[:-1])) if chance.size else np.empty(0, np.int64)
    runs = np.append(heads, chance.size).astype(np.int64)
    return BothWays(count, (key // count).astype(np.uint32), (key % count).astype(np.uint32), chance, runs)


def _ordered(key: Int64, chance: Float64) -> tuple[Int64, Float64]:
    order = np.lexsort((chance, key))
    return key[order], chance[order]


def components(ties: BothWays, role: Uint32, worth: Int64, worlds: int, seed: int, collection: int) -> Collection:
    """The components of so many worlds, each worth what its members are, as far as a choice depends on them.

    Time O(live ties of all worlds), memory 4 bytes for each of their ends, 16 a component.
    """
    stream, alone, met = np.uint64(stream_of(np.uint64(seed), np.uint64(collection))), worth * worlds, 0
    sizes: list[Int64] = []
    members: list[Uint32] = []
    worths: list[Int64] = []
    expected = float(ties.probability.sum())
    room = min(ties.low.size, int(expected + 8 * expected**0.5) + 64)
    for world in range(worlds):
        while True:
            low, high = np.empty(room, np.uint32), np.empty(room, np.uint32)
            live = _live(ties.low, ties.high, ties.probability, ties.run_start, stream + np.uint64(world), low, high)
            if live >= 0:
                break
            room = min(ties.low.size, room * 2)
        size, member, value, met_now = _joined(low[:live], high[:live], role, worth, alone)
        sizes.append(size)
        members.append(member)
        worths.append(value)
        met += met_now
    pointer = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    already = int(alone[role == 2].sum())
    alone[role != 1] = 0
    drawn = int(worth.sum()) * worlds
    return Collection(drawn, pointer, np.concatenate(members), np.concatenate(worths), alone, met + already)


@kernel
def _live(
    low: Uint32, high: Uint32, probability: Float64, run_start: Int64, stream: np.uint64, one: Uint32, other: Uint32
) -> int:
    """Fill `one` and `other` with the ends of the live ties; how many, or -1 where there is no room for all."""
    found, state = 0, mix(stream)
    for run in range(run_start.size - 1):
        tie, end = run_start[run], run_start[run + 1]
        head = probability[tie]
        jump = 0.0 if head >= 1.0 else 1.0 / np.log1p(-head)
        while True:
            if head < 1.0:
                state += STEP
                skipped = np.log(between(state)) * jump
                if skipped >= end - tie:
                    break
                tie += np.int64(skipped)
            if tie >= end:
                break
            state += STEP
            if probability[tie] == head or between(state) * head < probability[tie]:
                if found == one.size:
                    return -1
                one[found], other[found] = low[tie], high[tie]
                found += 1
            tie += 1
    return found


@kernel
def _joined(low: Uint32, high: Uint32, role: Uint32, worth: Int64, alone: Int64) -> tuple[Int64, Uint32, Int64, int]:
    """Sizes, candidates and worth of the components that a choice depends on; what the enlisted meet in them.

    `alone` counts every customer as a component of their own; who is in a larger one is taken off.
    """
    count = worth.size
    parent = np.full(count, count, np.uint32)
    touched, many = np.empty(2 * low.size, np.uint32), 0
    for tie in range(low.size):
        for end in (low[tie], high[tie]):
            if parent[end] == count:
                parent[end] = end
                touched[many] = end
                many += 1
        a, b = _root(parent, low[tie]), _root(parent, high[tie])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    # 0: not seen; else the place of the component, counted from 1.
    place = np.zeros(count, np.uint32)
    value, candidates = np.zeros(many, np.int64), np.zeros(many, np.int64)
    enlisted = np.zeros(many, np.bool_)
    found = 0
    for index in range(many):
        customer = touched[index]
        root = _root(parent, customer)
        if place[root] == 0:
            found += 1
            place[root] = found
        at = place[root] - 1
        value[at] += worth[customer]
        candidates[at] += role[customer] == 1
        enlisted[at] |= role[customer] == 2
        alone[customer] -= worth[customer]
    met, kept, tail = np.int64(0), 0, 0
    into = np.full(found, -1, np.int64)
    for at in range(found):
        if enlisted[at]:
            met += value[at]
        elif candidates[at] > 0 and value[at] > 0:
            into[at] = tail
            tail += candidates[at]
            value[kept], candidates[kept] = value[at], candidates[at]
            kept += 1
    member = np.empty(tail, np.uint32)
    for index in range(many):
        customer = touched[index]
        at = place[_root(parent, customer)] - 1
        if into[at] >= 0 and role[customer] == 1:
            member[into[at]] = customer
            into[at] += 1
    return candidates[:kept].copy(), member, value[:kept].copy(), int(met)


@kernel
def _root(parent: Uint32, customer: np.uint32) -> np.uint32:
    while parent[customer] != customer:
        parent[customer] = parent[parent[customer]]
        customer = parent[customer]
    return customer
