"""Reviews of referrals: the queue of what looks like fraud, what speaks against each, and what was decided."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec
import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code
from api.graphql.filters import DateTimeFilter, FloatFilter, TextFilter, filters_of
from api.graphql.node import Node, global_id
from api.graphql.ordering import Direction, chosen, text_of
from api.graphql.scalars import money
from graph.queries import customer as customer_queries
from graph.queries import referral_review as queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.enum(description="Where a review stands.")
class ReviewState(Enum):
    """States."""

    PENDING = strawberry.enum_value("pending", description="Nobody has decided yet, or it was reopened.")
    APPROVED = strawberry.enum_value("approved", description="The referral counts.")
    VOIDED = strawberry.enum_value(
        "voided", description="The referral counts for nothing: influence is learned and credited without it."
    )


@strawberry.type(description="Something that speaks against a referral.")
class ReferralSign:
    """A sign, with what it rests on."""

    sign: str = strawberry.field(description="Its name, such as self_referral, ring or burst.")
    score: float = strawberry.field(description="How strongly it speaks, 0 to 1.")
    sentence: str | None = strawberry.field(description="What was seen, in a sentence.")
    evidence: list[str] = strawberry.field(description="Ids of the events that it rests on.")
    raised_at: datetime = strawberry.field(description="When it was raised: the time of the newest event looked at.")


@strawberry.type(description="A referral that looks like fraud, or that somebody decided about.")
class ReferralReview(Node):
    """A review, out of its row."""

    key: str = strawberry.field(description="Key of the customer who was brought.")
    referrer_key: str | None = strawberry.field(description="Key of the customer who brought; null where none is told.")
    state: ReviewState = strawberry.field(description="Where it stands.")
    suspicion: float = strawberry.field(description="0 to 1: 1 less the product of what each sign leaves over.")
    signs: list[ReferralSign] = strawberry.field(description="What speaks against it, the strongest first.")
    raised_at: datetime | None = strawberry.field(description="When the newest sign was raised.")
    decided_at: datetime | None = strawberry.field(description="When it was decided; null while pending.")
    decided_by: str | None = strawberry.field(description="Who decided; null while pending.")
    reason: str | None = strawberry.field(description="Why; null while pending.")
    reward: Decimal = strawberry.field(description="What was paid as rewards for it; due back where it is void.")

    @strawberry.field(description="The customer who was brought.")
    async def referred(self, info: Info) -> LazyCustomer:
        """Read together with the other customers of this level."""
        found = await _customer(info, self.key)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"There is no customer {self.key!r} any more.")
        return found

    @strawberry.field(description="The customer who brought; null where none is told.")
    async def referrer(self, info: Info) -> LazyCustomer | None:
        """Read together with the other customers of this level."""
        return None if self.referrer_key is None else await _customer(info, self.referrer_key)

    @classmethod
    def of(cls, row: queries.ReviewRow) -> "ReferralReview":
        """The review of a row."""
        signs = msgspec.json.decode(row.signs, type=list[_Sign]) if row.signs else []
        return cls(
            id=global_id("ReferralReview", row.key),
            key=row.key,
            referrer_key=row.referrer,
            state=ReviewState(row.state),
            suspicion=row.suspicion,
            signs=[
                ReferralSign(
                    sign=one.sign, score=one.score, sentence=one.sentence, evidence=one.evidence, raised_at=one.at
                )
                for one in signs
            ],
            raised_at=row.raised_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            reason=row.reason,
            reward=money(row.reward_cents),
        )


class _Sign(msgspec.Struct):
    sign: str
    score: float
    sentence: str | None
    evidence: list[str]
    at: datetime


@strawberry.input(description="Which reviews are wanted: every given condition must hold.")
class ReferralReviewWhere:
    """Conditions on reviews."""

    state: list[ReviewState] | None = strawberry.field(default=None, description="In one of these states.")
    sign: str | None = strawberry.field(default=None, description="With this sign.")
    customer: TextFilter | None = strawberry.field(default=None, description="Key of the customer who was brought.")
    referrer: TextFilter | None = strawberry.field(default=None, description="Key of the customer who brought.")
    decided_by: TextFilter | None = strawberry.field(default=None, description="Who decided.")
    suspicion: FloatFilter | None = strawberry.field(default=None, description="The suspicion.")
    raised_at: DateTimeFilter | None = strawberry.field(default=None, description="When the newest sign was raised.")
    decided_at: DateTimeFilter | None = strawberry.field(default=None, description="When it was decided.")

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        given: dict[str, object] = {}
        if self.state is not None:
            given["state_in"] = [text_of(state) for state in self.state]
        if self.sign is not None:
            given["sign_eq"] = self.sign
        return given | filters_of(
            {
                "customer": self.customer,
                "referrer": self.referrer,
                "decided_by": self.decided_by,
                "suspicion": self.suspicion,
                "raised_at": self.raised_at,
                "decided_at": self.decided_at,
            }
        )


@strawberry.enum(description="By what reviews are sorted.")
class ReferralReviewOrderField(Enum):
    """Names of the query's orderings."""

    SUSPICION = strawberry.enum_value("suspicion", description="By suspicion.")
    RAISED_AT = strawberry.enum_value("raised_at", description="By the newest sign.")
    DECIDED_AT = strawberry.enum_value("decided_at", description="By the decision.")


@strawberry.input(description="How reviews are sorted; equals come by key.")
class ReferralReviewOrder:
    """Field and direction."""

    field: ReferralReviewOrderField = strawberry.field(
        default=ReferralReviewOrderField.SUSPICION, description="By what."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


async def referral_reviews(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[ReferralReviewWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[
        ReferralReviewOrder | None, strawberry.argument(description="By suspicion, the highest first, if absent.")
    ] = None,
) -> Connection[ReferralReview]:
    """A page of the queue."""
    order = order_by or ReferralReviewOrder()
    name, ordering = chosen("referralReviews", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page = await queries.reviews(info.context.reader, filters, ordering, wanted)
    counted = partial(queries.count_reviews, info.context.reader, filters)
    return connect(Connection[ReferralReview], page, name, ReferralReview.of, counted)


async def review_of(info: Info, key: str) -> ReferralReview | None:
    """The review of the referral that brought a customer; null where nothing speaks against it."""
    row = await info.context.load(queries.reviews_by_key, key)
    return None if row is None else ReferralReview.of(row)


async def _customer(info: Info, key: str) -> "Customer | None":
    from api.graphql.customer import Customer

    row = await info.context.load(customer_queries.customers_by_key, key)
    return None if row is None else Customer.of(row)
