"""The arrays that affinity is computed on: who bought which product in which basket on which day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.affinity.matrices import Matrix, from_places

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Baskets:
    """One entry for each product of each basket, in any order; a product counts once in a basket.

    Customers, products and baskets are codes from 0, days whole days of any calendar.
    """

    customer: Int32
    product: Int32
    basket: Int32
    day: Int32
    customer_count: int
    product_count: int
    basket_count: int

    def where(self, kept: Bool) -> "Baskets":
        """Those entries alone; the codes stay what they are."""
        return Baskets(
            self.customer[kept], self.product[kept], self.basket[kept], self.day[kept],
            self.customer_count, self.product_count, self.basket_count,
        )  # fmt: skip

    def contents(self) -> Matrix:
        """Baskets × products, one where it was bought."""
        return _ones(self.basket, self.product, (self.basket_count, self.product_count))

    def buyers(self) -> Matrix:
        """Customers × products, one where it was bought at least once."""
        return _ones(self.customer, self.product, (self.customer_count, self.product_count))


def _ones(row: Int32, column: Int32, shape: tuple[int, int]) -> Matrix:
    matrix = from_places(np.ones(row.size), row, column, shape)
    matrix.data[:] = 1.0
    return matrix
