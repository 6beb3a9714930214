"""Referrals: who brought a customer, whom a customer brought, and the tree below one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from graph.queries.listing import Listing, counts, pages
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import and_seen, where_seen
from graph.store.statement import CUSTOMER, INSTANT, SHARE, Statement, cypher

DEEPEST = 6
"""No referral tree is read deeper than this."""


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One customer brought another."""

    referrer: str
    referred: str
    at: datetime | None
    channel: str | None
    campaign: str | None
    share: str | None


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One customer of a referral tree: at which depth, brought by whom."""

    referral: ReferralRow
    depth: int


COLUMNS: LiteralString = (
    "a.customer_id AS referrer, b.customer_id AS referred, t.at AS at, t.channel AS channel, "
    "t.campaign AS campaign, t.share AS share"
)

_KEYS: dict[str, str] = {"referrer": CUSTOMER, "referred": CUSTOMER, "share": SHARE}

TO_CUSTOMERS = cypher(
    "UNWIND $parents AS parent MATCH (a:Customer)-[t:REFERRED]->(b:Customer {customer_id: parent})"
    f"{where_seen('customer', 'a')}{and_seen('customer', 'b')} RETURN parent, {COLUMNS}",
    parents=CUSTOMER,
    parent=CUSTOMER,
    **_KEYS,
)

FROM_CUSTOMERS: Listing[ReferralRow] = Listing(
    ReferralRow,
    parent=f"MATCH (a:Customer {{customer_id: parent}}){where_seen('customer', 'a')}",
    scope="a",
    match=f"MATCH (a)-[t:REFERRED]->(b:Customer){where_seen('customer', 'b')}",
    variables="t, b",
    columns=COLUMNS,
    filters={},
    keys={"parents": CUSTOMER, "parent": CUSTOMER, "sort_key": CUSTOMER, **_KEYS},
)
NEWEST_FIRST = Ordering(
    "coalesce(t.at, datetime('0001-01-01T00:00:00Z'))", "b.customer_id", descending=True, kind=INSTANT
)


def _tree(depth: LiteralString) -> Statement:
    # The number of steps cannot be a parameter. A customer has one bringer at most, so each is met once;
    # a ring leads back to the root.
    return cypher(
        f"MATCH path = (root:Customer {{customer_id: $key}})-[:REFERRED*1..{depth}]->(b:Customer)"
        f" WHERE b.customer_id <> $key{and_seen('customer', 'root')}{and_seen('customer', 'b')}"
        " WITH b, length(path) AS depth ORDER BY depth, b.customer_id LIMIT $limit"
        f" MATCH (a:Customer)-[t:REFERRED]->(b){where_seen('customer', 'a')}"
        f" RETURN {COLUMNS}, depth ORDER BY depth, referred",
        key=CUSTOMER,
        **_KEYS,
    )


TREES: dict[int, Statement] = {
    1: _tree("1"),
    2: _tree("2"),
    3: _tree("3"),
    4: _tree("4"),
    5: _tree("5"),
    6: _tree("6"),
}
"""The statement for each depth."""


referrals_to = ByKey(TO_CUSTOMERS, ReferralRow, "parent")
"""What brought each customer, in the customers' order; None for those who came by themselves."""


async def referrals_from(
    reader: Reader, customers: Sequence[str], slice: Slice, columns: Columns = None
) -> list[Page[ReferralRow]]:
    """A page of those whom each customer brought, newest first."""
    return await pages(reader, FROM_CUSTOMERS, NEWEST_FIRST, customers, slice, columns)


async def count_referrals_from(reader: Reader, customers: Sequence[str]) -> list[int]:
    """How many each customer brought, counted up to COUNT_CAP."""
    return await counts(reader, FROM_CUSTOMERS, customers)


async def referral_tree(reader: Reader, key: str, depth: int, limit: int) -> list[BranchRow]:
    """Who was brought by `key`, directly or through others down to `depth` (1 to DEEPEST): nearest first.

    Who hangs on somebody whom the reader does not see is left out.
    """
    found, met = list[BranchRow](), {key}
    for record in await reader.read(TREES[depth], {"key": key, "limit": limit}):
        branch = BranchRow(depth=record.pop("depth"), referral=ReferralRow(**record))
        if branch.referral.referrer in met:
            met.add(branch.referral.referred)
            found.append(branch)
    return found
