"""Orders: what they sum to, who placed them, what they contain, where, through which channel and campaign."""

import polars as pl

from graph.jobs.derive.expressions import cents, exact_sum, first_words, newest, of_kind, restrict
from graph.log.schema import EventKind
from graph.model.order import ORDER

_KEY = ORDER.key.name
_LINE = of_kind(EventKind.PURCHASE)
_REFUND = of_kind(EventKind.REFUND)


def mentioned_orders(events: pl.LazyFrame) -> pl.LazyFrame:
    """Every order that was paid for or paid back."""
    return events.filter(_LINE | _REFUND).select(pl.col("order").alias(_KEY)).drop_nulls().unique()


def orders(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Sums over the lines and the refunds; the clock of the first line. Refunds alone leave everything else absent."""
    lines = restrict(events.filter(_LINE), "order", keys, _KEY).with_columns(pl.col("order").alias(_KEY))
    refunds = restrict(events.filter(_REFUND), "order", keys, _KEY).with_columns(pl.col("order").alias(_KEY))
    return (
        _sums(lines)
        .join(_first_line(lines), on=_KEY, how="left")
        .join(refunds.group_by(_KEY).agg(refunded_cents=cents("amount").sum()), on=_KEY, how="full", coalesce=True)
        .join(newest(pl.concat([lines, refunds]), _KEY, "source"), on=_KEY, how="left")
    )


def placed(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end order: the customer of the first line."""
    return _from_first_line(events, owners, "end", "customer").select(start="customer", end="order")


def at_store(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start order → end store: of the first line that names one."""
    return _from_first_line(events, owners, "start", "store").select(start="order", end="store")


def via_channel(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start order → end channel: of the first line that names one."""
    return _from_first_line(events, owners, "start", "channel").select(start="order", end="channel")


def under_campaign(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start order → end campaign: of the first line that names one."""
    return _from_first_line(events, owners, "start", "campaign").select(start="order", end="campaign")


def contains(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start order → end product: the lines of one product in one order, summed."""
    lines = restrict(events.filter(_LINE), "order", owners, "start").filter(pl.col("product").is_not_null())
    return lines.group_by(start="order", end="product").agg(
        quantity=exact_sum(pl.col("quantity")),
        amount_cents=cents("amount").sum(),
        discount_cents=cents("discount").sum(),
    )


def _sums(lines: pl.LazyFrame) -> pl.LazyFrame:
    return lines.group_by(_KEY).agg(
        at=pl.col("at").min(),
        line_count=pl.len(),
        quantity=exact_sum(pl.col("quantity")),
        amount_cents=cents("amount").sum(),
        discount_cents=cents("discount").sum(),
    )


def _first_line(lines: pl.LazyFrame) -> pl.LazyFrame:
    said = first_words(lines, _KEY, ["local_at", "currency"])
    return said.select(
        _KEY,
        "currency",
        local_date=pl.col("local_at").dt.date(),
        local_minute=pl.col("local_at").dt.hour().cast(pl.Int64) * 60 + pl.col("local_at").dt.minute(),
    )


def _from_first_line(events: pl.LazyFrame, owners: pl.LazyFrame | None, owner: str, column: str) -> pl.LazyFrame:
    lines = restrict(events.filter(_LINE), "order", owners, owner).filter(pl.col(column).is_not_null())
    return first_words(lines, "order", [column])
