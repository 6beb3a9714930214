"""The nulls by shuffling itself, to check the closed form: each customer's days change places within their strata.

All tokens of a day move together, as every null says, and each row stops at its tenth permutation with as many
occurrences as the log has (Besag, Clifford 1991): p is then 10 over the permutations that it took, and else
(exceeded + 1) / (permutations + 1). Strata in which no row that still runs has both its tokens are passed over. Of
several nulls the largest p counts, so that a row which one of them has stopped needs no more of the others: a later
stop would give less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.events import Bool, Float64, Int32, Int64
from graph.algorithms.chains.shuffling import gather, judge, shuffle, sum_up
from graph.algorithms.chains.strata import Strata
from graph.algorithms.influence.splitmix import stream_of

ENOUGH = 10
"""Permutations with as many occurrences, after which a row is no surprise and needs no more."""
FIRST_BATCH = 10


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


@dataclass(frozen=True, slots=True)
class Rows:
    """Pairs of tokens at a kind of first days (0 any, then as `Strata`)."""

    token_count: int
    first: Int32
    then: Int32
    day_kind: Int32


def permute(
    nulls: Sequence[Strata], rows: Rows, permutations: int, seed: int, enough: int = ENOUGH
) -> tuple[Permuted, ...]:
    """Shuffle by each null up to `permutations` times; the largest `p_value` of a row is that of all its shufflings.

    Time O(permutations × strata with a running row), falling as rows stop; memory 4 bytes a pair of tokens.
    The same seed gives the same answer.
    """
    running = np.ones(rows.first.size, np.bool_)
    courses = [_Course(null, rows, enough) for null in nulls]
    done, batch = 0, FIRST_BATCH
    while done < permutations and running.any():
        until = min(permutations, done + batch)
        running = np.all([course.advance(done, until, running, seed) for course in courses], axis=0)
        done, batch = until, batch * 2
    return tuple(course.told for course in courses)


class _Course:
    """How far shuffling by one null has come."""

    def __init__(self, null: Strata, rows: Rows, enough: int) -> None:
        cells, self._pair = np.unique(rows.first.astype(np.int64) * rows.token_count + rows.then, return_inverse=True)
        self._cells = cells // rows.token_count, cells % rows.token_count
        self._place = np.full((rows.token_count, rows.token_count), -1, np.int32)
        self._counts = np.zeros((null.kind_count, cells.size), np.int32)
        self._null, self._day_kind = null, rows.day_kind
        self._longest = int(null.size.max(initial=1))
        self._live = np.arange(null.size.size, dtype=np.int64)
        size = rows.first.size
        self.told = Permuted(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32), enough)

    def advance(self, done: int, until: int, running: Bool, seed: int) -> Bool:
        """Shuffle for the running rows; which of them still run."""
        null, told, counts, place = self._null, self.told, self._counts, self._place
        kept = self._kept(running)
        days = null.size[self._live], null.kind[self._live]
        if not done:
            shuffle(*days, *kept, place, self._longest, np.uint64(0), False, counts)
            sum_up(counts, self._pair, self._day_kind, told.observed)
        still = running.copy()
        for turn in range(done, until):
            counts[:] = 0
            state = np.uint64(stream_of(np.uint64(seed), np.uint64(turn)))
            shuffle(*days, *kept, place, self._longest, state, True, counts)
            judge(counts, self._pair, self._day_kind, told.observed, still, told.exceeded, told.tried, told.enough)
        return still

    def _kept(self, running: Bool) -> tuple[Int64, Int64, Int32, Int64, Int32]:
        """What a shuffling must look at for the running rows; strata without one are let go for good."""
        wanted = np.zeros(self._counts.shape[1], np.bool_)
        wanted[self._pair[running]] = True
        self._place[self._cells] = np.where(wanted, np.arange(wanted.size), -1)
        null = self._null
        units = null.pointer, null.size, null.first, null.then_from, null.then_to
        self._live, ends, first_end, first_tokens, then_end, then_tokens = gather(
            *units, null.baskets, null.token, self._live, self._place
        )
        return ends, first_end, first_tokens, then_end, then_tokens
