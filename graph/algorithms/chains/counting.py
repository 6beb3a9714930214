"""Count every ordered pair of steps at once, with what the customers' own rhythm would give.

For one customer, one block of days and one stratum of it there are n first days to compare: the weekdays before a
weekday, the weekdays before a weekend, or the weekend's days (too few to be parted by what comes after them). The first
step fell on K of them, the second step on m of the days that follow, both on S. Were the days shuffled, S would be
hypergeometric: mean Km/n, variance v = Km(n-K)(n-m)/(n²(n-1)), third cumulant v(n-2K)(n-2m)/(n(n-2)). These are summed
over all strata, as in Cochran (1954) and Mantel and Haenszel (1959).
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Bool, Float64, Int32, Int64, Steps
from graph.algorithms.kernels import kernel

STRATA = 3
CELLS_AT_ONCE = 2_000_000
"""Pairs that are counted in one pass over the steps: about 110 bytes each."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Sums for a rectangle of pairs, rows = first tokens from `row_from`; shape (kinds, rows, tokens).

    Kinds of the first day: 0 weekday, 1 weekend; of `customers` and `capable`: 0 any, 1 weekday, 2 weekend.
    """

    row_from: int
    occurrences: Int32
    fixed: Int32
    """Of the occurrences those that no shuffle can change: K = n or m = n."""
    expected: Float64
    variance: Float64
    third: Float64
    """Third cumulant of the occurrences under the null: how lopsided they are."""
    own: Float64
    """Sum of S·K/n: with it the occurrences that stand against days without the first step (Mantel-Haenszel)."""
    customers: Int32
    capable: Int32
    """Customers who did both steps within one stratum, neither on all of its days: others could have fallen."""


def count_pairs(steps: Steps, later: Bool, gap_days: int, block_days: int, row_from: int, row_to: int) -> PairCounts:
    """Count the pairs whose first token lies in [row_from, row_to).

    `later[s, t]` says whether slot t may follow slot s at this gap.
    Time O(Σ over strata of touched first × touched second tokens), memory O(rows × tokens).
    """
    shape = (row_to - row_from, steps.token_count)
    counts = PairCounts(
        row_from,
        np.zeros((2, *shape), np.int32),
        np.zeros((2, *shape), np.int32),
        np.zeros((2, *shape)),
        np.zeros((2, *shape)),
        np.zeros((2, *shape)),
        np.zeros((2, *shape)),
        np.zeros((3, *shape), np.int32),
        np.zeros((3, *shape), np.int32),
    )
    whole = steps.pointer, steps.day, steps.token, steps.window, _strata(steps, gap_days), later, steps.slot_count
    sums = counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.third, counts.own
    _count(*whole, gap_days, block_days, row_from, row_to, *sums, counts.customers, counts.capable)
    return counts


def _strata(steps: Steps, gap_days: int) -> Int32:
    """For every first day: 0 a weekday before a weekday, 1 a weekday before a weekend, 2 a weekend's day."""
    first, then = steps.weekend[: steps.weekend.size - gap_days], steps.weekend[gap_days:]
    return np.where(first, 2, np.where(then, 1, 0)).astype(np.int32)


@kernel
def _count(
    pointer: Int64,
    days: Int32,
    tokens: Int32,
    window: Int32,
    strata: Int32,
    later: Bool,
    slot_count: int,
    gap: int,
    block_days: int,
    row_from: int,
    row_to: int,
    occurrences: Int32,
    fixed: Int32,
    expected: Float64,
    variance: Float64,
    third: Float64,
    own: Float64,
    customers: Int32,
    capable: Int32,
) -> None:
    token_count = occurrences.shape[2]
    went_through = np.full(customers.shape, -1, np.int32)
    able = np.full(capable.shape, -1, np.int32)
    firsts, seconds = np.zeros(token_count, np.int32), np.zeros(token_count, np.int32)
    first_tokens, then_tokens = np.zeros(token_count, np.int32), np.zeros(token_count, np.int32)
    for customer in range(pointer.size - 1):
        low, high = pointer[customer], pointer[customer + 1]
        first_day, last_day = window[customer, 0], window[customer, 1] - gap
        if low == high or last_day < first_day:
            continue
        for block in range(first_day // block_days, last_day // block_days + 1):
            start_day, end_day = max(first_day, block * block_days), min(last_day, (block + 1) * block_days - 1)
            low = _skip(days, low, high, start_day)
            stop = _skip(days, low, high, end_day + 1)
            then_low = _skip(days, low, high, start_day + gap)
            then_stop = _skip(days, then_low, high, end_day + gap + 1)
            if stop == low or then_stop == then_low:
                continue
            for stratum in range(STRATA):
                size = _days_in(strata, start_day, end_day, stratum)
                if size == 0:
                    continue
                first_size = _tally(tokens, days, low, stop, 0, strata, stratum, firsts, first_tokens)
                then_size = _tally(tokens, days, then_low, then_stop, gap, strata, stratum, seconds, then_tokens)
                kind = stratum // 2
                for index in range(first_size):
                    first = first_tokens[index]
                    if row_from <= first < row_to:
                        for other in range(then_size):
                            second = then_tokens[other]
                            if later[first % slot_count, second % slot_count]:
                                k, m, row = firsts[first], seconds[second], first - row_from
                                mean = k * m / size
                                expected[kind, row, second] += mean
                                if k == size or m == size:
                                    fixed[kind, row, second] += min(k, m)
                                else:
                                    _mark(able, capable, kind, row, second, customer)
                                    spread = mean * (size - k) * (size - m) / (size * (size - 1.0))
                                    variance[kind, row, second] += spread
                                    if size > 2:
                                        lopsided = (size - 2.0 * k) * (size - 2.0 * m) / (size * (size - 2.0))
                                        third[kind, row, second] += spread * lopsided
                follower = then_low
                for index in range(low, stop):
                    first, day = tokens[index], days[index]
                    follower = _skip(days, follower, then_stop, day + gap)
                    if strata[day] == stratum and row_from <= first < row_to:
                        other = follower
                        while other < then_stop and days[other] == day + gap:
                            second = tokens[other]
                            other += 1
                            if later[first % slot_count, second % slot_count]:
                                k, row = firsts[first], first - row_from
                                occurrences[kind, row, second] += 1
                                _mark(went_through, customers, kind, row, second, customer)
                                own[kind, row, second] += k / size
                for index in range(first_size):
                    firsts[first_tokens[index]] = 0
                for index in range(then_size):
                    seconds[then_tokens[index]] = 0


@kernel
def _skip(days: Int32, index: int, stop: int, day: int) -> int:
    """The first row from `index` on whose day is `day` or later."""
    while index < stop and days[index] < day:
        index += 1
    return index


@kernel
def _days_in(strata: Int32, start_day: int, end_day: int, stratum: int) -> int:
    """How many first days from start to end belong to the stratum."""
    size = 0
    for day in range(start_day, end_day + 1):
        if strata[day] == stratum:
            size += 1
    return size


@kernel
def _tally(
    tokens: Int32,
    days: Int32,
    start: int,
    stop: int,
    shift: int,
    strata: Int32,
    stratum: int,
    tallies: Int32,
    touched: Int32,
) -> int:
    """Count each token's days whose first day (day - shift) lies in the stratum; the answer is how many tokens."""
    size = 0
    for index in range(start, stop):
        if strata[days[index] - shift] != stratum:
            continue
        token = tokens[index]
        if tallies[token] == 0:
            touched[size] = token
            size += 1
        tallies[token] += 1
    return size


@kernel
def _mark(seen: Int32, totals: Int32, kind: int, row: int, column: int, customer: int) -> None:
    """Count the customer once for the kind of day and once for any."""
    for index in (0, kind + 1):
        if seen[index, row, column] != customer:
            seen[index, row, column] = customer
            totals[index, row, column] += 1
