"""Reverse-reachable sets: who would have moved a random customer, one possible world a set.

A set is drawn by walking the cascade backwards from its root (Borgs, Brautbar, Chayes, Lucier 2014). The advocates move
the root exactly in those worlds in whose sets one of them is; so spread = total weight × share of sets that they meet.
Set i has random numbers of its own (SplitMix64 of seed, collection and i: Steele, Lea, Flood 2014): how the sets are
batched changes no bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.reverse_ties import LONGEST_RUN, ReverseTies, Uint32
from graph.algorithms.influence.selection.threshold_sets import sample_thresholds, stacked
from graph.algorithms.influence.splitmix import STEP, between, mix, stream_of
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

MOST_SETS = 2**32 - 2
BATCH_SETS = 1 << 15
BATCH_MEMBERS = 1 << 19
ENDLESS = 2**62


class Model(StrEnum):
    """How being moved spreads (Kempe, Kleinberg, Tardos 2003)."""

    CASCADE = "independent cascade"
    """Each tie has one chance of its own."""
    THRESHOLD = "linear threshold"
    """A customer is moved once the ties from the moved add up to a threshold, drawn evenly from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Roots:
    """How roots are drawn: each customer as often as their weight says (alias method: Walker 1977, Vose 1991)."""

    total: float
    """Sum of the weights: the number of customers where all weigh 1."""
    keep: Float64
    other: Uint32


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


def roots_by_weight(count: int, weights: Float64 | None) -> Roots:
    """Roots in proportion to the weights, all alike without. O(customers)."""
    if weights is None:
        return Roots(float(count), np.empty(0), np.empty(0, np.uint32))
    if weights.size != count:
        raise BadInput(f"weights must have one entry for each of the {count} customers, not {weights.size}")
    total = float(weights.sum())
    if not ((weights >= 0).all() and 0 < total < np.inf):
        raise BadInput("weights must be 0 or more, finite, and at least one above 0")
    return Roots(total, *_aliases(weights * (count / total)))


def batches(draw: Draw, first: int, until: int) -> Iterator[tuple[Int64, Uint32]]:
    """Sets first to until - 1 in batches of (pointer, member): set j is pointer[j] to pointer[j + 1], its root first.

    The arrays are used again by the next batch. Memory: 4 bytes a member of one batch, 9 a customer.
    """
    ties, count = draw.ties, draw.ties.customer_count
    member = np.empty(BATCH_MEMBERS + count, np.uint32)
    visited = np.zeros(count, np.uint32)
    # A kernel answers with a plain int, which another would take for a signed one.
    stream = np.uint64(stream_of(np.uint64(draw.seed), np.uint64(draw.collection)))
    roots = draw.roots.keep, draw.roots.other, draw.enlisted
    up_to = stacked(ties) if draw.model is Model.THRESHOLD else None
    while first < until:
        pointer = np.zeros(min(BATCH_SETS, until - first) + 1, np.int64)
        filled = stream, first, draw.steps, pointer, member, visited
        if up_to is not None:
            row = ties.run_start, ties.run_pointer, ties.source, up_to, ties.pass_on
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
        first += done


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
    keep: Float64,
    other: Uint32,
    enlisted: Bool,
    stream: np.uint64,
    first: int,
    steps: int,
    pointer: Int64,
    member: Uint32,
    visited: Uint32,
) -> int:
    """Fill `pointer` and `member`; how many sets fitted."""
    count = visited.size
    picked = np.empty(LONGEST_RUN, np.uint32)
    tail = 0
    for index in range(pointer.size - 1):
        if member.size - tail < count:
            return index
        stamp = np.uint32(first + index + 1)
        state = mix(stream + np.uint64(first + index)) + STEP
        root = np.uint32(between(state) * count)
        if keep.size:
            state += STEP
            if between(state) >= keep[root]:
                root = other[root]
        start = head = tail
        member[tail] = root
        tail += 1
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
            head += 1
            if head > start + 1 and pass_on[customer] < 1.0:
                state += STEP
                if between(state) >= pass_on[customer]:
                    continue
            for run in range(run_pointer[customer], run_pointer[customer + np.uint32(1)]):
                arc, end = np.uint64(run_start[run]), np.uint64(run_start[run + np.uint64(1)])
                if run_odds[run] == 0.0:
                    while arc < end:
                        state += STEP
                        if between(state) < probability[arc]:
                            sharer = source[arc]
                            if visited[sharer] != stamp:
                                visited[sharer] = stamp
                                member[tail] = sharer
                                tail += 1
                                met = met or enlisted[sharer]
                        arc += np.uint64(1)
                    continue
                state += STEP
                chance, share = between(state), run_miss[run]
                if chance < share:
                    continue
                # How many of the run's ties carry, by inverting the binomial distribution term by term …
                size, hits = np.int64(end - arc), 0
                while chance >= share and hits < size:
                    chance -= share
                    share *= run_odds[run] * (size - hits) / (hits + 1)
                    hits += 1
                # … and which ones: each set of so many is as likely (Floyd's sampling: Bentley, Floyd 1987).
                for hit in range(hits):
                    last = size - hits + hit
                    state += STEP
                    place = np.uint32(between(state) * (last + 1))
                    for before in range(hit):
                        if picked[before] == place:
                            place = np.uint32(last)
                    picked[hit] = place
                    carrier = arc + np.uint64(place)
                    if probability[carrier] < run_head[run]:
                        state += STEP
                        if between(state) * run_head[run] >= probability[carrier]:
                            continue
                    sharer = source[carrier]
                    if visited[sharer] != stamp:
                        visited[sharer] = stamp
                        member[tail] = sharer
                        tail += 1
                        met = met or enlisted[sharer]
        pointer[index + 1] = tail
    return pointer.size - 1


@kernel
def _aliases(share: Float64) -> tuple[Float64, Uint32]:
    """Keep place i with probability keep[i], else take other[i]; `share` has mean 1."""
    count = share.size
    keep, other = share.copy(), np.arange(count).astype(np.uint32)
    poor, rich = np.empty(count, np.int64), np.empty(count, np.int64)
    poor_count = rich_count = 0
    for place in range(count):
        if share[place] < 1.0:
            poor[poor_count] = place
            poor_count += 1
        else:
            rich[rich_count] = place
            rich_count += 1
    while poor_count and rich_count:
        poor_count -= 1
        taker, giver = poor[poor_count], rich[rich_count - 1]
        other[taker] = giver
        keep[giver] -= 1.0 - keep[taker]
        if keep[giver] < 1.0:
            rich_count -= 1
            poor[poor_count] = giver
            poor_count += 1
    for rest in range(poor_count):
        # What rounding left over; a customer without weight must never be a root.
        if share[poor[rest]] > 0.0:
            keep[poor[rest]] = 1.0
        else:
            other[poor[rest]] = np.argmax(share)
    return keep, other
