"""What scoring reads from the log: columns up to one version, turned into the arrays of the algorithms."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
import polars as pl

from graph.algorithms.chains import ChainsRequest, Purchases
from graph.algorithms.influence import InfluenceRequest, ShareLog
from graph.algorithms.influence.arrays import Int32, Int64
from graph.errors import BadInput
from graph.jobs.columns import codes, names, orders, seconds
from graph.jobs.derive.customers import referred
from graph.jobs.derive.described import json_text
from graph.jobs.derive.expressions import last_words
from graph.jobs.derive.products import in_category
from graph.jobs.share_events import ShareMemory
from graph.jobs.voided import acts_that_count, clicks_that_count, read_voided, referrals_that_count
from graph.log.event_log import EventLog
from graph.log.schema import EventKind
from graph.model.product import SEPARATOR

ROOTS_NAMED = 20
_JOINING = (EventKind.REGISTER, EventKind.REFERRAL)


@dataclass(frozen=True, slots=True)
class Read:
    """What a reading rests on."""

    log_version: int
    as_of: datetime | None
    """The time of the newest event that was read; None where there was none."""
    event_count: int


@dataclass(frozen=True, slots=True)
class PurchasesRead:
    """Purchases, or other things done, as arrays, with the names behind the codes."""

    purchases: Purchases
    customers: pl.Series
    categories: pl.Series
    """What each code of `purchases.category` was done with; null where a behaviour names no product."""
    read: Read
    behaviours: pl.Series
    """What was done: a view of tea and a purchase of tea have codes of their own."""
    cents: Int64
    """What each row of `purchases` was paid; 0 for all but purchases."""


@dataclass(frozen=True, slots=True)
class SharesRead:
    """Shares and what followed as arrays, with the customers behind the codes."""

    log: ShareLog
    customers: pl.Series
    read: Read


def read_purchases(log: EventLog, version: int, request: ChainsRequest) -> PurchasesRead:
    """Every (customer, minute, behaviour, category) of the request's behaviours, once.

    Events without a customer do not count, nor those with a product of no category. One without a product is a step of
    its behaviour alone.
    """
    wanted = tuple(map(EventKind, request.behaviours))
    done = _events(log, version, request.source, ("customer", "kind", "local_at", "product", "amount"), wanted)
    bought = pl.col("kind") == EventKind.PURCHASE
    cents = pl.when(bought).then(pl.col("amount").to_physical().cast(pl.Int64)).otherwise(0)
    lines = (
        done.lazy()
        .drop_nulls(["customer"])
        .join(product_categories(log, version, request.category_level), on="product", how="left")
        .filter(pl.col("category").is_not_null() | (pl.col("product").is_null() & ~bought))
        .group_by("customer", pl.col("kind", "category").cast(pl.String), pl.col("local_at").dt.truncate("1m"))
        .agg(cents=cents.sum())
        .sort("customer", "local_at", "kind", "category")
        .collect()
    )
    customers = names([lines["customer"]])
    deeds = lines.select("kind", "category").unique().sort("kind", "category").with_row_index("code")
    done_code = lines.join(deeds, on=["kind", "category"], how="left", maintain_order="left", nulls_equal=True)["code"]
    minute = pl.col("local_at").dt.hour().cast(pl.Int32) * 60 + pl.col("local_at").dt.minute().cast(pl.Int32)
    arrays = lines.select(day=pl.col("local_at").dt.date().to_physical(), minute=minute)
    purchases = Purchases(
        codes(lines["customer"], customers),
        arrays["day"].to_numpy().astype(np.int32),
        arrays["minute"].to_numpy().astype(np.int32),
        done_code.to_numpy().astype(np.int32),
        len(customers),
        deeds.height,
    )
    paid = lines["cents"].to_numpy().astype(np.int64)
    return PurchasesRead(purchases, customers, deeds["category"], _read(version, done), deeds["kind"], paid)


def read_shares(
    log: EventLog, version: int, request: InfluenceRequest, memory: ShareMemory | None = None
) -> SharesRead:
    """Shares, clicks, registrations, referrals and orders, and everybody who has a part in any of them.

    What `memory` holds is not read again; the answer is the same.
    """
    found = (memory or ShareMemory()).at(log, version, request.source)
    events, lines = found.told, found.paid
    shares = _first_of_each_share(events)
    void = read_voided(log, version)
    clicks = events.filter(pl.col("kind") == EventKind.SHARE_CLICK).drop_nulls(["customer", "share"])
    clicks = clicks_that_count(clicks, shares, void)
    acts = pl.concat([_joins(events), orders(lines)]).sort("at", "customer", "act")
    acts = acts_that_count(acts, shares, void)
    in_category = None
    if request.category is not None:
        acts = _of_category(acts, lines, _products_of(log, version, request.category))
        in_category = acts["in_category"].to_numpy().astype(np.bool_)
    brought = referrals_that_count(referred(events.lazy(), None).collect().sort("end"), void)
    named = [
        shares["customer"],
        clicks["customer"],
        acts["customer"],
        acts["referrer"],
        brought["start"],
        brought["end"],
    ]
    customers = names([*named, found.everybody])
    share_names = shares["share"]
    known_clicks = clicks.filter(clicks["share"].is_in(share_names.implode()))
    return SharesRead(
        ShareLog(
            len(customers),
            codes(shares["customer"], customers),
            seconds(shares["at"]),
            codes(shares["parent"], share_names),
            codes(known_clicks["customer"], customers),
            codes(known_clicks["share"], share_names),
            seconds(known_clicks["at"]),
            codes(acts["customer"], customers),
            seconds(acts["at"]),
            codes(acts["share"], share_names),
            codes(acts["referrer"], customers),
            acts["cents"].to_numpy().astype(np.int64),
            codes(brought["end"], customers),
            codes(brought["start"], customers),
            seconds(brought["at"]),
            _districts(log, version, request.source, customers),
            in_category,
        ),
        customers,
        _read(version, events, lines),
    )


def _of_category(acts: pl.DataFrame, lines: pl.DataFrame, products: pl.Series) -> pl.DataFrame:
    """The acts, each with whether it is an order that holds one of the products, and what was paid for these alone.

    A refund that names no product is taken off the order's products in proportion to what was paid for them.
    """
    is_bought, here = pl.col("kind") == EventKind.PURCHASE, pl.col("product").is_in(products.implode())
    cents = pl.col("amount").to_physical().cast(pl.Int64)
    loose = cents.filter(~is_bought & pl.col("product").is_null()).sum()
    paid_here, paid = cents.filter(is_bought & here).sum(), cents.filter(is_bought).sum()
    bought = (
        lines.group_by(act="order")
        .agg(
            in_category=(is_bought & here).any(),
            back=cents.filter(~is_bought & here).sum() + pl.when(paid > 0).then(loose * paid_here / paid).otherwise(0),
            paid=paid_here,
        )
        .filter(pl.col("in_category"))
        .select("act", "in_category", cents_here=(pl.col("paid") - pl.col("back").round()).clip(0).cast(pl.Int64))
    )
    return (
        acts.join(bought, on="act", how="left", maintain_order="left")
        .with_columns(pl.col("in_category").fill_null(value=False), cents=pl.col("cents_here").fill_null(0))
        .drop("cents_here")
    )


def _products_of(log: EventLog, version: int, category: str) -> pl.Series:
    """The products of a category and below it. Raises BadInput where no profile of a product names it."""
    known = product_categories(log, version, None).drop_nulls().collect()
    path = pl.col("category")
    found = known.filter((path == category) | path.str.starts_with(category + SEPARATOR))
    if found.is_empty():
        roots = known.select(path.str.split(SEPARATOR).list.first().unique().sort())["category"].to_list()
        named = ", ".join(roots[:ROOTS_NAMED]) or "none yet"
        raise BadInput(f"the log knows no category {category!r} of a product; its root categories are: {named}")
    return found["product"]


def check_category(log: EventLog, version: int, category: str | None) -> None:
    """BadInput with the root categories, where no product is of this one or below it; None is always right."""
    if category is not None:
        _products_of(log, version, category)


def _events(
    log: EventLog, version: int, source: str | None, columns: tuple[str, ...], kinds: tuple[EventKind, ...]
) -> pl.DataFrame:
    wanted = pl.col("kind").is_in([kind.value for kind in kinds])
    if source is not None:
        wanted &= pl.col("source") == source
    return log.read(["id", "at", *columns], where=wanted, up_to=version)


def _districts(log: EventLog, version: int, source: str | None, customers: pl.Series) -> Int32 | None:
    """The district of each customer as the newest profile or registration gives it: from 1 by name, 0 for none."""
    columns = ("customer", "properties")
    told = _events(log, version, source, columns, (EventKind.PROFILE, EventKind.REGISTER)).drop_nulls("customer")
    said = told.lazy().select("customer", "at", "id", district=json_text("district"))
    known = last_words(said, "customer", ["district"]).drop_nulls("district").collect()
    if known.is_empty():
        return None
    place = codes(customers, known["customer"])
    district = codes(known["district"], names([known["district"]])) + 1
    return np.where(place >= 0, district[place], 0).astype(np.int32)


def check_source(log: EventLog, version: int, source: str | None) -> None:
    """BadInput with the sources that there are, where the log holds no event of this one; None is always right."""
    if source is None:
        return
    known = log.scan(up_to=version).select(pl.col("source").drop_nulls().unique().sort()).collect()["source"].to_list()
    if source not in known:
        raise BadInput(f"the log holds no source {source!r}; it holds {', '.join(known) or 'nothing yet'}")


def product_categories(log: EventLog, version: int, level: int | None) -> pl.LazyFrame:
    """Product → category, by the newest profile; cut at the level where one is asked for."""
    described = (pl.col("kind") == EventKind.PROFILE) & pl.col("product").is_not_null()
    columns = ("id", "at", "kind", "customer", "product", "store", "channel", "campaign", "properties")
    found = in_category(log.read(columns, where=described, up_to=version).lazy(), None)
    path = pl.col("end")
    category = path if level is None else path.str.split(SEPARATOR).list.head(level).list.join(SEPARATOR)
    return found.select(product="start", category=category)


def _first_of_each_share(events: pl.DataFrame) -> pl.DataFrame:
    """One row a share, in the order of their names: who shared it first, when, and which share it passes on."""
    shares = events.filter(pl.col("kind") == EventKind.SHARE).drop_nulls(["customer", "share"])
    return (
        shares.group_by("share", maintain_order=True)
        .agg(pl.col("customer", "at").first(), parent=json_text("parent_share").first())
        .sort("share")
    )


def _joins(events: pl.DataFrame) -> pl.DataFrame:
    """Registrations and referrals, each an act that costs nothing."""
    joins = events.filter(pl.col("kind").is_in([kind.value for kind in _JOINING])).drop_nulls("customer")
    return joins.select("at", "customer", "share", "referrer", cents=pl.lit(0, pl.Int64), act="id")


def _read(version: int, *frames: pl.DataFrame) -> Read:
    newest = [cast("datetime", frame["at"].max()) for frame in frames if frame.height]
    return Read(version, max(newest, default=None), sum(frame.height for frame in frames))
