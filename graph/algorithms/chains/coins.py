"""What a shuffling gives every pair of steps, as coins: so many of each chance, thrown once.

In a stratum of n units, K of which have the first step and m the second one behind them, a shuffling gives a
hypergeometric number of occurrences. Its generating function has real zeros only, so that it is the number of heads of
independent coins (Vatutin, Mikhailov 1982), whose chances are the zeros of a Jacobi polynomial. Each stratum is
shuffled on its own: a pair's occurrences are the heads of all its strata's coins, many coins of few chances.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal  # pyright: ignore[reportUnknownVariableType]

from graph.algorithms.chains.events import Float64, Int32, Int64
from graph.algorithms.chains.strata import Strata
from graph.algorithms.influence.splitmix import mix
from graph.algorithms.kernels import kernel

NOTHING = -1
"""At a place of a hash table that is free."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Pairs of tokens at a kind of first days (0 any, then as `Strata`)."""

    token_count: int
    first: Int32
    then: Int32
    day_kind: Int32


@dataclass(frozen=True, slots=True)
class Coins:
    """One entry a row, and the coins of row r from pointer[r] to pointer[r + 1]."""

    observed: Int32
    """Occurrences in the log."""
    certain: Int64
    """Occurrences that every shuffling gives, whatever the coins show."""
    pointer: Int64
    count: Int64
    """How many coins of that chance."""
    chance: Float64


def coins_of(null: Strata, rows: Rows) -> Coins:
    """The coins of every row.

    Time O(Σ over strata of touched first × touched second tokens); memory 4 bytes a pair of tokens, and up to 70 for
    every different (n, K, m) among the strata of a row.
    """
    pairs, pair = np.unique(rows.first.astype(np.int64) * rows.token_count + rows.then, return_inverse=True)
    place = np.full((rows.token_count, rows.token_count), -1, np.int32)
    place[pairs // rows.token_count, pairs % rows.token_count] = np.arange(pairs.size)
    observed, certain = (np.zeros(pairs.size * null.kind_count, np.int64) for _ in range(2))
    units = null.pointer, null.size, null.kind, null.first, null.then_from, null.then_to, null.baskets, null.token
    width = int(null.size.max(initial=1)) + 1
    keys, strata = _tally(*units, place, null.kind_count, width, observed, certain)
    order = np.argsort(keys)
    cell, code = np.divmod(keys[order], width**3)
    codes, sort = np.unique(code, return_inverse=True)
    chances = [chances_of(one // width**2, one // width % width, one % width) for one in codes.tolist()]
    of_sort = np.cumsum([0, *map(len, chances)])

    # A row of any kind of day has the coins of every kind: those of one pair lie side by side.
    from_cell = pair * null.kind_count + np.maximum(rows.day_kind - 1, 0)
    to_cell = from_cell + np.where(rows.day_kind > 0, 1, null.kind_count)
    begins = np.searchsorted(cell, np.arange(observed.size + 1))
    entry = _spans(begins[from_cell], begins[to_cell])
    coin = _spans(of_sort[sort[entry]], of_sort[sort[entry] + 1])
    coins = np.append(0, np.cumsum(np.diff(of_sort)[sort[entry]]))
    return Coins(
        _sums(observed, from_cell, to_cell).astype(np.int32),
        _sums(certain, from_cell, to_cell),
        coins[np.append(0, np.cumsum(begins[to_cell] - begins[from_cell]))],
        np.repeat(strata[order][entry], np.diff(of_sort)[sort[entry]]),
        np.concatenate([np.zeros(0), *chances])[coin],
    )


def chances_of(units: int, fewer: int, more: int) -> Float64:
    """The chances of the coins whose heads are hypergeometric: on how many of `fewer` units the other step falls too.

    For `fewer` <= `more` and `fewer` + `more` <= `units`: the zeros of the Jacobi polynomial of degree `fewer` on
    [0, 1], by the eigenvalues of its recurrence (Golub, Welsch 1969).
    """
    a, b = float(units - fewer - more), float(more - fewer)
    k = np.arange(1, fewer)
    twice = 2 * k + a + b
    middle = np.append((b - a) / (a + b + 2), (b * b - a * a) / (twice * (twice + 2)))
    beside = 4 * k * (k + a) * (k + b) * (k + a + b) / (twice**2 * (twice + 1) * (twice - 1))
    zeros: Float64 = np.asarray(eigvalsh_tridiagonal(middle, np.sqrt(beside)), np.float64)
    return (1 + zeros) / 2


def _spans(low: Int64, high: Int64) -> Int64:
    """All of [low, high) of every entry, one behind the other."""
    lengths = high - low
    return np.arange(int(lengths.sum())) + np.repeat(low - (np.cumsum(lengths) - lengths), lengths)


def _sums(values: Int64, low: Int64, high: Int64) -> Int64:
    """The sum of values[low:high] of every entry."""
    before = np.append(0, np.cumsum(values))
    return before[high] - before[low]


@kernel
def _tally(
    pointer: Int64,
    sizes: Int32,
    kinds: Int32,
    first_of: Int64,
    then_from: Int64,
    then_to: Int64,
    baskets: Int64,
    tokens: Int32,
    place: Int32,
    kind_count: int,
    width: int,
    observed: Int64,
    certain: Int64,
) -> tuple[Int64, Int64]:
    """Add up what the log has and what is certain, by pair and kind; how many strata of every (n, K, m) they have.

    A key is ((pair × kinds + kind) × width³ + (n × width + K) × width + m), where K <= m and K + m <= n.
    """
    token_count = place.shape[0]
    firsts, seconds = np.zeros(token_count, np.int64), np.zeros(token_count, np.int64)
    first_tokens, then_tokens = np.zeros(token_count, np.int32), np.zeros(token_count, np.int32)
    met, followers = np.full(token_count, -1, np.int64), np.zeros(token_count, np.int32)
    keys, counts, used = np.full(1024, NOTHING, np.int64), np.zeros(1024, np.int64), 0
    for stratum in range(pointer.size - 1):
        size, kind = sizes[stratum], kinds[stratum]
        first_size, then_size = 0, 0
        for unit in range(pointer[stratum], pointer[stratum + 1]):
            follower_count = 0
            for index in range(baskets[then_from[unit]], baskets[then_to[unit]]):
                token = tokens[index]
                if met[token] != unit:
                    met[token] = unit
                    followers[follower_count] = token
                    follower_count += 1
                    if seconds[token] == 0:
                        then_tokens[then_size] = token
                        then_size += 1
                    seconds[token] += 1
            if first_of[unit] >= 0:
                for index in range(baskets[first_of[unit]], baskets[first_of[unit] + 1]):
                    token = tokens[index]
                    if firsts[token] == 0:
                        first_tokens[first_size] = token
                        first_size += 1
                    firsts[token] += 1
                    for other in range(follower_count):
                        pair = place[token, followers[other]]
                        if pair >= 0:
                            observed[pair * kind_count + kind] += 1
        for index in range(first_size):
            first = first_tokens[index]
            for other in range(then_size):
                pair = place[first, then_tokens[other]]
                if pair < 0:
                    continue
                cell = pair * kind_count + kind
                fewer, more = firsts[first], seconds[then_tokens[other]]
                if fewer > more:
                    fewer, more = more, fewer
                if fewer + more > size:
                    # Counted are the units with both steps; those with neither are as many less so many.
                    certain[cell] += fewer + more - size
                    fewer, more = size - more, size - fewer
                if fewer > 0:
                    at = _place_of(keys, cell * width**3 + (size * width + fewer) * width + more)
                    if counts[at] == 0:
                        used += 1
                        keys[at] = cell * width**3 + (size * width + fewer) * width + more
                    counts[at] += 1
                    if used * 2 > keys.size:
                        keys, counts = _doubled(keys, counts)
        for index in range(then_size):
            seconds[then_tokens[index]] = 0
        for index in range(first_size):
            firsts[first_tokens[index]] = 0
    held = np.flatnonzero(counts)
    return keys[held], counts[held]


@kernel
def _place_of(keys: Int64, key: int) -> int:
    """Where the hash table has the key, or would have it; its size is a power of 2, and it is never full."""
    at = np.int64(mix(np.uint64(key)) & np.uint64(keys.size - 1))
    while keys[at] != NOTHING and keys[at] != key:
        at = (at + 1) & (keys.size - 1)
    return int(at)


@kernel
def _doubled(keys: Int64, counts: Int64) -> tuple[Int64, Int64]:
    """The same hash table with twice as many places."""
    more_keys, more_counts = np.full(keys.size * 2, NOTHING, np.int64), np.zeros(keys.size * 2, np.int64)
    for old in range(keys.size):
        if counts[old]:
            at = _place_of(more_keys, keys[old])
            more_keys[at], more_counts[at] = keys[old], counts[old]
    return more_keys, more_counts
