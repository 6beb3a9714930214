"""Whose influence changed from one run to another: by more than a share, or into or out of the highest."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from graph.errors import BadInput
from graph.log.scores import ScoreTable
from graph.queries.paging import Entry, Page, Position, Slice, cut
from graph.queries.reader import Reader
from graph.queries.run import runs_by_key
from graph.queries.score_run import RunKind, RunState

TABLE = "influence"
MOST_TOP = 10_000
COLUMNS = ("customer_id", "spread", "rank")


class Top(StrEnum):
    """What became of a customer's place among the highest."""

    ENTERED = "entered"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class ChangesAsked:
    """What counts as a change: more than `share` of the higher of both scores, or a way over the edge of the `top`."""

    share: float = 0.2
    top: int = 100

    def __post_init__(self) -> None:
        """BadInput for a share or a number that cannot be."""
        if not 0 <= self.share < 1:
            raise BadInput(f"`share` must be from 0 to below 1, not {self.share}.")
        if not 0 <= self.top <= MOST_TOP:
            raise BadInput(f"`top` must be from 0 to {MOST_TOP:,}, not {self.top:,}.")


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A customer whose influence changed; None in the run that did not score them."""

    customer_id: str
    spread_before: float | None
    spread_after: float | None
    rank_before: int | None
    rank_after: int | None
    top: Top | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Everybody whose score changed, the farthest moved first, equals by key."""

    rows: pl.DataFrame
    """As `changed` makes it."""

    def __len__(self) -> int:
        """How many they are."""
        return self.rows.height

    def page(self, slice: Slice) -> Page[ScoreChange]:
        """A part of them."""
        rows = self.rows
        if slice.after:
            rows = rows.filter(_behind(slice.after))
        if slice.before:
            rows = rows.filter(~_behind(slice.before) & ~_at(slice.before))
        read = rows.reverse().head(slice.limit + 1) if slice.backward else rows.head(slice.limit + 1)
        return cut([_entry(**row) for row in read.iter_rows(named=True)], slice)


class InfluenceChanges:
    """Compares runs whose tables lie in one folder."""

    def __init__(self, reader: Reader, tables: str | Path) -> None:
        """The reader knows the runs, the folder has their scores in full."""
        self._reader, self._tables = reader, tables

    async def between(self, before: str, after: str, asked: ChangesAsked) -> Changed:
        """Who changed from one run to the other.

        `BadInput` for a run that is not there, is of another kind or did not succeed, for two of different scopes, and
        for one that scored nobody or whose table is gone.
        """
        scopes = [await self._scope(run_id) for run_id in (before, after)]
        if scopes[0] != scopes[1]:
            raise BadInput(
                f"run {before!r} scored {scopes[0]!r} and {after!r} {scopes[1]!r}: compare runs of one scope"
            )
        was, now = [await asyncio.to_thread(self._read, run_id) for run_id in (before, after)]
        return Changed(await asyncio.to_thread(changed, was, now, asked))

    async def _scope(self, run_id: str) -> str:
        [run] = await runs_by_key(self._reader, [run_id])
        if run is None:
            raise BadInput(f"there is no run {run_id!r}; `scoreRuns(kind: INFLUENCE)` lists those that can be compared")
        if run.kind != RunKind.INFLUENCE or run.state != RunState.SUCCEEDED:
            told = f"one of {run.kind}" if run.kind != RunKind.INFLUENCE else run.state
            raise BadInput(f"run {run_id!r} is {told}; compared are runs of influence that succeeded")
        return run.scope

    def _read(self, run_id: str) -> pl.DataFrame:
        table = ScoreTable.open(self._tables, TABLE).read(run_id, *COLUMNS)
        if table is None:
            raise BadInput(f"run {run_id!r} scored nobody, or its table is gone: score the influence again")
        return table


def changed(before: pl.DataFrame, after: pl.DataFrame, asked: ChangesAsked) -> pl.DataFrame:
    """Who changed, out of two tables of `COLUMNS`; who is in one alone counts as 0 in the other.

    Nobody with a spread of 0 is among the highest: their ranks are those of their keys.
    """
    both = before.join(after, on="customer_id", how="full", coalesce=True, suffix="_after")
    was, now = (pl.col(name).fill_null(0.0) for name in ("spread", "spread_after"))
    moved = (now - was).abs()
    was_top, is_top = (
        (pl.col(f"rank{end}").fill_null(asked.top + 1) <= asked.top) & (spread > 0)
        for end, spread in (("", was), ("_after", now))
    )
    top = (
        pl.when(is_top & ~was_top).then(pl.lit(Top.ENTERED.value)).when(was_top & ~is_top).then(pl.lit(Top.LEFT.value))
    )
    marked = both.with_columns(moved=moved, top=top)
    counts = (pl.col("moved") > asked.share * pl.max_horizontal(was, now)) | pl.col("top").is_not_null()
    return marked.filter(counts).sort(["moved", "customer_id"], descending=[True, False])


def _at(end: Position) -> pl.Expr:
    return (pl.col("moved") == end.value) & (pl.col("customer_id") == end.key)


def _behind(end: Position) -> pl.Expr:
    same = (pl.col("moved") == end.value) & (pl.col("customer_id") > end.key)
    return (pl.col("moved") < end.value) | same


def _entry(
    customer_id: str,
    spread: float | None,
    rank: int | None,
    spread_after: float | None,
    rank_after: int | None,
    moved: float,
    top: str | None,
) -> Entry[ScoreChange]:
    row = ScoreChange(customer_id, spread, spread_after, rank, rank_after, None if top is None else Top(top))
    return Entry(row, Position(moved, customer_id))
