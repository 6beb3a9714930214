"""Shares: who passed what on, through which channel, who clicked, and what came of it."""

import polars as pl

from graph.jobs.derive.expressions import cents, first_words, newest, of_kind, restrict
from graph.jobs.derive.pairs import Pairs
from graph.log.schema import EventKind
from graph.model.share import SHARE

_KEY = SHARE.key.name
_SHARED = of_kind(EventKind.SHARE)

CLICKS = Pairs((EventKind.SHARE_CLICK,), "customer", "share")


def mentioned_shares(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every share that any event names."""
    return events.select(pl.col("share").alias(_KEY)).drop_nulls().unique()


def shares(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """When it was shared, and the counts of what named it since; an order counts once, however many lines it has."""
    own = restrict(events, "share", keys, _KEY).with_columns(pl.col("share").alias(_KEY))
    click, register, bought = (of_kind(k) for k in (EventKind.SHARE_CLICK, EventKind.REGISTER, EventKind.PURCHASE))
    counted = own.group_by(_KEY).agg(
        at=pl.col("at").filter(_SHARED).min(),
        click_count=click.sum(),
        registration_count=register.sum(),
        order_count=pl.col("order").filter(bought).n_unique(),
        revenue_cents=cents("amount").filter(bought).sum(),
    )
    return counted.join(newest(own.filter(_SHARED), _KEY, "source"), on=_KEY, how="left")


def shared(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end share."""
    return _first_said(events, owners, "end", "customer").select(start="customer", end="share")


def of_product(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start share → end product; a share of content has none."""
    return _first_said(events, owners, "start", "product").select(start="share", end="product")


def through_channel(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start share → end channel."""
    return _first_said(events, owners, "start", "channel").select(start="share", end="channel")


def clicked(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end share."""
    return CLICKS.summed(events, pairs)


def _first_said(events: pl.LazyFrame, owners: pl.LazyFrame | None, owner: str, column: str) -> pl.LazyFrame:
    said = restrict(events.filter(_SHARED), "share", owners, owner).filter(pl.col(column).is_not_null())
    return first_words(said, "share", [column])
