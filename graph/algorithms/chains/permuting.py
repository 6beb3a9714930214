"""The nulls by shuffling, to check the closed form: each customer's days change places within their strata.

All tokens of a day move together, as every null says, and each row stops at its tenth permutation with as many
occurrences as the log has (Besag, Clifford 1991): p is then 10 over the permutations that it took, and else
(exceeded + 1) / (permutations + 1). Of several nulls the largest p counts, so that a row which one of them has stopped
needs no more of the others: a later stop would give less.

No day is moved for it: a permutation of a row is one throw of its coins (`coins.py`), which has the very law of what
moving days gives. Each row is permuted on its own, so that a permutation of a row costs as many draws as it has chances
of coins, however many customers have thrown them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.coins import Rows, coins_of
from graph.algorithms.chains.events import Float64, Int32, Int64
from graph.algorithms.chains.heads import drawn, fill, reach
from graph.algorithms.chains.strata import Strata
from graph.algorithms.influence.splitmix import STEP, mix, stream_of, unit
from graph.algorithms.kernels import kernel

ENOUGH = 10
"""Permutations with as many occurrences, after which a row is no surprise and needs no more."""


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
    nulls: Sequence[Strata], rows: Rows, permutations: int, seed: int, enough: int = ENOUGH
) -> tuple[Permuted, ...]:
    """Permute by each null up to `permutations` times; the largest `p_value` of a row is that of all its permutations.

    Time that of `coins_of` once a null, and O(rows × permutations until they stop × chances of a row's coins).
    The same seed gives the same answer.
    """
    coins = [coins_of(null, rows) for null in nulls]
    begins = np.append(0, np.cumsum([one.count.size for one in coins]))
    pointer = np.stack([one.pointer + begin for one, begin in zip(coins, begins[:-1], strict=True)])
    count, chance = (np.concatenate([getattr(one, name) for one in coins]) for name in ("count", "chance"))
    needed = np.stack([one.observed - one.certain for one in coins])
    exceeded, tried = np.zeros(needed.shape, np.int32), np.zeros(needed.shape, np.int32)
    _throw(pointer, count, chance, needed, permutations, enough, np.uint64(seed), exceeded, tried)
    return tuple(
        Permuted(one.observed, above, turns, enough) for one, above, turns in zip(coins, exceeded, tried, strict=True)
    )


@kernel
def _throw(
    pointer: Int64,
    count: Int64,
    chance: Float64,
    needed: Int64,
    permutations: int,
    enough: int,
    seed: np.uint64,
    exceeded: Int32,
    tried: Int32,
) -> None:
    """Throw every row's coins, each null's in turn, until one null has met `needed` heads `enough` times."""
    nulls, rows = needed.shape
    for row in range(rows):
        size, room = 0, 0
        for null in range(nulls):
            for coin in range(pointer[null, row], pointer[null, row + 1]):
                low, high = reach(count[coin], chance[coin])
                size += 1
                room += high - low + 1
        lows, ends, table = np.empty(size, np.int64), np.zeros(size + 1, np.int64), np.empty(room)
        size = 0
        for null in range(nulls):
            for coin in range(pointer[null, row], pointer[null, row + 1]):
                lows[size], high = reach(count[coin], chance[coin])
                ends[size + 1] = ends[size] + high - lows[size] + 1
                fill(count[coin], chance[coin], lows[size], table[ends[size] : ends[size + 1]])
                size += 1
        state = stream_of(seed, np.uint64(row))
        running = True
        for _turn in range(permutations):
            at = 0
            for null in range(nulls):
                heads = 0
                for _coin in range(pointer[null, row], pointer[null, row + 1]):
                    state += STEP
                    heads += lows[at] + drawn(table, ends[at], ends[at + 1], unit(mix(state)))
                    at += 1
                tried[null, row] += 1
                if heads >= needed[null, row]:
                    exceeded[null, row] += 1
                    if exceeded[null, row] >= enough:
                        running = False
                        break
            if not running:
                break
