"""Gaps in hours: the same sums where the second step must come so many hours after the first, not on a day.

The null keeps what each customer did at which minute and lets days change places: the first moments of day i, put on
day j of its stratum, would have been followed or not, a table A(i, j) of 0 and 1 for every pair of tokens. Occurrences
are then Hoeffding's (1951) statistic of a random permutation: mean ΣA/n, variance ΣD²/(n-1) and third cumulant
nΣD³/((n-1)(n-2)), where D is A less its row and column means plus the whole mean. Where all first moments have the same
minute this is the hypergeometric count of `counting`. Hours are read off the store's clock, across days.
"""

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.chains.counting import PairCounts, mark, no_counts
from graph.algorithms.chains.events import Float64, Int32, Int64, Moments
from graph.algorithms.chains.language import Gap
from graph.algorithms.chains.strata import Strata
from graph.algorithms.kernels import kernel

UInt8 = NDArray[np.uint8]


def count_hours(strata: Strata, moments: Moments, gap: Gap, token_count: int, rows: tuple[int, int]) -> PairCounts:
    """As `count_pairs`. Time O(Σ over strata of first moments × days × moments within the hours)."""
    counts = no_counts(strata.kind_count, rows, token_count, in_hours=True)
    longest = int(strata.size.max(initial=1))
    table = np.zeros((max(1, moments.most), longest, longest), np.uint8)
    units = strata.pointer, strata.size, strata.customer, strata.kind, strata.first, strata.day
    sums = counts.occurrences, counts.fixed, counts.expected, counts.variance, counts.third, counts.own
    marks = counts.own_expected, counts.customers, counts.capable
    _count(*units, moments.pointer, moments.time, moments.token, *gap.minutes, *rows, table, *sums, *marks)
    return counts


def hourly_surplus(strata: Strata, moments: Moments, gap: Gap, token_count: int, first: Int32, then: Int32) -> Float64:
    """As `weekly_surplus`: a first day brings whether it was followed, less the share of days on which it would be."""
    order = np.argsort(first, kind="stable")
    wanted = np.searchsorted(first[order], np.arange(token_count + 1)).astype(np.int64)
    surplus = np.zeros((strata.kind_count, first.size, strata.week_count))
    units = strata.pointer, strata.size, strata.customer, strata.kind, strata.first, strata.day
    _add_up(*units, moments.pointer, moments.time, moments.token, *gap.minutes, wanted, order, then, surplus)
    return surplus


@kernel
def _count(
    pointer: Int64,
    sizes: Int32,
    whose: Int32,
    kinds: Int32,
    first_of: Int64,
    days: Int32,
    own_from: Int64,
    times: Int32,
    tokens: Int32,
    least: int,
    most: int,
    row_from: int,
    row_to: int,
    table: UInt8,
    occurrences: Int32,
    fixed: Int32,
    expected: Float64,
    variance: Float64,
    third: Float64,
    own: Float64,
    own_expected: Float64,
    customers: Int32,
    capable: Int32,
) -> None:
    token_count = occurrences.shape[2]
    went_through, able = np.full(customers.shape, -1, np.int32), np.full(capable.shape, -1, np.int32)
    done = np.full(token_count, -1, np.int64)
    place = np.full(token_count, -1, np.int32)
    met = np.empty(table.shape[0], np.int32)
    has = np.zeros(table.shape[1], np.bool_)
    for stratum in range(pointer.size - 1):
        begin, end, customer = int(pointer[stratum]), int(pointer[stratum + 1]), int(whose[stratum])
        n, kind, listed = int(sizes[stratum]), int(kinds[stratum]), end - begin
        time = times[own_from[customer] : own_from[customer + 1]]
        what = tokens[own_from[customer] : own_from[customer + 1]]
        for starting in range(begin, end):
            if first_of[starting] < 0:
                continue
            today = int(days[starting]) * 1440
            for at in range(_place(time, today), _place(time, today + 1440)):
                first = int(what[at])
                if first < row_from or first >= row_to or done[first] == stratum:
                    continue
                # This token's table of days × days for every token that follows it anywhere in the stratum.
                done[first] = stratum
                count, k = 0, 0
                for i in range(listed):
                    has[i] = False
                    if first_of[begin + i] < 0:
                        continue
                    midnight = int(days[begin + i]) * 1440
                    for here in range(_place(time, midnight), _place(time, midnight + 1440)):
                        if what[here] != first:
                            continue
                        has[i] = True
                        for j in range(listed):
                            moved = int(time[here]) + int(days[begin + j]) * 1440 - midnight
                            for after in range(_place(time, moved + least), _place(time, moved + most + 1)):
                                if place[what[after]] < 0:
                                    place[what[after]] = count
                                    met[count] = what[after]
                                    count += 1
                                table[place[what[after]], i, j] = 1
                    k += 1 if has[i] else 0
                row = first - row_from
                for other in range(count):
                    second = int(met[other])
                    place[second] = -1
                    cells = table[other]
                    total, followed, both = 0, 0, 0
                    rows_squared, columns_squared = 0, 0
                    for i in range(listed):
                        in_row, in_column = 0, 0
                        for j in range(listed):
                            in_row += cells[i, j]
                            in_column += cells[j, i]
                            if has[i] and has[j]:
                                both += cells[i, j]
                        followed += cells[i, i]
                        total += in_row
                        rows_squared += in_row * in_row
                        columns_squared += in_column * in_column
                    expected[kind, row, second] += total / n
                    occurrences[kind, row, second] += followed
                    own[kind, row, second] += followed * k / n
                    own_expected[kind, row, second] += both / n
                    if followed:
                        mark(went_through, customers, kind, row, second, customer)
                    spread = n * n * total - n * (rows_squared + columns_squared) + total * total
                    if spread == 0:
                        fixed[kind, row, second] += followed
                    else:
                        mark(able, capable, kind, row, second, customer)
                        variance[kind, row, second] += spread / (n * n * (n - 1.0))
                        if n > 2:
                            third[kind, row, second] += _cubes(cells, n, listed, total) * n / ((n - 1.0) * (n - 2.0))
                    cells[:listed, :listed] = 0


@kernel
def _cubes(cells: UInt8, n: int, listed: int, total: int) -> float:
    """ΣD³ over all n × n days, those included on which nothing was bought at either end."""
    answer, mean = 0.0, total / (n * n)
    for i in range(n):
        in_row = 0
        if i < listed:
            for j in range(listed):
                in_row += cells[i, j]
        for j in range(n):
            in_column = 0
            if j < listed:
                for other in range(listed):
                    in_column += cells[other, j]
            value = cells[i, j] if i < listed and j < listed else 0
            answer += (value - in_row / n - in_column / n + mean) ** 3
    return answer


@kernel
def _add_up(
    pointer: Int64,
    sizes: Int32,
    whose: Int32,
    kinds: Int32,
    first_of: Int64,
    days: Int32,
    own_from: Int64,
    times: Int32,
    tokens: Int32,
    least: int,
    most: int,
    wanted: Int64,
    pair: Int64,
    then: Int32,
    surplus: Float64,
) -> None:
    seen = np.full(wanted.size, -1, np.int64)
    for stratum in range(pointer.size - 1):
        begin, end, customer = int(pointer[stratum]), int(pointer[stratum + 1]), int(whose[stratum])
        if sizes[stratum] < 2:
            continue
        time = times[own_from[customer] : own_from[customer + 1]]
        what = tokens[own_from[customer] : own_from[customer + 1]]
        for unit in range(begin, end):
            if first_of[unit] < 0:
                continue
            midnight = int(days[unit]) * 1440
            ends = _place(time, midnight + 1440)
            for at in range(_place(time, midnight), ends):
                first = int(what[at])
                if seen[first] == unit:
                    continue
                seen[first] = unit
                for place in range(wanted[first], wanted[first + 1]):
                    second = int(then[pair[place]])
                    came, would = 0.0, 0
                    for other in range(begin, end):
                        moved = int(days[other]) * 1440 - midnight
                        if _follows(time, what, (at, ends), (first, second), (moved + least, moved + most)):
                            would += 1
                            if other == unit:
                                came = 1.0
                    if would:
                        surplus[kinds[stratum], pair[place], days[unit] // 7] += came - would / sizes[stratum]


@kernel
def _follows(time: Int32, what: Int32, rows: tuple[int, int], pair: tuple[int, int], reach: tuple[int, int]) -> bool:
    """Whether one of the rows is the first token of the pair and the second comes within reach of it."""
    for at in range(rows[0], rows[1]):
        if what[at] == pair[0]:
            begins, ends = _place(time, int(time[at]) + reach[0]), _place(time, int(time[at]) + reach[1] + 1)
            for after in range(begins, ends):
                if what[after] == pair[1]:
                    return True
    return False


@kernel
def _place(times: Int32, wanted: int) -> int:
    """The first row at or behind a time."""
    low, high = 0, times.size
    while low < high:
        middle = (low + high) // 2
        if times[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
