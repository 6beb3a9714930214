"""Search by the beginning of a key or a part of a name, over several labels in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from graph.queries.reader import Reader
from graph.store.statement import cypher


@dataclass(frozen=True, slots=True)
class HitRow:
    """One thing that fits, and how well: 3 for the key itself, 2 for its beginning, 1 for a part of the name."""

    label: str
    key: str
    fit: int


_PEOPLE: LiteralString = (
    " MATCH (n:Customer) WHERE 'Customer' IN $labels"
    " AND (n.customer_id STARTS WITH $text OR ($names_of_people AND toLower(n.name) CONTAINS $lower))"
    " WITH 'Customer' AS label, n.customer_id AS key ORDER BY key LIMIT $limit RETURN label, key UNION ALL"
)
_THINGS: LiteralString = (
    " MATCH (n:Product) WHERE 'Product' IN $labels"
    " AND (n.sku STARTS WITH $text OR toLower(n.name) CONTAINS $lower)"
    " WITH 'Product' AS label, n.sku AS key ORDER BY key LIMIT $limit RETURN label, key"
    " UNION ALL MATCH (n:Store) WHERE 'Store' IN $labels"
    " AND (n.store_id STARTS WITH $text OR toLower(n.name) CONTAINS $lower)"
    " WITH 'Store' AS label, n.store_id AS key ORDER BY key LIMIT $limit RETURN label, key"
    " UNION ALL MATCH (n:Channel) WHERE 'Channel' IN $labels AND toLower(n.name) CONTAINS $lower"
    " WITH 'Channel' AS label, n.name AS key ORDER BY key LIMIT $limit RETURN label, key"
)
_BEST_FIRST: LiteralString = (
    "RETURN label, key,"
    " CASE WHEN key = $text THEN 3 WHEN key STARTS WITH $text THEN 2 ELSE 1 END AS fit"
    " ORDER BY fit DESC, label, key LIMIT $limit"
)
SEARCH = cypher(f"CALL {{{_PEOPLE}{_THINGS}}} {_BEST_FIRST}")
SEARCH_THINGS = cypher(f"CALL {{{_THINGS}}} {_BEST_FIRST}")


async def search(
    reader: Reader, text: str, labels: Sequence[str], limit: int, *, names_of_people: bool = True
) -> list[HitRow]:
    """The best hits first, equals by label and key. A blank text finds nothing.

    Without `names_of_people`, customers are found by key alone.
    """
    if not text.strip():
        return []
    wanted: dict[str, object] = {"text": text.strip(), "lower": text.strip().lower(), "labels": list(labels)}
    wanted |= {"limit": limit}
    if "Customer" not in labels:
        return [HitRow(**record) for record in await reader.read(SEARCH_THINGS, wanted)]
    found = await reader.read(SEARCH, {**wanted, "names_of_people": names_of_people})
    return [HitRow(**record) for record in found]
