"""Who is inside of an open chain: an audience's customers by key, a page at a time, out of one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import LiteralString
from zoneinfo import ZoneInfo

from graph.algorithms.chains import Calendar
from graph.queries.audience import CONDITIONS
from graph.queries.customer import OWN_KEYS
from graph.queries.open_chain import OpenChainRow, dates_before, still_open
from graph.queries.reader import Reader
from graph.queries.recent_orders import CATEGORIES, CHAINS, ORDERS, Q_LIMIT, recent
from graph.queries.view import and_seen
from graph.queries.where import Filters, Shape, condition, shape_of
from graph.store.statement import CUSTOMER, ORDER, Statement, cypher

SCANNED = 500
"""Customers with recent orders that one page looks at; a page of fewer insiders than were asked for may come first."""


@dataclass(frozen=True, slots=True)
class Insider:
    """A customer and the chains that are open for them, the nearest window first."""

    customer: str
    open: tuple[OpenChainRow, ...]


@dataclass(frozen=True, slots=True)
class Insiders:
    """A page: those inside, the key up to which customers were looked at, and whether there are more behind it."""

    found: tuple[Insider, ...]
    end: str | None
    more: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What counts: windows that begin by an instant, and chains that lead to a category or one below it."""

    at: datetime
    begins_by: datetime
    next_category: str | None = None

    def fits(self, row: OpenChainRow) -> bool:
        """Whether this window counts."""
        category, branch = row.chain.then_category_id, self.next_category
        below = category is not None and (category == branch or category.startswith(f"{branch} > "))
        return (branch is None or below) and row.window_start <= self.begins_by


async def insiders(
    reader: Reader, audience: Filters, wanted: Wanted, zone: ZoneInfo, calendar: Calendar, first: int, after: str | None
) -> Insiders:
    """At most `first` customers of the audience behind a key who are inside of a chain that counts, by key."""
    shape, values = shape_of(audience)
    dates = dates_before(wanted.at, zone)
    given = {
        "dates": dates,
        "since": wanted.at - timedelta(days=len(dates) + 1),
        "after": after or "",
        "scan": SCANNED + 1,
        "q_limit": Q_LIMIT,
    }
    records = await reader.read(inside_statement(shape), {**values, **given})
    # Of nobody the one store tells an empty list, and the other no row.
    scanned: list[str] = [key for record in records if record["source"] == "scan" for key in record["scanned"]]
    bought = recent([record for record in records if record["source"] != "scan"])
    found: list[Insider] = []
    for key in scanned[:SCANNED]:
        rows = still_open(bought.orders.get(key, ()), bought.chains, wanted.at, zone, calendar)
        if counted := tuple(row for row in rows if wanted.fits(row)):
            if len(found) == first:
                return Insiders(tuple(found), found[-1].customer, more=True)
            found.append(Insider(key, counted))
    return Insiders(tuple(found), _end(scanned), more=len(scanned) > SCANNED)


def _end(scanned: Sequence[str]) -> str | None:
    return scanned[:SCANNED][-1] if scanned else None


_NOTHING: LiteralString = (
    "null AS customer, null AS order, null AS at, null AS local_date, null AS local_minute, null AS time_zone,"
    " null AS district, null AS store, null AS channel, null AS behaviour, null AS product, null AS categories"
)


_KEYS: dict[str, str] = {"after": CUSTOMER, "scanned": CUSTOMER, "customer": CUSTOMER, "order": ORDER, **OWN_KEYS}


@lru_cache(maxsize=256)
def inside_statement(shape: Shape) -> Statement:
    """What reads the customers that a page looks at, their recent orders, and the chains these may have opened."""
    more: LiteralString = f" AND {condition(CONDITIONS, shape)}" if shape else ""
    seen, its = and_seen("customer", "c"), and_seen("order", "o")
    people: LiteralString = (
        f"MATCH (c:Customer) WHERE c.customer_id > $after AND c.last_order_at >= $since{more}{seen}"
        " WITH c ORDER BY c.customer_id LIMIT $scan"
    )
    bought: LiteralString = f"{people} MATCH (c)-[:PLACED]->(o:Order) WHERE o.local_date IN $dates{its} {CATEGORIES}"
    scan: LiteralString = (
        f"{people} RETURN 'scan' AS source, null AS chain, {_NOTHING}, collect(c.customer_id) AS scanned"
    )
    none: LiteralString = ", null AS scanned"
    return cypher(f"{bought}{CHAINS}{none} UNION ALL {bought}{ORDERS}{none} UNION ALL {scan}", **_KEYS)
