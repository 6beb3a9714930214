"""What is bought together more often than the size of the baskets explains, and which products are alike.

A large basket holds any two things together. So the baskets are cut into strata of like size, and within a stratum a
product may be in any of them: the count of baskets with both is then hypergeometric, as in Fisher's exact test, and the
strata's moments add up (the conditional test of Mantel and Haenszel, 1959, for sparse tables).
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Float64, Int32, Int64
from graph.algorithms.affinity.matrices import Matrix, column_sums, pairs_in_rows, row_sizes
from graph.algorithms.significance import benjamini_hochberg, log_tail
from graph.errors import BadInput

SIZES = np.array([2, 3, 4, 5, 6, 8, 11, 16, 24, 36, 54, 81])
"""Where the strata begin, in different products a basket; baskets of one product say nothing."""


@dataclass(frozen=True, slots=True)
class BoughtTogether:
    """Parameters of one counting. Raises `BadInput` with the valid range when one of them cannot be used."""

    min_baskets: int = 20
    """Products in fewer baskets are left out."""
    min_together: int = 5
    """Pairs in fewer baskets are counted as tried, but not returned."""

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        for name, value in (("min_baskets", self.min_baskets), ("min_together", self.min_together)):
            if value < 1:
                raise BadInput(f"{name} must be 1 or more, not {value}")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of products, each once with `first` < `second`, by p-value and then by code."""

    first: Int32
    second: Int32
    together: Int64
    """Baskets with both."""
    first_baskets: Int64
    second_baskets: Int64
    expected: Float64
    """Baskets with both, were products strewn over baskets of like size."""
    lift: Float64
    """`together` over `expected`, half a basket added to both: a rare pair is drawn towards one."""
    p_value: Float64
    q_value: Float64
    """Benjamini-Hochberg over all `tried` pairs."""
    cosine: Float64
    jaccard: Float64
    tried: int
    """Pairs of products that could have been bought together."""


def bought_together(baskets: Baskets, request: BoughtTogether) -> Pairs:
    """Every pair that is in enough baskets. Time and memory grow with the pairs of products within baskets."""
    contents = baskets.contents()
    sizes = row_sizes(contents)
    held = np.bincount(contents.indices, minlength=baskets.product_count).astype(np.int64)
    products = np.flatnonzero(held >= request.min_baskets)
    contents = contents[:, products]
    first, second, together = _pairs(contents, request.min_together)
    mean, variance, third = _moments(contents, np.searchsorted(SIZES, sizes, side="right"), first, second)
    log_p = log_tail(together.astype(np.float64), mean, variance, third)
    tried = products.size * (products.size - 1) // 2
    log_q = benjamini_hochberg(log_p, tried=tried)
    order = np.lexsort((second, first, log_p))
    first, second, together, mean, log_p, log_q = (
        part[order] for part in (first, second, together, mean, log_p, log_q)
    )
    one, other = held[products[first]], held[products[second]]
    return Pairs(
        products[first].astype(np.int32), products[second].astype(np.int32), together, one, other, mean,
        (together + 0.5) / (mean + 0.5), np.exp(log_p), np.exp(log_q),
        together / np.sqrt(one * other), together / (one + other - together), tried,
    )  # fmt: skip


def _pairs(contents: Matrix, least: int) -> tuple[Int64, Int64, Int64]:
    first, second, together = pairs_in_rows(contents)
    kept = together >= least
    return first[kept], second[kept], together[kept].astype(np.int64)


def _moments(contents: Matrix, stratum: Int64, first: Int64, second: Int64) -> tuple[Float64, Float64, Float64]:
    """Mean, variance and third central moment of the baskets with both, summed over the strata."""
    mean, variance, third = (np.zeros(first.size) for _ in range(3))
    for place in range(1, SIZES.size + 1):
        rows = np.flatnonzero(stratum == place)
        if rows.size < 2:
            continue
        held = column_sums(contents[rows])
        parts = _hypergeometric(float(rows.size), held[first], held[second])
        mean, variance, third = mean + parts[0], variance + parts[1], third + parts[2]
    return mean, variance, third


def _hypergeometric(total: float, one: Float64, other: Float64) -> tuple[Float64, Float64, Float64]:
    """Moments of how many of `one` marked baskets fall among `other` drawn of `total` (total of two or more)."""
    share, drawn = one / total, other / total
    mean = other * share
    variance = mean * (1 - share) * (total - other) / (total - 1)
    if total < 3:
        return mean, variance, np.zeros(mean.size)
    return mean, variance, variance * (1 - 2 * share) * (1 - 2 * drawn) * total / (total - 2)
