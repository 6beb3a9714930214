"""The few things that are asked of scipy.sparse, whose own types say too little for a strict check."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = Any
"""A matrix of floats in compressed rows (`scipy.sparse.csr_array`)."""


def from_places(values: NDArray[Any], row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int]) -> Matrix:
    """The values at their places; those at one place are added up."""
    return cast("Matrix", sparse.csr_array((values, (row, column)), shape=shape))


def from_rows(values: NDArray[Any], column: NDArray[Any], ends: NDArray[Any], shape: tuple[int, int]) -> Matrix:
    """The values row by row: row i lies from ends[i] to ends[i + 1]."""
    return cast("Matrix", sparse.csr_array((values, column, ends), shape=shape))


def scaled_rows(factor: NDArray[np.float64], matrix: Matrix) -> Matrix:
    """Every row times its factor."""
    return from_rows(matrix.data * np.repeat(factor, row_sizes(matrix)), matrix.indices, matrix.indptr, matrix.shape)


def row_sizes(matrix: Matrix) -> NDArray[np.int64]:
    """How many values each row holds."""
    return np.diff(cast("NDArray[np.int64]", matrix.indptr)).astype(np.int64)


def row_sums(matrix: Matrix) -> NDArray[np.float64]:
    """The sum of every row."""
    return np.asarray(matrix.sum(axis=1), np.float64).ravel()


def column_sums(matrix: Matrix) -> NDArray[np.float64]:
    """The sum of every column."""
    return np.asarray(matrix.sum(axis=0), np.float64).ravel()


def pairs_in_rows(matrix: Matrix) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """First column, second column (greater) and the sum of products, of every two columns that meet in a row."""
    met = cast("Any", sparse).triu(matrix.T @ matrix, k=1).tocoo()
    return met.row.astype(np.int64), met.col.astype(np.int64), met.data.astype(np.float64)
