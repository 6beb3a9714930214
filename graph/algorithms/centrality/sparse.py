"""The one place of centrality that touches SciPy's sparse matrices, which have no types."""

from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from graph.algorithms.influence.arrays import Float64, Int64

Matrix: TypeAlias = Any  # SciPy tells no types of its sparse arrays.


def matrix(row: Int64, column: Int64, count: int) -> Matrix:
    """How often each pair occurs, in a square of `count` rows."""
    return csr_array((np.ones(row.size), (row, column)), shape=(count, count))


def row_sums(weight: Matrix) -> Float64:
    """The sum of every row."""
    return np.asarray(weight.sum(axis=1), np.float64).ravel()


def turned(weight: Matrix) -> Matrix:
    """Rows and columns changed over."""
    return weight.T.tocsr()


def both_ways(weight: Matrix) -> Matrix:
    """Each pair's weights of both directions added up, as scikit-network takes it."""
    return csr_matrix(weight + weight.T)
