"""The best few of every row of a matrix, in one pass over its values."""

import numpy as np

from graph.algorithms.affinity.baskets import Float64, Int32, Int64
from graph.algorithms.affinity.matrices import Matrix
from graph.algorithms.kernels import kernel


def best_of_rows(matrix: Matrix, first: int) -> tuple[Int64, Int64, Float64]:
    """Row, column and value of the `first` greatest values above 0 of each row: by row, the greatest first.

    Of equal values the one with the smaller column comes first. Time O(values · first) at worst, far less as a rule:
    most values are below all that are kept.
    """
    row, column, value = _kept(matrix.indptr, matrix.indices, matrix.data, first)
    there = value > 0
    return row[there], column[there], value[there]


@kernel
def _before(value: float, column: int, other_value: float, other_column: int) -> bool:
    return value > other_value or (value == other_value and column < other_column)


@kernel
def _kept(ends: Int32, column: Int32, value: Float64, first: int) -> tuple[Int64, Int64, Float64]:
    rows = ends.size - 1
    kept_row = np.repeat(np.arange(rows), first)
    kept_column = np.zeros(rows * first, np.int64)
    kept_value = np.zeros(rows * first)
    for row in range(rows):
        start, held = row * first, 0
        for entry in range(ends[row], ends[row + 1]):
            now, where, last = value[entry], column[entry], start + first - 1
            if now <= 0 or (held == first and not _before(now, where, kept_value[last], kept_column[last])):
                continue
            held = min(held + 1, first)
            place = start + held - 1
            while place > start and _before(now, where, kept_value[place - 1], kept_column[place - 1]):
                kept_value[place], kept_column[place] = kept_value[place - 1], kept_column[place - 1]
                place -= 1
            kept_value[place], kept_column[place] = now, where
    return kept_row, kept_column, kept_value
