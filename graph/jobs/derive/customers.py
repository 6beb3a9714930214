"""Customers, the channel that won each, and who brought whom."""

import polars as pl

from graph.jobs.derive.described import described, describes, given, json_boolean, json_text
from graph.jobs.derive.expressions import cents, first_words, newest, of_kind, restrict
from graph.log.schema import EventKind
from graph.model.customer import CUSTOMER

_KEY = CUSTOMER.key.name
_COUNTED = ("order_count", "revenue_cents", "first_order_at", "last_order_at", "last_login_at", "source")
_GIVEN = tuple(p for p in CUSTOMER.properties if p.name not in _COUNTED)
_PURPOSES = ("analytics", "offers", "sharing")
_JOINED = of_kind(EventKind.REGISTER, EventKind.REFERRAL)
"""The events by which somebody becomes a customer."""


def mentioned_customers(events: pl.LazyFrame) -> pl.LazyFrame:
    """Everybody who acted, or who is named as the one who brought somebody."""
    acting, bringing = (events.select(pl.col(column).alias(_KEY)) for column in ("customer", "referrer"))
    return pl.concat([acting.drop_nulls().unique(), bringing.drop_nulls().unique()]).unique()


def customers(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Described by profiles and registrations, counted out of purchases, dated by registrations and logins."""
    own = restrict(events, "customer", keys, _KEY).with_columns(pl.col("customer").alias(_KEY))
    everybody = mentioned_customers(events) if keys is None else keys
    return (
        everybody.join(_said(own), on=_KEY, how="left")
        .join(_dates_and_sums(own), on=_KEY, how="left")
        .join(newest(own, _KEY, "source"), on=_KEY, how="left")
        .with_columns(
            pl.coalesce("registered_first_at", "registered_at").alias("registered_at"),
            pl.col("order_count", "revenue_cents").fill_null(0),
        )
    )


def acquired_via(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start customer → end channel: of the earliest registration or referral that names one."""
    joined = restrict(events.filter(_JOINED), "customer", owners, "start").filter(pl.col("channel").is_not_null())
    return first_words(joined, "customer", ["channel"]).select(start="customer", end="channel")


def referred(events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start referrer → end customer: the earliest event that names a bringer other than the customer wins."""
    return (
        restrict(events.filter(_JOINED), "customer", owners, "end")
        .filter(pl.col("referrer").is_not_null() & (pl.col("referrer") != pl.col("customer")))
        .select("id", "at", "channel", "campaign", "share", start="referrer", end="customer")
        .sort("at", "id")
        .group_by("end")
        .agg(pl.col("start", "at", "channel", "campaign", "share").first())
    )


def _said(own: pl.LazyFrame) -> pl.LazyFrame:
    speaking = own.filter(describes("customer") | of_kind(EventKind.REGISTER, EventKind.CONSENT))
    return described(speaking, _KEY, _GIVEN, {f"consent_{purpose}": _granted(purpose) for purpose in _PURPOSES})


def _granted(purpose: str) -> pl.Expr:
    """Said by a consent event, as {"purpose": "offers", "granted": true} or {"offers": true}; or by a profile."""
    [declared] = [p for p in CUSTOMER.properties if p.name == f"consent_{purpose}"]
    one = pl.when(json_text("purpose") == purpose).then(json_boolean(json_text("granted")))
    asked = pl.coalesce(one, json_boolean(json_text(purpose)))
    return pl.when(of_kind(EventKind.CONSENT)).then(asked).otherwise(given(declared))


def _dates_and_sums(own: pl.LazyFrame) -> pl.LazyFrame:
    bought, registered, login = (of_kind(k) for k in (EventKind.PURCHASE, EventKind.REGISTER, EventKind.LOGIN))
    return own.group_by(_KEY).agg(
        registered_first_at=pl.col("at").filter(registered).min(),
        order_count=pl.col("order").filter(bought).n_unique(),
        revenue_cents=cents("amount").filter(bought).sum(),
        first_order_at=pl.col("at").filter(bought).min(),
        last_order_at=pl.col("at").filter(bought).max(),
        last_login_at=pl.col("at").filter(login).max(),
    )
