"""What customers bought and did lately, and the chains that this may have opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from graph.model.product import branches
from graph.queries.chain import ChainRow
from graph.queries.packing import kinds_of
from graph.queries.reader import Reader
from graph.queries.run import CURRENT_CHAINS
from graph.queries.view import and_seen
from graph.store.statement import CUSTOMER, ORDER, Statement

Q_LIMIT = 0.05
"""Only chains below it are told to customers: a run keeps some unconfirmed ones too, for those who study it."""


@dataclass(frozen=True, slots=True)
class RecentOrder:
    """An order, or another thing done, with all that a step of a chain may ask of it.

    `categories` include those above in the tree. Of another thing `product` says with what, and the source is unknown.
    """

    customer: str
    order: str | None
    at: datetime
    local_date: date
    local_minute: int
    source: str | None
    time_zone: str | None
    district: str | None
    store: str | None
    channel: str | None
    categories: frozenset[str]
    behaviour: str = "purchase"
    product: str | None = None


@dataclass(frozen=True, slots=True)
class CurrentChain:
    """A confirmed chain of a current run, and the data set that the run speaks of; * for all."""

    chain: ChainRow
    source: str


@dataclass(frozen=True, slots=True)
class Recent:
    """What each customer did, oldest first, and the chains that begin with something any of them did."""

    orders: Mapping[str, Sequence[RecentOrder]]
    chains: Sequence[CurrentChain]


# What a row of the answer may hold: an order or another thing done, or a chain with its `source`.
_KINDS: Mapping[str, str] = {"chain": "", **kinds_of(RecentOrder)}


def _row(**values: LiteralString) -> LiteralString:
    """A list with a place for each of what a row may hold."""
    found: list[LiteralString] = [values.get(name, "null") for name in _KINDS]
    return "[" + ", ".join(found) + "]"


def _told_in_rows(text: LiteralString) -> Statement:
    """A statement that answers such rows in one list."""
    keys = {"customers": CUSTOMER, "customer": CUSTOMER, "order": ORDER}
    return Statement(text, tuple(_KINDS), tuple(keys.items()), tuple(_KINDS.values()))


# A category's id is its path, which names those above it: nothing is asked of the tree.
_BOUGHT: LiteralString = (
    "MATCH (o)-[:CONTAINS]->(p:Product) WHERE p.category_id IS NOT NULL"
    " WITH c, o, collect(DISTINCT p.category_id) AS categories"
    " OPTIONAL MATCH (o)-[:AT]->(s:Store) OPTIONAL MATCH (o)-[:VIA]->(h:Channel)"
)
_ORDER_ROW: LiteralString = _row(
    customer="c.customer_id",
    order="o.order_id",
    at="toString(o.at)",
    local_date="toString(o.local_date)",
    local_minute="o.local_minute",
    source="o.source",
    time_zone="s.time_zone",
    district="coalesce(s.district, c.district)",
    store="s.store_id",
    channel="h.name",
    categories="categories",
    behaviour="'purchase'",
)
# Who said no to personal offers is inside of nothing, unless all are asked for; who was never asked has not said no.
_MAY_BE_OFFERED: LiteralString = " AND ($any_consent OR coalesce(c.consent_offers, true) = true)"
_WHO: LiteralString = "MATCH (c:Customer {customer_id: customer})"
_ORDERS: LiteralString = (
    f"UNWIND $customers AS customer {_WHO}-[:PLACED]->(o:Order)"
    f" WHERE o.local_date IN $dates{_MAY_BE_OFFERED}{and_seen('order', 'o')} {_BOUGHT}"
    f" WITH collect({_ORDER_ROW}) AS orders, collect(categories) AS own"
)

TOLD = frozenset({"view", "favourite", "cart_add", "share", "visit"})
"""What the graph tells of beside orders: of each product viewed, put into the cart or made a favourite, and of each
store visited, the newest time; of shares of products every one."""
_NAMES_OTHERS: LiteralString = (
    "n.first_behaviour IN $told OR n.then_behaviour IN $told"
    " OR any(behaviour IN $told WHERE coalesce(n.steps, '') CONTAINS '\"' + behaviour + '\"')"
)
# The chains that orders of the categories in `own`, a list of lists, may have begun, and those that begin with
# something else; `others` counts those that name something else anywhere.
_CHAINS: LiteralString = (
    "CALL (own) { UNWIND own AS some UNWIND some AS category WITH collect(DISTINCT category) AS known"
    f" {CURRENT_CHAINS} MATCH (n:Chain {{run_id: pointer.run_id}})"
    " WHERE n.q_value < $q_limit AND n.lift > 1 AND (n.first_behaviour <> 'purchase' OR any(category IN known"
    " WHERE category = n.first_category_id OR category STARTS WITH n.first_category_id + ' > '))"
    f" RETURN collect({_row(source='pointer.scope', chain='n')}) AS chains,"
    f" count(CASE WHEN {_NAMES_OTHERS} THEN 1 END) AS others }}"
)
_ACT_ROW: LiteralString = _row(
    customer="c.customer_id",
    at="toString(at)",
    time_zone="x.time_zone",
    district="coalesce(x.district, c.district)",
    store="x.store_id",
    product="p.sku",
    categories="CASE WHEN p.category_id IS NULL THEN [] ELSE [p.category_id] END",
    behaviour="behaviour",
)
# All ties in one pattern: a branch for each of them costs a planner that has just started seconds. Where no chain asks
# for them nobody's are read. Of products alone those with a category count.
_ACTS: LiteralString = (
    f"CALL (others) {{ UNWIND CASE WHEN others > 0 THEN $customers ELSE [] END AS customer {_WHO}"
    "-[t:VIEWED|FAVOURITED|ADDED_TO_CART|SHARED|VISITED]->(x)"
    f" WHERE coalesce(t.last_at, t.at, x.at) >= $since{_MAY_BE_OFFERED}{and_seen('customer', 'c')}"
    " OPTIONAL MATCH (x)-[:OF]->(shared:Product)"
    " WITH c, x, coalesce(t.last_at, t.at, x.at) AS at, coalesce(shared, x) AS p, CASE type(t)"
    " WHEN 'VIEWED' THEN 'view' WHEN 'FAVOURITED' THEN 'favourite' WHEN 'ADDED_TO_CART' THEN 'cart_add'"
    " WHEN 'SHARED' THEN 'share' ELSE 'visit' END AS behaviour WHERE behaviour = 'visit' OR p.category_id IS NOT NULL"
    f" RETURN collect({_ACT_ROW}) AS acts }}"
)
OF_CUSTOMERS = _told_in_rows(f"{_ORDERS} {_CHAINS} {_ACTS} RETURN orders + chains + acts AS rows")

_ORDER_FIELDS = tuple(field.name for field in fields(RecentOrder))
_CHAIN_FIELDS = tuple(field.name for field in fields(ChainRow))


async def recent_of_customers(
    reader: Reader, customers: Sequence[str], dates: Sequence[date], zone: ZoneInfo, *, any_consent: bool = False
) -> Recent:
    """What these customers bought on these days of the stores' calendars, and did since the first of them.

    One statement, which looks at what was done beside buying only where one of the chains speaks of that. `zone` is the
    clock of what was done in no store. Nothing of who said no to offers, unless with `any_consent`.
    """
    wanted: dict[str, object] = {
        "customers": list(dict.fromkeys(customers)),
        "any_consent": any_consent,
        "dates": list(dates),
        "since": datetime.combine(min(dates), time(), zone),
        "told": sorted(TOLD),
        "q_limit": Q_LIMIT,
    }
    return _recent(await reader.read(OF_CUSTOMERS, wanted), zone)


def _recent(records: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Recent:
    """The rows of the statements, parted."""
    orders: dict[str, list[RecentOrder]] = {}
    for record in records:
        if record["customer"] is not None:
            told: dict[str, Any] = {name: record[name] for name in _ORDER_FIELDS}
            told["categories"] = frozenset(name for path in record["categories"] for name in branches(path))
            if told["behaviour"] != "purchase":
                told |= _on_the_clock(told["at"], ZoneInfo(told["time_zone"]) if told["time_zone"] else zone)
            order = RecentOrder(**told)
            orders.setdefault(order.customer, []).append(order)
    for own in orders.values():
        own.sort(key=lambda order: (order.at, order.order or "", order.behaviour, order.product or ""))
    return Recent(orders, sorted(_chains(records), key=lambda one: one.chain.key))


def _chains(records: Sequence[Mapping[str, Any]]) -> list[CurrentChain]:
    return [CurrentChain(_chain(one["chain"]), one["source"]) for one in records if one["chain"] is not None]


def _on_the_clock(at: datetime, zone: ZoneInfo) -> dict[str, object]:
    local = at.astimezone(zone)
    return {"local_date": local.date(), "local_minute": local.hour * 60 + local.minute}


def _chain(node: Mapping[str, Any]) -> ChainRow:
    """The chain of its node's properties: what a node lacks is not known."""
    told: dict[str, Any] = {name: node.get(name) for name in _CHAIN_FIELDS}
    told |= {"key": node["chain_id"], "told_steps": node.get("steps"), "new": node.get("new", True)}
    told["scope_kind"] = told["scope_kind"] or "everywhere"
    return ChainRow(**told)
