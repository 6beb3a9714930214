"""Campaigns, whom they reached and who redeemed their coupons."""

import polars as pl

from graph.jobs.derive.described import described, profiles
from graph.jobs.derive.pairs import Pairs
from graph.log.schema import EventKind
from graph.model.campaign import CAMPAIGN

_KEY = CAMPAIGN.key.name

ISSUES = Pairs((EventKind.COUPON_ISSUE,), "campaign", "customer")
REDEMPTIONS = Pairs((EventKind.COUPON_REDEEM,), "customer", "campaign")


def mentioned_campaigns(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every campaign that any event names."""
    return events.select(pl.col("campaign").alias(_KEY)).drop_nulls().unique()


def campaigns(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Described by profiles; one that no profile describes has its key alone."""
    everything = mentioned_campaigns(events) if keys is None else keys
    also = {"source": pl.col("source")}
    said = described(profiles(events, "campaign", keys, _KEY), _KEY, CAMPAIGN.properties, also)
    return everything.join(said, on=_KEY, how="left")


def targeted(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start campaign → end customer."""
    return ISSUES.summed(events, pairs)


def redeemed(events: pl.LazyFrame, pairs: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end campaign."""
    return REDEMPTIONS.summed(events, pairs)
