"""Orders and their lines: by key, and the lists of customers and of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from graph.queries.customer import COLUMNS as CUSTOMER_COLUMNS
from graph.queries.customer import CustomerRow
from graph.queries.listing import Listing, counts, pages
from graph.queries.packing import packed
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import where_seen
from graph.store.statement import CUSTOMER, INSTANT, ORDER


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as the graph has it; None where nothing is known."""

    key: str
    at: datetime
    local_date: date | None
    local_minute: int | None
    line_count: int
    quantity: float
    amount_cents: int
    discount_cents: int
    refunded_cents: int
    currency: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class OrderLineRow:
    """What an order holds of one product."""

    sku: str
    quantity: float
    amount_cents: int
    discount_cents: int


COLUMNS: LiteralString = (
    "o.order_id AS key, o.at AS at, o.local_date AS local_date, o.local_minute AS local_minute, "
    "coalesce(o.line_count, 0) AS line_count, coalesce(o.quantity, 0.0) AS quantity, "
    "coalesce(o.amount_cents, 0) AS amount_cents, coalesce(o.discount_cents, 0) AS discount_cents, "
    "coalesce(o.refunded_cents, 0) AS refunded_cents, o.currency AS currency, o.source AS source"
)

BY_KEYS = packed(
    f"UNWIND $keys AS key MATCH (o:Order {{order_id: key}}){where_seen('order', 'o')}",
    COLUMNS,
    OrderRow,
    keys=ORDER,
    key=ORDER,
)
BUYERS = packed(
    f"UNWIND $parents AS parent MATCH (c:Customer)-[:PLACED]->(o:Order {{order_id: parent}}){where_seen('order', 'o')}",
    f"parent, {CUSTOMER_COLUMNS}",
    CustomerRow,
    {"parent": ""},
    parents=ORDER,
    parent=ORDER,
    key=CUSTOMER,
)

OF_CUSTOMERS: Listing[OrderRow] = Listing(
    OrderRow,
    parent="MATCH (c:Customer {customer_id: parent})",
    scope="c",
    match=f"MATCH (c)-[:PLACED]->(o:Order){where_seen('order', 'o')}",
    variables="o",
    columns=COLUMNS,
    filters={},
    keys={"parents": CUSTOMER, "parent": CUSTOMER, "key": ORDER, "sort_key": ORDER},
)
NEWEST_FIRST = Ordering("o.at", "o.order_id", descending=True, kind=INSTANT)

LINES: Listing[OrderLineRow] = Listing(
    OrderLineRow,
    parent=f"MATCH (o:Order {{order_id: parent}}){where_seen('order', 'o')}",
    scope="o",
    match="MATCH (o)-[l:CONTAINS]->(p:Product)",
    variables="l, p",
    columns=(
        "p.sku AS sku, coalesce(l.quantity, 0.0) AS quantity, coalesce(l.amount_cents, 0) AS amount_cents, "
        "coalesce(l.discount_cents, 0) AS discount_cents"
    ),
    filters={},
    keys={"parents": ORDER, "parent": ORDER},
)
BY_SKU = Ordering("p.sku", "p.sku")


orders_by_key = ByKey(BY_KEYS, OrderRow)
"""One answer for each key, in the order given; None for an unknown order."""


buyers_of_orders = ByKey(BUYERS, CustomerRow, "parent")
"""Who placed each order, in the orders' order."""


async def orders_of_customers(
    reader: Reader, customers: Sequence[str], slice: Slice, columns: Columns = None
) -> list[Page[OrderRow]]:
    """A page of each customer's orders, newest first."""
    return await pages(reader, OF_CUSTOMERS, NEWEST_FIRST, customers, slice, columns)


async def count_orders_of_customers(reader: Reader, customers: Sequence[str]) -> list[int]:
    """How many orders each customer placed, counted up to COUNT_CAP."""
    return await counts(reader, OF_CUSTOMERS, customers)


async def lines_of_orders(
    reader: Reader, orders: Sequence[str], slice: Slice, columns: Columns = None
) -> list[Page[OrderLineRow]]:
    """A page of each order's lines, by sku."""
    return await pages(reader, LINES, BY_SKU, orders, slice, columns)


async def count_lines_of_orders(reader: Reader, orders: Sequence[str]) -> list[int]:
    """How many lines each order has, counted up to COUNT_CAP."""
    return await counts(reader, LINES, orders)
