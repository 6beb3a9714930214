"""Count every ordered pair of steps at once, with what the customers' own rhythm would give.

A stratum has n units to compare. The first step fell on K of them, the second step followed m of them, both S. Were the
stratum's units shuffled, S would be hypergeometric: mean Km/n, variance v = Km(n-K)(n-m)/(n²(n-1)), third cumulant
v(n-2K)(n-2m)/(n(n-2)). These are summed over all strata, as in Cochran (1954) and Mantel and Haenszel (1959).
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Float64, Int32, Int64
from graph.algorithms.chains.strata import Strata
from graph.algorithms.kernels import kernel

CELLS_AT_ONCE = 2_000_000
"""Pairs that are counted in one pass over the units: about 110 bytes each."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Sums for a rectangle of pairs, rows = first tokens from `row_from`; shape (kinds, rows, tokens).

    Kinds of the first day: 0 weekday, 1 weekend, 2 holiday; of `customers` and `capable` 0 is any, and these follow.
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
    """Sum of S·K/n: with it the occurrences that stand against units without the first step (Mantel-Haenszel)."""
    customers: Int32
    capable: Int32
    """Customers who did both steps within one stratum, neither on all of its units: others could have fallen."""
    own_expected: Float64
    """The part of `expected` that falls on units with the first step: the same as `own`, save for gaps in hours."""


def no_counts(kinds: int, rows: tuple[int, int], token_count: int, *, in_hours: bool = False) -> PairCounts:
    """All sums 0."""
    shape = (kinds, rows[1] - rows[0], token_count)
    wide = (kinds + 1, *shape[1:])
    occurrences, fixed = (np.zeros(shape, np.int32) for _ in range(2))
    expected, variance, third, own = (np.zeros(shape) for _ in range(4))
    customers, capable = (np.zeros(wide, np.int32) for _ in range(2))
    apart = np.zeros(shape) if in_hours else own
    return PairCounts(rows[0], occurrences, fixed, expected, variance, third, own, customers, capable, apart)


def count_pairs(strata: Strata, bounds: Int32, in_turn: bool, rows: tuple[int, int]) -> PairCounts:
    """Count the pairs whose first token lies in [rows[0], rows[1]).

    With `in_turn` a second token counts only where its slot starts when that of the first has ended, or later.
    Time O(Σ over strata of touched first × touched second tokens), memory O(rows × tokens).
    """
    row_from, row_to = rows
    counts = no_counts(strata.kind_count, rows, bounds.shape[0])
    units = strata.pointer, strata.size, strata.customer, strata.kind, strata.first, strata.then_from, strata.then_to
    sums = counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.third, counts.own
    _count(
        *units, strata.baskets, strata.token, bounds, in_turn, row_from, row_to, *sums, counts.customers, counts.capable
    )
    return counts


@kernel
def _count(
    pointer: Int64,
    sizes: Int32,
    whose: Int32,
    kinds: Int32,
    first_of: Int64,
    then_from: Int64,
    then_to: Int64,
    baskets: Int64,
    tokens: Int32,
    bounds: Int32,
    in_turn: bool,
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
    met, followers = np.full(token_count, -1, np.int64), np.zeros(token_count, np.int32)
    for stratum in range(pointer.size - 1):
        size, kind, customer = sizes[stratum], kinds[stratum], whose[stratum]
        first_size, then_size = 0, 0
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            if first_of[unit] >= 0:
                for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                    token = tokens[index]
                    if firsts[token] == 0:
                        first_tokens[first_size] = token
                        first_size += 1
                    firsts[token] += 1
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if met[token] != unit:
                    met[token] = unit
                    if seconds[token] == 0:
                        then_tokens[then_size] = token
                        then_size += 1
                    seconds[token] += 1
        for index in range(first_size):
            first = first_tokens[index]
            if row_from <= first < row_to:
                for other in range(then_size):
                    second = then_tokens[other]
                    if not in_turn or bounds[second, 0] >= bounds[first, 1]:
                        k, m, row = firsts[first], seconds[second], first - row_from
                        mean = k * m / size
                        expected[kind, row, second] += mean
                        if k == size or m == size:
                            fixed[kind, row, second] += min(k, m)
                        else:
                            mark(able, capable, kind, row, second, customer)
                            spread = mean * (size - k) * (size - m) / (size * (size - 1.0))
                            variance[kind, row, second] += spread
                            if size > 2:
                                lopsided = (size - 2.0 * k) * (size - 2.0 * m) / (size * (size - 2.0))
                                third[kind, row, second] += spread * lopsided
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            if first_of[unit] < 0:
                continue
            count = 0
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if met[token] != -2 - unit:
                    met[token] = -2 - unit
                    followers[count] = token
                    count += 1
            for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                first = tokens[index]
                if row_from <= first < row_to:
                    row = first - row_from
                    for other in range(count):
                        second = followers[other]
                        if not in_turn or bounds[second, 0] >= bounds[first, 1]:
                            occurrences[kind, row, second] += 1
                            mark(went_through, customers, kind, row, second, customer)
                            own[kind, row, second] += firsts[first] / size
        for index in range(then_size):
            seconds[then_tokens[index]] = 0
        for index in range(first_size):
            firsts[first_tokens[index]] = 0


@kernel
def mark(seen: Int32, totals: Int32, kind: int, row: int, column: int, customer: int) -> None:
    """Count the customer once for the kind of day and once for any."""
    for index in (0, kind + 1):
        if seen[index, row, column] != customer:
            seen[index, row, column] = customer
            totals[index, row, column] += 1
