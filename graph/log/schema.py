"""The schema of an event: the columns of the log, the kinds of event and what each kind must carry."""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class EventKind(StrEnum):
    """What happened. The values are what loaders take and what the log keeps."""

    REGISTER = "register"
    LOGIN = "login"
    VIEW = "view"
    FAVOURITE = "favourite"
    UNFAVOURITE = "unfavourite"
    CART_ADD = "cart_add"
    CART_REMOVE = "cart_remove"
    PURCHASE = "purchase"
    REFUND = "refund"
    SHARE = "share"
    SHARE_CLICK = "share_click"
    REFERRAL = "referral"
    REFERRAL_REWARD = "referral_reward"
    REFERRAL_SIGN = "referral_sign"
    REFERRAL_REVIEW = "referral_review"
    VISIT = "visit"
    RATING = "rating"
    FEEDBACK = "feedback"
    COUPON_ISSUE = "coupon_issue"
    COUPON_REDEEM = "coupon_redeem"
    STOCK_LEVEL = "stock_level"
    CHANNEL_COST = "channel_cost"
    CONSENT = "consent"
    PROFILE = "profile"


MONEY = pl.Decimal(18, 2)
"""Money in the log: exact, to the hundredth of its currency's unit."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the log: its name, its Polars type and its meaning."""

    name: str
    dtype: pl.DataType
    meaning: str
    given: bool = True
    """True where a source may give it; False where the loader or the log fills it in."""


COLUMNS: tuple[Column, ...] = (
    Column("id", pl.String(), "The event's id; made by hash of the content where the source gives none."),
    Column("kind", pl.String(), "One of the event kinds."),
    Column(
        "customer",
        pl.String(),
        "The customer's identity as it was given; null where nobody acted (a product's profile, a cost).",
    ),
    Column("at", pl.Datetime("us", "UTC"), "When it happened, in UTC."),
    Column("local_at", pl.Datetime("us"), "When it happened on the store's own clock.", given=False),
    Column("slot", pl.Int8(), "The hour of the store's own day, 0 to 23.", given=False),
    Column("day", pl.Date(), "The store's own calendar day: the partition.", given=False),
    Column("clock_zone", pl.String(), "The time zone of that clock, an IANA name.", given=False),
    Column("on_clock", pl.Boolean(), "True where the source told the clock's reading, and at follows.", given=False),
    Column("store", pl.String(), "The store's id."),
    Column("channel", pl.String(), "The channel's name."),
    Column("product", pl.String(), "The product's sku."),
    Column("order", pl.String(), "The order's id; a purchase event is one line of an order."),
    Column("quantity", pl.Float64(), "How many, or how much by weight."),
    Column("amount", MONEY, "What was paid for the line after discount; the day's cost of a channel; a reward."),
    Column("discount", MONEY, "What was taken off the line, not negative."),
    Column("currency", pl.String(), "ISO 4217 code."),
    Column("share", pl.String(), "The share's id: of the share itself, or of the share that brought this event."),
    Column("referrer", pl.String(), "The customer who brought this one."),
    Column("campaign", pl.String(), "The campaign's id."),
    Column("session", pl.String(), "The visit or app session."),
    Column("source", pl.String(), "The data set or system that the event came from."),
    Column("properties", pl.String(), "Everything else, as a JSON object."),
    Column("received_at", pl.Datetime("us", "UTC"), "When the loader took it in.", given=False),
    Column("log_version", pl.Int64(), "The version of the log that brought it.", given=False),
)

EVENTS: pl.Schema = pl.Schema({column.name: column.dtype for column in COLUMNS})
"""Column name → Polars type, in the order of the table."""

CONTENT: tuple[str, ...] = tuple(
    column.name for column in COLUMNS if column.name not in {"id", "received_at", "log_version"}
)
"""The columns that say what happened: what digests compare, beside the id."""

GIVEN: tuple[str, ...] = tuple(column.name for column in COLUMNS if column.given)
"""The columns that a source may give. An id is hashed from these (less the id itself): they do not change when more
becomes known of a store, as its local time may."""

REQUIRED: dict[EventKind, tuple[str, ...]] = {
    EventKind.REGISTER: ("customer",),
    EventKind.LOGIN: ("customer",),
    EventKind.VIEW: ("customer", "product"),
    EventKind.FAVOURITE: ("customer", "product"),
    EventKind.UNFAVOURITE: ("customer", "product"),
    EventKind.CART_ADD: ("customer", "product"),
    EventKind.CART_REMOVE: ("customer", "product"),
    EventKind.PURCHASE: ("customer", "order", "product", "quantity", "amount"),
    EventKind.REFUND: ("customer", "order", "amount"),
    EventKind.SHARE: ("customer", "share"),
    EventKind.SHARE_CLICK: ("customer", "share"),
    EventKind.REFERRAL: ("customer", "referrer"),
    EventKind.REFERRAL_REWARD: ("customer", "referrer", "amount"),
    EventKind.REFERRAL_SIGN: ("customer", "properties"),
    EventKind.REFERRAL_REVIEW: ("customer", "properties"),
    EventKind.VISIT: ("customer", "store"),
    EventKind.RATING: ("customer", "properties"),
    EventKind.FEEDBACK: ("customer", "properties"),
    EventKind.COUPON_ISSUE: ("customer", "campaign"),
    EventKind.COUPON_REDEEM: ("customer", "campaign"),
    EventKind.STOCK_LEVEL: ("store", "product", "quantity"),
    EventKind.CHANNEL_COST: ("channel", "amount"),
    EventKind.CONSENT: ("customer", "properties"),
    EventKind.PROFILE: ("properties",),
}
"""What each kind must carry beside kind and at. A profile describes exactly one thing: its customer, product, store,
channel or campaign; its properties name that thing's declared properties."""
