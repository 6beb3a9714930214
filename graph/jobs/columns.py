"""Columns of the log as arrays: names and their codes, whole orders, whole seconds."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.influence import NOBODY
from graph.log.schema import EventKind


def orders(events: pl.DataFrame) -> pl.DataFrame:
    """Each order as one act: its first line's time and customer, what it names, what was paid and not paid back."""
    bought = pl.col("kind") == EventKind.PURCHASE
    cents = pl.col("amount").to_physical().cast(pl.Int64)
    whole = (
        events.drop_nulls(["customer", "order"])
        .group_by("order", maintain_order=True)
        .agg(
            pl.col("at", "customer").filter(bought).first(),
            pl.col("share", "referrer").filter(bought).drop_nulls().first(),
            cents=cents.filter(bought).sum() - cents.filter(~bought).sum(),
        )
        .drop_nulls("customer")
    )
    return whole.select("at", "customer", "share", "referrer", pl.col("cents").clip(lower_bound=0), act="order")


def names(columns: Sequence[pl.Series]) -> pl.Series:
    """All names in the columns, each once, in order."""
    return pl.concat([column.rename("name").cast(pl.String) for column in columns]).unique().drop_nulls().sort()


def codes(column: pl.Series, names: pl.Series) -> NDArray[np.int32]:
    """The place of each value among the names; NOBODY for null and for a name that is not among them."""
    places = pl.DataFrame({"name": names}).with_row_index("code")
    found = column.rename("name").cast(pl.String).to_frame().join(places, on="name", how="left", maintain_order="left")
    return found["code"].cast(pl.Int32).fill_null(NOBODY).to_numpy().astype(np.int32)


def seconds(column: pl.Series) -> NDArray[np.int64]:
    """Whole seconds since 1970."""
    return column.dt.epoch("s").to_numpy().astype(np.int64)
