"""What each customer buys next: their own habits, fading with age, and those of the customers most like them.

After Hu, He, Gao and Zhang, "Modeling personalized item frequency information for next-basket recommendation" (SIGIR
2020): on repeat purchases how often somebody bought a thing says most, and neighbours tell what is still to come.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Float64, Int32
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.matrices import Matrix, from_places, from_rows, row_sums, scaled_rows
from graph.errors import BadInput

AT_ONCE = 1_000
"""Customers compared with all others at a time: bounds memory to so many rows of the table of likeness."""


@dataclass(frozen=True, slots=True)
class NextProducts:
    """Parameters of one recommendation. Raises `BadInput` with the valid range when one of them cannot be used."""

    as_of: int
    """The day from which age is counted; what was bought later is not read."""
    first: int = 10
    """Products for each customer."""
    half_life_days: float = 120.0
    """A purchase that is older by this much weighs half."""
    neighbours: int = 150
    """The customers most like one that are asked."""
    neighbours_weight: float = 0.5
    """What the neighbours' habits weigh beside the customer's own; 0 asks nobody."""
    known: bool = True
    """Whether products that the customer has bought before may be recommended."""

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        for name, value in (("first", self.first), ("neighbours", self.neighbours)):
            if value < 1:
                raise BadInput(f"{name} must be 1 or more, not {value}")
        if not self.half_life_days > 0:
            raise BadInput(f"half_life_days must be above 0, not {self.half_life_days}")
        if not self.neighbours_weight >= 0:
            raise BadInput(f"neighbours_weight must be 0 or more, not {self.neighbours_weight}")


@dataclass(frozen=True, slots=True, eq=False)
class Recommended:
    """One row a recommendation, by customer, the best first; a customer may have fewer than were asked for, or none."""

    customer: Int32
    product: Int32
    score: Float64
    """The faded number of baskets with it, the customer's own and, at their weight, the neighbours' mean."""
    own: Float64
    """The customer's own part of the score."""


def next_products(baskets: Baskets, request: NextProducts) -> Recommended:
    """The likeliest products of every customer, equals by code.

    Time grows with the square of the customers (each is compared with each); memory with the purchases and
    `AT_ONCE` × customers.
    """
    habits = _habits(baskets.where(baskets.day <= request.as_of), request)
    described = _described(habits)
    parts = [
        _best(habits[start : start + AT_ONCE], _told(described, habits, start, request), start, request)
        for start in range(0, baskets.customer_count, AT_ONCE)
    ]
    customer, product, score, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Recommended(customer, product, score, own)


def _habits(baskets: Baskets, request: NextProducts) -> Matrix:
    """Customers × products: in how many baskets it was, faded by age."""
    entry = np.unique(np.stack((baskets.basket, baskets.product)), axis=1, return_index=True)[1]
    age = request.as_of - baskets.day[entry].astype(np.float64)
    faded = np.exp2(-age / request.half_life_days)
    shape = (baskets.customer_count, baskets.product_count)
    return from_places(faded, baskets.customer[entry], baskets.product[entry], shape)


def _described(habits: Matrix) -> Matrix:
    """Each customer as a vector of length one: roots of the habits, weighed by how few customers share the product."""
    buyers = np.bincount(habits.indices, minlength=habits.shape[1])
    rarity = np.log(habits.shape[0] / np.maximum(buyers, 1))
    told = from_rows(np.sqrt(habits.data) * rarity[habits.indices], habits.indices, habits.indptr, habits.shape)
    length = np.sqrt(row_sums(told.multiply(told)))
    return scaled_rows(1 / np.where(length > 0, length, 1.0), told)


def _told(described: Matrix, habits: Matrix, start: int, request: NextProducts) -> Matrix:
    """What the neighbours of `AT_ONCE` customers buy: the mean of their habits, weighed by likeness."""
    if request.neighbours_weight == 0:
        return 0 * habits[start : start + AT_ONCE]
    alike = described[start : start + AT_ONCE] @ described.T
    row, neighbour, likeness = best_of_rows(alike, request.neighbours + 1)
    others = neighbour != start + row
    row, neighbour, likeness = row[others], neighbour[others], likeness[others]
    count = int(alike.shape[0])
    total = np.bincount(row, weights=likeness, minlength=count)
    asked = from_places(likeness / total[row], row, neighbour, (count, int(habits.shape[0])))
    return asked @ habits


def _best(own: Matrix, told: Matrix, start: int, request: NextProducts) -> tuple[Int32, Int32, Float64, Float64]:
    score = own + request.neighbours_weight * told
    if not request.known:
        bought = own.copy()
        bought.data[:] = np.inf
        score = score - bought
    row, product, value = best_of_rows(score, request.first)
    mine = np.asarray(own[row, product], np.float64).ravel() if row.size else np.zeros(0)
    return (start + row).astype(np.int32), product.astype(np.int32), value, mine
