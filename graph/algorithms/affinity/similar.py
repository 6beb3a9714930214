"""Which products the same customers buy: likeness by buyers, whatever the basket and the order."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Float64, Int32, Int64
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.matrices import Matrix, column_sums, from_rows, row_sizes
from graph.algorithms.affinity.places import values_at
from graph.errors import BadInput

AT_ONCE = 500
DOUBT = 10.0
"""Added below the fraction, in buyers: two products with three buyers each who share them are not alike yet."""


@dataclass(frozen=True, slots=True)
class SimilarProducts:
    """Parameters of one search. Raises `BadInput` with the valid range when one of them cannot be used."""

    first: int = 10
    """Products for each product."""
    min_buyers: int = 20
    """Products with fewer buyers are left out."""
    most_products: int = 5_000
    """Of the others the most bought; time grows with the pairs of them within customers."""
    sample: int = 20_000
    """Customers that are looked at."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        for name in ("first", "min_buyers", "most_products", "sample"):
            if (value := getattr(self, name)) < 1:
                raise BadInput(f"{name} must be 1 or more, not {value}")


@dataclass(frozen=True, slots=True, eq=False)
class Similar:
    """One row a product and a like one, by product, the most alike first."""

    product: Int32
    other: Int32
    customers: Int64
    """Who bought both, of those looked at."""
    cosine: Float64
    """Who bought both over the geometric mean of the two's buyers and DOUBT more."""
    jaccard: Float64


def similar_products(baskets: Baskets, request: SimilarProducts) -> Similar:
    """The likest products of every product that enough customers bought, equals by code."""
    buyers = baskets.buyers()
    present = np.flatnonzero(row_sizes(buyers) > 0)
    if present.size > request.sample:
        chosen = np.sort(np.random.default_rng(request.seed).choice(present, request.sample, replace=False))
        buyers = buyers[chosen]
    held = column_sums(buyers)
    products = np.flatnonzero(held >= request.min_buyers)
    products = np.sort(products[np.argsort(-held[products], kind="stable")[: request.most_products]])
    part, held = buyers[:, products].tocsc(), held[products]
    empty = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    parts = [empty]
    for start in range(0, products.size, AT_ONCE):
        both = (part[:, start : start + AT_ONCE].T @ part).tocsr()
        alike = _cosines(both, held, start)
        row, other, cosine = best_of_rows(alike, request.first)
        shared = values_at(both, row, other)
        one = start + row
        jaccard = shared / (held[one] + held[other] - shared)
        parts.append((products[one], products[other], shared.astype(np.int64), cosine, jaccard))
    product, other, customers, cosine, jaccard = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Similar(product.astype(np.int32), other.astype(np.int32), customers, cosine, jaccard)


def _cosines(both: Matrix, held: Float64, start: int) -> Matrix:
    """Who bought both, weighed; a product is not like itself."""
    own = np.repeat(np.arange(int(both.shape[0])), row_sizes(both)) + start
    cosine = both.data / (np.sqrt(held[own] * held[both.indices]) + DOUBT)
    return from_rows(np.where(own == both.indices, 0.0, cosine), both.indices, both.indptr, both.shape)
