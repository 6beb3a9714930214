"""Deciding about a referral: a review event through the log."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.failures import InvalidInput, Unavailable, VersionConflict
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.ordering import text_of
from api.graphql.referral_review import ReferralReview, ReviewState, review_of
from api.graphql.verdicts import UNCHANGED_SINCE, EventStatus, record, version_of
from graph.jobs.referral_decision import LONGEST_REASON, ReferralDecision, Undecidable
from graph.model.referral import Decision
from graph.queries import referral_review as queries

_FIELDS = {"customer": "customerKey"}
"""What the rule calls a field, as clients write it, where that differs."""


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
    unchanged_since: str | None = strawberry.field(
        default=None, description=f"{UNCHANGED_SINCE} Without it: since the decision is checked."
    )


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
    ReviewReferralPayload | InvalidInput | VersionConflict | IdempotencyConflict | Unavailable,
    strawberry.union("ReviewReferralResult", description="What was recorded, or why nothing was."),
]


async def review_referral(
    info: Info, input: Annotated[ReviewReferralInput, strawberry.argument(description="What is decided, and why.")]
) -> ReviewReferralResult:
    """Records one decision."""

    async def taken() -> ReviewReferralPayload | InvalidInput | VersionConflict | Unavailable:
        # The version comes before the state: what is read then can only be newer.
        since = version_of(input.unchanged_since or await _followed(info))
        if isinstance(since, InvalidInput):
            return since
        key, decision = input.customer_key, Decision(text_of(input.decision))
        try:
            decided = ReferralDecision(key, decision, input.reason, info.context.caller.name)
            [standing] = await queries.standings(info.context.reader, [key])
            event = decided.event(standing, info.context.started_at)
        except Undecidable as failure:
            return InvalidInput(message=str(failure), field=_FIELDS.get(failure.field, failure.field))
        found = await record(info, [event], None, {}, since)
        if not isinstance(found, list):
            return found
        [verdict] = found
        if verdict.status == EventStatus.CONFLICT.value:
            return await _overtaken(info, key)
        if verdict.status == EventStatus.REJECTED.value:
            return InvalidInput(message=verdict.message or "The decision was not taken.", field=verdict.field)
        return ReviewReferralPayload(
            event_id=verdict.event_id,
            customer_key=key,
            state=ReviewState(decided.state.value),
            decided_at=info.context.started_at,
            decided_by=decided.by,
        )

    return await once(info, input.idempotency_key, input, ReviewReferralPayload, taken)


async def _followed(info: Info) -> str | None:
    bookmarks = info.context.services.bookmarks
    return await bookmarks.followed() if bookmarks else None


async def _overtaken(info: Info, key: str) -> VersionConflict:
    bookmarks = info.context.services.bookmarks
    message = f"Somebody else decided about the referral of {key!r} meanwhile: read it again."
    return VersionConflict(message=message, bookmark=await bookmarks.newest() if bookmarks else None)
