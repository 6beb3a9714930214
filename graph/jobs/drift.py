"""What changed between two runs of chains: which grew, faded, shifted slot, came or went, each with its reason."""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graph.algorithms.significance import benjamini_hochberg, log_p_of_difference
from graph.errors import BadInput
from graph.log.scores import ScoreTable
from graph.queries.reader import Reader
from graph.queries.run import runs_by_key
from graph.queries.score_run import RunKind, RunState

TABLE = "chains"
LIMIT = log(0.05)
NORMAL_95 = 1.959963984540054
SLOTS = ("first_start_minute", "first_end_minute", "then_start_minute", "then_end_minute")
WORDS = ("first_category_id", "then_category_id", "first_day_kind", "gap", "first_behaviour", "then_behaviour")
KEY = (*WORDS, *SLOTS)
FIGURES = ("lift", "lift_low", "lift_high", "customers", "log_q", "confidence")


class Change(StrEnum):
    """What became of a chain."""

    SHIFTED = "shifted"
    """It faded in its slots and now stands in others."""
    FADED = "faded"
    GREW = "grew"
    CAME = "came"
    """Confirmed now; the earlier run did not try it."""
    WENT = "went"
    """Confirmed before; the later run did not try it."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """One chain that changed; figures are None in the run that did not try it."""

    change: Change
    first_category_id: str | None
    first_behaviour: str
    first_slot: tuple[int, int]
    first_day_kind: str
    then_category_id: str | None
    then_behaviour: str
    then_slot: tuple[int, int]
    gap: str
    lift_before: float | None
    lift_after: float | None
    customers_before: int | None
    customers_after: int | None
    q_value: float | None
    """Of both lifts being the same, Benjamini-Hochberg over every chain that was compared; None for came and went."""
    shifted_to: tuple[tuple[int, int], tuple[int, int]] | None
    """Of a shifted chain, the slots of both steps now."""
    reason: str


class ChainDrift:
    """Compares runs whose tables lie in one folder."""

    def __init__(self, reader: Reader, tables: str | Path) -> None:
        """The reader knows the runs, the folder has their scores in full."""
        self._reader, self._tables = reader, tables

    async def between(self, before: str, after: str) -> list[Drifted]:
        """What changed from one run to the other, surest first.

        Compared is every chain that was confirmed and stood for itself in one of the runs. `BadInput` for a run that is
        not there, is of another kind or did not succeed, and for one whose table is gone.
        """
        return drifted(*[await self._read(run_id) for run_id in (before, after)])

    async def _read(self, run_id: str) -> pl.DataFrame:
        [run] = await runs_by_key(self._reader, [run_id])
        if run is None:
            raise BadInput(f"there is no run {run_id!r}; `scoreRuns(kind: CHAINS)` lists those that can be compared")
        if run.kind != RunKind.CHAINS or run.state != RunState.SUCCEEDED:
            told = f"an {run.kind} run that {run.state}" if run.kind == RunKind.INFLUENCE else f"{run.state}"
            raise BadInput(f"run {run_id!r} is {told}; compared are runs of chains that succeeded")
        table = await asyncio.to_thread(ScoreTable.open(self._tables, TABLE).read, run_id)
        if table is None:
            raise BadInput(f"run {run_id!r} tried no chains, or its table is gone: score the chains again")
        asked: dict[str, Any] = json.loads(run.parameters or "{}")
        return judged(table, float(asked.get("q_limit", 0.05)), int(asked.get("min_customers", 30)))


def drifted(before: pl.DataFrame, after: pl.DataFrame) -> list[Drifted]:
    """The same out of the two tables, each with a column `sure`: confirmed, and standing for itself."""
    both = before.join(after, on=list(KEY), how="full", coalesce=True, suffix="_after", nulls_equal=True)
    sure = pl.col("sure").fill_null(False) | pl.col("sure_after").fill_null(False)
    both = both.filter(sure).sort(KEY)
    known = both.filter(pl.col("lift").is_not_null() & pl.col("lift_after").is_not_null())
    log_p = log_p_of_difference(*(_effect(known, suffix) for suffix in ("", "_after")))
    tested = known.with_columns(difference=pl.Series(benjamini_hochberg(log_p), dtype=pl.Float64))
    moved = tested.filter(pl.col("difference") < LIMIT).sort("difference", maintain_order=True)
    down = [row for row in moved.iter_rows(named=True) if row["sure"] and row["lift_after"] < row["lift"]]
    up = [row for row in moved.iter_rows(named=True) if row["sure_after"] and row["lift_after"] > row["lift"]]
    came = list(both.filter(pl.col("sure_after") & pl.col("lift").is_null()).iter_rows(named=True))
    went = list(both.filter(pl.col("sure") & pl.col("lift_after").is_null()).iter_rows(named=True))
    told: list[Drifted] = []
    for row in down:
        new = next((one for one in (*up, *came) if _same_story(one, row)), None)
        told.append(_told(Change.SHIFTED if new else Change.FADED, row, new))
    taken = [one.shifted_to for one in told if one.shifted_to]
    risen = [(Change.GREW, row) for row in up] + [(Change.CAME, row) for row in came]
    told += [_told(change, row, None) for change, row in risen if _slots(row) not in taken]
    told += [_told(Change.WENT, row, None) for row in went]
    return sorted(told, key=lambda one: 1.0 if one.q_value is None else one.q_value)


def judged(table: pl.DataFrame, q_limit: float, min_customers: int) -> pl.DataFrame:
    """What is compared of a table of chains, and whether each was confirmed and stood for itself."""
    stands = (pl.col("log_q") < log(q_limit)) & (pl.col("lift") > 1) & (pl.col("stronger") < 0)
    for column in ("first_behaviour", "then_behaviour"):
        if column not in table.columns:
            table = table.with_columns(pl.lit("purchase").alias(column))
    words = [pl.col(column).fill_null("purchase") if "behaviour" in column else pl.col(column) for column in KEY]
    return table.select(*words, *FIGURES, sure=stands & (pl.col("customers") >= min_customers))


def _effect(rows: pl.DataFrame, suffix: str) -> tuple[Any, Any]:
    """Logarithm of the lift and its standard error."""
    low, high = (np.log(rows[f"lift_{end}{suffix}"].to_numpy()) for end in ("low", "high"))
    return np.log(rows[f"lift{suffix}"].to_numpy()), (high - low) / (2 * NORMAL_95)


def _slots(row: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    one, two, three, four = (row[name] for name in SLOTS)
    return (one, two), (three, four)


def _same_story(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same steps at the same gap in other slots."""
    return all(one[name] == other[name] for name in WORDS) and _slots(one) != _slots(other)


def _told(change: Change, row: dict[str, Any], new: dict[str, Any] | None) -> Drifted:
    first, then = _slots(row)
    return Drifted(
        change,
        row["first_category_id"],
        row["first_behaviour"],
        first,
        row["first_day_kind"],
        row["then_category_id"],
        row["then_behaviour"],
        then,
        row["gap"],
        row["lift"],
        row["lift_after"],
        row["customers"],
        row["customers_after"],
        None if row.get("difference") is None else exp(row["difference"]),
        None if new is None else _slots(new),
        _reason(change, row, new),
    )


def _reason(change: Change, row: dict[str, Any], new: dict[str, Any] | None) -> str:
    if change is Change.CAME:
        told = f"Confirmed now with lift {row['lift_after']:.2f}"
        return f"{told}; the earlier run did not try it: too rare, or not asked for."
    if change is Change.WENT:
        return f"Its lift was {row['lift']:.2f}; the later run did not try it: too rare, or not asked for."
    verb = {Change.GREW: "rose", Change.FADED: "fell", Change.SHIFTED: "fell"}[change]
    told = f"Its lift {verb} from {row['lift']:.2f} to {row['lift_after']:.2f} (q {exp(row['difference']):.2g})"
    if row["sure"] != row["sure_after"]:
        told += ", and it is confirmed now" if row["sure_after"] else ", and it is confirmed no more"
    if new is None:
        return f"{told}."
    (first, then), lift = _slots(new), new["lift_after"]
    return f"{told}; the same steps now stand at {_clock(first)} and {_clock(then)} with lift {lift:.2f}."


def _clock(slot: tuple[int, int]) -> str:
    return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in slot)
