"""Who is inside of an open chain: an audience's customers by key, page by page, a thousand looked at at a time.

Of these the same statement and the same rule tell what is open as for one customer (`open_chain.py`).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import LiteralString
from zoneinfo import ZoneInfo

from graph.algorithms.chains import EVERY_WEEK_ALIKE, Calendar
from graph.queries.audience import CONDITIONS
from graph.queries.chain_behaviours import PURCHASE, known_behaviours
from graph.queries.customer import OWN_KEYS
from graph.queries.open_chain import OpenChainRow, dates_before, open_chains
from graph.queries.paging import COUNT_CAP, Entry, Page, Position, Slice, cut
from graph.queries.reader import Reader
from graph.queries.recent_orders import Q_LIMIT
from graph.queries.run import CURRENT_CHAINS
from graph.queries.view import and_seen
from graph.queries.where import Filters, Shape, condition, shape_of
from graph.store.statement import CUSTOMER, Statement, cypher

SCANNED = 1_000
"""Customers who did something lately and are looked at together; a page takes as many rounds as fill it."""


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
        """Whether this window, of a chain that leads there, counts."""
        return row.window_start <= self.begins_by


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
    if not await _is_led_to(reader, wanted.next_category):
        return
    shape, values = shape_of(wanted.audience)
    dates = dates_before(wanted.at, wanted.zone)
    given: dict[str, object] = {**values, "since": wanted.at - timedelta(days=len(dates) + 1), "scan": SCANNED}
    beyond_purchases = await known_behaviours(reader) > {PURCHASE}
    after, before = (None if end is None else end.key for end in (slice.after, slice.before))
    while True:
        ends = {name: end for name, end in (("after", after), ("before", before)) if end is not None}
        statement = active_statement(shape, after is not None, before is not None, slice.backward, beyond_purchases)
        keys = [record["key"] for record in await reader.read(statement, given | ends)]
        # Whether the audience holds those who said no to offers was asked of it.
        open_now = await open_chains(
            reader, keys, wanted.at, wanted.zone, wanted.calendar, any_consent=True, leads_to=wanted.next_category
        )
        for key, rows in zip(keys, open_now, strict=True):
            if counted := tuple(row for row in rows if wanted.fits(row)):
                yield Insider(key, counted)
        if len(keys) < SCANNED:
            return
        after, before = (after, keys[-1]) if slice.backward else (keys[-1], before)


LEADING_THERE = cypher(
    f"{CURRENT_CHAINS} MATCH (n:Chain {{run_id: pointer.run_id}})"
    " WHERE n.q_value < $q_limit AND n.lift > 1"
    " AND (n.then_category_id = $category OR n.then_category_id STARTS WITH $category + ' > ')"
    " RETURN n.chain_id AS key LIMIT 1"
)


async def _is_led_to(reader: Reader, category: str | None) -> bool:
    """Whether any confirmed chain leads to the category: else nobody is inside of one, and nobody is looked at."""
    return category is None or bool(await reader.read(LEADING_THERE, {"category": category, "q_limit": Q_LIMIT}))


_BOUGHT: LiteralString = "c.last_order_at >= $since"
_ACTED: LiteralString = (
    f"({_BOUGHT} OR EXISTS {{ MATCH (c)-[t:VIEWED|VISITED|ADDED_TO_CART|FAVOURITED]->()"
    " WHERE coalesce(t.last_at, t.at) >= $since }"
    " OR EXISTS { MATCH (c)-[:SHARED]->(shared:Share) WHERE shared.at >= $since })"
)


@lru_cache(maxsize=256)
def active_statement(
    shape: Shape, after: bool, before: bool, backward: bool, beyond_purchases: bool = False
) -> Statement:
    """What reads the keys of those of an audience who may be inside of anything: who did something lately."""
    more: LiteralString = f" AND {condition(CONDITIONS, shape)}" if shape else ""
    least: LiteralString = "c.customer_id > $after" if after else "c.customer_id IS NOT NULL"
    most: LiteralString = " AND c.customer_id < $before" if before else ""
    lately: LiteralString = _ACTED if beyond_purchases else _BOUGHT
    way: LiteralString = "DESC" if backward else "ASC"
    return cypher(
        f"MATCH (c:Customer) WHERE {least}{most} AND {lately}{more}{and_seen('customer', 'c')}"
        f" WITH c.customer_id AS key ORDER BY key {way} LIMIT $scan RETURN key",
        after=CUSTOMER,
        before=CUSTOMER,
        key=CUSTOMER,
        **OWN_KEYS,
    )
