"""What hangs under the rows of an export: the orders of customers, the lines of orders and the like."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from graph.model.declarations import Property
from graph.model.order import CONTAINS, ORDER
from graph.model.share import REFERRED, SHARE
from graph.model.statements import identifier
from graph.queries.view import and_seen, where_seen
from graph.store.statement import CUSTOMER, Statement, generated
from graph.store.statement import ORDER as ORDER_KEY
from graph.store.statement import SHARE as SHARE_KEY


@dataclass(frozen=True, slots=True)
class ChildList:
    """The rows of one kind that parents have: `statement` takes `parents`, keys, and tells each row's `parent`."""

    typename: str
    under: str
    """The noun, or the list, whose rows are the parents."""
    key: str
    """The column of the rows' own key."""
    statement: Statement


def _list(
    typename: str, under: str, match: str, columns: Mapping[str, str], order: str, keys: Mapping[str, str]
) -> ChildList:
    """`columns`: name of a column → what it tells, the key first; `keys`: which columns hold keys of whom."""
    told = ", ".join(f"{value} AS {identifier(name)}" for name, value in columns.items())
    text = f"UNWIND $parents AS parent {match} RETURN parent, {told} ORDER BY {order}"
    return ChildList(typename, under, next(iter(columns)), generated(text, **keys))


def _of(variable: str, properties: Collection[Property]) -> dict[str, str]:
    return {p.name: f"{variable}.{identifier(p.name)}" for p in properties if not p.personal}


CHILDREN: Mapping[str, ChildList] = {
    "orders": _list(
        "Order",
        "customers",
        f"MATCH (c:Customer {{customer_id: parent}}) MATCH (c)-[:PLACED]->(o:Order){where_seen('order', 'o')}",
        _of("o", ORDER.all_properties()),
        "at, order_id",
        {"parents": CUSTOMER, "parent": CUSTOMER, "order_id": ORDER_KEY},
    ),
    "lines": _list(
        "OrderLine",
        "orders",
        f"MATCH (o:Order {{order_id: parent}}){where_seen('order', 'o')} MATCH (o)-[t:CONTAINS]->(p:Product)",
        {"sku": "p.sku", **_of("t", CONTAINS.properties)},
        "sku",
        {"parents": ORDER_KEY, "parent": ORDER_KEY},
    ),
    "shares": _list(
        "Share",
        "customers",
        f"MATCH (c:Customer {{customer_id: parent}}) MATCH (c)-[:SHARED]->(h:Share){where_seen('share', 'h')}",
        _of("h", SHARE.all_properties()),
        "at, share_id",
        {"parents": CUSTOMER, "parent": CUSTOMER, "share_id": SHARE_KEY},
    ),
    "referrals": _list(
        "Referral",
        "customers",
        f"MATCH (c:Customer {{customer_id: parent}}) MATCH (c)-[t:REFERRED]->(b:Customer){where_seen('customer', 'c')}"
        f"{and_seen('customer', 'b')}",
        {"referred_id": "b.customer_id", **_of("t", REFERRED.properties)},
        "at, referred_id",
        {"parents": CUSTOMER, "parent": CUSTOMER, "referred_id": CUSTOMER, "share": SHARE_KEY},
    ),
}
"""What an export can nest, by the name of the list."""


def adrift(noun: str, children: Collection[str]) -> str | None:
    """The first of the lists whose parents are not in the export of the noun; None where all hang together."""
    return next((one for one in children if CHILDREN[one].under not in {noun, *children} or one == noun), None)
