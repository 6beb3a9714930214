"""Making, removing, testing webhooks, and replaying what was delivered or given up."""

from typing import Annotated

import strawberry

from api.access.scopes import to_hear
from api.graphql.context import Info
from api.graphql.event import EventKind
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.ordering import text_of
from api.graphql.scalars import Json
from api.graphql.webhook import Webhook, WebhookDelivery, WebhookTopic
from graph.errors import BadInput


@strawberry.input(description="Which address is to be told what.")
class CreateWebhookInput:
    """A webhook."""

    url: str = strawberry.field(description="Where messages are posted: https, and a public address.")
    topics: list[WebhookTopic] = strawberry.field(description="What is told.")
    event_kinds: list[EventKind] | None = strawberry.field(
        default=None, description="Which events EVENTS_RECORDED tells; needed with it, senseless without."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="The webhook was made.")
class CreateWebhookPayload:
    """Which, and its secret."""

    webhook: Webhook = strawberry.field(description="The webhook.")
    secret: str = strawberry.field(
        description="What signs its messages, as Standard Webhooks says; shown again only for the same idempotency key."
    )


@strawberry.type(description="The webhook is gone, with all that waited for it.")
class DeleteWebhookPayload:
    """Which."""

    id: strawberry.ID = strawberry.field(description="The webhook's id.")


@strawberry.type(description="A test message, as it was or would be posted.")
class TestWebhookPayload:
    """The request."""

    url: str = strawberry.field(description="Where it is posted.")
    headers: Json = strawberry.field(description="The headers that sign it.")
    body: str = strawberry.field(description="The JSON, byte for byte.")
    sent: bool = strawberry.field(description="Whether it is posted: see `webhookDeliveries` for what came of it.")


@strawberry.type(description="The delivery is due again.")
class ReplayWebhookDeliveryPayload:
    """Which."""

    delivery: WebhookDelivery = strawberry.field(description="The delivery, with the attempts so far.")


CreateWebhookResult = Annotated[
    CreateWebhookPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("CreateWebhookResult", description="The webhook that was made, or why none was."),
]
DeleteWebhookResult = Annotated[
    DeleteWebhookPayload | InvalidInput,
    strawberry.union("DeleteWebhookResult", description="What was removed, or why nothing was."),
]
TestWebhookResult = Annotated[
    TestWebhookPayload | InvalidInput,
    strawberry.union("TestWebhookResult", description="The test, or why there is none."),
]
ReplayWebhookDeliveryResult = Annotated[
    ReplayWebhookDeliveryPayload | InvalidInput,
    strawberry.union("ReplayWebhookDeliveryResult", description="What is due again, or why nothing is."),
]

WebhookId = Annotated[strawberry.ID, strawberry.argument(description="The webhook's id.")]


async def create_webhook(
    info: Info, input: Annotated[CreateWebhookInput, strawberry.argument(description="Which address is told what.")]
) -> CreateWebhookResult:
    """Makes a webhook of the caller's."""

    topics = [text_of(topic) for topic in input.topics]
    info.context.require(to_hear(topics, partner=info.context.caller.view is not None))

    async def made() -> CreateWebhookPayload | InvalidInput:
        kinds = [text_of(kind) for kind in input.event_kinds or ()]
        try:
            webhook = await info.context.services.webhooks.create(info.context.caller, input.url, topics, kinds)
        except BadInput as failure:
            return InvalidInput(message=str(failure), field=None)
        return CreateWebhookPayload(webhook=Webhook.of(webhook), secret=webhook.secret)

    return await once(info, input.idempotency_key, input, CreateWebhookPayload, made)


async def delete_webhook(info: Info, id: WebhookId) -> DeleteWebhookResult:
    """Removes one of the caller's."""
    desk = info.context.services.webhooks
    webhook = await desk.find(info.context.caller.owner, id)
    if webhook is None:
        return _unknown(id)
    await desk.remove(webhook)
    return DeleteWebhookPayload(id=id)


async def send_test(
    info: Info,
    id: WebhookId,
    dry_run: Annotated[bool, strawberry.argument(description="Only show what would be posted.")] = False,
) -> TestWebhookResult:
    """Posts a test, or shows it."""
    desk = info.context.services.webhooks
    webhook = await desk.find(info.context.caller.owner, id)
    if webhook is None:
        return _unknown(id)
    try:
        test, headers = await desk.test(webhook, send=not dry_run)
    except BadInput as failure:
        return InvalidInput(message=str(failure), field="id")
    return TestWebhookPayload(url=webhook.url, headers=Json(headers), body=test.body.decode(), sent=not dry_run)


async def replay_delivery(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The delivery's id.")]
) -> ReplayWebhookDeliveryResult:
    """Makes a delivery due again, whatever became of it."""
    desk = info.context.services.webhooks
    owner = info.context.caller.owner
    try:
        delivery = await desk.replay(owner, int(id)) if id.isdecimal() and len(id) < 19 else None
    except BadInput as failure:
        return InvalidInput(message=str(failure), field="id")
    if delivery is None:
        return InvalidInput(message=f"{id[:60]!r} is no delivery to one of your webhooks.", field="id")
    attempts = await desk.attempts([delivery.number])
    return ReplayWebhookDeliveryPayload(delivery=WebhookDelivery.of(delivery, attempts[delivery.number]))


def _unknown(id: str) -> InvalidInput:
    return InvalidInput(message=f"{id[:60]!r} is none of your webhooks: `webhooks` lists them.", field="id")
