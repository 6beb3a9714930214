"""Stores: by key, as a list, and the one that took an order."""

from dataclasses import dataclass
from typing import LiteralString

from graph.queries.filters import texts, words
from graph.queries.listing import Filters, Listing, count, page
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Reader
from graph.queries.view import where_seen
from graph.store.statement import ORDER, cypher


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A shop as the graph has it; None where nothing is known."""

    key: str
    name: str | None
    city: str | None
    district: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str | None
    source: str | None


COLUMNS: LiteralString = (
    "s.store_id AS key, s.name AS name, s.city AS city, s.district AS district, s.latitude AS latitude, "
    "s.longitude AS longitude, s.time_zone AS time_zone, s.source AS source"
)

BY_KEYS = cypher(f"UNWIND $keys AS key MATCH (s:Store {{store_id: key}}) RETURN {COLUMNS}")
OF_ORDERS = cypher(
    "UNWIND $parents AS parent MATCH (o:Order {order_id: parent})-[:AT]->(s:Store)"
    f"{where_seen('order', 'o')} RETURN parent, {COLUMNS}",
    parents=ORDER,
    parent=ORDER,
)

LISTING: Listing[StoreRow] = Listing(
    StoreRow,
    match="MATCH (s:Store)",
    variables="s",
    columns=COLUMNS,
    filters={
        **texts("key", "s.store_id"),
        **words("name", "s.name"),
        **texts("city", "s.city"),
        **texts("district", "s.district"),
        **texts("source", "s.source"),
    },
)

ORDERINGS: dict[str, Ordering] = {
    "key": Ordering("s.store_id", "s.store_id"),
    "name": Ordering("coalesce(s.name, '')", "s.store_id"),
    "district": Ordering("coalesce(s.district, '')", "s.store_id"),
}
"""How stores may be sorted, each ascending."""


stores_by_key = ByKey(BY_KEYS, StoreRow)
"""One answer for each key, in the order given; None for an unknown store."""


stores_of_orders = ByKey(OF_ORDERS, StoreRow, "parent")
"""Where each order was placed, in the orders' order; None where it names no store."""


async def stores(reader: Reader, filters: Filters, ordering: Ordering, slice: Slice) -> Page[StoreRow]:
    """A page of the stores that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice)


async def count_stores(reader: Reader, filters: Filters) -> int:
    """How many stores pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)
