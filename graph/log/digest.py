"""A digest of events that does not depend on the order in which they came."""

import hashlib
from datetime import date

import polars as pl

from graph.log.schema import CONTENT, EVENTS


def digest_rows(rows: pl.LazyFrame, chunk: int) -> str:
    """SHA-256, in hex, over the id and the content of every row, day by day and by id within a day.

    `chunk` bounds how many rows are in memory at once (a single day may exceed it).
    """
    days = rows.group_by("day").len().sort("day").collect()
    total = hashlib.sha256()
    for part in _grouped(days, chunk):
        lines = rows.filter(pl.col("day").is_between(*part)).sort("day", "id").select(_line()).collect().to_series()
        for line in lines:
            total.update(line.encode())
            total.update(b"\n")
    return total.hexdigest()


def _line() -> pl.Expr:
    return pl.struct(_plain(name) for name in ("id", *CONTENT)).struct.json_encode()


def _plain(name: str) -> pl.Expr:
    dtype = EVENTS[name]
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.epoch("us")
    return pl.col(name).cast(pl.String) if isinstance(dtype, pl.Decimal | pl.Date) else pl.col(name)


def _grouped(days: pl.DataFrame, chunk: int) -> list[tuple[date, date]]:
    """First and last day of runs of days that hold about `chunk` rows together."""
    group = (days["len"].cum_sum() - 1) // chunk
    ranges = (
        days.with_columns(group.alias("group"))
        .group_by("group", maintain_order=True)
        .agg(pl.col("day").first().alias("first"), pl.col("day").last().alias("last"))
    )
    return list(zip(ranges["first"], ranges["last"], strict=True))
