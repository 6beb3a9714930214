"""Shapley influence: what each customer adds to the spread when everybody is enlisted in random order.

Whoever comes first of a reverse-reachable set takes its root, so every member of a set has an equal part of it (Chen &
Teng 2017, "Interplay between social influence and network centrality"). The parts of all add up to the total weight.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.advocates import MOST_THREADS
from graph.algorithms.influence.selection.certificate import Z95
from graph.algorithms.influence.selection.pilot import effort_of, pilot
from graph.algorithms.influence.selection.reverse_sets import ENDLESS, MOST_SETS, Draw, Model, folded, roots_by_weight
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.kernels import kernel
from graph.errors import BadInput

COLLECTION, PILOT = 2, 3
UNMET = 3.0
"""Who was met in no set of n is met in more than 3 of n with probability 0.05 at most."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapleyInfluence:
    """Parameters of one estimate. Raises `BadInput` with the valid range when one of them cannot be used."""

    sets: int = 1 << 20
    """Fewer where the effort does not allow so many."""
    weights: Float64 | None = None
    """What moving each customer is worth; None counts people."""
    seed: int = 0
    model: Model = Model.CASCADE
    steps: int = ENDLESS
    """Only who is moved within so many ties counts."""
    effort: int = 1 << 30
    """Customers and ties that may be looked at, about."""
    threads: int = 1
    """Threads that draw the sets; the answer is the same bits whatever their number."""

    def __post_init__(self) -> None:
        """Check every parameter that needs no graph against its range."""
        if not 2 <= self.sets <= MOST_SETS:
            raise BadInput(f"sets must be from 2 to {MOST_SETS}, not {self.sets}")
        if self.steps < 0 or self.effort < 1:
            raise BadInput(f"steps must be 0 or more and effort 1 or more, not {self.steps} and {self.effort}")
        if not 1 <= self.threads <= MOST_THREADS:
            raise BadInput(f"threads must be from 1 to {MOST_THREADS}, not {self.threads}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"seed must be from 0 to 2**63 - 1, not {self.seed}")


@dataclass(frozen=True, slots=True)
class Shares:
    """One entry a customer; `value` adds up to the total weight."""

    value: Float64
    variance: Float64
    """Of the sampling alone; 0 for who was met in no set."""
    low: Float64
    """The 95 % interval, of the sampling alone: normal; for who was met in no set, up to what three sets would give."""
    high: Float64
    sets: int


def shapley_influence(ties: ReverseTies, request: ShapleyInfluence) -> Shares:
    """One pass over the sets, none is kept. Time O(their members), memory 25 bytes a customer and one batch."""
    count = ties.customer_count
    roots = roots_by_weight(count, request.weights)
    nobody = np.zeros(count, np.bool_)
    few = pilot(
        Draw(ties, roots, nobody, request.seed, PILOT, request.model, request.steps), effort_of(ties), request.effort
    )
    sets = max(2, few.affordable(request.effort, request.sets))
    draw = Draw(ties, roots, nobody, request.seed, COLLECTION, request.model, request.steps, request.threads)
    part, square = np.zeros(count), np.zeros(count)
    # The parts are added up in the order of the sets, whoever draws them.
    for pointer, member in folded(draw, 0, sets, lambda pointer, member: (pointer, member.copy())):
        _shared_out(pointer, member, part, square)
    mean = part / sets
    variance = np.maximum(square / sets - mean**2, 0.0) / (sets - 1) * roots.total**2
    # The parts of a set add up to 1 but for rounding, which is taken out.
    value = mean * (roots.total / mean.sum())
    half = Z95 * np.sqrt(variance)
    high = np.where(part > 0, value + half, UNMET * roots.total / sets)
    return Shares(value, variance, np.maximum(value - half, 0.0), high, sets)


@kernel
def _shared_out(pointer: Int64, member: Uint32, part: Float64, square: Float64) -> None:
    for index in range(pointer.size - 1):
        share = 1.0 / (pointer[index + 1] - pointer[index])
        for place in range(pointer[index], pointer[index + 1]):
            part[member[place]] += share
            square[member[place]] += share * share
