"""Shapley influence: what each customer adds to the spread when everybody is enlisted in random order.

Whoever comes first of a reverse-reachable set takes its root, so every member of a set has an equal part of it (Chen &
Teng 2017, "Interplay between social influence and network centrality"). The parts of all add up to the total weight.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.reverse_sets import MOST_SETS, Draw, batches, roots_by_weight
from graph.algorithms.influence.reverse_ties import ReverseTies, Uint32
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

COLLECTION = 2


@dataclass(frozen=True, slots=True, eq=False)
class ShapleyInfluence:
    """Parameters of one estimate. Raises `BadInput` with the valid range when one of them cannot be used."""

    sets: int = 1 << 20
    weights: Float64 | None = None
    """What moving each customer is worth; None counts people."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter that needs no graph against its range."""
        if not 2 <= self.sets <= MOST_SETS:
            raise BadInput(f"sets must be from 2 to {MOST_SETS}, not {self.sets}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"seed must be from 0 to 2**63 - 1, not {self.seed}")


@dataclass(frozen=True, slots=True)
class Shares:
    """One entry a customer; `value` adds up to the total weight."""

    value: Float64
    variance: Float64
    """Of the sampling alone; 0 for who was met in no set."""


def shapley_influence(ties: ReverseTies, request: ShapleyInfluence) -> Shares:
    """One pass over the sets, none is kept. Time O(their members), memory 25 bytes a customer and one batch."""
    count = ties.customer_count
    roots = roots_by_weight(count, request.weights)
    draw = Draw(ties, roots, np.zeros(count, np.bool_), request.seed, COLLECTION)
    part, square = np.zeros(count), np.zeros(count)
    for pointer, member in batches(draw, 0, request.sets):
        _shared_out(pointer, member, part, square)
    mean = part / request.sets
    variance = np.maximum(square / request.sets - mean**2, 0.0) / (request.sets - 1)
    # The parts of a set add up to 1 but for rounding, which is taken out.
    return Shares(mean * (roots.total / mean.sum()), variance * roots.total**2)


@kernel
def _shared_out(pointer: Int64, member: Uint32, part: Float64, square: Float64) -> None:
    for index in range(pointer.size - 1):
        share = 1.0 / (pointer[index + 1] - pointer[index])
        for place in range(pointer[index], pointer[index + 1]):
            part[member[place]] += share
            square[member[place]] += share * share
