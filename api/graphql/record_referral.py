"""Saying that one customer brought another: a referral event through the log."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.upsert import SOURCE
from api.graphql.verdicts import EventStatus, record, sent
from graph.queries import customer as customer_queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.input(description="Who brought whom. Of several who brought a customer the earliest counts.")
class RecordReferralInput:
    """A referral."""

    referrer: str = strawberry.field(description="Key of the customer who brought.")
    referred: str = strawberry.field(description="Key of the customer who was brought.")
    at: datetime | None = strawberry.field(default=None, description="When; now if absent.")
    channel: str | None = strawberry.field(default=None, description="Through which channel.")
    campaign: str | None = strawberry.field(default=None, description="In which campaign.")
    share: str | None = strawberry.field(default=None, description="By which share.")
    source: str | None = strawberry.field(default=None, description=SOURCE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="The referral is in the log; the graph follows within about two seconds.")
class RecordReferralPayload:
    """What was recorded."""

    event_id: str | None = strawberry.field(description="The event's id in the log.")
    status: EventStatus = strawberry.field(description="ACCEPTED, or REPEATED where the log had it already.")
    referrer_key: str = strawberry.field(description="Key of the customer who brought.")
    referred_key: str = strawberry.field(description="Key of the customer who was brought.")

    @strawberry.field(description="The customer who brought; null until the graph has followed.")
    async def referrer(self, info: Info) -> LazyCustomer | None:
        """Read together with the other one."""
        return await _customer(info, self.referrer_key)

    @strawberry.field(description="The customer who was brought; null until the graph has followed.")
    async def referred(self, info: Info) -> LazyCustomer | None:
        """Read together with the other one."""
        return await _customer(info, self.referred_key)


RecordReferralResult = Annotated[
    RecordReferralPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("RecordReferralResult", description="What was recorded, or why nothing was."),
]


async def _customer(info: Info, key: str) -> "Customer | None":
    from api.graphql.customer import Customer

    row = await info.context.load(customer_queries.customers_by_key, key)
    return None if row is None else Customer.of(row)


async def record_referral(
    info: Info, input: Annotated[RecordReferralInput, strawberry.argument(description="Who brought whom.")]
) -> RecordReferralResult:
    """Records one referral."""

    async def taken() -> RecordReferralPayload | InvalidInput | Unavailable:
        if input.referrer == input.referred:
            message = f"`referrer` must be another customer than `referred`, not {input.referrer!r} too."
            return InvalidInput(message=message, field="referrer")
        found = await record(info, [_event(info, input)], input.source, {})
        if not isinstance(found, list):
            return found
        [verdict] = found
        if verdict.status == EventStatus.REJECTED.value:
            field = "referred" if verdict.field == "customer" else verdict.field
            return InvalidInput(message=verdict.message or "The referral was not taken.", field=field)
        return RecordReferralPayload(
            event_id=verdict.event_id,
            status=EventStatus(verdict.status),
            referrer_key=input.referrer,
            referred_key=input.referred,
        )

    return await once(info, input.idempotency_key, input, RecordReferralPayload, taken)


def _event(info: Info, input: RecordReferralInput) -> dict[str, object]:
    given = {"channel": input.channel, "campaign": input.campaign, "share": input.share}
    event: dict[str, object] = {"kind": "referral", "at": sent(input.at or info.context.started_at)}
    event |= {"customer": input.referred, "referrer": input.referrer}
    return event | {name: value for name, value in given.items() if value is not None}
