"""Audiences: which customers count, by where they live, what they bought and what they agreed to."""

from collections.abc import Sequence
from functools import lru_cache

from graph.queries.customer import CONSENTS
from graph.queries.filters import Conditions, ranges, texts
from graph.queries.reader import Reader
from graph.queries.run import CURRENT_CENTRALITY
from graph.queries.where import Filters, Shape, condition, shape_of
from graph.store.statement import Statement, cypher

CONDITIONS: Conditions = {
    **texts("key", "c.customer_id"),
    **texts("city", "c.city"),
    **texts("district", "c.district"),
    **texts("source", "c.source"),
    **ranges("registered_at", "c.registered_at"),
    **ranges("last_order_at", "c.last_order_at"),
    **ranges("order_count", "c.order_count"),
    **ranges("revenue_cents", "c.revenue_cents"),
    **CONSENTS,
    "category": (
        "EXISTS { MATCH (c)-[:PLACED]->(:Order)-[:CONTAINS]->(bought:Product)"
        " WHERE bought.category_id = $category OR bought.category_id STARTS WITH $category + ' > ' }"
    ),
}
"""Name of a condition, which is its parameter's too → what it says of the customer `c`."""

KNOWN_CATEGORIES = cypher(
    "MATCH (k:Category) WHERE k.category_id = $category RETURN k.category_id AS key"
    " UNION ALL MATCH (k:Category) WHERE k.level = 1 WITH k.category_id AS key ORDER BY key LIMIT 20 RETURN key"
)


GROUPS: dict[str, Statement] = {
    "city": cypher("MATCH (c:Customer) WHERE c.city IS NOT NULL RETURN c.city AS name, collect(c.customer_id) AS keys"),
    "district": cypher(
        "MATCH (c:Customer) WHERE c.district IS NOT NULL RETURN c.district AS name, collect(c.customer_id) AS keys"
    ),
    "community": cypher(
        f"{CURRENT_CENTRALITY} MATCH (s:CentralityScore {{run_id: run}})"
        " WITH run + '|' + toString(s.community) AS name, s.customer_id AS key RETURN name, collect(key) AS keys"
    ),
}
"""What customers can be grouped by → what reads the groups."""


async def grouped_keys(reader: Reader, by: str) -> list[Sequence[str]]:
    """The keys of each group's customers; who is in no group is in none of them."""
    return [record["keys"] for record in await reader.read(GROUPS[by])]


@lru_cache(maxsize=256)
def keys_statement(shape: Shape) -> Statement:
    """What reads the keys of everybody who fits, as one list: a driver unpacks that many times faster than rows."""
    return cypher(f"MATCH (c:Customer) WHERE {condition(CONDITIONS, shape)} RETURN collect(c.customer_id) AS keys")


async def audience_keys(reader: Reader, filters: Filters) -> Sequence[str]:
    """The keys of every customer who fits all conditions, of which there is at least one; in no order."""
    shape, values = shape_of(filters)
    [record] = await reader.read(keys_statement(shape), values)
    return record["keys"]


async def known_category(reader: Reader, category: str) -> tuple[bool, list[str]]:
    """Whether the graph has the category, and the first of its root categories, to name to who asked for another."""
    keys = [record["key"] for record in await reader.read(KNOWN_CATEGORIES, {"category": category})]
    return category in keys, list(dict.fromkeys(key for key in keys if key != category))
