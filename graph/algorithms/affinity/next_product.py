"""What each customer buys next: habits, their rhythm, what others like them buy and what is bought just now.

How much each of these says is learned from the log itself: what was known `horizon_days` before its end is held against
what was bought since, by logistic regression, so that a score is the probability of the product within the horizon.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Bool, Float64, Int32, Int64
from graph.algorithms.affinity.candidates import EVIDENCE, Candidates, candidates
from graph.algorithms.affinity.history import history
from graph.algorithms.affinity.logistic import learned, probability
from graph.algorithms.affinity.neighbours import neighbours
from graph.errors import BadInput

AT_ONCE = 1_000
"""Customers looked at together: bounds memory to what they may buy."""
PRIOR = {"always": -3.0, "long": 1.0}
"""What is believed before anything was learned: who bought a thing often buys it again."""
PRIOR_WORTH = 1.0


@dataclass(frozen=True, slots=True)
class NextProducts:
    """Parameters of one recommendation. Raises `BadInput` with the valid range when one of them cannot be used."""

    as_of: int
    """The day up to which is read; what was bought later is not."""
    first: int = 10
    """Products for each customer."""
    first_new: int = 0
    """Of those that the customer has not bought before, so many at least, where there are."""
    horizon_days: int = 28
    """The days after `as_of` that are foretold; at most a third of the days that the baskets span."""
    neighbours: int = 50
    """The customers most like one that are asked."""
    sample: int = 1_000
    """Customers among whom the neighbours are looked for."""
    learn_from: int = 1_000
    """Customers whose last days teach the weights."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        for name in ("first", "horizon_days", "neighbours", "sample", "learn_from"):
            if (value := getattr(self, name)) < 1:
                raise BadInput(f"{name} must be 1 or more, not {value}")
        if self.first_new < 0:
            raise BadInput(f"first_new must be 0 or more, not {self.first_new}")


@dataclass(frozen=True, slots=True, eq=False)
class Recommended:
    """One row a recommendation, by customer, the likeliest first; who never bought anything has none."""

    customer: Int32
    product: Int32
    probability: Float64
    """Of buying it within `horizon_days` after `as_of`."""
    known: Bool
    """Whether the customer has bought it before."""
    told: Float64
    """What the customers most like this one buy of it, in faded baskets."""
    horizon_days: int
    weights: Float64
    """What was learned, in the order of EVIDENCE."""


def next_products(baskets: Baskets, request: NextProducts) -> Recommended:
    """The likeliest products of every customer, equals by code.

    Time grows with the purchases and with customers × `sample`; memory with the purchases and `AT_ONCE` customers.
    """
    days = horizon(baskets, request)
    weights = _weights(baskets, request, days)
    known = history(baskets, request.as_of, days)
    others = neighbours(known, request.sample, request.neighbours, request.seed)
    everybody = np.arange(baskets.customer_count, dtype=np.int64)
    parts = [_best(candidates(known, others, who), weights, request) for who in _some(everybody)]
    customer, product, chance, known, told = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Recommended(customer, product, chance, known, told, days, weights)


def horizon(baskets: Baskets, request: NextProducts) -> int:
    """The days foretold: as asked, but at most a third of what lies behind."""
    seen = baskets.day[baskets.day <= request.as_of]
    span = int(request.as_of - seen.min()) if seen.size else 0
    return max(1, min(request.horizon_days, span // 3))


def _some(customers: Int64) -> list[Int64]:
    """The customers, `AT_ONCE` at a time; one part at least."""
    return [customers[start : start + AT_ONCE] for start in range(0, max(1, customers.size), AT_ONCE)]


def _weights(baskets: Baskets, request: NextProducts, days: int) -> Float64:
    """Learned from some customers' last days, as if the days before were all that is known."""
    prior = np.array([PRIOR.get(name, 0.0) for name in EVIDENCE])
    before = request.as_of - days
    bought = _keys(baskets.where((baskets.day > before) & (baskets.day <= request.as_of)))
    known = history(baskets, before, days)
    present = np.flatnonzero(known.absent >= 0)
    if present.size > request.learn_from:
        present = np.sort(np.random.default_rng(request.seed).choice(present, request.learn_from, replace=False))
    others = neighbours(known, request.sample, request.neighbours, request.seed)
    evidence, happened = list[Float64](), list[Float64]()
    for who in _some(present):
        found = candidates(known, others, who)
        evidence.append(found.evidence)
        happened.append(np.isin(found.customer * baskets.product_count + found.product, bought).astype(np.float64))
    return learned(np.concatenate(evidence), np.concatenate(happened), prior, PRIOR_WORTH)


def _keys(baskets: Baskets) -> Int64:
    return np.unique(baskets.customer.astype(np.int64) * baskets.product_count + baskets.product)


def _best(found: Candidates, weights: Float64, request: NextProducts) -> tuple[Int32, Int32, Float64, Bool, Float64]:
    chance = probability(found.evidence, weights)
    order = np.lexsort((found.product, -chance, found.customer))
    new_first = np.lexsort((found.product, -chance, found.known, found.customer))
    kept = order[_place(found.customer[order]) < request.first]
    fresh = new_first[_place(found.customer[new_first]) < request.first_new]
    both = np.union1d(kept, fresh[~found.known[fresh]])
    both = both[np.lexsort((found.product[both], -chance[both], found.customer[both]))]
    customer, product = found.customer[both].astype(np.int32), found.product[both].astype(np.int32)
    return customer, product, chance[both], found.known[both], found.told[both]


def _place(customer: Int64) -> Int64:
    """The place of each row among those of its customer, from 0; the rows come by customer."""
    return np.arange(customer.size) - np.searchsorted(customer, customer, side="left")
