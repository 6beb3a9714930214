"""Customers: by key, as a list."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from graph.queries.filters import Conditions, ranges, texts, words
from graph.queries.grouping import Grouping
from graph.queries.listing import Filters, Listing, Totals, count, page, total
from graph.queries.packing import packed
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import where_seen
from graph.store.statement import BEGINNING, CUSTOMER, INSTANT


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as the graph has it; None where nothing is known."""

    key: str
    name: str | None
    gender: str | None
    birth_year: int | None
    age_band: str | None
    income_band: str | None
    household_size: str | None
    city: str | None
    district: str | None
    registered_at: datetime | None
    consent_analytics: bool | None
    consent_offers: bool | None
    consent_sharing: bool | None
    order_count: int
    revenue_cents: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_login_at: datetime | None
    source: str | None


@dataclass(frozen=True, slots=True)
class CustomerTotals:
    """Figures over many customers; None where there is none of them."""

    count: int
    revenue_sum: int
    revenue_min: int | None
    revenue_max: int | None
    orders_sum: int
    orders_min: int | None
    orders_max: int | None
    first_registered_at: datetime | None
    last_registered_at: datetime | None


COLUMNS: LiteralString = (
    "c.customer_id AS key, c.name AS name, c.gender AS gender, c.birth_year AS birth_year, c.age_band AS age_band, "
    "c.income_band AS income_band, c.household_size AS household_size, c.city AS city, c.district AS district, "
    "c.registered_at AS registered_at, c.consent_analytics AS consent_analytics, c.consent_offers AS consent_offers, "
    "c.consent_sharing AS consent_sharing, coalesce(c.order_count, 0) AS order_count, "
    "coalesce(c.revenue_cents, 0) AS revenue_cents, c.first_order_at AS first_order_at, "
    "c.last_order_at AS last_order_at, c.last_login_at AS last_login_at, c.source AS source"
)

BY_KEYS = packed(
    f"UNWIND $keys AS key MATCH (c:Customer {{customer_id: key}}){where_seen('customer', 'c')}",
    COLUMNS,
    CustomerRow,
    keys=CUSTOMER,
    key=CUSTOMER,
)
OWN_KEYS: dict[str, str] = {"key_eq": CUSTOMER, "key_in": CUSTOMER, "key_starts_with": BEGINNING}
"""Filters that name customers."""

CONSENTS: Conditions = {
    "consent_analytics": "c.consent_analytics = $consent_analytics",
    "consent_offers": "c.consent_offers = $consent_offers",
    "consent_sharing": "c.consent_sharing = $consent_sharing",
}
LISTING: Listing[CustomerRow] = Listing(
    CustomerRow,
    match="MATCH (c:Customer)",
    label="Customer",
    variables="c",
    columns=COLUMNS,
    filters=(
        texts("key", "c.customer_id")
        | words("name", "c.name")
        | texts("city", "c.city")
        | texts("district", "c.district")
        | texts("source", "c.source")
        | ranges("registered_at", "c.registered_at")
        | ranges("last_order_at", "c.last_order_at")
        | ranges("order_count", "c.order_count")
        | ranges("revenue_cents", "c.revenue_cents")
        | CONSENTS
    ),
    seen=("customer", "c"),
    keys={"key": CUSTOMER, "sort_key": CUSTOMER, **OWN_KEYS},
)

ORDERINGS: dict[str, Ordering] = {
    "key": Ordering("c.customer_id", "c.customer_id"),
    "name": Ordering("c.name", "c.customer_id", absent=True),
    "registered_at": Ordering("c.registered_at", "c.customer_id", absent=True, kind=INSTANT),
    "last_order_at": Ordering("c.last_order_at", "c.customer_id", absent=True, kind=INSTANT),
    "order_count": Ordering("c.order_count", "c.customer_id", absent=True),
    "revenue": Ordering("c.revenue_cents", "c.customer_id", absent=True),
}
"""How customers may be sorted, each ascending; `turned` gives the other way."""


customers_by_key = ByKey(BY_KEYS, CustomerRow)
"""One answer for each key, in the order given; None for an unknown customer."""


async def customers(
    reader: Reader, filters: Filters, ordering: Ordering, slice: Slice, columns: Columns = None
) -> Page[CustomerRow]:
    """A page of the customers that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice, columns=columns)


TOTALS: Totals[CustomerTotals] = Totals(
    CustomerTotals,
    LISTING,
    "count(*) AS count, sum(coalesce(c.revenue_cents, 0)) AS revenue_sum, min(coalesce(c.revenue_cents, 0)) AS"
    " revenue_min, max(coalesce(c.revenue_cents, 0)) AS revenue_max, sum(coalesce(c.order_count, 0)) AS orders_sum,"
    " min(coalesce(c.order_count, 0)) AS orders_min, max(coalesce(c.order_count, 0)) AS orders_max,"
    " min(c.registered_at) AS first_registered_at, max(c.registered_at) AS last_registered_at",
)


async def total_customers(reader: Reader, filters: Filters, columns: Columns = None) -> CustomerTotals:
    """Figures over every customer who passes every filter; who paid nothing counts as 0."""
    return await total(reader, TOTALS, filters, columns)


GROUPING: Grouping[CustomerTotals] = Grouping(
    TOTALS, {"city": "c.city", "district": "c.district", "source": "c.source"}
)


async def count_customers(reader: Reader, filters: Filters) -> int:
    """How many customers pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)
