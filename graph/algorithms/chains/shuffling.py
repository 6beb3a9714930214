"""The loops of shuffling: what must be looked at, one shuffling of it, and which rows have seen enough."""

import numpy as np

from graph.algorithms.chains.events import Bool, Int32, Int64
from graph.algorithms.influence.splitmix import STEP, mix
from graph.algorithms.kernels import kernel

HALF_WORD = np.uint64(32)


@kernel
def gather(
    pointer: Int64,
    sizes: Int32,
    first_of: Int64,
    then_from: Int64,
    then_to: Int64,
    baskets: Int64,
    tokens: Int32,
    live: Int64,
    place: Int32,
) -> tuple[Int64, Int64, Int64, Int32, Int64, Int32]:
    """What a shuffle must look at: strata with both tokens of some pair that has a place, and of them such tokens.

    Which strata; where each one's first days begin, each one's place and the tokens of each; the same of the days that
    follow. A stratum's listed days come first among its days; those that are not listed hold nothing.
    """
    most_units, most_firsts, most_thens = 0, 0, 0
    for stratum in live:
        most_units += pointer[stratum + 1] - pointer[stratum]
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            most_thens += baskets[then_to[unit]] - baskets[then_from[unit]]
            if first_of[unit] >= 0:
                most_firsts += baskets[first_of[unit] + 1] - baskets[first_of[unit]]
    kept = np.empty(live.size, np.int64)
    ends = np.zeros(live.size + 1, np.int64)
    first_end, first_tokens = np.zeros(most_units + 1, np.int64), np.empty(most_firsts, np.int32)
    then_end, then_tokens = np.zeros(most_units + 1, np.int64), np.empty(most_thens, np.int32)
    met, useful = np.full(place.shape[0], -1, np.int64), np.full(place.shape[0], -1, np.int64)
    added = np.full(place.shape[0], -1, np.int64)
    found = np.empty(place.shape[0], np.int32)
    strata, units, firsts, thens = 0, 0, 0, 0
    for stratum in live:
        count = 0
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if met[token] != stratum:
                    met[token] = stratum
                    found[count] = token
                    count += 1
        units_before, firsts_before = units, firsts
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            if first_of[unit] >= 0:
                for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                    row = place[tokens[index]]
                    some = False
                    for other in range(count):
                        if row[found[other]] >= 0:
                            some = True
                            useful[found[other]] = stratum
                    if some:
                        first_tokens[firsts] = tokens[index]
                        firsts += 1
            units += 1
            first_end[units] = firsts
        if firsts == firsts_before:
            units = units_before
            continue
        units = units_before
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if useful[token] == stratum and added[token] != unit:
                    added[token] = unit
                    then_tokens[thens] = token
                    thens += 1
            units += 1
            then_end[units] = thens
        kept[strata] = stratum
        strata += 1
        ends[strata] = units
    return (
        kept[:strata].copy(),
        ends[: strata + 1].copy(),
        first_end[: units + 1].copy(),
        first_tokens[:firsts].copy(),
        then_end[: units + 1].copy(),
        then_tokens[:thens].copy(),
    )


@kernel
def shuffle(
    sizes: Int32,
    kinds: Int32,
    ends: Int64,
    first_end: Int64,
    first_tokens: Int32,
    then_end: Int64,
    then_tokens: Int32,
    place: Int32,
    longest: int,
    state: np.uint64,
    shuffled: bool,
    counts: Int32,
) -> None:
    """Add up the occurrences of every pair that has a place, with the first days where they are or shuffled."""
    order = np.empty(longest, np.int64)
    for stratum in range(sizes.size):
        begin, end, size, kind = ends[stratum], ends[stratum + 1], sizes[stratum], kinds[stratum]
        for index in range(size):
            order[index] = index
        drawn = 0
        for unit in range(begin, end):
            if first_end[unit] == first_end[unit + 1]:
                continue
            at = unit - begin
            if shuffled:
                # Of the places that are left one is drawn; those beyond the listed days hold nothing.
                state += STEP
                left = np.uint64(size - drawn)
                chosen = drawn + np.int64(((mix(state) >> HALF_WORD) * left) >> HALF_WORD)
                order[drawn], order[chosen] = order[chosen], order[drawn]
                at = order[drawn]
                drawn += 1
            if at >= end - begin:
                continue
            for index in range(first_end[unit], first_end[unit + 1]):
                row = place[first_tokens[index]]
                for other in range(then_end[begin + at], then_end[begin + at + 1]):
                    found = row[then_tokens[other]]
                    if found >= 0:
                        counts[kind, found] += 1


@kernel
def sum_up(counts: Int32, pair: Int64, day_kind: Int32, sums: Int32) -> None:
    """The occurrences of every row, out of those of its pair by kind of day."""
    for row in range(pair.size):
        if day_kind[row] > 0:
            sums[row] = counts[day_kind[row] - 1, pair[row]]
        else:
            sums[row] = counts[:, pair[row]].sum()


@kernel
def judge(
    counts: Int32,
    pair: Int64,
    day_kind: Int32,
    observed: Int32,
    running: Bool,
    exceeded: Int32,
    tried: Int32,
    enough: int,
) -> None:
    """Compare one shuffling with the log for every row that still runs, and stop those that had enough."""
    for row in range(pair.size):
        if running[row]:
            total = 0
            for kind in range(counts.shape[0]):
                if day_kind[row] == 0 or day_kind[row] == kind + 1:
                    total += counts[kind, pair[row]]
            tried[row] += 1
            if total >= observed[row]:
                exceeded[row] += 1
                running[row] = exceeded[row] < enough
