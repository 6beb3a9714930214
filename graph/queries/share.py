"""Shares: by key, those of customers, and who shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from graph.queries.customer import COLUMNS as CUSTOMER_COLUMNS
from graph.queries.customer import CustomerRow
from graph.queries.listing import Listing, counts, pages
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import where_seen
from graph.store.statement import CUSTOMER, INSTANT, SHARE, cypher


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share as the graph has it, with what it brought so far."""

    key: str
    at: datetime | None
    click_count: int
    registration_count: int
    order_count: int
    revenue_cents: int
    source: str | None


COLUMNS: LiteralString = (
    "h.share_id AS key, h.at AS at, coalesce(h.click_count, 0) AS click_count, "
    "coalesce(h.registration_count, 0) AS registration_count, coalesce(h.order_count, 0) AS order_count, "
    "coalesce(h.revenue_cents, 0) AS revenue_cents, h.source AS source"
)

BY_KEYS = cypher(
    f"UNWIND $keys AS key MATCH (h:Share {{share_id: key}}){where_seen('share', 'h')} RETURN {COLUMNS}",
    keys=SHARE,
    key=SHARE,
)
SHARERS = cypher(
    "UNWIND $parents AS parent MATCH (c:Customer)-[:SHARED]->(:Share {share_id: parent})"
    f"{where_seen('customer', 'c')} RETURN parent, {CUSTOMER_COLUMNS}",
    parents=SHARE,
    parent=SHARE,
    key=CUSTOMER,
)

OF_CUSTOMERS: Listing[ShareRow] = Listing(
    ShareRow,
    parent="MATCH (c:Customer {customer_id: parent})",
    scope="c",
    match=f"MATCH (c)-[:SHARED]->(h:Share){where_seen('share', 'h')}",
    variables="h",
    columns=COLUMNS,
    filters={},
    keys={"parents": CUSTOMER, "parent": CUSTOMER, "key": SHARE, "sort_key": SHARE},
)
# A share that only clicks have named has no time of its own yet.
NEWEST_FIRST = Ordering("coalesce(h.at, datetime('0001-01-01T00:00:00Z'))", "h.share_id", descending=True, kind=INSTANT)


shares_by_key = ByKey(BY_KEYS, ShareRow)
"""One answer for each key, in the order given; None for an unknown share."""


sharers_of_shares = ByKey(SHARERS, CustomerRow, "parent")
"""Who passed each share on, in the shares' order."""


async def shares_of_customers(
    reader: Reader, customers: Sequence[str], slice: Slice, columns: Columns = None
) -> list[Page[ShareRow]]:
    """A page of each customer's shares, newest first."""
    return await pages(reader, OF_CUSTOMERS, NEWEST_FIRST, customers, slice, columns)


async def count_shares_of_customers(reader: Reader, customers: Sequence[str]) -> list[int]:
    """How many shares each customer made, counted up to COUNT_CAP."""
    return await counts(reader, OF_CUSTOMERS, customers)
