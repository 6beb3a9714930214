"""The ties that one influence run learned, as selection reads them: which run, its customers, its ties turned round."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.influence.selection.reverse_ties import ReverseTies, reverse_ties
from graph.algorithms.influence.selection.unseen import Unseen, with_unseen
from graph.errors import BadInput
from graph.jobs.score import RATES_TABLE, TIES_TABLE
from graph.log.scores import ScoreTable
from graph.queries.reader import Reader
from graph.queries.run import current_runs, runs_by_key
from graph.queries.score_run import OF_CATEGORY, RunKind, RunState

SEED = 0
"""Of who the unseen contacts are: the same for every choice by one run."""


class Wrong(StrEnum):
    """Why advocates could not be chosen, as a word for programs."""

    NO_RUN = "NO_RUN"
    SEVERAL_RUNS = "SEVERAL_RUNS"
    UNKNOWN_RUN = "UNKNOWN_RUN"
    RUN_NOT_FINISHED = "RUN_NOT_FINISHED"
    RUN_WITHOUT_TIES = "RUN_WITHOUT_TIES"
    UNKNOWN_CATEGORY = "UNKNOWN_CATEGORY"
    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"
    EMPTY_AUDIENCE = "EMPTY_AUDIENCE"
    OUT_OF_RANGE = "OUT_OF_RANGE"


class CannotSelect(BadInput):
    """Advocates cannot be chosen as asked; the text says what would be valid."""

    def __init__(self, wrong: Wrong, argument: str, message: str) -> None:
        """`argument` is the parameter at fault."""
        super().__init__(message)
        self.wrong = wrong
        self.argument = argument


@dataclass(frozen=True, slots=True, eq=False)
class RunTies:
    """The ties of one run, the unseen ones too, turned round, and the customers behind their codes."""

    ties: ReverseTies
    customers: pl.DataFrame
    """`key` and `code`."""
    revenue: NDArray[np.float64]

    def codes(self, keys: Sequence[str]) -> pl.Series:
        """The code of each key; null for one whom the run does not know."""
        asked = pl.DataFrame({"key": pl.Series(keys, dtype=pl.String)})
        return asked.join(self.customers, on="key", how="left", maintain_order="left")["code"]


async def chosen_run(reader: Reader, given: str | None, category: str | None = None) -> str:
    """The run to read: the given one, the current one of the whole, or the only current one. Raises CannotSelect.

    With a category, one that counts who is moved to buy of it.
    """
    if category is not None:
        return await _run_of(reader, given, category)
    current = await current_runs(reader, RunKind.INFLUENCE)
    if given is None:
        if not current:
            message = "There is no influence run yet: start one with startScoreRun or `renmai score influence`."
            raise CannotSelect(Wrong.NO_RUN, "run", message)
        if "*" not in current and len(current) > 1:
            named = ", ".join(f"{run} ({scope})" for scope, run in current.items())
            raise CannotSelect(Wrong.SEVERAL_RUNS, "run", f"Several data sets have a current run: name one of {named}.")
        return current.get("*") or next(iter(current.values()))
    [row] = await runs_by_key(reader, [given])
    advice = f"the current one is {', '.join(current.values())}" if current else "none is current yet"
    if row is None or row.kind != RunKind.INFLUENCE:
        found = "There is no run" if row is None else f"Only influence runs know ties; {row.kind} is the kind of"
        raise CannotSelect(Wrong.UNKNOWN_RUN, "run", f"{found} {given!r}: {advice}.")
    if row.state != RunState.SUCCEEDED:
        state = "is still going" if row.state == RunState.RUNNING else "has failed"
        raise CannotSelect(Wrong.RUN_NOT_FINISHED, "run", f"The run {given!r} {state}: {advice}.")
    return given


async def _run_of(reader: Reader, given: str | None, category: str) -> str:
    everything = await current_runs(reader, OF_CATEGORY)
    current = {scope: run for scope, run in everything.items() if scope.partition("/")[2] == category}
    if given is not None:
        message = "Name a run or a category that is to be bought, not both: a run knows its own category."
        raise CannotSelect(Wrong.OUT_OF_RANGE, "toBuy", message)
    if not current:
        others = ", ".join(dict.fromkeys(scope.partition("/")[2] for scope in everything)) or "none yet"
        message = (
            f"No influence run counts who is moved to buy {category!r} (there are runs for: {others}): start one with "
            f"`renmai score influence --category {category!r}` or startScoreRun."
        )
        raise CannotSelect(Wrong.NO_RUN, "toBuy", message)
    whole = f"*/{category}"
    if whole not in current and len(current) > 1:
        named = ", ".join(f"{run} ({scope})" for scope, run in current.items())
        raise CannotSelect(Wrong.SEVERAL_RUNS, "toBuy", f"Several data sets have such a run: name one of {named}.")
    return current.get(whole) or next(iter(current.values()))


def read_ties(tables: str | Path, run: str) -> RunTies:
    """The ties that a run wrote; CannotSelect where it has none, or is of a time before it wrote everybody's rates."""
    rates = ScoreTable.open(tables, RATES_TABLE).read(run)
    ties = ScoreTable.open(tables, TIES_TABLE).read(run)
    if rates is None:
        message = (
            f"The run {run!r} kept nothing to choose by: it scored nobody, or is older than selection. "
            "Load events with shares, then start another with startScoreRun."
        )
        raise CannotSelect(Wrong.RUN_WITHOUT_TIES, "run", message)
    if ties is None:
        message = f"The run {run!r} knows no ties: the log holds no shares, clicks or referrals that anybody followed."
        raise CannotSelect(Wrong.RUN_WITHOUT_TIES, "run", message)
    customers = rates.select(key="customer_id").with_row_index("code").with_columns(pl.col("code").cast(pl.Int64))
    return RunTies(_turned(ties, rates, customers), customers, rates["revenue"].to_numpy().astype(np.float64))


def _turned(ties: pl.DataFrame, rates: pl.DataFrame, customers: pl.DataFrame) -> ReverseTies:
    ends = [
        ties.select(key=column).join(customers, on="key", how="left", maintain_order="left")["code"].to_numpy()
        for column in ("customer_id", "other_id")
    ]
    pointer = np.zeros(rates.height + 1, np.int64)
    pointer[1:] = np.cumsum(np.bincount(ends[0], minlength=rates.height))
    # The run wrote its ties by source: they are compressed rows already.
    known = pointer, ends[1].astype(np.int64), ties["probability"].to_numpy().astype(np.float64)
    unseen = _unseen(rates)
    start, target, chance = known if unseen is None else with_unseen(*known, unseen, SEED)
    return reverse_ties(start, target.astype(np.int32), chance, rates["pass_on"].to_numpy().astype(np.float64))


def _unseen(rates: pl.DataFrame) -> Unseen | None:
    """None for a run of a time before it wrote them."""
    columns = ("unseen", "unseen_chance", "moved")
    if not set(columns) <= set(rates.columns) or rates["unseen"].null_count():
        return None
    return Unseen(*(rates[name].to_numpy().astype(np.float64) for name in columns))
