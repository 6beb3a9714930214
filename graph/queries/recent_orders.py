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
# The chains that orders of the categories in `own`, a list of lists, may have begun. One that begins with something
# else is told in any case: who did that, another statement has to say.
_CHAINS: LiteralString = (
    "CALL (own) { UNWIND own AS some UNWIND some AS category WITH collect(DISTINCT category) AS known"
    " MATCH (pointer:CurrentRun {kind: 'chains'}) MATCH (n:Chain {run_id: pointer.run_id})"
    " WHERE n.q_value < $q_limit AND n.lift > 1 AND (n.first_behaviour <> 'purchase' OR any(category IN known"
    " WHERE category = n.first_category_id OR category STARTS WITH n.first_category_id + ' > '))"
    f" RETURN collect({_row(source='pointer.scope', chain='n')}) AS chains }}"
)
# Who said no to personal offers is inside of nothing, unless all are asked for; who was never asked has not said no.
_MAY_BE_OFFERED: LiteralString = " AND ($any_consent OR coalesce(c.consent_offers, true) = true)"
_WHO: LiteralString = "UNWIND $customers AS customer MATCH (c:Customer {customer_id: customer})"
OF_CUSTOMERS = _told_in_rows(
    f"{_WHO}-[:PLACED]->(o:Order) WHERE o.local_date IN $dates{_MAY_BE_OFFERED}{and_seen('order', 'o')} {_BOUGHT}"
    f" WITH collect({_ORDER_ROW}) AS orders, collect(categories) AS own {_CHAINS} RETURN orders + chains AS rows"
)

TOLD = frozenset({"view", "favourite", "cart_add", "share", "visit"})
"""What the graph tells of beside orders: of each product viewed, put into the cart or made a favourite, and of each
store visited, the newest time; of shares of products every one."""
_AND_SEEN: LiteralString = f"{_MAY_BE_OFFERED}{and_seen('customer', 'c')}"


def _with_product(at: LiteralString, behaviour: LiteralString) -> LiteralString:
    told = _row(
        customer="c.customer_id", at=f"toString({at})", district="c.district", product="p.sku",
        categories="[p.category_id]", behaviour=behaviour,
    )  # fmt: skip
    return f" AND p.category_id IS NOT NULL{_AND_SEEN} RETURN collect({told}) AS rows"


_TIES: LiteralString = (
    f"{_WHO}-[t:VIEWED|FAVOURITED|ADDED_TO_CART]->(p:Product) WHERE coalesce(t.last_at, t.at) >= $since"
    + _with_product(
        "coalesce(t.last_at, t.at)",
        "CASE type(t) WHEN 'VIEWED' THEN 'view' WHEN 'FAVOURITED' THEN 'favourite' ELSE 'cart_add' END",
    )
)
_SHARES: LiteralString = f"{_WHO}-[:SHARED]->(s:Share)-[:OF]->(p:Product) WHERE s.at >= $since" + _with_product(
    "s.at", "'share'"
)
_VISIT_ROW: LiteralString = _row(
    customer="c.customer_id", at="toString(t.last_at)", time_zone="s.time_zone", store="s.store_id",
    district="coalesce(s.district, c.district)", categories="[]", behaviour="'visit'",
)  # fmt: skip
_VISITS: LiteralString = (
    f"{_WHO}-[t:VISITED]->(s:Store) WHERE t.last_at >= $since{_AND_SEEN} RETURN collect({_VISIT_ROW}) AS rows"
)
DONE_BESIDE = _told_in_rows(f"{_TIES} UNION ALL {_SHARES} UNION ALL {_VISITS}")

_ORDER_FIELDS = tuple(field.name for field in fields(RecentOrder))
_CHAIN_FIELDS = tuple(field.name for field in fields(ChainRow))


async def recent_of_customers(
    reader: Reader, customers: Sequence[str], dates: Sequence[date], zone: ZoneInfo, *, any_consent: bool = False
) -> Recent:
    """What these customers bought on these days of the stores' calendars, and did since the first of them.

    One statement; a second one for what was done beside buying, where one of the chains speaks of that. `zone` is the
    clock of what was done in no store. Nothing of who said no to offers, unless with `any_consent`.
    """
    wanted: dict[str, object] = {"customers": list(dict.fromkeys(customers)), "any_consent": any_consent}
    rows = await reader.read(OF_CUSTOMERS, {**wanted, "dates": list(dates), "q_limit": Q_LIMIT})
    if any(step.behaviour in TOLD for one in _chains(rows) for step in one.chain.steps):
        since = datetime.combine(min(dates), time(), zone)
        rows = [*rows, *await reader.read(DONE_BESIDE, {**wanted, "since": since})]
    return _recent(rows, zone)


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
