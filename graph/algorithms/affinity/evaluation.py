"""How good recommendations are: recall, NDCG and coverage against what was bought afterwards."""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.affinity.baskets import Baskets, Bool, Float64, Int32, Int64

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Means over the customers who bought anything afterwards."""

    recall: float
    """Of the products that a customer bought afterwards, the part that was recommended."""
    recall_low: float
    recall_high: float
    """The 95 % interval of the mean over customers (normal)."""
    ndcg: float
    """Normalised discounted cumulative gain (Järvelin, Kekäläinen 2002), gains of one."""
    coverage: float
    """Different products recommended over all products that were bought at all."""
    customers: int
    recalls: Float64
    """Each of these customers' recall, by customer: two recommenders are compared in pairs."""


def held_out(baskets: Baskets, after: int, days: int) -> Baskets:
    """What was bought on the `days` days after a day."""
    return baskets.where((baskets.day > after) & (baskets.day <= after + days))


def quality(customer: Int32, product: Int32, bought: Baskets, first: int) -> Quality:
    """Recommendations (by customer, the best first, at most `first` each) against what was bought afterwards."""
    truth = np.unique(_key(bought.customer, bought.product, bought))
    hit = np.isin(_key(customer, product, bought), truth)
    place = np.arange(customer.size) - np.searchsorted(customer, customer, side="left")
    gain = np.where(hit & (place < first), 1 / np.log2(place + 2), 0.0)
    wanted = np.bincount(truth // bought.product_count, minlength=bought.customer_count)
    there = wanted > 0
    recalls = _summed(customer, (hit & (place < first)).astype(np.float64), there) / wanted[there]
    best = np.concatenate(([0.0], np.cumsum(1 / np.log2(np.arange(first) + 2))))[np.minimum(wanted[there], first)]
    mean, count = float(recalls.mean()), int(there.sum())
    half = Z95 * float(recalls.std()) / np.sqrt(count)
    return Quality(
        recall=mean,
        recall_low=mean - half,
        recall_high=mean + half,
        ndcg=float((_summed(customer, gain, there) / best).mean()),
        coverage=np.unique(product).size / bought.product_count,
        customers=count,
        recalls=recalls,
    )


def _key(customer: Int32, product: Int32, bought: Baskets) -> Int64:
    return customer.astype(np.int64) * bought.product_count + product


def _summed(customer: Int32, values: Float64, there: Bool) -> Float64:
    return np.bincount(customer, weights=values, minlength=there.size).astype(np.float64)[there]
