"""Ties that sum up what passed between two nodes: how often, how long, first and last."""

from dataclasses import dataclass

import polars as pl

from graph.jobs.derive.described import json_text
from graph.jobs.derive.expressions import exact_sum, of_kind
from graph.log.schema import EventKind


@dataclass(frozen=True, slots=True)
class Pairs:
    """Events of some kinds, read as something that passed from `start` to `end` (two columns of the log)."""

    kinds: tuple[EventKind, ...]
    start: str
    end: str

    def touched(self, events: pl.LazyFrame) -> pl.LazyFrame:
        """Every pair that such an event names."""
        return self.between(events, None).select("start", "end").unique()

    def between(self, events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
        """The events themselves (between the given pairs, where given), with `start` and `end`."""
        named = events.filter(of_kind(*self.kinds), pl.col(self.start).is_not_null(), pl.col(self.end).is_not_null())
        ends = named.with_columns(pl.col(self.start).alias("start"), pl.col(self.end).alias("end"))
        return ends if pairs is None else ends.join(pairs, on=["start", "end"], how="semi")

    def summed(self, events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
        """start, end, count, first_at, last_at."""
        return (
            self.between(events, pairs)
            .group_by("start", "end")
            .agg(count=pl.len(), first_at=pl.col("at").min(), last_at=pl.col("at").max())
        )

    def timed(self, events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
        """`summed`, and dwell_seconds: the sum of what the events say, 0 where none says it."""
        dwell = json_text("dwell_seconds").cast(pl.Float64, strict=False)
        return (
            self.between(events, pairs)
            .group_by("start", "end")
            .agg(
                count=pl.len(),
                dwell_seconds=exact_sum(dwell),
                first_at=pl.col("at").min(),
                last_at=pl.col("at").max(),
            )
        )
