"""What customers bought and did lately, and the chains that this may have opened, out of one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from graph.queries.chain import ChainRow
from graph.queries.reader import Reader
from graph.queries.view import and_seen
from graph.store.statement import CUSTOMER, ORDER, cypher

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


# A chain's category may stand above the product's own in the tree.
_CATEGORIES: LiteralString = "MATCH (o)-[:CONTAINS]->(:Product)-[:IN]->(:Category)-[:PART_OF*0..8]->(k:Category)"
_CHAINS: LiteralString = (
    " WITH DISTINCT k.category_id AS category MATCH (n:Chain {first_category_id: category})"
    " WHERE n.q_value < $q_limit AND n.lift > 1 AND coalesce(n.first_behaviour, 'purchase') = 'purchase'"
    " WITH DISTINCT n MATCH (pointer:CurrentRun {kind: 'chains'}) WHERE pointer.run_id = n.run_id"
    " RETURN pointer.scope AS source, n AS chain, null AS customer, null AS order, null AS at, null AS local_date,"
    " null AS local_minute, null AS time_zone, null AS district, null AS store, null AS channel,"
    " null AS behaviour, null AS product, null AS categories"
)
_ORDERS: LiteralString = (
    " WITH c, o, collect(DISTINCT k.category_id) AS categories"
    " OPTIONAL MATCH (o)-[:AT]->(s:Store) OPTIONAL MATCH (o)-[:VIA]->(h:Channel)"
    " RETURN o.source AS source, null AS chain, c.customer_id AS customer, o.order_id AS order, o.at AS at,"
    " o.local_date AS local_date, o.local_minute AS local_minute, s.time_zone AS time_zone,"
    " coalesce(s.district, c.district) AS district, s.store_id AS store, h.name AS channel,"
    " 'purchase' AS behaviour, null AS product, categories"
)
# Who said no to personal offers is inside of nothing, unless all are asked for; who was never asked has not said no.
_MAY_BE_OFFERED: LiteralString = " AND ($any_consent OR coalesce(c.consent_offers, true) = true)"
_OF_CUSTOMERS: LiteralString = (
    "UNWIND $customers AS customer MATCH (c:Customer {customer_id: customer})-[:PLACED]->(o:Order)"
    f" WHERE o.local_date IN $dates{_MAY_BE_OFFERED}{and_seen('order', 'o')} {_CATEGORIES}"
)
# Only a run of more than purchases needs what else was done: its parameters name it. The others cost nothing here.
_BEYOND_PURCHASES: LiteralString = (
    "MATCH (pointer:CurrentRun {kind: 'chains'}) MATCH (r:ScoreRun {run_id: pointer.run_id})"
    " WHERE any(word IN $beyond WHERE r.parameters CONTAINS word)"
)
_OTHER_CHAINS: LiteralString = (
    f"{_BEYOND_PURCHASES} WITH pointer MATCH (n:Chain {{run_id: pointer.run_id}})"
    " WHERE n.q_value < $q_limit AND n.lift > 1 AND n.first_behaviour <> 'purchase'"
    " RETURN pointer.scope AS source, n AS chain, null AS customer, null AS order, null AS at, null AS local_date,"
    " null AS local_minute, null AS time_zone, null AS district, null AS store, null AS channel,"
    " null AS behaviour, null AS product, null AS categories"
)
_WHO: LiteralString = (
    f"{_BEYOND_PURCHASES} WITH count(r) AS runs WHERE runs > 0 UNWIND $customers AS customer"
    " MATCH (c:Customer {customer_id: customer})"
)
_OF_PRODUCT: LiteralString = (
    "MATCH (p)-[:IN]->(:Category)-[:PART_OF*0..8]->(k:Category)"
    " WITH c, p, at, behaviour, collect(DISTINCT k.category_id) AS categories"
    " RETURN null AS source, null AS chain, c.customer_id AS customer, null AS order, at, null AS local_date,"
    " null AS local_minute, null AS time_zone, c.district AS district, null AS store, null AS channel,"
    " behaviour, p.sku AS product, categories"
)
_TIES: LiteralString = (
    f"{_WHO}-[t:VIEWED|FAVOURITED|ADDED_TO_CART]->(p:Product) WHERE coalesce(t.last_at, t.at) >= $since"
    f"{_MAY_BE_OFFERED}{and_seen('customer', 'c')} WITH c, p, coalesce(t.last_at, t.at) AS at,"
    " CASE type(t) WHEN 'VIEWED' THEN 'view' WHEN 'FAVOURITED' THEN 'favourite' ELSE 'cart_add' END AS behaviour"
    f" {_OF_PRODUCT}"
)
_SHARES: LiteralString = (
    f"{_WHO}-[:SHARED]->(s:Share)-[:OF]->(p:Product) WHERE s.at >= $since{_MAY_BE_OFFERED}{and_seen('customer', 'c')}"
    f" WITH c, p, s.at AS at, 'share' AS behaviour {_OF_PRODUCT}"
)
_VISITS: LiteralString = (
    f"{_WHO}-[t:VISITED]->(s:Store) WHERE t.last_at >= $since{_MAY_BE_OFFERED}{and_seen('customer', 'c')}"
    " RETURN null AS source, null AS chain, c.customer_id AS customer, null AS order, t.last_at AS at,"
    " null AS local_date, null AS local_minute, s.time_zone AS time_zone,"
    " coalesce(s.district, c.district) AS district, s.store_id AS store, null AS channel,"
    " 'visit' AS behaviour, null AS product, [] AS categories"
)
TOLD = "view", "favourite", "cart_add", "share", "visit"
"""What the graph tells of beside orders: of each product viewed, put into the cart or made a favourite, and of each
store visited, the newest time; of shares of products every one."""
OF_CUSTOMERS = cypher(
    f"{_OF_CUSTOMERS}{_CHAINS} UNION ALL {_OF_CUSTOMERS}{_ORDERS} UNION ALL {_OTHER_CHAINS}"
    f" UNION ALL {_TIES} UNION ALL {_SHARES} UNION ALL {_VISITS}",
    customers=CUSTOMER,
    customer=CUSTOMER,
    order=ORDER,
)

_ORDER_FIELDS = tuple(field.name for field in fields(RecentOrder))
_CHAIN_FIELDS = tuple(field.name for field in fields(ChainRow))


async def recent_of_customers(
    reader: Reader, customers: Sequence[str], dates: Sequence[date], zone: ZoneInfo, *, any_consent: bool = False
) -> Recent:
    """What these customers bought on these days of the stores' calendars, and did since the first of them.

    `zone` is the clock of what was done in no store. Nothing of who said no to offers, unless with `any_consent`.
    """
    wanted: dict[str, object] = {"customers": list(dict.fromkeys(customers)), "dates": list(dates)}
    wanted |= {"q_limit": Q_LIMIT, "any_consent": any_consent}
    since = datetime.combine(min(dates), time(), zone)
    beyond = [f'"{behaviour}"' for behaviour in TOLD]
    return _recent(await reader.read(OF_CUSTOMERS, {**wanted, "since": since, "beyond": beyond}), zone)


def _recent(records: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Recent:
    """The rows of the statement, parted."""
    orders: dict[str, list[RecentOrder]] = {}
    chains: list[CurrentChain] = []
    for record in records:
        if record["chain"] is not None:
            chains.append(CurrentChain(_chain(record["chain"]), record["source"]))
        else:
            told: dict[str, Any] = {name: record[name] for name in _ORDER_FIELDS}
            told["categories"] = frozenset[str](record["categories"])
            if told["behaviour"] != "purchase":
                told |= _on_the_clock(told["at"], ZoneInfo(told["time_zone"]) if told["time_zone"] else zone)
            order = RecentOrder(**told)
            orders.setdefault(order.customer, []).append(order)
    for own in orders.values():
        own.sort(key=lambda order: (order.at, order.order or "", order.behaviour, order.product or ""))
    chains.sort(key=lambda one: one.chain.key)
    return Recent(orders, chains)


def _on_the_clock(at: datetime, zone: ZoneInfo) -> dict[str, object]:
    local = at.astimezone(zone)
    return {"local_date": local.date(), "local_minute": local.hour * 60 + local.minute}


def _chain(node: Mapping[str, Any]) -> ChainRow:
    """The chain of its node's properties: what a node lacks is not known."""
    told: dict[str, Any] = {name: node.get(name) for name in _CHAIN_FIELDS}
    told |= {"key": node["chain_id"], "told_steps": node.get("steps"), "new": node.get("new", True)}
    told["scope_kind"] = told["scope_kind"] or "everywhere"
    return ChainRow(**told)
