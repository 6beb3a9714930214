"""Count every ordered pair of steps at once, with what the customers' own rhythm would give.

For one customer, one block of days and one pairing of day kinds (first day × second day) there are n first days to
compare. The first step fell on K of them, the second step on m of the days that follow, both on S. Were the days
shuffled, S would be hypergeometric: mean Km/n, variance Km(n-K)(n-m)/(n²(n-1)). These are summed over all such strata,
as in Cochran (1954) and Mantel and Haenszel (1959).
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Bool, Float64, Int32, Int64, Steps
from graph.algorithms.kernels import kernel

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
    own: Float64
    """Sum of S·K/n: with it the occurrences that stand against days without the first step (Mantel-Haenszel)."""
    customers: Int32
    capable: Int32
    """Customers who did both steps within one stratum, whether or not they followed each other."""


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
        np.zeros((3, *shape), np.int32),
        np.zeros((3, *shape), np.int32),
    )
    whole = steps.pointer, steps.day, steps.token, steps.window, steps.weekend, later, steps.slot_count
    sums = counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.own
    _count(*whole, gap_days, block_days, row_from, row_to, *sums, counts.customers, counts.capable)
    return counts


@kernel
def _count(
    pointer: Int64,
    days: Int32,
    tokens: Int32,
    window: Int32,
    weekend: Bool,
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
            for stratum in range(4):
                size = _days_in(weekend, start_day, end_day, gap, stratum)
                if size == 0:
                    continue
                first_size = _tally(tokens, days, low, stop, 0, gap, weekend, stratum, firsts, first_tokens)
                then_size = _tally(tokens, days, then_low, then_stop, gap, gap, weekend, stratum, seconds, then_tokens)
                kind = stratum // 2
                for index in range(first_size):
                    first = first_tokens[index]
                    if row_from <= first < row_to:
                        for other in range(then_size):
                            second = then_tokens[other]
                            if later[first % slot_count, second % slot_count]:
                                k, m, row = firsts[first], seconds[second], first - row_from
                                _mark(able, capable, kind, row, second, customer)
                                if k == size or m == size:
                                    fixed[kind, row, second] += min(k, m)
                                else:
                                    mean = k * m / size
                                    expected[kind, row, second] += mean
                                    variance[kind, row, second] += (
                                        mean * (size - k) * (size - m) / (size * (size - 1.0))
                                    )
                follower = then_low
                for index in range(low, stop):
                    first, day = tokens[index], days[index]
                    follower = _skip(days, follower, then_stop, day + gap)
                    if weekend[day] * 2 + weekend[day + gap] == stratum and row_from <= first < row_to:
                        other = follower
                        while other < then_stop and days[other] == day + gap:
                            second = tokens[other]
                            other += 1
                            if later[first % slot_count, second % slot_count]:
                                k, row = firsts[first], first - row_from
                                occurrences[kind, row, second] += 1
                                _mark(went_through, customers, kind, row, second, customer)
                                if k < size and seconds[second] < size:
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
def _days_in(weekend: Bool, start_day: int, end_day: int, gap: int, stratum: int) -> int:
    """How many first days from start to end belong to the stratum."""
    size = 0
    for day in range(start_day, end_day + 1):
        if weekend[day] * 2 + weekend[day + gap] == stratum:
            size += 1
    return size


@kernel
def _tally(
    tokens: Int32,
    days: Int32,
    start: int,
    stop: int,
    shift: int,
    gap: int,
    weekend: Bool,
    stratum: int,
    tallies: Int32,
    touched: Int32,
) -> int:
    """Count each token's days whose first day (day - shift) lies in the stratum; the answer is how many tokens."""
    size = 0
    for index in range(start, stop):
        first_day = days[index] - shift
        if weekend[first_day] * 2 + weekend[first_day + gap] != stratum:
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
