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
from graph.algorithms.influence.selection.cascade_sets import WIDEST, sample_cascades
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.selection.threshold_sets import sample_thresholds, stacked
from graph.algorithms.influence.splitmix import stream_of
from graph.errors import BadInput

MOST_SETS = 2**32 - 2
BATCH_SETS = 1 << 15
BATCH_MEMBERS = 1 << 19
THREAD_SETS = 1 << 14
"""What a thread takes at once."""
ENDLESS = 2**62
Answer = TypeVar("Answer")
Asked = tuple[Float64, float, int, Bool, np.uint64, int, int, Int64, Uint32]
"""Which sets a kernel draws, and into which arrays."""


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
    member = np.empty(BATCH_MEMBERS + draw.ties.customer_count, np.uint32)
    fill = _walks(draw.ties, member.size) if stacks is None else _threshold_walks(draw.ties, stacks)
    # A kernel answers with a plain int, which another would take for a signed one.
    stream = np.uint64(stream_of(np.uint64(draw.seed), np.uint64(draw.collection)))
    place, strata = part.low, float(part.until - part.first)
    while place < part.high:
        pointer = np.zeros(min(BATCH_SETS, part.high - place) + 1, np.int64)
        roots = draw.roots.up_to, strata, place, draw.enlisted
        done = fill((*roots, stream, part.first + place, draw.steps, pointer, member))
        yield pointer[: done + 1], member[: pointer[done]]
        place += done


def _walks(ties: ReverseTies, room: int) -> Callable[[Asked], int]:
    """Fills by the independent cascade; what is worked with goes from batch to batch."""
    row = ties.run_pointer, ties.run_start, ties.run_law, ties.source, ties.probability, ties.pass_on, ties.most_ties
    queue = np.empty(room, np.uint32), np.empty(room, np.uint8)
    kept = np.zeros(ties.customer_count, np.uint64), *queue, np.array([WIDEST], np.int64)
    return lambda asked: sample_cascades(*row, *asked, *kept)


def _threshold_walks(ties: ReverseTies, stacks: Float64) -> Callable[[Asked], int]:
    row = ties.run_start, ties.run_pointer, ties.source, stacks, ties.pass_on
    visited = np.zeros(ties.customer_count, np.uint32)
    return lambda asked: sample_thresholds(*row, *asked, visited)
