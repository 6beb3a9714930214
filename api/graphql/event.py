"""Taking in events: a verdict for each."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.context import Info, Verdict
from api.graphql.errors import log
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.scalars import Json
from graph.errors import BadInput, LogUnavailable

MOST_EVENTS = 2_500
DEFAULT_SOURCE = "api"


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
    VISIT = strawberry.enum_value("visit", description="A customer was in a store.")
    RATING = strawberry.enum_value("rating", description="A customer rated something.")
    FEEDBACK = strawberry.enum_value("feedback", description="A customer said something.")
    COUPON_ISSUE = strawberry.enum_value("coupon_issue", description="A coupon was issued to a customer.")
    COUPON_REDEEM = strawberry.enum_value("coupon_redeem", description="A customer redeemed a coupon.")
    STOCK_LEVEL = strawberry.enum_value("stock_level", description="A store's stock of a product.")
    CHANNEL_COST = strawberry.enum_value("channel_cost", description="What a channel cost on a day.")
    CONSENT = strawberry.enum_value("consent", description="A customer gave or took back consent.")
    PROFILE = strawberry.enum_value("profile", description="What is known of one thing changed.")


@strawberry.input(description="One event. What each kind must carry: docs/reference/events.md.")
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

    events: list[EventInput] = strawberry.field(description=f"The events, 1 to {MOST_EVENTS:,}, in any order.")
    source: str | None = strawberry.field(
        default=None, description=f"The data set or system they come from; {DEFAULT_SOURCE} if absent."
    )


@strawberry.enum(description="What became of an event.")
class EventStatus(Enum):
    """Verdicts."""

    ACCEPTED = strawberry.enum_value("ACCEPTED", description="It is in the log.")
    REPEATED = strawberry.enum_value("REPEATED", description="The log had it already; nothing changed.")
    REJECTED = strawberry.enum_value("REJECTED", description="It was not taken; it lies with the dead letters.")


@strawberry.type(description="What became of one event.")
class EventVerdict:
    """A verdict."""

    index: int = strawberry.field(description="Place of the event in the input, from 0.")
    status: EventStatus = strawberry.field(description="Accepted, repeated or rejected.")
    event_id: str | None = strawberry.field(description="The event's id in the log; null where it was rejected unread.")
    reason: str | None = strawberry.field(description="Why it was rejected, as a word for programs.")
    field: str | None = strawberry.field(description="The field at fault.")
    message: str | None = strawberry.field(description="Why it was rejected, and what would be valid.")


@strawberry.type(description="Every event was looked at; each has its verdict.")
class RecordEventsPayload:
    """Verdicts and their sums."""

    verdicts: list[EventVerdict] = strawberry.field(description="One for each event, in the order given.")
    accepted: int = strawberry.field(description="How many are new in the log.")
    repeated: int = strawberry.field(description="How many the log had already.")
    rejected: int = strawberry.field(description="How many were not taken.")


RecordEventsResult = Annotated[
    RecordEventsPayload | InvalidInput | Unavailable,
    strawberry.union("RecordEventsResult", description="Verdicts, or why none could be given."),
]


async def record_events(
    info: Info, input: Annotated[RecordEventsInput, strawberry.argument(description="The events.")]
) -> RecordEventsResult:
    """Takes events in; the graph follows within about two seconds."""
    if not 1 <= len(input.events) <= MOST_EVENTS:
        message = f"`events` takes 1 to {MOST_EVENTS:,} events, not {len(input.events):,}."
        return InvalidInput(message=message, field="events")
    records = [_record(event) for event in input.events]
    try:
        verdicts = await info.context.services.recorder.record(records, input.source or DEFAULT_SOURCE)
    except BadInput as failure:
        return InvalidInput(message=str(failure), field=None)
    except LogUnavailable as failure:
        log.error("log unavailable", request_id=info.context.request_id, failure=str(failure))
        return Unavailable(message="The event log cannot be written at the moment: send the same events again later.")
    return _payload(verdicts)


def _payload(verdicts: list[Verdict]) -> RecordEventsPayload:
    given = [
        EventVerdict(
            index=index,
            status=EventStatus(verdict.status),
            event_id=verdict.event_id,
            reason=verdict.reason,
            field=verdict.field,
            message=verdict.message,
        )
        for index, verdict in enumerate(verdicts)
    ]
    sums = {status: sum(verdict.status is status for verdict in given) for status in EventStatus}
    return RecordEventsPayload(
        verdicts=given,
        accepted=sums[EventStatus.ACCEPTED],
        repeated=sums[EventStatus.REPEATED],
        rejected=sums[EventStatus.REJECTED],
    )


def _record(event: EventInput) -> dict[str, object]:
    """The event as a loader reads it: absent fields are left out, money and instants as text."""
    record: dict[str, object] = {}
    for name, value in vars(event).items():
        if value is None:
            continue
        if isinstance(value, EventKind):
            record[name] = value.value
        elif isinstance(value, datetime):
            record[name] = value.isoformat()
        elif isinstance(value, Decimal):
            record[name] = str(value)
        else:
            record[name] = value
    return record
