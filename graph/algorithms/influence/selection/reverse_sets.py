"""Reverse-reachable sets: who would have moved a random customer, one possible world a set.

A set is drawn by walking the cascade backwards from its root (Borgs, Brautbar, Chayes, Lucier 2014). The advocates move
the root exactly in those worlds in whose sets one of them is; so spread = total weight × share of sets that they meet.
Roots are stratified: the total weight is cut into as many equal parts as there are sets, and each set has its root in
one of them (Cochran 1977, chapter 5). That leaves every mean as it is, takes the roots' part out of the variance, and
keeps every bound for independent hits of one chance (Hoeffding 1956, theorem 3). Set i has random numbers of its own
(SplitMix64 of seed, collection and i: Steele, Lea, Flood 2014): neither batches nor threads change a bit.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.reverse_ties import LONGEST_RUN, ReverseTies, Uint32
from graph.algorithms.influence.selection.threshold_sets import sample_thresholds, stacked
from graph.algorithms.influence.splitmix import STEP, mix, stream_of, uniform, unit
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

MOST_SETS = 2**32 - 2
BATCH_SETS = 1 << 15
BATCH_MEMBERS = 1 << 19
THREAD_SETS = 1 << 14
"""What a thread takes at once."""
ENDLESS = 2**62
ONE, HALF, LOW = np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)
Answer = TypeVar("Answer")


class Model(StrEnum):
    """How being moved spreads (Kempe, Kleinberg, Tardos 2003)."""

    CASCADE = "independent cascade"
    """Each tie has one chance of its own."""
    THRESHOLD = "linear threshold"
    """A customer is moved once the ties from the moved add up to a threshold, drawn evenly from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Roots:
    """How roots are drawn: each customer as often as their weight says."""

    total: float
    """Sum of the weights: the number of customers where all weigh 1."""
    up_to: Float64
    """Per customer: the weights up to theirs over the total; empty where all weigh the same."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a collection of sets is drawn from; two collections of one seed are independent."""

    ties: ReverseTies
    roots: Roots
    enlisted: Bool
    """A walk ends as soon as it meets one of them: the set is theirs."""
    seed: int
    collection: int
    model: Model = Model.CASCADE
    steps: int = ENDLESS
    """Only who is moved within so many ties from an advocate counts."""
    threads: int = 1


def roots_by_weight(count: int, weights: Float64 | None) -> Roots:
    """Roots in proportion to the weights, all alike without. O(customers)."""
    if weights is None:
        return Roots(float(count), np.empty(0))
    if weights.size != count:
        raise BadInput(f"weights must have one entry for each of the {count} customers, not {weights.size}")
    total = float(weights.sum())
    if not ((weights >= 0).all() and 0 < total < np.inf):
        raise BadInput("weights must be 0 or more, finite, and at least one above 0")
    up_to = np.cumsum(weights)
    # Beyond the last who weighs anything nobody may be a root, whatever rounding says.
    return Roots(total, np.where(up_to >= up_to[-1], 2.0, up_to / up_to[-1]))


def batches(draw: Draw, first: int, until: int) -> Iterator[tuple[Int64, Uint32]]:
    """Sets first to until - 1 in batches of (pointer, member): set j is pointer[j] to pointer[j + 1], its root first.

    They are one stratified sample. The arrays are used again by the next batch. Memory: 4 bytes a member of one batch,
    8 a customer.
    """
    yield from _filled(draw, _stacks(draw), _Part(first, until, 0, until - first))


def folded(draw: Draw, first: int, until: int, fold: Callable[[Int64, Uint32], Answer]) -> Iterator[Answer]:
    """What `fold` makes of each batch, in the order of the sets; it must keep no array of its batch.

    With several threads it runs in any of them, and memory is that of `batches` for each.
    """
    if draw.threads == 1:
        yield from (fold(*batch) for batch in batches(draw, first, until))
        return
    stacks, sets = _stacks(draw), until - first
    parts = [_Part(first, until, low, min(low + THREAD_SETS, sets)) for low in range(0, sets, THREAD_SETS)]

    def work(part: _Part) -> list[Answer]:
        return [fold(*batch) for batch in _filled(draw, stacks, part)]

    with ThreadPoolExecutor(draw.threads) as pool:
        going: deque[Future[list[Answer]]] = deque()
        for part in parts:
            going.append(pool.submit(work, part))
            if len(going) > 2 * draw.threads:
                yield from going.popleft().result()
        for rest in going:
            yield from rest.result()


@dataclass(frozen=True, slots=True)
class _Part:
    """Of the sets `first` to `until` - 1, one stratum each, those at places `low` to `high` - 1."""

    first: int
    until: int
    low: int
    high: int


def _stacks(draw: Draw) -> Float64 | None:
    return stacked(draw.ties) if draw.model is Model.THRESHOLD else None


def _filled(draw: Draw, stacks: Float64 | None, part: _Part) -> Iterator[tuple[Int64, Uint32]]:
    ties, count = draw.ties, draw.ties.customer_count
    member, visited = np.empty(BATCH_MEMBERS + count, np.uint32), np.zeros(count, np.uint32)
    # A kernel answers with a plain int, which another would take for a signed one.
    stream = np.uint64(stream_of(np.uint64(draw.seed), np.uint64(draw.collection)))
    place, strata = part.low, float(part.until - part.first)
    while place < part.high:
        pointer = np.zeros(min(BATCH_SETS, part.high - place) + 1, np.int64)
        roots = draw.roots.up_to, strata, place, draw.enlisted
        filled = stream, part.first + place, draw.steps, pointer, member, visited
        if stacks is not None:
            row = ties.run_start, ties.run_pointer, ties.source, stacks, ties.pass_on
            done = sample_thresholds(*row, *roots, *filled)
        else:
            done = _sample(
                ties.run_pointer,
                ties.run_start,
                ties.run_head,
                ties.run_odds,
                ties.run_miss,
                ties.source,
                ties.probability,
                ties.pass_on,
                *roots,
                *filled,
            )
        yield pointer[: done + 1], member[: pointer[done]]
        place += done


@kernel
def _sample(
    run_pointer: Uint32,
    run_start: Uint32,
    run_head: Float64,
    run_odds: Float64,
    run_miss: Float64,
    source: Uint32,
    probability: Float64,
    pass_on: Float64,
    up_to: Float64,
    strata: float,
    place: int,
    enlisted: Bool,
    stream: np.uint64,
    first: int,
    steps: int,
    pointer: Int64,
    member: Uint32,
    visited: Uint32,
) -> int:
    """Fill `pointer` and `member`; how many sets fitted. All that counts places is unsigned: no index is wrapped."""
    picked = np.empty(LONGEST_RUN, np.uint32)
    tail, room, count = np.uint64(0), np.uint64(member.size), np.uint64(visited.size)
    weighty = 0
    if up_to.size:
        weighty = np.searchsorted(up_to, place / strata, side="right")
    for index in range(pointer.size - 1):
        if room - tail < count:
            return index
        stamp = np.uint32(first + index + 1)
        state = mix(stream + np.uint64(first + index))
        part = (place + index + unit(state)) / strata
        # How far into its own part of the weight a root lies is even over the sets: the first number that its walk
        # uses, and below 0 from then on.
        if up_to.size:
            while up_to[weighty] <= part:
                weighty += 1
            root = np.uint32(weighty)
            below = up_to[weighty - 1] if weighty else 0.0
            within = (part - below) / (min(up_to[weighty], 1.0) - below)
        else:
            root = np.uint32(min(part * visited.size, visited.size - 1.0))
            within = part * visited.size - root
        start = head = tail
        member[tail] = root
        tail += ONE
        visited[root] = stamp
        met = enlisted[root]
        step, next_step = 0, tail
        while head < tail and not met:
            if head == next_step:
                step += 1
                next_step = tail
            if step >= steps:
                break
            customer = member[head]
            head += ONE
            if head > start + ONE and pass_on[customer] < 1.0:
                state += STEP
                if uniform(state) >= pass_on[customer]:
                    continue
            for run in range(run_pointer[customer], run_pointer[customer + np.uint32(1)]):
                arc, end = np.uint64(run_start[run]), np.uint64(run_start[run + ONE])
                if run_odds[run] == 0.0:
                    while arc < end:
                        chance = probability[arc]
                        carries = chance >= 1.0
                        if not carries:
                            state += STEP
                            carries = (uniform(state) if within < 0.0 else within) < chance
                            within = -1.0
                        if carries:
                            sharer = source[arc]
                            if visited[sharer] != stamp:
                                visited[sharer] = stamp
                                member[tail] = sharer
                                tail += ONE
                                met = met or enlisted[sharer]
                        arc += ONE
                    continue
                state += STEP
                word = mix(state)
                chance, share = unit(word) if within < 0.0 else within, run_miss[run]
                root_run = within >= 0.0
                within = -1.0
                if chance < share:
                    continue
                # How many of the run's ties carry, by inverting the binomial distribution term by term …
                size, hits = end - arc, np.uint64(0)
                while chance >= share and hits < size:
                    chance -= share
                    share *= run_odds[run] * np.float64(size - hits) / np.float64(hits + ONE)
                    hits += ONE
                # … and which ones: each set of so many is as likely (Floyd's sampling: Bentley, Floyd 1987). The count
                # rests on the upper bits of its number, the first pick on the lower 32, which are as good as another.
                for hit in range(hits):
                    if hit:
                        state += STEP
                        word = mix(state)
                    last = size - hits + np.uint64(hit)
                    if root_run and hits == ONE:
                        # What the count left of its number is as even.
                        pick = min(np.uint32(chance / share * size), np.uint32(size - ONE))
                    else:
                        pick = np.uint32(((word & LOW) * (last + ONE)) >> HALF)
                    for before in range(hit):
                        if picked[before] == pick:
                            pick = np.uint32(last)
                    picked[hit] = pick
                    carrier = arc + np.uint64(pick)
                    if probability[carrier] < run_head[run]:
                        state += STEP
                        if uniform(state) * run_head[run] >= probability[carrier]:
                            continue
                    sharer = source[carrier]
                    if visited[sharer] != stamp:
                        visited[sharer] = stamp
                        member[tail] = sharer
                        tail += ONE
                        met = met or enlisted[sharer]
        pointer[index + 1] = tail
    return pointer.size - 1
