"""Channels: by name, as a list, and those of customers, orders and shares."""

from dataclasses import dataclass
from typing import LiteralString

from graph.queries.filters import words
from graph.queries.listing import Filters, Listing, Totals, count, page, total
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Reader
from graph.queries.view import where_seen
from graph.store.statement import CUSTOMER, ORDER, SHARE, cypher


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as the graph has it; None where nothing is known."""

    key: str
    online: bool | None
    cost_cents: int | None
    currency: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class ChannelTotals:
    """Figures over many channels; None where the cost of none is known."""

    count: int
    costed: int
    cost_sum: int
    cost_min: int | None
    cost_max: int | None


COLUMNS: LiteralString = (
    "h.name AS key, h.online AS online, h.cost_cents AS cost_cents, h.currency AS currency, h.source AS source"
)

BY_KEYS = cypher(f"UNWIND $keys AS key MATCH (h:Channel {{name: key}}) RETURN {COLUMNS}")
OF_CUSTOMERS = cypher(
    "UNWIND $parents AS parent MATCH (c:Customer {customer_id: parent})-[:ACQUIRED_VIA]->(h:Channel)"
    f"{where_seen('customer', 'c')} RETURN parent, {COLUMNS}",
    parents=CUSTOMER,
    parent=CUSTOMER,
)
OF_ORDERS = cypher(
    "UNWIND $parents AS parent MATCH (o:Order {order_id: parent})-[:VIA]->(h:Channel)"
    f"{where_seen('order', 'o')} RETURN parent, {COLUMNS}",
    parents=ORDER,
    parent=ORDER,
)
OF_SHARES = cypher(
    "UNWIND $parents AS parent MATCH (s:Share {share_id: parent})-[:THROUGH]->(h:Channel)"
    f"{where_seen('share', 's')} RETURN parent, {COLUMNS}",
    parents=SHARE,
    parent=SHARE,
)

LISTING: Listing[ChannelRow] = Listing(
    ChannelRow,
    match="MATCH (h:Channel)",
    variables="h",
    columns=COLUMNS,
    filters={**words("key", "h.name"), "online_eq": "h.online = $online_eq"},
)

ORDERINGS: dict[str, Ordering] = {
    "key": Ordering("h.name", "h.name"),
    "cost": Ordering("coalesce(h.cost_cents, 0)", "h.name"),
}
"""How channels may be sorted, each ascending."""


channels_by_key = ByKey(BY_KEYS, ChannelRow)
"""One answer for each name, in the order given; None for an unknown channel."""


channels_of_customers = ByKey(OF_CUSTOMERS, ChannelRow, "parent")
"""Through which channel each customer was won, in the customers' order."""


channels_of_orders = ByKey(OF_ORDERS, ChannelRow, "parent")
"""Through which channel each order came, in the orders' order."""


channels_of_shares = ByKey(OF_SHARES, ChannelRow, "parent")
"""Through which channel each share went, in the shares' order."""


async def channels(reader: Reader, filters: Filters, ordering: Ordering, slice: Slice) -> Page[ChannelRow]:
    """A page of the channels that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice)


TOTALS: Totals[ChannelTotals] = Totals(
    ChannelTotals,
    LISTING,
    "count(*) AS count, count(h.cost_cents) AS costed, sum(h.cost_cents) AS cost_sum, min(h.cost_cents) AS cost_min,"
    " max(h.cost_cents) AS cost_max",
)


async def total_channels(reader: Reader, filters: Filters) -> ChannelTotals:
    """Figures over every channel that passes every filter; unknown costs are left out."""
    return await total(reader, TOTALS, filters)


async def count_channels(reader: Reader, filters: Filters) -> int:
    """How many channels pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)
