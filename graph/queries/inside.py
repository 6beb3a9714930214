"""Who is inside of an open chain: an audience's customers by key, page by page, a thousand looked at by a statement."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import LiteralString
from zoneinfo import ZoneInfo

from graph.algorithms.chains import EVERY_WEEK_ALIKE, Calendar
from graph.queries.audience import CONDITIONS
from graph.queries.customer import OWN_KEYS
from graph.queries.open_chain import OpenChainRow, dates_before, still_open
from graph.queries.paging import COUNT_CAP, Entry, Page, Position, Slice, cut
from graph.queries.reader import Reader
from graph.queries.recent_orders import CATEGORIES, CHAINS, ORDERS, Q_LIMIT, recent
from graph.queries.view import and_seen
from graph.queries.where import Filters, Shape, condition, shape_of
from graph.store.statement import CUSTOMER, ORDER, Statement, cypher

SCANNED = 1_000
"""Customers with recent orders that one statement looks at; a page takes as many statements as it needs to be full."""


@dataclass(frozen=True, slots=True)
class Insider:
    """A customer and the chains that are open for them, the nearest window first."""

    customer: str
    open: tuple[OpenChainRow, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who counts: of an audience, inside of a window that begins by an instant, of a chain that leads to a category.

    `zone` holds for stores that name none; `calendar` says which days are holidays. The category stands for those below
    it too.
    """

    at: datetime
    begins_by: datetime
    zone: ZoneInfo
    next_category: str | None = None
    audience: Filters = field(default_factory=dict[str, object])
    calendar: Calendar = EVERY_WEEK_ALIKE

    def fits(self, row: OpenChainRow) -> bool:
        """Whether this window counts."""
        category, branch = row.chain.then_category_id, self.next_category
        below = category is not None and (category == branch or category.startswith(f"{branch} > "))
        return (branch is None or below) and row.window_start <= self.begins_by


async def insiders(reader: Reader, wanted: Wanted, slice: Slice) -> Page[Insider]:
    """A page of those inside, by key."""
    found: list[Entry[Insider]] = []
    async for insider in _walk(reader, wanted, slice):
        found.append(Entry(insider, Position(insider.customer, insider.customer)))
        if len(found) > slice.limit:
            break
    return cut(found, slice)


async def count_insiders(reader: Reader, wanted: Wanted) -> int:
    """How many are inside, counted up to COUNT_CAP."""
    count = 0
    async for _ in _walk(reader, wanted, Slice(COUNT_CAP)):
        count += 1
        if count == COUNT_CAP:
            break
    return count


async def _walk(reader: Reader, wanted: Wanted, slice: Slice) -> AsyncIterator[Insider]:
    """Those inside between the slice's positions, in the direction in which it is read."""
    shape, values = shape_of(wanted.audience)
    dates = dates_before(wanted.at, wanted.zone)
    given: dict[str, object] = {**values, "dates": dates, "since": wanted.at - timedelta(days=len(dates) + 1)}
    given |= {"scan": SCANNED, "q_limit": Q_LIMIT}
    after, before = (None if end is None else end.key for end in (slice.after, slice.before))
    while True:
        ends = {name: end for name, end in (("after", after), ("before", before)) if end is not None}
        statement = inside_statement(shape, after is not None, before is not None, slice.backward)
        looked_at, found = await _looked_at(reader, statement, given | ends, wanted)
        for key in looked_at:
            if key in found:
                yield Insider(key, found[key])
        if len(looked_at) < SCANNED:
            return
        after, before = (after, looked_at[-1]) if slice.backward else (looked_at[-1], before)


async def _looked_at(
    reader: Reader, statement: Statement, given: Mapping[str, object], wanted: Wanted
) -> tuple[list[str], dict[str, tuple[OpenChainRow, ...]]]:
    """The customers whom a statement looks at, in its order, and of those inside what is open."""
    records = await reader.read(statement, given)
    # Of nobody the one store tells an empty list, and the other no row.
    looked_at: list[str] = [key for record in records for key in record["people"] or ()]
    bought = recent([record for record in records if record["source"] != "scan"])
    found: dict[str, tuple[OpenChainRow, ...]] = {}
    for key, orders in bought.orders.items():
        rows = still_open(orders, bought.chains, wanted.at, wanted.zone, wanted.calendar)
        if counted := tuple(row for row in rows if wanted.fits(row)):
            found[key] = counted
    return looked_at, found


_NOTHING: LiteralString = (
    "null AS customer, null AS order, null AS at, null AS local_date, null AS local_minute, null AS time_zone,"
    " null AS district, null AS store, null AS channel, null AS behaviour, null AS product, null AS categories"
)


@lru_cache(maxsize=256)
def inside_statement(shape: Shape, after: bool, before: bool, backward: bool) -> Statement:
    """What reads the customers who are looked at, their recent orders, and the chains these may have opened."""
    more: LiteralString = f" AND {condition(CONDITIONS, shape)}" if shape else ""
    least: LiteralString = "c.customer_id > $after" if after else "c.customer_id IS NOT NULL"
    most: LiteralString = " AND c.customer_id < $before" if before else ""
    way: LiteralString = "DESC" if backward else "ASC"
    people: LiteralString = (
        f"MATCH (c:Customer) WHERE {least}{most} AND c.last_order_at >= $since{more}{and_seen('customer', 'c')}"
        f" WITH c ORDER BY c.customer_id {way} LIMIT $scan"
    )
    bought: LiteralString = (
        f"{people} MATCH (c)-[:PLACED]->(o:Order) WHERE o.local_date IN $dates{and_seen('order', 'o')} {CATEGORIES}"
    )
    scan: LiteralString = (
        f"{people} RETURN 'scan' AS source, null AS chain, {_NOTHING}, collect(c.customer_id) AS people"
    )
    return cypher(
        f"{bought}{CHAINS}, null AS people UNION ALL {bought}{ORDERS}, null AS people UNION ALL {scan}",
        after=CUSTOMER,
        before=CUSTOMER,
        customer=CUSTOMER,
        order=ORDER,
        people=CUSTOMER,
        **OWN_KEYS,
    )
