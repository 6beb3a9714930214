"""The search itself: every pair of steps at every gap and kind of day, weighed, corrected, ranked, and held to time."""

from dataclasses import dataclass, fields, replace

import numpy as np

from graph.algorithms.chains.coins import Rows
from graph.algorithms.chains.events import Bool, Float64, Int64, Purchases, Steps
from graph.algorithms.chains.permuting import permute
from graph.algorithms.chains.redundancy import strongest_of_overlapping
from graph.algorithms.chains.request import ChainsRequest, SlotsFrom
from graph.algorithms.chains.weighing import Weighed, nulls_of, steps_of, weigh_pairs
from graph.algorithms.provenance import Provenance
from graph.algorithms.significance import benjamini_hochberg

PROVENANCE = Provenance(
    "slot-chains",
    3,
    "Cochran 1954 and Mantel, Haenszel 1959 (strata, lift), Berger 1982 (the largest p of several nulls), Liang, Zeger "
    "1986 (weeks as clusters), Benjamini, Hochberg 1995 (q)",
    "the tail is that of the shifted binomial with the null's exact first three cumulants; q counts each story once",
)


FIRST = 1e6
"""More than any two logarithms of p lie apart."""


@dataclass(frozen=True, slots=True)
class Chains(Weighed):
    """Every chain that was tried, one row each, strongest first: by q, then by lift."""

    log_q: Float64
    """Over everything that was tried; chains that overlap count as one discovery."""
    stronger: Int64
    """Row of the stronger overlapping chain that stands for this one; -1 where it stands for itself, or is too rare.

    `take` leaves it as it is: it counts the rows of the whole."""
    earlier_lift: Float64
    """Of the log's earlier half alone; NaN where that half has too few customers to try it."""
    earlier_log_q: Float64
    """Over everything that was tried in the earlier half; 0 where it was not."""
    later_lift: Float64
    later_log_q: Float64
    """Over what the earlier half discovered; 0 for everything else."""
    permuted_p: Float64
    """The largest p of the nulls by `permutations` shufflings, beside the closed form; NaN where they were not asked
    for, and for gaps in hours."""
    held: Bool
    """Discovered in the earlier half and found again in the later one."""


def find_chains(request: ChainsRequest, purchases: Purchases) -> Chains:
    """Try all pairs of the request on the whole log, then on each of its halves.

    The earlier half discovers, the later one confirms what was discovered: `held`. Random numbers are drawn for
    `permutations` alone.
    """
    steps = steps_of(request, purchases)
    chains = rank(request, weigh_pairs(request, steps), steps)
    if request.permutations:
        chains = replace(chains, permuted_p=permuted_p(request, steps, chains))
    return _held_to_time(request, purchases, chains, steps)


def permuted_p(request: ChainsRequest, steps: Steps, weighed: Weighed) -> Float64:
    """The p of shuffling itself: of every row the largest over its nulls, stopped early (`permuting.py`)."""
    answer = np.full(weighed.size, np.nan)
    for gap in request.gaps:
        rows = np.flatnonzero(weighed.gap == gap.code)
        if gap.in_hours or not rows.size:
            continue
        pairs = Rows(steps.token_count, weighed.first[rows], weighed.then[rows], weighed.day_kind[rows])
        told = permute(nulls_of(request, steps, gap), pairs, request.permutations, request.seed)
        answer[rows] = np.max([one.p_value for one in told], axis=0)
    return answer


def confirmed(chains: Chains, request: ChainsRequest) -> Bool:
    """Q below the limit, lift above 1, and enough customers went through."""
    return (chains.log_q < np.log(request.q_limit)) & (chains.lift > 1) & (chains.customers >= request.min_customers)


def published(chains: Chains, request: ChainsRequest) -> Int64:
    """The rows that readers are shown, strongest first: at most `kept` confirmed ones and `kept` others.

    Each stands for itself and has at least `min_customers` customers, so that nobody is told what a few people do.
    """
    shown = (chains.stronger < 0) & (chains.customers >= request.min_customers)
    sure = confirmed(chains, request)
    parts = [np.flatnonzero(shown & which)[: request.kept] for which in (sure, ~sure)]
    return np.sort(np.concatenate(parts)).astype(np.int64)


def rank(request: ChainsRequest, weighed: Weighed, steps: Steps) -> Chains:
    """The rows with their q, strongest first, and which of them stand for others; as if the log had no halves."""
    size = weighed.size
    chains = Chains(
        **{field.name: getattr(weighed, field.name) for field in fields(weighed)},
        log_q=np.zeros(size),
        stronger=np.full(size, -1, np.int64),
        earlier_lift=np.full(size, np.nan),
        earlier_log_q=np.zeros(size),
        later_lift=np.full(size, np.nan),
        later_log_q=np.zeros(size),
        permuted_p=np.full(size, np.nan),
        held=np.zeros(size, np.bool_),
    )
    # Weeks are few, so that their t hardly tells two wordings of one chain apart: shuffling does, where both stand.
    stands = chains.log_p < np.log(request.q_limit / max(1, size))
    chains = chains.take(_order(chains, np.where(stands, chains.log_shuffled - FIRST, chains.log_p)))
    stronger = _representatives(chains, request, steps)
    discoveries = (stronger < 0) & (chains.customers >= request.min_customers)
    chains = replace(chains, log_q=benjamini_hochberg(chains.log_p, discoveries), stronger=stronger)
    return _reordered(chains, _order(chains, chains.log_q))


def _held_to_time(request: ChainsRequest, purchases: Purchases, chains: Chains, steps: Steps) -> Chains:
    """The same rows with what each half of the log says of them."""
    if not chains.size:
        return chains
    middle = int(purchases.day.min()) + (int(purchases.day.max()) - int(purchases.day.min()) + 1) // 2
    early, late = (purchases.take(side) for side in (purchases.day < middle, purchases.day >= middle))
    slots = steps.slots if request.slots_from is SlotsFrom.FOUND else request.slots
    early_steps, late_steps = (steps_of(request, half, slots) for half in (early, late))
    earlier = rank(request, weigh_pairs(request, early_steps), early_steps)
    later = weigh_pairs(request, late_steps)
    keys = chains.keys(steps.token_count)
    before, after = (part.places(keys, steps.token_count) for part in (earlier, later))
    discovered = np.append(confirmed(earlier, request), False)[before]
    later_log_p = np.where(after >= 0, np.append(later.log_p, 0.0)[after], 0.0)
    later_log_q = np.zeros(chains.size)
    later_log_q[discovered] = benjamini_hochberg(later_log_p[discovered])
    later_lift = np.append(later.lift, np.nan)[after]
    return replace(
        chains,
        earlier_lift=np.append(earlier.lift, np.nan)[before],
        earlier_log_q=np.append(earlier.log_q, 0.0)[before],
        later_lift=later_lift,
        later_log_q=later_log_q,
        held=discovered & (later_log_q < np.log(request.q_limit)) & (later_lift > 1),
    )


def _order(chains: Chains, strength: Float64) -> Int64:
    # Of two kinds of day with the very same evidence the narrower one says more, so that "any" (0) comes last.
    return np.lexsort((chains.then, chains.first, chains.gap, -chains.day_kind, -chains.lift, strength))


def _reordered(chains: Chains, order: Int64) -> Chains:
    """The rows in another order, with `stronger` counting the new rows."""
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    moved = chains.take(order)
    return replace(moved, stronger=np.where(moved.stronger < 0, -1, place[moved.stronger]))


def _representatives(chains: Chains, request: ChainsRequest, steps: Steps) -> Int64:
    """Among the chains that enough customers went through; a rare one neither stands for another nor is stood for."""
    rows = np.flatnonzero(chains.customers >= request.min_customers)
    among = strongest_of_overlapping(chains.take(rows), steps.bounds, steps.slot_count)
    answer = np.full(chains.size, -1, np.int64)
    answer[rows] = np.where(among >= 0, rows[among], -1)
    return answer
