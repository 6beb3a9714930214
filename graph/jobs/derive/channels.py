"""Channels: described by profiles, their cost summed out of the daily costs."""

import polars as pl

from graph.jobs.derive.described import described, describes, given
from graph.jobs.derive.expressions import cents, of_kind, restrict
from graph.log.schema import EventKind
from graph.model.channel import CHANNEL

_KEY = CHANNEL.key.name
_COST = of_kind(EventKind.CHANNEL_COST)


def mentioned_channels(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every channel that any event names."""
    return events.select(pl.col("channel").alias(_KEY)).drop_nulls().unique()


def channels(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Profiles and costs describe a channel; one without either has its key alone."""
    everything = mentioned_channels(events) if keys is None else keys
    speaking = restrict(events.filter(describes("channel") | _COST), "channel", keys, _KEY)
    speaking = speaking.with_columns(pl.col("channel").alias(_KEY))
    costs = speaking.filter(_COST).group_by(_KEY).agg(cost_cents=cents("amount").sum())
    properties = [p for p in CHANNEL.properties if p.name != "cost_cents"]
    [currency] = [p for p in properties if p.name == "currency"]
    also = {"source": pl.col("source"), "currency": pl.when(_COST).then("currency").otherwise(given(currency))}
    said = described(speaking, _KEY, properties, also)
    return everything.join(said, on=_KEY, how="left").join(costs, on=_KEY, how="left")
