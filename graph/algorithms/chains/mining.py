"""The search itself: every pair of steps at every gap and kind of day, weighed, corrected and ranked."""

from dataclasses import dataclass, fields, replace

import numpy as np

from graph.algorithms.chains.counting import CELLS_AT_ONCE, PairCounts, count_pairs
from graph.algorithms.chains.events import Bool, Float64, Int32, Int64, Purchases, Steps, to_steps
from graph.algorithms.chains.redundancy import strongest_of_overlapping
from graph.algorithms.chains.request import ChainsRequest, DayKind, Gap
from graph.algorithms.chains.significance import benjamini_hochberg, log_tail
from graph.algorithms.provenance import Provenance

PROVENANCE = Provenance(
    "slot-chains",
    1,
    "Cochran 1954 and Mantel, Haenszel 1959 (strata, lift), Benjamini, Hochberg 1995 (q)",
    "the tail is that of the shifted binomial with the null's exact first three cumulants; q counts each story once",
)
KINDS = (DayKind.ANY, DayKind.WEEKDAY, DayKind.WEEKEND)
GAPS = (Gap.SAME_DAY, Gap.NEXT_DAY)
HALF = 0.5
"""Half an occurrence is added above and below the lift's fraction bar: thin evidence is drawn towards 1."""


@dataclass(frozen=True, slots=True)
class Chains:
    """Every chain that was tried, one row each, strongest first: by q, then by lift."""

    gap: Int32
    """Index into GAPS."""
    day_kind: Int32
    """Index into KINDS."""
    first: Int32
    """Token of the first step: category × slots + slot."""
    then: Int32
    customers: Int32
    capable: Int32
    """Customers who did both steps in one stratum, so that theirs might have followed each other, or not."""
    occurrences: Int32
    first_days: Int32
    """Customer-days with the first step whose following day lies within the log."""
    expected: Float64
    """Mean of the occurrences under the null, those included that no shuffle can change."""
    variance: Float64
    lift: Float64
    log_p: Float64
    log_q: Float64
    """Over everything that was tried; chains that overlap count as one discovery."""
    stronger: Int64
    """Row of the stronger overlapping chain that stands for this one; -1 where it stands for itself, or is too rare."""

    @property
    def size(self) -> int:
        """How many were tried."""
        return self.first.size

    def take(self, rows: Int64 | Bool) -> "Chains":
        """The chosen rows in the order given; `stronger` still counts the old rows."""
        return Chains(*(getattr(self, field.name)[rows] for field in fields(self)))


def find_chains(request: ChainsRequest, purchases: Purchases) -> Chains:
    """Try all pairs of the request. Time and memory: see `count_pairs`, once a gap; no randomness.

    Tried is a pair that `min_customers` customers could have gone through. That depends on the margins alone, which
    every shuffle keeps, so that choosing what to try does not bend the p-values.
    """
    steps = to_steps(purchases, request.slots)
    found = [_of_gap(request, steps, gap) for gap in request.gaps]
    chains = _joined([part for parts in found for part in parts])
    chains = chains.take(_order(chains, chains.log_p))
    stronger = _representatives(chains, request)
    discoveries = (stronger < 0) & (chains.customers >= request.min_customers)
    chains = replace(chains, log_q=benjamini_hochberg(chains.log_p, discoveries), stronger=stronger)
    return _reordered(chains, _order(chains, chains.log_q))


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


def _order(chains: Chains, strength: Float64) -> Int64:
    # Of two kinds of day with the very same evidence the narrower one says more, so that "any" (0) comes last.
    return np.lexsort((chains.then, chains.first, chains.gap, -chains.day_kind, -chains.lift, strength))


def _reordered(chains: Chains, order: Int64) -> Chains:
    """The rows in another order, with `stronger` counting the new rows."""
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    moved = chains.take(order)
    return replace(moved, stronger=np.where(moved.stronger < 0, -1, place[moved.stronger]))


def _representatives(chains: Chains, request: ChainsRequest) -> Int64:
    """Among the chains that enough customers went through; a rare one neither stands for another nor is stood for."""
    rows = np.flatnonzero(chains.customers >= request.min_customers)
    among = strongest_of_overlapping(chains.take(rows), request)
    answer = np.full(chains.size, -1, np.int64)
    answer[rows] = np.where(among >= 0, rows[among], -1)
    return answer


def _of_gap(request: ChainsRequest, steps: Steps, gap: Gap) -> list[Chains]:
    slots = np.array(request.slots)
    later = slots[None, :, 0] >= slots[:, None, 1] if gap is Gap.SAME_DAY else np.ones((len(slots),) * 2, np.bool_)
    rows_at_once = max(1, CELLS_AT_ONCE // max(1, steps.token_count))
    first_days = _first_days(steps, gap.days)
    found: list[Chains] = []
    for row_from in range(0, steps.token_count, rows_at_once):
        row_to = min(row_from + rows_at_once, steps.token_count)
        counts = count_pairs(steps, later, gap.days, request.block_days, row_from, row_to)
        found += [_weighed(request, counts, first_days, gap, kind) for kind in request.day_kinds]
    return found


def _first_days(steps: Steps, gap_days: int) -> Int32:
    """Customer-days of every token by kind of day, shape (kinds, tokens): those with a following day in the log."""
    seen = steps.day + gap_days < steps.weekend.size
    counts = np.zeros((3, steps.token_count), np.int32)
    for kind in (0, 1):
        of_kind = seen & (steps.weekend[steps.day] == bool(kind))
        counts[kind + 1] = np.bincount(steps.token[of_kind], minlength=steps.token_count)
    counts[0] = counts[1] + counts[2]
    return counts


def _weighed(request: ChainsRequest, counts: PairCounts, first_days: Int32, gap: Gap, kind: DayKind) -> Chains:
    index = KINDS.index(kind)
    rows, then = np.nonzero(counts.capable[index] >= request.min_customers)
    bases = slice(0, 2) if kind is DayKind.ANY else slice(index - 1, index)
    occurrences, fixed = (
        part[bases, rows, then].sum(axis=0, dtype=np.int32) for part in (counts.occurrences, counts.fixed)
    )
    mean, variance, third, own = (
        part[bases, rows, then].sum(axis=0) for part in (counts.expected, counts.variance, counts.third, counts.own)
    )
    free = (occurrences - fixed).astype(np.float64)
    first = (rows + counts.row_from).astype(np.int32)
    lift = (occurrences - own + HALF) / (np.maximum(mean - own, 0.0) + HALF)
    return Chains(
        np.full(first.size, GAPS.index(gap), np.int32),
        np.full(first.size, index, np.int32),
        first,
        then.astype(np.int32),
        counts.customers[index, rows, then],
        counts.capable[index, rows, then],
        occurrences,
        first_days[index, first],
        mean,
        variance,
        lift,
        log_tail(free, mean - fixed, variance, third),
        np.zeros(first.size),
        np.full(first.size, -1, np.int64),
    )


def _joined(parts: list[Chains]) -> Chains:
    codes, values, rows = np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.int64)
    counts = codes, codes, codes, codes
    empty = Chains(codes, codes, codes, codes, *counts, values, values, values, values, values, rows)
    return Chains(*(np.concatenate([getattr(part, field.name) for part in (empty, *parts)]) for field in fields(empty)))
