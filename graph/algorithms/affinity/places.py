"""The values of a sparse matrix at many places, in one pass over its rows."""

import numpy as np

from graph.algorithms.affinity.baskets import Float64, Int32, Int64
from graph.algorithms.affinity.matrices import Matrix
from graph.algorithms.kernels import kernel


def values_at(matrix: Matrix, row: Int64, column: Int64) -> Float64:
    """The value at each of these places, 0 where the matrix holds none; the rows must ascend.

    Time O(values + places), whatever the order of the columns.
    """
    return _gathered(matrix.indptr, matrix.indices, matrix.data, row, column, int(matrix.shape[1]))


@kernel
def _gathered(ends: Int32, at: Int32, value: Float64, row: Int64, column: Int64, width: int) -> Float64:
    found, held = np.zeros(row.size), np.zeros(width)
    start = 0
    while start < row.size:
        now, stop = row[start], start
        for entry in range(ends[now], ends[now + 1]):
            held[at[entry]] = value[entry]
        while stop < row.size and row[stop] == now:
            found[stop] = held[column[stop]]
            stop += 1
        for entry in range(ends[now], ends[now + 1]):
            held[at[entry]] = 0.0
        start = stop
    return found
