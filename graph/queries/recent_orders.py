"""What customers bought lately and the chains that this may have opened, out of one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, LiteralString

from graph.queries.chain import ChainRow
from graph.queries.reader import Reader
from graph.queries.view import and_seen
from graph.store.statement import CUSTOMER, ORDER, cypher

Q_LIMIT = 0.05
"""Only chains below it are told to customers: a run keeps some unconfirmed ones too, for those who study it."""


@dataclass(frozen=True, slots=True)
class RecentOrder:
    """An order with all that a step of a chain may ask of it; `categories` include those above in the tree."""

    customer: str
    order: str
    at: datetime
    local_date: date
    local_minute: int
    source: str | None
    time_zone: str | None
    district: str | None
    store: str | None
    channel: str | None
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class CurrentChain:
    """A confirmed chain of a current run, and the data set that the run speaks of; * for all."""

    chain: ChainRow
    source: str


@dataclass(frozen=True, slots=True)
class Recent:
    """Each customer's orders, oldest first, and the chains whose first category any of them bought."""

    orders: Mapping[str, Sequence[RecentOrder]]
    chains: Sequence[CurrentChain]


# A chain's category may stand above the product's own in the tree.
CATEGORIES: LiteralString = "MATCH (o)-[:CONTAINS]->(:Product)-[:IN]->(:Category)-[:PART_OF*0..8]->(k:Category)"
CHAINS: LiteralString = (
    " WITH DISTINCT k.category_id AS category MATCH (n:Chain {first_category_id: category})"
    " WHERE n.q_value < $q_limit AND n.lift > 1 WITH DISTINCT n"
    " MATCH (pointer:CurrentRun {kind: 'chains'}) WHERE pointer.run_id = n.run_id"
    " RETURN pointer.scope AS source, n AS chain, null AS customer, null AS order, null AS at, null AS local_date,"
    " null AS local_minute, null AS time_zone, null AS district, null AS store, null AS channel, null AS categories"
)
ORDERS: LiteralString = (
    " WITH c, o, collect(DISTINCT k.category_id) AS categories"
    " OPTIONAL MATCH (o)-[:AT]->(s:Store) OPTIONAL MATCH (o)-[:VIA]->(h:Channel)"
    " RETURN o.source AS source, null AS chain, c.customer_id AS customer, o.order_id AS order, o.at AS at,"
    " o.local_date AS local_date, o.local_minute AS local_minute, s.time_zone AS time_zone,"
    " coalesce(s.district, c.district) AS district, s.store_id AS store, h.name AS channel, categories"
)
_OF_CUSTOMERS: LiteralString = (
    "UNWIND $customers AS customer MATCH (c:Customer {customer_id: customer})-[:PLACED]->(o:Order)"
    # Who said no to personal offers is inside of nothing; who was never asked has not said no.
    f" WHERE o.local_date IN $dates AND coalesce(c.consent_offers, true) = true{and_seen('order', 'o')} {CATEGORIES}"
)
OF_CUSTOMERS = cypher(
    f"{_OF_CUSTOMERS}{CHAINS} UNION ALL {_OF_CUSTOMERS}{ORDERS}", customers=CUSTOMER, customer=CUSTOMER, order=ORDER
)

_ORDER_FIELDS = tuple(field.name for field in fields(RecentOrder))
_CHAIN_FIELDS = tuple(field.name for field in fields(ChainRow))


async def recent_of_customers(reader: Reader, customers: Sequence[str], dates: Sequence[date]) -> Recent:
    """What these customers bought on these days of the stores' calendars."""
    wanted = {"customers": list(dict.fromkeys(customers)), "dates": list(dates), "q_limit": Q_LIMIT}
    return recent(await reader.read(OF_CUSTOMERS, wanted))


def recent(records: Sequence[Mapping[str, Any]]) -> Recent:
    """The rows of the statement, parted."""
    orders: dict[str, list[RecentOrder]] = {}
    chains: list[CurrentChain] = []
    for record in records:
        if record["chain"] is not None:
            chains.append(CurrentChain(_chain(record["chain"]), record["source"]))
        else:
            told: dict[str, Any] = {name: record[name] for name in _ORDER_FIELDS}
            told["categories"] = frozenset[str](record["categories"])
            order = RecentOrder(**told)
            orders.setdefault(order.customer, []).append(order)
    for own in orders.values():
        own.sort(key=lambda order: (order.at, order.order))
    chains.sort(key=lambda one: one.chain.key)
    return Recent(orders, chains)


def _chain(node: Mapping[str, Any]) -> ChainRow:
    """The chain of its node's properties: what a node lacks is not known."""
    told: dict[str, Any] = {name: node.get(name) for name in _CHAIN_FIELDS}
    told |= {"key": node["chain_id"], "told_steps": node.get("steps"), "new": node.get("new", True)}
    told["scope_kind"] = told["scope_kind"] or "everywhere"
    return ChainRow(**told)
