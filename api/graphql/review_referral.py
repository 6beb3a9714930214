"""Deciding about a referral: a review event through the log."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.ordering import text_of
from api.graphql.referral_review import ReferralReview, ReviewState, review_of
from api.graphql.verdicts import EventStatus, record, sent
from graph.queries import referral_review as queries

LONGEST_REASON = 2_000


@strawberry.enum(description="What a reviewer decides.")
class ReviewDecision(Enum):
    """Decisions, as the log names them."""

    APPROVED = strawberry.enum_value("approved", description="The referral counts.")
    VOIDED = strawberry.enum_value("voided", description="It counts for nothing: its reward is due back.")
    REOPENED = strawberry.enum_value("reopened", description="What was decided counts no more: it is pending again.")


@strawberry.input(description="A decision about the referral that brought a customer.")
class ReviewReferralInput:
    """A decision."""

    customer_key: str = strawberry.field(description="Key of the customer who was brought.")
    decision: ReviewDecision = strawberry.field(
        description="A pending referral is approved or voided; one that was decided about is reopened."
    )
    reason: str = strawberry.field(description=f"Why, for whoever asks later: 1 to {LONGEST_REASON:,} characters.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="The decision is in the log; the graph follows within about two seconds.")
class ReviewReferralPayload:
    """What was recorded."""

    event_id: str | None = strawberry.field(description="The event's id in the log.")
    customer_key: str = strawberry.field(description="Key of the customer who was brought.")
    state: ReviewState = strawberry.field(description="Where the review stands by this decision.")
    decided_at: datetime = strawberry.field(description="When it was decided.")
    decided_by: str = strawberry.field(description="Who decided: the name of the API key.")

    @strawberry.field(description="The review as the graph has it: as it was before, until the graph has followed.")
    async def review(self, info: Info) -> ReferralReview | None:
        """Read from the graph."""
        return await review_of(info, self.customer_key)


ReviewReferralResult = Annotated[
    ReviewReferralPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("ReviewReferralResult", description="What was recorded, or why nothing was."),
]


async def review_referral(
    info: Info, input: Annotated[ReviewReferralInput, strawberry.argument(description="What is decided, and why.")]
) -> ReviewReferralResult:
    """Records one decision."""

    async def taken() -> ReviewReferralPayload | InvalidInput | Unavailable:
        if not 1 <= len(input.reason.strip()) <= LONGEST_REASON:
            message = f"`reason` must have 1 to {LONGEST_REASON:,} characters, not {len(input.reason.strip()):,}."
            return InvalidInput(message=message, field="reason")
        [standing] = await queries.standings(info.context.reader, [input.customer_key])
        if wrong := _wrong(input, standing):
            return wrong
        found = await record(info, [_event(info, input, standing)], None, {})
        if not isinstance(found, list):
            return found
        [verdict] = found
        if verdict.status == EventStatus.REJECTED.value:
            return InvalidInput(message=verdict.message or "The decision was not taken.", field=verdict.field)
        return ReviewReferralPayload(
            event_id=verdict.event_id,
            customer_key=input.customer_key,
            state=ReviewState.PENDING if _reopens(input) else ReviewState(text_of(input.decision)),
            decided_at=info.context.started_at,
            decided_by=info.context.caller.name,
        )

    return await once(info, input.idempotency_key, input, ReviewReferralPayload, taken)


def _wrong(input: ReviewReferralInput, standing: queries.StandingRow | None) -> InvalidInput | None:
    """Why nothing can be decided so: what is pending is approved or voided, what is decided is reopened."""
    key = input.customer_key
    if standing is None:
        return InvalidInput(
            message=f"There is no customer {key!r}: give the key of who was brought.", field="customerKey"
        )
    if standing.referrer is None and standing.state is None:
        return InvalidInput(message=f"Nobody brought the customer {key!r}: nothing to review.", field="customerKey")
    state = standing.state or text_of(ReviewState.PENDING)
    if _reopens(input) == (state == text_of(ReviewState.PENDING)):
        valid = "approve or void it" if _reopens(input) else "reopen it first"
        return InvalidInput(message=f"The referral of {key!r} is {state}: {valid}.", field="decision")
    return None


def _reopens(input: ReviewReferralInput) -> bool:
    return input.decision is ReviewDecision.REOPENED


def _event(info: Info, input: ReviewReferralInput, standing: queries.StandingRow | None) -> dict[str, object]:
    decided = {"decision": text_of(input.decision), "reason": input.reason.strip(), "by": info.context.caller.name}
    event = {"kind": "referral_review", "at": sent(info.context.started_at), "customer": input.customer_key}
    referrer = {} if standing is None or standing.referrer is None else {"referrer": standing.referrer}
    return {**event, **referrer, "properties": decided}
