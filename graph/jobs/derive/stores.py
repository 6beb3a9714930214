"""Stores, as their profiles describe them."""

import polars as pl

from graph.jobs.derive.described import described, profiles
from graph.model.store import STORE

_KEY = STORE.key.name


def mentioned_stores(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every store that any event names."""
    return events.select(pl.col("store").alias(_KEY)).drop_nulls().unique()


def stores(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Described by profiles; one that no profile describes has its key alone."""
    everything = mentioned_stores(events) if keys is None else keys
    said = described(profiles(events, "store", keys, _KEY), _KEY, STORE.properties, {"source": pl.col("source")})
    return everything.join(said, on=_KEY, how="left")
