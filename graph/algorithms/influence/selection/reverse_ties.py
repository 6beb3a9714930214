"""Ties turned round, so that cascades can be walked backwards without a coin for each tie.

Every customer's in-ties are sorted by probability and cut into runs whose probabilities lie within a factor of two. How
many ties of a run carry is drawn as if all were as likely as its head, then which ones, and each is taken with p / head
(subset sampling, as in SUBSIM: Guo, Wang, Wei, Chen 2020, with a binomial count in place of geometric jumps, which
takes no logarithm): the time goes with the hits, not the ties.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.influence.arrays import Float64, Int32, Int64
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

Uint32 = NDArray[np.uint32]
MOST = 2**32 - 2
HIT_TOSSES = 1.25
"""What a count, and each hit of it, cost where the effort is reckoned; a run never costs more than its ties."""
LONGEST_RUN = 1 << 16
MOST_HITS = 16.0
"""Expected hits of a run at most, so that (1 - head) ** ties does not vanish and the hits are few enough to compare."""


@dataclass(frozen=True, slots=True)
class ReverseTies:
    """In-ties in compressed rows: v's runs are run_pointer[v] to [v + 1], run r's ties run_start[r] to [r + 1].

    Memory: 12 bytes a tie, 36 a run (at most one a tie, one a row where probabilities are equal), 12 a customer.
    """

    source: Uint32
    probability: Float64
    """Within a row the largest first; ties that never carry are left out."""
    run_pointer: Uint32
    run_start: Uint32
    run_law: Float64
    """Of each run side by side, its likeliest tie being the head: (1 - head) ** ties, that not one of so many would
    carry; head / (1 - head), 0 where the head is certain; the head, 0 where all are as likely; how many ties it has."""
    pass_on: Float64
    """Per customer: that being moved makes them share on; the advocates themselves always share."""
    most_ties: int
    """Of one customer."""

    @property
    def customer_count(self) -> int:
        """How many customers the graph has."""
        return self.pass_on.size

    def targets(self) -> Int64:
        """Whom each tie leads to, in the order of `source`; 8 bytes a tie, made anew each time."""
        ends = self.run_start[self.run_pointer].astype(np.int64)
        return np.repeat(np.arange(self.customer_count), np.diff(ends))


def reverse_ties(
    pointer: Int64, target: Int32 | Uint32, probability: Float64, pass_on: Float64 | None = None
) -> ReverseTies:
    """Turn out-ties in compressed rows round. Time O(ties), and O(d · log d) for a row of d unequal probabilities.

    Without `pass_on` whoever is moved always shares on: the independent cascade of Kempe, Kleinberg, Tardos 2003.
    """
    count = pointer.size - 1
    passing = np.ones(count) if pass_on is None else pass_on
    _check(pointer, target, probability, passing)
    row, source, chance = _turned(pointer, target, probability)
    runs, heads = _cut(row, source, chance)
    start = np.append(heads, source.size).astype(np.uint32)
    size = np.diff(start.astype(np.int64))
    head, least = chance[heads], chance[start[1:].astype(np.int64) - 1]
    open_to = np.where(head < 1, head, 0.0)
    miss = np.where(head < 1, np.exp(size * np.log1p(-open_to)), 0.0)
    law = np.stack([miss, open_to / (1 - open_to), np.where(least < head, head, 0.0), size], axis=1)
    return ReverseTies(source, chance, runs, start, law, passing, int(np.diff(row).max()))


def _check(pointer: Int64, target: Int32 | Uint32, probability: Float64, pass_on: Float64) -> None:
    count = pointer.size - 1
    if not 1 <= count <= MOST or target.size > MOST:
        raise BadInput(f"the graph must have 1 to {MOST} customers and at most {MOST} ties")
    if pointer[0] != 0 or pointer[-1] != target.size or (np.diff(pointer) < 0).any() or probability.size != target.size:
        raise BadInput("pointer must grow from 0 to the number of ties, and each tie have a probability")
    if target.size and not (target.min() >= 0 and target.max() < count):
        raise BadInput(f"targets must be customers from 0 to {count - 1}, not {target.min()} to {target.max()}")
    for name, values in (("probability", probability), ("pass_on", pass_on)):
        if not ((values >= 0) & (values <= 1)).all():
            raise BadInput(f"{name} must be from 0 to 1, not {values[~((values >= 0) & (values <= 1))][0]}")
    if pass_on.size != count:
        raise BadInput(f"pass_on must have one entry for each of the {count} customers, not {pass_on.size}")


@kernel
def _turned(pointer: Int64, target: Int32 | Uint32, probability: Float64) -> tuple[Int64, Uint32, Float64]:
    """In-ties by target, each row by falling probability, equals by source."""
    count = pointer.size - 1
    row = np.zeros(count + 1, np.int64)
    for arc in range(target.size):
        if probability[arc] > 0:
            row[target[arc] + 1] += 1
    for customer in range(count):
        row[customer + 1] += row[customer]
    source, chance, place = np.empty(row[count], np.uint32), np.empty(row[count]), row[:-1].copy()
    for customer in range(count):
        for arc in range(pointer[customer], pointer[customer + 1]):
            if probability[arc] > 0:
                at = place[target[arc]]
                place[target[arc]] += 1
                source[at], chance[at] = customer, probability[arc]
    for customer in range(count):
        low, high = row[customer], row[customer + 1]
        if high - low > 1 and chance[low:high].min() < chance[low:high].max():
            order = np.argsort(-chance[low:high], kind="mergesort")
            source[low:high], chance[low:high] = source[low:high][order], chance[low:high][order]
    return row, source, chance


@kernel
def _cut(row: Int64, source: Uint32, chance: Float64) -> tuple[Uint32, Int64]:
    """Where each customer's runs begin, and the first tie of every run."""
    count = row.size - 1
    pointer, heads, found = np.zeros(count + 1, np.uint32), np.empty(source.size, np.int64), 0
    for customer in range(count):
        for arc in range(row[customer], row[customer + 1]):
            head = heads[found - 1] if arc > row[customer] else arc
            size = arc - head + 1
            if size == 1 or chance[arc] * 2 < chance[head] or size > LONGEST_RUN or size * chance[head] > MOST_HITS:
                heads[found] = arc
                found += 1
        pointer[customer + 1] = found
    return pointer, heads[:found].copy()
