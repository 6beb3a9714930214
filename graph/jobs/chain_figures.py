"""What readers are told of a chain beside its counts: how soon the last step follows, and what is paid for it."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.chains import (
    Behaviour,
    Chains,
    ChainsRequest,
    Followers,
    Following,
    Gap,
    LongerChains,
    payments,
    steps_of,
)
from graph.jobs.score_read import PurchasesRead

Rows = NDArray[np.int64]


def located(lengths: list[LongerChains], rows: Rows) -> Iterator[tuple[LongerChains, int]]:
    """Rows that are counted over all lengths: each one's length and its row there."""
    ends = list(accumulate(one.prefix.size for one in lengths))
    wanted: list[int] = rows.tolist()
    for row in wanted:
        place = bisect_right(ends, row)
        yield lengths[place], row - ends[place] + lengths[place].prefix.size


class Figures:
    """Answers for the chains of one reading of the log."""

    def __init__(self, request: ChainsRequest, found: PurchasesRead) -> None:
        self.steps = steps_of(request, found.purchases)
        self._followers = Followers(request, self.steps, payments(self.steps, found.purchases, found.cents))
        done: list[str] = found.behaviours.to_list()
        self._bought = np.array([one == Behaviour.PURCHASE for one in done], np.bool_)

    def of_pairs(
        self, told: pl.DataFrame, chains: Chains, rows: Rows, among: NDArray[np.bool_] | None = None
    ) -> pl.DataFrame:
        """The chains of these rows with `median_gap_minutes` and `revenue_cents`; of some customers, or of all."""
        found: list[Following] = []
        for row in rows.tolist():
            days, first, then, gap = self._followers.of_pair(chains, row)
            own = days if among is None else days[among[days >> 32]]
            found.append(self._followers.after(own, first, then, gap))
        return self._with(told, found, chains.then[rows])

    def of_longer(self, told: pl.DataFrame, lengths: list[LongerChains], rows: Rows) -> pl.DataFrame:
        """The same of rows counted over all lengths; the gap is that of the last two steps."""
        found: list[Following] = []
        last: list[int] = []
        for one, row in located(lengths, rows):
            then, gap = int(one.weighed.then[row]), Gap.of_code(int(one.weighed.gap[row]))
            before = one.prefixes[int(one.prefix[row])]
            found.append(self._followers.after(before.completed, before.tokens[-1], then, gap))
            last.append(then)
        return self._with(told, found, np.array(last, np.int64))

    def _with(self, told: pl.DataFrame, found: list[Following], then: NDArray[np.integer]) -> pl.DataFrame:
        """Without revenue where the last step is none that is paid for."""
        paid = self._bought[then // self.steps.slot_count]
        revenue = [one.cents if is_bought else None for one, is_bought in zip(found, paid.tolist(), strict=True)]
        return told.with_columns(
            pl.Series("median_gap_minutes", [one.median_minutes for one in found], dtype=pl.Float64, nan_to_null=True),
            pl.Series("revenue_cents", revenue, dtype=pl.Int64),
        )
