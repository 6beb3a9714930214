"""How many customers went through every pair of steps, and nothing else: one pass, no null."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Bool, Int32, Int64, Steps
from graph.algorithms.chains.request import Gap
from graph.algorithms.chains.strata import later
from graph.algorithms.kernels import kernel


@dataclass(frozen=True, slots=True)
class Support:
    """Square tables over tokens, rows first."""

    customers: Int32
    """Customers who did the second step at the gap behind the first, each once."""
    occurrences: Int64
    """Pairs of a first step and a second one at the gap behind it."""


def count_support(steps: Steps, gap: Gap) -> Support:
    """Count all pairs at once. Time O(pairs of steps of one customer at the gap), memory 16 bytes a pair of tokens."""
    tallies = np.zeros((steps.token_count, steps.token_count, 3), np.int32)
    tallies[:, :, 0] = -1
    _tally(steps.pointer, steps.day, steps.token, gap.first_day, gap.last_day, tallies)
    categories = steps.token_count // steps.slot_count
    allowed: Bool = np.tile(later(steps.slots, gap), (categories, categories))
    return Support(tallies[:, :, 1] * allowed, tallies[:, :, 2] * allowed.astype(np.int64))


@kernel
def _tally(pointer: Int64, days: Int32, tokens: Int32, gap_from: int, gap_to: int, tallies: Int32) -> None:
    for customer in range(pointer.size - 1):
        then, high = pointer[customer], pointer[customer + 1]
        for row in range(pointer[customer], high):
            day = days[row]
            while then < high and days[then] < day + gap_from:
                then += 1
            cells = tallies[tokens[row]]
            other = then
            while other < high and days[other] <= day + gap_to:
                cell = cells[tokens[other]]
                cell[2] += 1
                if cell[0] != customer:
                    cell[0] = customer
                    cell[1] += 1
                other += 1
