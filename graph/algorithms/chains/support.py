"""How many customers went through every pair of steps, and nothing else: one pass, no null."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Int32, Int64, Steps
from graph.algorithms.chains.language import Gap
from graph.algorithms.chains.strata import later
from graph.algorithms.kernels import kernel

OCCURRENCE = 2**32
"""One occurrence, counted above the customers."""


@dataclass(frozen=True, slots=True)
class Support:
    """Square tables over tokens, rows first."""

    customers: Int32
    """Customers who did the second step at the gap behind the first, each once."""
    occurrences: Int64
    """Pairs of a first step and a second one at the gap behind it."""


def count_support(steps: Steps, gap: Gap) -> Support:
    """Count all pairs at once. Time O(pairs of steps of one customer at the gap), memory 32 bytes a pair of tokens."""
    # Of each pair the customer seen last and both counts packed in one number, side by side in one line of the cache.
    cells = np.zeros((steps.token_count, steps.token_count, 2), np.int64)
    cells[:, :, 0] = -1
    _tally(steps.pointer, steps.day, steps.token, gap.first_day, gap.last_day, steps.token_count, cells.reshape(-1))
    counts = cells[:, :, 1] * later(steps.bounds, gap.in_turn)
    return Support((counts % OCCURRENCE).astype(np.int32), counts // OCCURRENCE)


@kernel
def _tally(
    pointer: Int64, days: Int32, tokens: Int32, gap_from: int, gap_to: int, token_count: int, cells: Int64
) -> None:
    # Indices without a sign: those with one are looked at for negative values, which costs a third of the time.
    one, width = np.uint64(1), np.uint64(token_count)
    for customer in range(pointer.size - 1):
        row, high = np.uint64(pointer[customer]), np.uint64(pointer[customer + 1])
        then = row
        while row < high:
            earliest, latest = days[row] + gap_from, days[row] + gap_to
            while then < high and days[then] < earliest:
                then += one
            cell_from = np.uint64(tokens[row]) * width
            other = then
            while other < high and days[other] <= latest:
                cell = (cell_from + np.uint64(tokens[other])) << one
                cells[cell + one] += OCCURRENCE + (1 if cells[cell] != customer else 0)
                cells[cell] = customer
                other += one
            row += one
