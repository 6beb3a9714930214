"""How well a run's own way of telling would have told the log's last days, beside the usual baselines."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Int32
from graph.algorithms.affinity.evaluation import Z95, Quality, held_out, quality
from graph.algorithms.affinity.history import history
from graph.algorithms.affinity.next_product import NextProducts, horizon, next_products

OURS, REPEATED, POPULAR = "next_products", "repeat purchase", "popularity"


@dataclass(frozen=True, slots=True)
class Judged:
    """One way of telling, and by how much `next_products` tells more, in pairs of customers (95 % interval)."""

    by: str
    quality: Quality
    more: float
    more_low: float
    more_high: float


def judged(baskets: Baskets, request: NextProducts) -> list[Judged]:
    """Ours first. What was known before the horizon is held against what was bought in it; empty where nobody did.

    The regression learns from the days before those that judge.
    """
    days = horizon(baskets, request)
    before = request.as_of - days
    bought = held_out(baskets, before, days)
    if not bought.customer.size:
        return []
    earlier = NextProducts(
        before, request.first, 0, days, request.neighbours, request.sample, request.learn_from, request.seed
    )
    found = next_products(baskets, earlier)
    ways = {
        OURS: (found.customer, found.product),
        REPEATED: repeated(baskets, before, request.first),
        POPULAR: popular(baskets, before, request.first),
    }
    good = {name: quality(*told, bought, request.first) for name, told in ways.items()}
    return [_beside(name, one, good[OURS]) for name, one in good.items()]


def repeated(baskets: Baskets, as_of: int, first: int) -> tuple[Int32, Int32]:
    """What each customer had in most baskets, whenever that was; of equals the one bought last, then by code."""
    known = history(baskets, as_of, 1)
    order = np.lexsort((known.product, -known.last, -known.times, known.customer))
    customer = known.customer[order]
    kept = order[np.arange(order.size) - np.searchsorted(customer, customer, side="left") < first]
    return known.customer[kept].astype(np.int32), known.product[kept].astype(np.int32)


def popular(baskets: Baskets, as_of: int, first: int) -> tuple[Int32, Int32]:
    """The products in most baskets, for everybody; equals by code."""
    known = history(baskets, as_of, 1)
    best = np.argsort(-known.baskets, kind="stable")[:first].astype(np.int32)
    customers = np.arange(baskets.customer_count, dtype=np.int32)
    return np.repeat(customers, best.size), np.tile(best, customers.size)


def _beside(name: str, one: Quality, ours: Quality) -> Judged:
    more = ours.recalls - one.recalls
    half = Z95 * float(more.std()) / np.sqrt(more.size)
    mean = float(more.mean())
    return Judged(name, one, mean, mean - half, mean + half)
