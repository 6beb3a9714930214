"""How large the reverse-reachable sets of a graph are, from a few: what decides how many can be had.

The number of sets must not depend on the sets themselves, or the bounds would no longer hold: stopping where a budget
is spent leaves out the large ones. So a pilot decides, whose sets are used for nothing else.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.reverse_sets import Draw, batches
from graph.algorithms.influence.selection.reverse_ties import HIT_TOSSES, ReverseTies, Uint32
from graph.algorithms.kernels import kernel

FIRST = 16
MOST = 8192
PART = 32
"""The pilot stops once it took one part of so many of the effort."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """Means of a few sets."""

    members: float
    effort: float
    """Customers and ties looked at for one set."""

    def affordable(self, effort: float, most: int) -> int:
        """Sets to be had for that effort."""
        return int(min(most, max(1.0, effort // self.effort)))


def effort_of(ties: ReverseTies) -> Float64:
    """What walking on from each customer costs: themselves, a toss for each tie of a short run or each expected hit."""
    return _effort(ties.run_pointer, ties.run_start, ties.probability)


def pilot(draw: Draw, per_customer: Float64, effort: int) -> Pilot:
    """Draw sets, twice as many each time, until they are enough or took their part of the effort."""
    sets, members, spent, until = 0, 0, 0.0, FIRST
    while sets < MOST and spent < effort / PART:
        for pointer, member in batches(draw, sets, until):
            members += int(member.size)
            spent += _spent(pointer, member, per_customer)
        sets, until = until, 2 * until
    return Pilot(members / sets, spent / sets)


@kernel
def _effort(run_pointer: Uint32, run_start: Uint32, probability: Float64) -> Float64:
    effort = np.ones(run_pointer.size - 1)
    for customer in range(effort.size):
        for run in range(run_pointer[customer], run_pointer[customer + 1]):
            size = np.float64(run_start[run + 1]) - np.float64(run_start[run])
            effort[customer] += min(size, HIT_TOSSES * (1 + probability[run_start[run]] * size))
    return effort


@kernel
def _spent(pointer: Int64, member: Uint32, effort: Float64) -> float:
    total = 0.0
    for customer in member[: pointer[-1]]:
        total += effort[customer]
    return float(total)
