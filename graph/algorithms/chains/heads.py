"""How many heads so many like coins show: a table of the binomial, and a draw out of it."""

import numpy as np

from graph.algorithms.chains.events import Float64
from graph.algorithms.kernels import kernel

TOO_RARE = 40.0
"""Numbers of heads beyond those of probability exp(-40) are left out: no number of 53 bits would come upon them."""


@kernel
def reach(count: int, chance: float) -> tuple[int, int]:
    """The fewest and the most heads that are not too rare, by Bernstein's inequality."""
    mean = count * chance
    beyond = TOO_RARE / 3 + np.sqrt((TOO_RARE / 3) ** 2 + 2 * TOO_RARE * mean * (1 - chance))
    return max(0, int(mean - beyond)), min(count, int(np.ceil(mean + beyond)))


@kernel
def fill(count: int, chance: float, low: int, table: Float64) -> None:
    """How likely so many heads or fewer are, from `low` heads on: binomial, from its commonest number to both sides."""
    odds = chance / (1 - chance)
    mode = min(count, int((count + 1) * chance))
    table[mode - low] = 1.0
    for heads in range(mode, low, -1):
        table[heads - low - 1] = table[heads - low] * heads / ((count - heads + 1) * odds)
    for heads in range(mode, low + table.size - 1):
        table[heads - low + 1] = table[heads - low] * (count - heads) * odds / (heads + 1)
    for index in range(1, table.size):
        table[index] += table[index - 1]
    table /= table[-1]


@kernel
def drawn(table: Float64, low: int, high: int, number: float) -> int:
    """The first entry of table[low:high] above the number, counted from `low`; the last one is 1."""
    begin = low
    while low < high - 1:
        middle = (low + high - 1) >> 1
        if table[middle] > number:
            high = middle + 1
        else:
            low = middle + 1
    return low - begin
