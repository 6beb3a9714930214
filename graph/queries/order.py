"""Orders and their lines: by key, as a list, and the lists of customers and of orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from graph.queries.customer import COLUMNS as CUSTOMER_COLUMNS
from graph.queries.customer import CustomerRow
from graph.queries.filters import keys, ranges, texts
from graph.queries.grouping import Grouping
from graph.queries.listing import Filters, Listing, Totals, count, counts, page, pages, total
from graph.queries.packing import packed
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.product import COLUMNS as PRODUCT_COLUMNS
from graph.queries.product import ProductRow
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import where_seen
from graph.store.statement import BEGINNING, CUSTOMER, INSTANT, ORDER


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


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """Figures over many orders; None where there is none of them."""

    count: int
    amount_sum: int
    amount_min: int | None
    amount_max: int | None
    discount_sum: int
    refunded_sum: int
    quantity_sum: float
    first_at: datetime | None
    last_at: datetime | None


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
    f"UNWIND $parents AS parent MATCH (o:Order {{order_id: parent}})<-[:PLACED]-(c:Customer){where_seen('order', 'o')}",
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
LISTING: Listing[OrderRow] = Listing(
    OrderRow,
    match="MATCH (o:Order)",
    label="Order",
    variables="o",
    columns=COLUMNS,
    filters={
        **texts("key", "o.order_id"),
        **ranges("at", "o.at"),
        **ranges("local_date", "o.local_date"),
        **ranges("amount_cents", "o.amount_cents"),
        **texts("currency", "o.currency"),
        **texts("source", "o.source"),
        **keys("customer", "(buyer:Customer)-[:PLACED]->(o)", "buyer.customer_id"),
        **keys("store", "(o)-[:AT]->(place:Store)", "place.store_id"),
        **keys("channel", "(o)-[:VIA]->(way:Channel)", "way.name"),
        **keys("product", "(o)-[:CONTAINS]->(item:Product)", "item.sku"),
    },
    seen=("order", "o"),
    keys={
        "key": ORDER,
        "sort_key": ORDER,
        "key_eq": ORDER,
        "key_in": ORDER,
        "key_starts_with": BEGINNING,
        "customer_eq": CUSTOMER,
        "customer_in": CUSTOMER,
    },
    entrances={
        "customer_eq": "MATCH (:Customer {customer_id: $customer_eq})-[:PLACED]->(o:Order)",
        "customer_in": "UNWIND $customer_in AS k MATCH (:Customer {customer_id: k})-[:PLACED]->(o:Order)"
        " WITH DISTINCT o",
        # A day is few orders, a data set many: beside `source` the embedded engine would take that one's index.
        "local_date_eq": "MATCH (o:Order {local_date: $local_date_eq}) WITH o",
        "local_date_in": "UNWIND $local_date_in AS k MATCH (o:Order {local_date: k}) WITH DISTINCT o",
        "product_eq": "MATCH (:Product {sku: $product_eq})<-[:CONTAINS]-(o:Order)",
        "product_in": "UNWIND $product_in AS k MATCH (:Product {sku: k})<-[:CONTAINS]-(o:Order) WITH DISTINCT o",
        "store_eq": "MATCH (:Store {store_id: $store_eq})<-[:AT]-(o:Order)",
        "store_in": "UNWIND $store_in AS k MATCH (:Store {store_id: k})<-[:AT]-(o:Order) WITH DISTINCT o",
        "channel_eq": "MATCH (:Channel {name: $channel_eq})<-[:VIA]-(o:Order)",
        "channel_in": "UNWIND $channel_in AS k MATCH (:Channel {name: k})<-[:VIA]-(o:Order) WITH DISTINCT o",
    },
)
ORDERINGS: dict[str, Ordering] = {
    "at": Ordering("o.at", "o.order_id", present=True, kind=INSTANT),
    "key": Ordering("o.order_id", "o.order_id"),
    "amount": Ordering("o.amount_cents", "o.order_id", absent=True),
}
"""How orders may be sorted, each ascending."""

TOTALS: Totals[OrderTotals] = Totals(
    OrderTotals,
    LISTING,
    "count(*) AS count, sum(coalesce(o.amount_cents, 0)) AS amount_sum, min(coalesce(o.amount_cents, 0)) AS amount_min,"
    " max(coalesce(o.amount_cents, 0)) AS amount_max, sum(coalesce(o.discount_cents, 0)) AS discount_sum,"
    " sum(coalesce(o.refunded_cents, 0)) AS refunded_sum, sum(coalesce(o.quantity, 0.0)) AS quantity_sum,"
    " min(o.at) AS first_at, max(o.at) AS last_at",
)
GROUPING: Grouping[OrderTotals] = Grouping(
    TOTALS,
    {
        "store": "place.store_id",
        "channel": "way.name",
        "month": "substring(toString(o.local_date), 0, 7)",
        "day": "toString(o.local_date)",
        "hour": "substring(toString(100 + o.local_minute / 60), 1, 2)",
        "currency": "o.currency",
        "source": "o.source",
    },
    over={
        "store": "OPTIONAL MATCH (o)-[:AT]->(place:Store)",
        "channel": "OPTIONAL MATCH (o)-[:VIA]->(way:Channel)",
    },
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
    beside={"product": (PRODUCT_COLUMNS, ProductRow)},
)
BY_SKU = Ordering("p.sku", "p.sku")


orders_by_key = ByKey(BY_KEYS, OrderRow)
"""One answer for each key, in the order given; None for an unknown order."""


buyers_of_orders = ByKey(BUYERS, CustomerRow, "parent")
"""Who placed each order, in the orders' order."""


async def orders(
    reader: Reader, filters: Filters, ordering: Ordering, slice: Slice, columns: Columns = None
) -> Page[OrderRow]:
    """A page of the orders that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice, columns=columns)


async def count_orders(reader: Reader, filters: Filters) -> int:
    """How many orders pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)


async def total_orders(reader: Reader, filters: Filters, columns: Columns = None) -> OrderTotals:
    """Figures over every order that passes every filter; what is not known of one counts as 0."""
    return await total(reader, TOTALS, filters, columns)


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
