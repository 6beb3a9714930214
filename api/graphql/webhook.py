"""Webhooks in the API: what a caller has asked to be told, and what became of each delivery."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.event import EventKind
from api.graphql.ordering import text_of
from api.webhooks import records
from api.webhooks.topics import Topic
from graph.queries.paging import COUNT_CAP, Entry, Position, cut

ORDER = "webhookDeliveries"


@strawberry.enum(description="What webhooks can be told of.")
class WebhookTopic(Enum):
    """Topics."""

    SCORE_RUN_PUBLISHED = strawberry.enum_value(
        Topic.RUN_PUBLISHED.value, description="A run ended and its scores can be read. Needs `runs:read`."
    )
    SCORE_RUN_FAILED = strawberry.enum_value(
        Topic.RUN_FAILED.value, description="A run ended without scores. Needs `runs:read`."
    )
    INFLUENCE_CHANGED = strawberry.enum_value(
        Topic.INFLUENCE_CHANGED.value,
        description="A run of influence is current and scores moved since the one before, or crossed the edge of the "
        "highest: the 100 farthest moved, and how to ask for the rest. Needs `changes:read`; of a partner "
        "`influence:read`, and tells all whom it sees.",
    )
    CHAIN_STEPS_REACHED = strawberry.enum_value(
        Topic.CHAIN_STEPS_REACHED.value,
        description="What customers did opened chains, or led on to their last steps, as `chainStepReached` tells "
        "them: up to 100 a message. Needs `chains:read`.",
    )
    EVENTS_RECORDED = strawberry.enum_value(
        Topic.EVENTS_RECORDED.value,
        description="Events of the wanted kinds are in the graph, up to 100 a message. Needs `events:read`.",
    )
    EVENTS_SKIPPED = strawberry.enum_value(
        Topic.EVENTS_SKIPPED.value,
        description="More than 10,000 events came at once and were not told one by one. Needs `events:read`.",
    )
    EXPORT_ENDED = strawberry.enum_value(
        Topic.EXPORT_ENDED.value,
        description="An export of your own ended: its file can be fetched, or it failed. Needs `exports:read`.",
    )
    GRAPH_BEHIND = strawberry.enum_value(
        Topic.GRAPH_BEHIND.value,
        description="The graph has not followed the log for a minute, or cannot be reached. "
        "Needs `events:read`; partners are not told.",
    )
    GRAPH_CAUGHT_UP = strawberry.enum_value(
        Topic.GRAPH_CAUGHT_UP.value,
        description="The graph that was behind has followed. Needs `events:read`; partners are not told.",
    )
    TEST = strawberry.enum_value(Topic.TEST.value, description="A test that was asked for; every webhook gets its own.")


@strawberry.enum(description="What became of a delivery.")
class DeliveryState(Enum):
    """States."""

    PENDING = strawberry.enum_value("pending", description="It will be tried, for the first time or again.")
    DELIVERED = strawberry.enum_value("delivered", description="The receiver answered with a status of 200 to 299.")
    DEAD = strawberry.enum_value("dead", description="It was given up after eight attempts; it can be replayed.")


@strawberry.type(description="An address that is told what happens. Only the key that made it sees it.")
class Webhook:
    """A webhook, without its secret."""

    id: strawberry.ID = strawberry.field(description="The webhook's id.")
    url: str = strawberry.field(description="Where messages are posted.")
    topics: list[WebhookTopic] = strawberry.field(description="What it is told.")
    event_kinds: list[EventKind] = strawberry.field(description="Which events EVENTS_RECORDED tells.")
    created_at: datetime = strawberry.field(description="When it was made.")
    disabled: str | None = strawberry.field(description="Why nothing is sent any more; null while messages are sent.")

    @classmethod
    def of(cls, webhook: records.Webhook) -> "Webhook":
        """The webhook as it is kept."""
        return cls(
            id=strawberry.ID(webhook.id),
            url=webhook.url,
            topics=[WebhookTopic(topic) for topic in sorted(webhook.topics)],
            event_kinds=[EventKind(kind) for kind in sorted(webhook.kinds)],
            created_at=webhook.created_at,
            disabled=webhook.disabled,
        )


@strawberry.type(description="One try to deliver.")
class DeliveryAttempt:
    """An attempt."""

    at: datetime = strawberry.field(description="When.")
    status: int | None = strawberry.field(description="The HTTP status of the answer; null where none came.")
    milliseconds: int = strawberry.field(description="How long it took.")
    problem: str | None = strawberry.field(description="Why no answer came.")

    @classmethod
    def of(cls, attempt: records.Attempt) -> "DeliveryAttempt":
        """The attempt as it is kept."""
        return cls(at=attempt.at, status=attempt.status, milliseconds=attempt.milliseconds, problem=attempt.problem)


@strawberry.type(description="One message for one webhook.")
class WebhookDelivery:
    """A delivery, with the attempts that were read with it."""

    id: strawberry.ID = strawberry.field(description="The delivery's id: replay it with `replayWebhookDelivery`.")
    message_id: str = strawberry.field(description="The header `webhook-id`, equal in every attempt.")
    topic: WebhookTopic = strawberry.field(description="What it tells.")
    body: str = strawberry.field(description="The JSON that is posted, byte for byte.")
    state: DeliveryState = strawberry.field(description="What became of it.")
    created_at: datetime = strawberry.field(description="When it was posted.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried next; null where it is not.")
    attempts: list[DeliveryAttempt] = strawberry.field(description="Every try, the first one first.")

    @classmethod
    def of(cls, delivery: records.Delivery, attempts: list[records.Attempt]) -> "WebhookDelivery":
        """The delivery as it is kept."""
        return cls(
            id=strawberry.ID(str(delivery.number)),
            message_id=delivery.message,
            topic=WebhookTopic(delivery.topic),
            body=delivery.body.decode(),
            state=DeliveryState(delivery.state),
            created_at=delivery.created_at,
            next_attempt_at=delivery.next_at if delivery.state == "pending" else None,
            attempts=[DeliveryAttempt.of(attempt) for attempt in attempts],
        )


async def webhooks(info: Info) -> list[Webhook]:
    """The caller's own, the oldest first."""
    return [Webhook.of(one) for one in await info.context.services.webhooks.of(info.context.caller.owner)]


async def webhook_deliveries(
    info: Info,
    webhook: Annotated[strawberry.ID, strawberry.argument(description="The webhook's id.")],
    state: Annotated[DeliveryState | None, strawberry.argument(description="In this state alone.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[WebhookDelivery]:
    """A page of deliveries, the newest first."""
    desk = info.context.services.webhooks
    found = await desk.find(info.context.caller.owner, webhook)
    if found is None:
        raise bad_input(f"{str(webhook)[:60]!r} is none of your webhooks: `webhooks` lists them.", argument="webhook")
    wanted = slice_of(PageArguments(first, after, last, before), ORDER)
    below, above = (int(end.key) if end else None for end in (wanted.after, wanted.before))
    chosen = None if state is None else text_of(state)
    stretch = records.Stretch(wanted.limit + 1, below, above, oldest_first=wanted.backward)
    rows = await desk.deliveries(found, stretch, chosen)
    attempts = await desk.attempts([row.number for row in rows])
    entries = [Entry(row, Position(row.number, str(row.number))) for row in rows]

    async def counted() -> int:
        return await desk.count(found, chosen, COUNT_CAP)

    def made(row: records.Delivery) -> WebhookDelivery:
        return WebhookDelivery.of(row, attempts[row.number])

    page = cut(entries, wanted)
    return connect(Connection[WebhookDelivery], page, ORDER, made, counted)
