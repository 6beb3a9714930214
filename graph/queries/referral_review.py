"""Reviews of referrals: by key, as a queue, and where a referral stands before it is decided about."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from graph.queries.filters import ranges, texts
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Reader
from graph.store.statement import INSTANT, cypher


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What speaks against a referral and what was decided about it; `key` is that of the customer who was brought."""

    key: str
    referrer: str | None
    state: str
    suspicion: float
    signs: str | None
    raised_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    reward_cents: int


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A customer who may be decided about: who brought them, and where their review stands."""

    key: str
    referrer: str | None
    state: str | None
    """None where there is no review yet."""


COLUMNS: LiteralString = (
    "v.referral_id AS key, v.referrer_id AS referrer, v.state AS state, v.suspicion AS suspicion, v.signs AS signs, "
    "v.raised_at AS raised_at, v.decided_at AS decided_at, v.decided_by AS decided_by, v.reason AS reason, "
    "coalesce(v.reward_cents, 0) AS reward_cents"
)

BY_KEYS = cypher(f"UNWIND $keys AS key MATCH (v:ReferralReview {{referral_id: key}}) RETURN {COLUMNS}")

STANDING = cypher(
    "UNWIND $keys AS key MATCH (c:Customer {customer_id: key}) OPTIONAL MATCH (a:Customer)-[:REFERRED]->(c)"
    " OPTIONAL MATCH (v:ReferralReview {referral_id: key})"
    " RETURN key, coalesce(a.customer_id, v.referrer_id) AS referrer, v.state AS state"
)

LISTING: Listing[ReviewRow] = Listing(
    ReviewRow,
    match="MATCH (v:ReferralReview)",
    variables="v",
    columns=COLUMNS,
    filters={
        **texts("state", "v.state"),
        **texts("customer", "v.referral_id"),
        **texts("referrer", "v.referrer_id"),
        **texts("decided_by", "v.decided_by"),
        "sign_eq": "$sign_eq IN coalesce(v.sign_names, [])",
        **ranges("suspicion", "v.suspicion"),
        **ranges("raised_at", "v.raised_at"),
        **ranges("decided_at", "v.decided_at"),
    },
)

ORDERINGS: dict[str, Ordering] = {
    "suspicion": Ordering("coalesce(v.suspicion, 0.0)", "v.referral_id", descending=True),
    "raised_at": Ordering(
        "coalesce(v.raised_at, datetime('0001-01-01T00:00:00Z'))", "v.referral_id", descending=True, kind=INSTANT
    ),
    "decided_at": Ordering(
        "coalesce(v.decided_at, datetime('0001-01-01T00:00:00Z'))", "v.referral_id", descending=True, kind=INSTANT
    ),
}
"""How the queue may be sorted, each descending."""


reviews_by_key = ByKey(BY_KEYS, ReviewRow)
"""One answer for each customer who was brought, in the order given; None where nothing was said of the referral."""


standings = ByKey(STANDING, StandingRow)
"""Where each customer's referral stands, in the order given; None for an unknown customer."""


async def reviews(reader: Reader, filters: Filters, ordering: Ordering, slice: Slice) -> Page[ReviewRow]:
    """A page of the reviews that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice)


async def count_reviews(reader: Reader, filters: Filters) -> int:
    """How many reviews pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)
