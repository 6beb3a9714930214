"""The nulls by shuffling itself, to check the closed form: each customer's days change places within their strata.

All tokens of a day move together, as every null says, and each row stops at its tenth permutation with as many
occurrences as the log has (Besag, Clifford 1991): p is then 10 over the permutations that it took, and else
(exceeded + 1) / (permutations + 1). Strata in which no row that still runs has both its tokens are passed over.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Bool, Float64, Int32, Int64
from graph.algorithms.chains.strata import Strata
from graph.algorithms.influence.splitmix import STEP, mix, stream_of
from graph.algorithms.kernels import kernel

ENOUGH = 10
"""Permutations with as many occurrences, after which a row is no surprise and needs no more."""
FIRST_BATCH = 10
HALF_WORD = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Permuted:
    """One row a chain."""

    observed: Int32
    exceeded: Int32
    """Permutations with at least as many occurrences as observed."""
    tried: Int32
    """Permutations that the row took part in."""
    enough: int
    """After so many that exceeded, a row stopped."""

    @property
    def p_value(self) -> Float64:
        """Sequential Monte Carlo p: a valid p-value at any number of permutations."""
        stopped = self.exceeded >= self.enough
        return np.where(stopped, self.exceeded / np.maximum(self.tried, 1), (self.exceeded + 1) / (self.tried + 1))


def permute(
    strata: Strata,
    token_count: int,
    first: Int32,
    then: Int32,
    day_kind: Int32,
    permutations: int,
    seed: int,
    enough: int = ENOUGH,
) -> Permuted:
    """Shuffle `permutations` times; the rows are pairs of tokens at a kind of first days (0 any, then as `Strata`).

    Time O(permutations × strata with a running row), falling as rows stop; memory 4 bytes a pair of tokens.
    The same seed gives the same answer.
    """
    size = first.size
    cells, pair = np.unique(first.astype(np.int64) * token_count + then, return_inverse=True)
    units = strata.pointer, strata.size, strata.first, strata.then_from, strata.then_to
    tables = strata.baskets, strata.token
    place = np.full((token_count, token_count), -1, np.int32)
    place[cells // token_count, cells % token_count] = np.arange(cells.size)
    counts = np.zeros((strata.kind_count, cells.size), np.int32)
    observed, exceeded, tried = (np.zeros(size, np.int32) for _ in range(3))
    running = np.ones(size, np.bool_)
    longest = int(strata.size.max(initial=1))
    live = np.arange(strata.size.size, dtype=np.int64)
    done, batch = 0, FIRST_BATCH
    while done < permutations and running.any():
        wanted = np.zeros(cells.size, np.bool_)
        wanted[pair[running]] = True
        place[cells // token_count, cells % token_count] = np.where(wanted, np.arange(cells.size), -1)
        live, ends, first_end, first_tokens, then_end, then_tokens = _gather(*units, *tables, live, place)
        days = strata.size[live], strata.kind[live]
        kept = ends, first_end, first_tokens, then_end, then_tokens
        if not done:
            _shuffle(*days, *kept, place, longest, np.uint64(0), False, counts)
            _sum_up(counts, pair, day_kind, observed)
        until = min(permutations, done + batch)
        for turn in range(done, until):
            counts[:] = 0
            state = np.uint64(stream_of(np.uint64(seed), np.uint64(turn)))
            _shuffle(*days, *kept, place, longest, state, True, counts)
            _judge(counts, pair, day_kind, observed, running, exceeded, tried, enough)
        done, batch = until, batch * 2
    return Permuted(observed, exceeded, tried, enough)


@kernel
def _gather(
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
def _shuffle(
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
def _sum_up(counts: Int32, pair: Int64, day_kind: Int32, sums: Int32) -> None:
    for row in range(pair.size):
        if day_kind[row] > 0:
            sums[row] = counts[day_kind[row] - 1, pair[row]]
        else:
            sums[row] = counts[:, pair[row]].sum()


@kernel
def _judge(
    counts: Int32,
    pair: Int64,
    day_kind: Int32,
    observed: Int32,
    running: Bool,
    exceeded: Int32,
    tried: Int32,
    enough: int,
) -> None:
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
