"""Taking in events: a verdict for each."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.context import Info, Refusal
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.forgiving import Malformed
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.scalars import Json
from api.graphql.verdicts import (
    DEFAULT_SOURCE,
    MOST_ROWS,
    SHOWN,
    EventVerdict,
    invalid_count,
    record,
    refusal,
    sent,
    sums,
    told,
)


@strawberry.enum(description="What happened.")
class EventKind(Enum):
    """The kinds of event that the log takes."""

    REGISTER = strawberry.enum_value("register", description="A customer registered.")
    LOGIN = strawberry.enum_value("login", description="A customer logged in.")
    VIEW = strawberry.enum_value("view", description="A customer looked at a product.")
    FAVOURITE = strawberry.enum_value("favourite", description="A product became a favourite.")
    UNFAVOURITE = strawberry.enum_value("unfavourite", description="A product is no favourite any more.")
    CART_ADD = strawberry.enum_value("cart_add", description="A product was put into the cart.")
    CART_REMOVE = strawberry.enum_value("cart_remove", description="A product was taken out of the cart.")
    PURCHASE = strawberry.enum_value("purchase", description="One line of an order was paid.")
    REFUND = strawberry.enum_value("refund", description="Money of an order was paid back.")
    SHARE = strawberry.enum_value("share", description="A customer passed something on.")
    SHARE_CLICK = strawberry.enum_value("share_click", description="A customer clicked a share.")
    REFERRAL = strawberry.enum_value("referral", description="A customer was brought by another.")
    REFERRAL_REWARD = strawberry.enum_value("referral_reward", description="Somebody was rewarded for a referral.")
    REFERRAL_SIGN = strawberry.enum_value("referral_sign", description="A referral looks like fraud.")
    REFERRAL_REVIEW = strawberry.enum_value("referral_review", description="Somebody decided about a referral.")
    VISIT = strawberry.enum_value("visit", description="A customer was in a store.")
    RATING = strawberry.enum_value("rating", description="A customer rated something.")
    FEEDBACK = strawberry.enum_value("feedback", description="A customer said something.")
    COUPON_ISSUE = strawberry.enum_value("coupon_issue", description="A coupon was issued to a customer.")
    COUPON_REDEEM = strawberry.enum_value("coupon_redeem", description="A customer redeemed a coupon.")
    STOCK_LEVEL = strawberry.enum_value("stock_level", description="A store's stock of a product.")
    CHANNEL_COST = strawberry.enum_value("channel_cost", description="What a channel cost on a day.")
    CONSENT = strawberry.enum_value("consent", description="A customer gave or took back consent.")
    PROFILE = strawberry.enum_value("profile", description="What is known of one thing changed.")


@strawberry.input(
    description="One event; what each kind must carry: docs/formats.md. A value in a variable that cannot be read, or "
    "a required field that is absent, rejects this event alone: its verdict says which field, and what would be valid."
)
class EventInput:
    """The columns of the log that a source may give."""

    kind: EventKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it happened.")
    id: str | None = strawberry.field(default=None, description="Its id; made out of its content where absent.")
    customer: str | None = strawberry.field(default=None, description="Who acted.")
    store: str | None = strawberry.field(default=None, description="The store's id.")
    channel: str | None = strawberry.field(default=None, description="The channel's name.")
    product: str | None = strawberry.field(default=None, description="The product's sku.")
    order: str | None = strawberry.field(default=None, description="The order's id; one event is one line of it.")
    quantity: float | None = strawberry.field(default=None, description="How many, or how much by weight.")
    amount: Decimal | None = strawberry.field(default=None, description="What was paid, or a channel's cost of a day.")
    discount: Decimal | None = strawberry.field(default=None, description="What was taken off, not negative.")
    currency: str | None = strawberry.field(default=None, description="ISO 4217 code; CNY if absent.")
    share: str | None = strawberry.field(default=None, description="The share itself, or the one that brought this.")
    referrer: str | None = strawberry.field(default=None, description="The customer who brought this one.")
    campaign: str | None = strawberry.field(default=None, description="The campaign's id.")
    session: str | None = strawberry.field(default=None, description="The visit or app session.")
    properties: Json | None = strawberry.field(default=None, description="Everything else, as a JSON object.")


@strawberry.input(description="Events to take in.")
class RecordEventsInput:
    """A batch."""

    events: list[EventInput] = strawberry.field(description=f"The events, 1 to {MOST_ROWS:,}, in any order.")
    source: str | None = strawberry.field(
        default=None, description=f"The data set or system they come from; {DEFAULT_SOURCE} if absent."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="Every event was looked at; each has its verdict.")
class RecordEventsPayload:
    """Verdicts and their sums."""

    verdicts: list[EventVerdict] = strawberry.field(description="One for each event, in the order given.")
    accepted: int = strawberry.field(description="How many are new in the log.")
    repeated: int = strawberry.field(description="How many the log had already.")
    rejected: int = strawberry.field(description="How many were not taken.")


RecordEventsResult = Annotated[
    RecordEventsPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("RecordEventsResult", description="Verdicts, or why none could be given."),
]


async def record_events(
    info: Info, input: Annotated[RecordEventsInput, strawberry.argument(description="The events.")]
) -> RecordEventsResult:
    """Takes events in; the graph follows within about two seconds."""

    async def taken() -> RecordEventsPayload | InvalidInput | Unavailable:
        if wrong := invalid_count("events", len(input.events)):
            return wrong
        refused = {place: why for place, event in enumerate(input.events) if (why := _refusal(event))}
        found = await record(info, [_record(event) for event in input.events], input.source, refused)
        if not isinstance(found, list):
            return found
        verdicts = told(found)
        return RecordEventsPayload(verdicts=verdicts, **sums(verdicts))

    return await once(info, input.idempotency_key, input, RecordEventsPayload, taken)


def _refusal(event: EventInput) -> Refusal | None:
    if isinstance(event.kind, Malformed):
        kinds = ", ".join(kind.name for kind in EventKind)
        message = f"kind must be one of {kinds}, not {repr(event.kind.value)[:SHOWN]}"
        return Refusal("unknown_kind", "kind", message)
    return refusal(event)


def _record(event: EventInput) -> dict[str, object]:
    """The event as a loader reads it: absent fields are left out."""
    return {name: sent(value) for name, value in vars(event).items() if value is not None}
