"""What customers did with products and stores: sums of events that stay in the log."""

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from graph.jobs.derive.pairs import Pairs
from graph.log.schema import EventKind

VIEWS = Pairs((EventKind.VIEW,), "customer", "product")
FAVOURITES = Pairs((EventKind.FAVOURITE, EventKind.UNFAVOURITE), "customer", "product")
CART = Pairs((EventKind.CART_ADD, EventKind.CART_REMOVE, EventKind.PURCHASE), "customer", "product")
VISITS = Pairs((EventKind.VISIT,), "customer", "store")


def viewed(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end product."""
    return VIEWS.timed(events, pairs)


def visited(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end store."""
    return VISITS.timed(events, pairs)


def favourited(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end product, since the first favourite that no unfavourite followed."""
    return _still_on(FAVOURITES, EventKind.FAVOURITE, events, pairs).agg(at=pl.col("at").min())


def added_to_cart(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end product, counted since the cart was last emptied of it (taken out or paid for)."""
    return _still_on(CART, EventKind.CART_ADD, events, pairs).agg(count=pl.len(), last_at=pl.col("at").max())


def _still_on(spoken: Pairs, on: EventKind, events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> LazyGroupBy:
    """The `on` events of each pair that come after the pair's last other word, by (at, id)."""
    ever_on = Pairs((on,), spoken.start, spoken.end).touched(events)
    words = spoken.between(events, pairs).select("start", "end", "at", "id", "kind")
    words = words.join(ever_on, on=["start", "end"], how="semi").sort("at", "id")
    off_later = (pl.col("kind") != on.value).cast(pl.Int64).cum_sum(reverse=True).over("start", "end")
    return words.filter(off_later == 0).group_by("start", "end")
