"""A guard against what moves all customers at once: the surplus must come in many calendar weeks, not in a few.

Each unit with the first step brings Y - m/n: whether the second step followed, less the stratum's share. Summed over
the customers of a calendar week these are one figure a week; under the null their mean is 0 however strongly the
customers of one week hang together. Student's t over the weeks (Liang, Zeger 1986: clusters; few of them, hence t).
"""

import numpy as np
from scipy import special

from graph.algorithms.chains.events import Float64, Int32, Int64
from graph.algorithms.chains.strata import WEEK, Strata
from graph.algorithms.kernels import kernel


def weekly_surplus(strata: Strata, token_count: int, first: Int32, then: Int32) -> Float64:
    """For each pair, given by its tokens, the surplus of each calendar week; shape (kinds of day, pairs, weeks)."""
    order = np.argsort(first, kind="stable")
    pointer = np.searchsorted(first[order], np.arange(token_count + 1)).astype(np.int64)
    surplus = np.zeros((strata.kind_count, first.size, strata.week_count))
    units = strata.pointer, strata.size, strata.kind, strata.first, strata.then_from, strata.then_to, strata.day // WEEK
    _add_up(*units, strata.baskets, strata.token, pointer, order, then, surplus)
    return surplus


def log_tail_of_weeks(surplus: Float64) -> Float64:
    """Natural logarithm of the one-sided p of Student's t over the last axis; 0 for fewer than two weeks of surplus."""
    some = surplus != 0
    count = some.sum(axis=-1)
    total, squares = surplus.sum(axis=-1), (surplus**2).sum(axis=-1)
    known = count > 1
    size = np.where(known, count, 2).astype(np.float64)
    left = np.maximum(squares - total**2 / size, 1e-12 * squares + 1e-300)
    t = total / np.sqrt(size * left / (size - 1))
    return np.where(known & (total > 0), log_student_tail(t, size - 1), 0.0)


def log_student_tail(t: Float64, degrees: Float64) -> Float64:
    """Log P(T >= t) for t > 0, as half of an incomplete beta function, and beyond the smallest float."""
    with np.errstate(divide="ignore"):
        near: Float64 = np.log(special.betainc(degrees / 2, 0.5, degrees / (degrees + t**2)) / 2)
    # Far out the tail is c·x^(ν/2) with x = ν/(ν + t²): the first term of the beta function's series.
    half = degrees / 2
    far = half * np.log(degrees / (degrees + t**2)) - np.log(2 * half) - special.betaln(half, 0.5)
    return np.minimum(np.where(np.isfinite(near), near, far), 0.0)


@kernel
def _add_up(
    pointer: Int64,
    sizes: Int32,
    kinds: Int32,
    first_of: Int64,
    then_from: Int64,
    then_to: Int64,
    week: Int32,
    baskets: Int64,
    tokens: Int32,
    wanted: Int64,
    pair: Int64,
    then: Int32,
    surplus: Float64,
) -> None:
    firsts, seconds = np.zeros(wanted.size, np.int32), np.zeros(wanted.size, np.int32)
    met = np.full(wanted.size, -1, np.int64)
    for stratum in range(pointer.size - 1):
        size, kind = sizes[stratum], kinds[stratum]
        begin, end = pointer[stratum], pointer[stratum + 1]
        if size < 2:
            continue
        for unit in range(begin, end):
            if first_of[unit] >= 0:
                for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                    firsts[tokens[index]] += 1
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if met[token] != unit:
                    met[token] = unit
                    seconds[token] += 1
        for unit in range(begin, end):
            if first_of[unit] < 0:
                continue
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                met[tokens[index]] = -2 - unit
            for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                first = tokens[index]
                if firsts[first] == size:
                    continue
                for place in range(wanted[first], wanted[first + 1]):
                    second = then[pair[place]]
                    m = seconds[second]
                    if 0 < m < size:
                        came = 1.0 if met[second] == -2 - unit else 0.0
                        surplus[kind, pair[place], week[unit]] += came - m / size
        for unit in range(begin, end):
            if first_of[unit] >= 0:
                for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                    firsts[tokens[index]] = 0
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                seconds[tokens[index]] = 0
