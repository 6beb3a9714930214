"""What the graph holds, one figure a noun."""

from dataclasses import dataclass, fields

from graph.queries.reader import Reader
from graph.store.statement import cypher


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """How many of each there are, and the version of the log that the graph has followed."""

    customers: int
    products: int
    categories: int
    stores: int
    channels: int
    campaigns: int
    orders: int
    shares: int
    log_version: int


ALL = cypher(
    "MATCH (n:Customer) RETURN 'customers' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Product) RETURN 'products' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Category) RETURN 'categories' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Store) RETURN 'stores' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Channel) RETURN 'channels' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Campaign) RETURN 'campaigns' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Order) RETURN 'orders' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Share) RETURN 'shares' AS noun, count(n) AS figure"
    " UNION ALL MATCH (n:Projection {projection_id: 'graph'})"
    " RETURN 'log_version' AS noun, sum(coalesce(n.log_version, 0)) AS figure"
)


PROJECTED = cypher("MATCH (n:Projection {projection_id: 'graph'}) RETURN n.log_version AS version")


async def projected_version(reader: Reader) -> int:
    """Up to which version of the log the graph has followed; 0 for a graph that has not begun."""
    records = await reader.read(PROJECTED)
    return int(records[0]["version"] or 0) if records else 0


async def overview(reader: Reader) -> OverviewRow:
    """Every figure out of one statement, so that they agree; counts of labels, which both engines know by heart."""
    # A label that nothing bears yet has no row on the embedded engine.
    none = {figure.name: 0 for figure in fields(OverviewRow)}
    return OverviewRow(**none | {record["noun"]: record["figure"] for record in await reader.read(ALL)})
