"""Which products a customer may buy next, and what speaks for each: one row of evidence a customer and product."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Bool, Float64, Int64
from graph.algorithms.affinity.best import best_of_rows
from graph.algorithms.affinity.history import History
from graph.algorithms.affinity.matrices import Matrix
from graph.algorithms.affinity.neighbours import Neighbours
from graph.algorithms.affinity.places import values_at

OF_NEIGHBOURS, OF_ALL = 90, 30
"""Products that are looked at for everybody: the best of their neighbours', and the most bought just now."""
LEAST_OWN, LEAST_TOLD = 0.01, 0.001
"""Added before a logarithm is taken, so that nothing is a number too."""

EVIDENCE = (
    "always", "known", "short", "middle", "long", "times", "repeated", "overdue", "overdue_squared",
    "rhythm", "rhythm_long", "absent", "lately", "repeats", "buyers", "told",
    "known_lately", "known_repeats", "known_told", "middle_lately",
)  # fmt: skip
"""The columns of the evidence; all but the flags and `overdue` are logarithms."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Rows by customer and product."""

    customer: Int64
    product: Int64
    known: Bool
    """Whether the customer has bought it before."""
    told: Float64
    """What the neighbours' habits say, in faded baskets."""
    evidence: Float64
    """Rows × EVIDENCE."""


def candidates(known: History, others: Neighbours, who: Int64) -> Candidates:
    """Everything that these customers, ascending, have bought, and some that they have not."""
    told = others.told(who)
    rows = np.flatnonzero(np.isin(known.customer, who))
    own = np.searchsorted(who, known.customer[rows]) * known.product_count + known.product[rows]
    fresh = np.setdiff1d(_looked_at(known, told, who), own)
    key = np.concatenate((own, fresh))
    place, product = key // known.product_count, key % known.product_count
    parts = (slice(own.size), slice(own.size, None))  # in each of the two the places ascend
    say = np.concatenate([values_at(told, place[part], product[part]) for part in parts])
    evidence = _evidence(known, rows, who[place], product, say)
    order = np.argsort(key, kind="stable")
    bought = order < own.size
    return Candidates(who[place][order], product[order], bought, say[order], evidence[order])


def _looked_at(known: History, told: Matrix, who: Int64) -> Int64:
    """What is looked at beside the customers' own products, as place × products + product; nothing of the absent."""
    present = np.flatnonzero(known.absent[who] >= 0)
    row, of_neighbours, _ = best_of_rows(told, OF_NEIGHBOURS)
    popular = np.argsort(-known.lately, kind="stable")[:OF_ALL]
    popular = popular[known.lately[popular] > 0]
    of_all = (present[:, None] * known.product_count + popular[None, :]).ravel()
    return np.unique(np.concatenate((row * known.product_count + of_neighbours, of_all)))


def _evidence(known: History, rows: Int64, customer: Int64, product: Int64, told: Float64) -> Float64:
    fresh = customer.size - rows.size

    def own(values: Float64, without: float) -> Float64:
        return np.concatenate((values, np.full(fresh, without)))

    times, nothing = known.times[rows], float(np.log(LEAST_OWN))
    since = (known.as_of - known.last[rows]).astype(np.float64)
    overdue = own(np.where(times > 1, np.minimum(since / np.maximum(known.cycle[rows], 1), 4), 0), 0)
    bought = own(np.ones(rows.size), 0)
    short, middle, long = (
        own(np.log(faded[rows] + LEAST_OWN), nothing) for faded in (known.short, known.middle, known.long)
    )
    lately = np.log(known.lately[product] + 0.5)
    repeats = np.log((known.baskets[product] + 1) / (known.buyers[product] + 1))
    say = np.log(told + LEAST_TOLD)
    columns = {
        "always": np.ones(customer.size),
        "known": bought,
        "short": short,
        "middle": middle,
        "long": long,
        "times": own(np.log(times), 0),
        "repeated": own((times > 1).astype(np.float64), 0),
        "overdue": overdue,
        "overdue_squared": overdue**2,
        "rhythm": np.log(known.rhythm[customer] + 0.1),
        "rhythm_long": np.log(known.rhythm_long[customer] + 0.1),
        "absent": np.log(known.absent[customer] + 1),
        "lately": lately,
        "repeats": repeats,
        "buyers": np.log(known.buyers[product] + 0.5),
        "told": say,
        "known_lately": lately * bought,
        "known_repeats": repeats * bought,
        "known_told": say * bought,
        "middle_lately": (middle - nothing) * lately,
    }
    return np.stack([columns[name] for name in EVIDENCE], axis=1)
