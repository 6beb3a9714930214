"""Every pair of one gap, weighed against each of the nulls that it has to beat: its p is the largest of theirs."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from graph.algorithms.chains.counting import CELLS_AT_ONCE, PairCounts, count_pairs
from graph.algorithms.chains.events import Bool, Float64, Int32, Int64, Purchases, Slots, Steps, to_steps, with_moments
from graph.algorithms.chains.finding_slots import find_slots
from graph.algorithms.chains.hours import count_hours, hourly_surplus
from graph.algorithms.chains.language import DayKind, Gap
from graph.algorithms.chains.request import ChainsRequest, Compared, SlotsFrom
from graph.algorithms.chains.shared import log_tail_of_weeks, weekly_surplus
from graph.algorithms.chains.strata import Strata, visits, weekdays, weeks
from graph.algorithms.significance import log_tail

KINDS = tuple(DayKind)
HALF = 0.5
"""Half an occurrence is added above and below the lift's fraction bar: thin evidence is drawn towards 1."""
LOOK_CLOSER = np.log(0.05)
"""Log p above which no pair can be confirmed, so that the guard against shared events need not be asked."""
NORMAL_95 = 1.959963984540054
PAIRS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Weighed:
    """One row a pair, gap and kind of day."""

    gap: Int32
    """Its code."""
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
    """Customer-days with the first step whose following days lie in the log; of visits, those with a next one."""
    units: Int64
    """Customer-days, or visits, that the first null compares, of this gap and kind of day: those without either step
    included."""
    expected: Float64
    """Mean of the occurrences under the first null, those included that no shuffle can change."""
    variance: Float64
    lift: Float64
    lift_error: Float64
    """Standard error of the lift's logarithm."""
    log_shuffled: Float64
    """Log p against shuffling: the largest over the nulls."""
    log_p: Float64
    """The same, and no less than the guard against shared events allows."""

    @property
    def size(self) -> int:
        """How many rows."""
        return self.first.size

    @property
    def leverage(self) -> Float64:
        """Occurrences beyond what shuffling gives, as a share of all that was compared (Piatetsky-Shapiro 1991)."""
        return (self.occurrences - self.expected) / np.maximum(self.units, 1)

    def take(self, rows: Int64 | Bool) -> Self:
        """The chosen rows in the order given."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def keys(self, token_count: int) -> Int64:
        """One number a row, the same for the same gap, kind of day and steps."""
        place = self.gap.astype(np.int64) * len(KINDS) + self.day_kind
        return (place * token_count + self.first) * token_count + self.then

    def places(self, wanted: Int64, token_count: int) -> Int64:
        """The row of each wanted key, -1 where there is none."""
        keys = self.keys(token_count)
        order = np.argsort(keys, kind="stable")
        at = np.searchsorted(keys[order], wanted)
        found = np.append(keys[order], -1)[at] == wanted
        return np.where(found, np.append(order, -1)[at], -1).astype(np.int64)


def weigh_pairs(request: ChainsRequest, steps: Steps) -> Weighed:
    """All pairs that are tried: those that `min_customers` customers could have gone through.

    That depends on the margins alone, which every shuffle keeps, so that choosing what to try does not bend the
    p-values. Time and memory: see `count_pairs`, once a gap and a null; no randomness.
    """
    return joined([weigh_rows(request, steps, gap, (0, steps.token_count)) for gap in request.gaps])


def weigh_rows(request: ChainsRequest, steps: Steps, gap: Gap, rows: tuple[int, int]) -> Weighed:
    """Of one gap the pairs whose first token lies in [rows[0], rows[1])."""
    nulls = nulls_of(request, steps, gap)
    if not nulls[0].size.size:
        return joined([])
    first_days = _first_visits(steps, nulls[0]) if request.compared is Compared.VISITS else _first_days(steps, gap)
    units = _units(request, steps, gap, nulls[0])
    rows_at_once = max(1, CELLS_AT_ONCE // max(1, steps.token_count))
    found: list[Weighed] = []
    for row_from in range(*rows, rows_at_once):
        these = row_from, min(row_from + rows_at_once, rows[1])
        counts = [_counted(null, steps, gap, these) for null in nulls]
        found += [_weighed(request, counts, first_days, units, gap, kind) for kind in _kinds(request, steps)]
    return joined([_guarded(part, nulls, steps, gap) for part in found])


def slots_of(request: ChainsRequest, purchases: Purchases) -> Slots:
    """The slots of a request: those given, or each category's own as they are found in the purchases."""
    return find_slots(purchases) if request.slots_from is SlotsFrom.FOUND else request.slots


def steps_of(request: ChainsRequest, purchases: Purchases, slots: Slots | None = None) -> Steps:
    """The steps of a request: in its slots, on its calendar, with their moments where a gap is in hours.

    `slots` are those that were found in more than these purchases.
    """
    steps = to_steps(purchases, slots_of(request, purchases) if slots is None else slots, request.calendar)
    return with_moments(steps, purchases) if any(gap.in_hours for gap in request.gaps) else steps


def joined(parts: list[Weighed]) -> Weighed:
    """The rows one after the other."""
    codes, values = np.zeros(0, np.int32), np.zeros(0)
    counts = codes, codes, codes, codes, codes.astype(np.int64)
    empty = Weighed(codes, codes, codes, codes, *counts, values, values, values, values, values, values)
    return Weighed(*(np.concatenate([getattr(part, f.name) for part in (empty, *parts)]) for f in fields(Weighed)))


def lift_interval(lift: Float64, error: Float64) -> tuple[Float64, Float64]:
    """Lower and upper end of the lift's 95 % interval."""
    width = NORMAL_95 * error
    return lift * np.exp(-width), lift * np.exp(width)


def _kinds(request: ChainsRequest, steps: Steps) -> list[DayKind]:
    """Those of the request that the log's days may have."""
    return [kind for kind in request.day_kinds if KINDS.index(kind) <= steps.kind_count]


def nulls_of(request: ChainsRequest, steps: Steps, gap: Gap) -> list[Strata]:
    """The first one gives the figures, and all have to be beaten."""
    if request.compared is Compared.VISITS:
        return [visits(steps, gap, request.visit_block_days)]
    return [weeks(steps, gap, request.block_days), weekdays(steps, gap)]


def _counted(null: Strata, steps: Steps, gap: Gap, rows: tuple[int, int]) -> PairCounts:
    if gap.in_hours and steps.moments is not None:
        return count_hours(null, steps.moments, gap, steps.token_count, rows)
    return count_pairs(null, steps.bounds, gap.in_turn, rows)


def _first_days(steps: Steps, gap: Gap) -> Int32:
    """Customer-days of every token whose following days lie in the log, shape (kinds, tokens, slots)."""
    seen = steps.day + gap.last_day < steps.day_count
    counts = np.zeros((steps.kind_count + 1, steps.token_count), np.int32)
    for kind in range(steps.kind_count):
        of_kind = seen & (steps.kind[steps.day] == kind)
        counts[kind + 1] = np.bincount(steps.token[of_kind], minlength=steps.token_count)
    counts[0] = counts.sum(axis=0)
    return np.repeat(counts[:, :, None], steps.slot_count, axis=2)


def _first_visits(steps: Steps, strata: Strata) -> Int32:
    """Visits with every token that have a next visit in a slot, shape (kinds, tokens, slots)."""
    slots = steps.slot_count
    lengths = np.diff(strata.baskets)[strata.first]
    begins = np.repeat(strata.baskets[strata.first] - np.append(0, np.cumsum(lengths)[:-1]), lengths)
    token = strata.token[begins + np.arange(lengths.sum())].astype(np.int64)
    then_slot = np.repeat(strata.token[strata.baskets[strata.then_from]] % slots, lengths)
    kind = np.repeat(np.repeat(strata.kind, np.diff(strata.pointer)), lengths)
    counts = np.zeros((steps.kind_count + 1, steps.token_count, slots), np.int32)
    for index in range(steps.kind_count):
        cell = (token * slots + then_slot)[kind == index]
        counts[index + 1] = np.bincount(cell, minlength=steps.token_count * slots).reshape(-1, slots)
    counts[0] = counts.sum(axis=0)
    return counts


def _units(request: ChainsRequest, steps: Steps, gap: Gap, null: Strata) -> Int64:
    """How many customer-days, or visits, are compared: of any kind of day, then of each."""
    counts = np.zeros(steps.kind_count + 1, np.int64)
    if request.compared is Compared.VISITS:
        counts[1:] = np.bincount(np.repeat(null.kind, np.diff(null.pointer)), minlength=steps.kind_count)
    else:
        start, end = steps.window[:, 0], steps.window[:, 1] - gap.last_day
        some = end >= start
        for kind in range(steps.kind_count):
            before = np.append(0, np.cumsum(steps.kind == kind))
            counts[kind + 1] = (before[end[some] + 1] - before[start[some]]).sum()
    counts[0] = counts.sum()
    return counts


def _weighed(
    request: ChainsRequest, counts: list[PairCounts], first_days: Int32, units: Int64, gap: Gap, kind: DayKind
) -> Weighed:
    index, main = KINDS.index(kind), counts[0]
    rows, then = np.nonzero(main.capable[index] >= request.min_customers)
    bases = slice(None) if kind is DayKind.ANY else slice(index - 1, index)
    first = (rows + main.row_from).astype(np.int32)
    sums = main.occurrences, main.expected, main.own, main.own_expected, main.variance
    occurrences, mean, own, own_mean, variance = (part[bases, rows, then].sum(axis=0) for part in sums)
    log_shuffled = np.max([_log_p(null, bases, rows, then) for null in counts], axis=0)
    with_first, without = occurrences - own + HALF, np.maximum(mean - own_mean, 0.0) + HALF
    return Weighed(
        np.full(first.size, gap.code, np.int32),
        np.full(first.size, index, np.int32),
        first,
        then.astype(np.int32),
        main.customers[index, rows, then],
        main.capable[index, rows, then],
        occurrences.astype(np.int32),
        first_days[index, first, then % first_days.shape[2]],
        np.full(first.size, units[index], np.int64),
        mean,
        variance,
        with_first / without,
        np.sqrt((variance + HALF) / (with_first * without)),
        log_shuffled,
        log_shuffled,
    )


def _log_p(counts: PairCounts, bases: slice, rows: Int64, then: Int64) -> Float64:
    occurrences, fixed, mean, variance, third = (
        part[bases, rows, then].sum(axis=0)
        for part in (counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.third)
    )
    return log_tail((occurrences - fixed).astype(np.float64), mean - fixed, variance, third)


def _guarded(weighed: Weighed, nulls: list[Strata], steps: Steps, gap: Gap) -> Weighed:
    """The same rows, none more certain than the guard against shared events allows."""
    log_p = weighed.log_p.copy()
    close = np.flatnonzero(log_p < LOOK_CLOSER)
    for start in range(0, close.size, PAIRS_AT_ONCE):
        rows = close[start : start + PAIRS_AT_ONCE]
        for null in nulls:
            surplus = _surplus(null, steps, gap, weighed.first[rows], weighed.then[rows])
            log_p[rows] = np.maximum(log_p[rows], log_tail_of_weeks(_of_kinds(surplus, weighed.day_kind[rows])))
    return replace(weighed, log_p=log_p)


def _surplus(null: Strata, steps: Steps, gap: Gap, first: Int32, then: Int32) -> Float64:
    if gap.in_hours and steps.moments is not None:
        return hourly_surplus(null, steps.moments, gap, steps.token_count, first, then)
    return weekly_surplus(null, steps.token_count, first, then)


def _of_kinds(surplus: Float64, day_kind: Int32) -> Float64:
    """Of the surplus by kind of the first day what each row asks for, shape (rows, weeks)."""
    asked = KINDS.index(DayKind.ANY)
    keep = [(day_kind == asked) | (day_kind == kind + 1) for kind in range(surplus.shape[0])]
    return np.sum([np.where(one[:, None], part, 0.0) for one, part in zip(keep, surplus, strict=True)], axis=0)
