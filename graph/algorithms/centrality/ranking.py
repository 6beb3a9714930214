"""PageRank and HITS by power iteration over a sparse matrix of who follows whom."""

import numpy as np

from graph.algorithms.centrality.sparse import Matrix, row_sums, turned
from graph.algorithms.influence.arrays import Float64

ROUNDS = 1_000
CLOSE_ENOUGH = 1e-12


def page_rank(weight: Matrix, damping: float, starts: Float64 | None = None) -> Float64:
    """Where a walk along the ties is in the long run (Page, Brin, Motwani, Winograd 1999); adds up to 1.

    It starts anew with probability 1 - damping, and wherever nothing leads on: anywhere, or as `starts` says
    (personalised). Time O(ties · rounds), at most 1,000 rounds, fewer once nothing moves by 1e-12 in all.
    """
    out = row_sums(weight)
    count = out.size
    if not count:
        return np.empty(0)
    start = np.full(count, 1 / count) if starts is None else starts / starts.sum()
    onward = np.divide(1.0, out, out=np.zeros(count), where=out > 0)
    into, rank = turned(weight), start.astype(np.float64)
    for _ in range(ROUNDS):
        led: Float64 = damping * (into @ (rank * onward))
        after = led + (1 - led.sum()) * start
        change = float(np.abs(after - rank).sum())
        rank = after
        if change < CLOSE_ENOUGH:
            break
    return rank / rank.sum()


def hits(weight: Matrix) -> tuple[Float64, Float64]:
    """Hubs, who follow good authorities, and authorities, whom good hubs follow (Kleinberg 1999); each adds up to 1.

    Where two parts of the graph are equally strong, what the even start leads to. Time as for `page_rank`.
    """
    count = row_sums(weight).size
    if not count:
        return np.empty(0), np.empty(0)
    into = turned(weight)
    hub: Float64 = np.full(count, 1 / count)
    authority = hub
    for _ in range(ROUNDS):
        before = authority
        authority = _to_one(into @ hub)
        hub = _to_one(weight @ authority)
        if float(np.abs(authority - before).sum()) < CLOSE_ENOUGH:
            break
    return hub, authority


def _to_one(values: Float64) -> Float64:
    total = float(values.sum())
    return values / total if total else values
