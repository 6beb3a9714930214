"""Products: by key, as a list, and the one that a share is of."""

from dataclasses import dataclass
from typing import LiteralString

from graph.queries.filters import ranges, texts, words
from graph.queries.grouping import Grouping
from graph.queries.listing import Filters, Listing, Totals, count, page, total
from graph.queries.packing import packed
from graph.queries.paging import Ordering, Page, Slice
from graph.queries.reader import ByKey, Columns, Reader
from graph.queries.view import where_seen
from graph.store.statement import SHARE, cypher


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as the graph has it; None where nothing is known."""

    key: str
    name: str | None
    category_id: str | None
    brand: str | None
    package_size: str | None
    price_cents: int | None
    currency: str | None
    attributes: list[str] | None
    source: str | None


@dataclass(frozen=True, slots=True)
class ProductTotals:
    """Figures over many products; None where there is none with a price."""

    count: int
    priced: int
    price_sum: int
    price_min: int | None
    price_max: int | None


COLUMNS: LiteralString = (
    "p.sku AS key, p.name AS name, p.category_id AS category_id, p.brand AS brand, p.package_size AS package_size, "
    "p.price_cents AS price_cents, p.currency AS currency, p.attributes AS attributes, p.source AS source"
)

BY_KEYS = packed("UNWIND $keys AS key MATCH (p:Product {sku: key})", COLUMNS, ProductRow)
OF_SHARES = cypher(
    "UNWIND $parents AS parent MATCH (h:Share {share_id: parent})-[:OF]->(p:Product)"
    f"{where_seen('share', 'h')} RETURN parent, {COLUMNS}",
    parents=SHARE,
    parent=SHARE,
)

LISTING: Listing[ProductRow] = Listing(
    ProductRow,
    match="MATCH (p:Product)",
    label="Product",
    variables="p",
    columns=COLUMNS,
    filters={
        **texts("key", "p.sku"),
        **words("name", "p.name"),
        **texts("category", "p.category_id"),
        **texts("brand", "p.brand"),
        **texts("source", "p.source"),
        **ranges("price_cents", "p.price_cents"),
        "attribute_eq": "$attribute_eq IN p.attributes",
    },
)

ORDERINGS: dict[str, Ordering] = {
    "key": Ordering("p.sku", "p.sku"),
    "name": Ordering("p.name", "p.sku", absent=True),
    "category": Ordering("p.category_id", "p.sku", absent=True),
    "price": Ordering("p.price_cents", "p.sku", absent=True),
}
"""How products may be sorted, each ascending."""


products_by_key = ByKey(BY_KEYS, ProductRow)
"""One answer for each key, in the order given; None for an unknown product."""


products_of_shares = ByKey(OF_SHARES, ProductRow, "parent")
"""What each share is of, in the shares' order; None where it is of no product."""


async def products(
    reader: Reader, filters: Filters, ordering: Ordering, slice: Slice, columns: Columns = None
) -> Page[ProductRow]:
    """A page of the products that pass every filter."""
    return await page(reader, LISTING, ordering, filters, slice, columns=columns)


TOTALS: Totals[ProductTotals] = Totals(
    ProductTotals,
    LISTING,
    "count(*) AS count, count(p.price_cents) AS priced, sum(p.price_cents) AS price_sum,"
    " min(p.price_cents) AS price_min, max(p.price_cents) AS price_max",
)


async def total_products(reader: Reader, filters: Filters) -> ProductTotals:
    """Figures over every product that passes every filter; those without a price are left out of the price's."""
    return await total(reader, TOTALS, filters)


GROUPING: Grouping[ProductTotals] = Grouping(
    TOTALS, {"category": "p.category_id", "brand": "p.brand", "source": "p.source"}
)


async def count_products(reader: Reader, filters: Filters) -> int:
    """How many products pass every filter, counted up to COUNT_CAP."""
    return await count(reader, LISTING, filters)
