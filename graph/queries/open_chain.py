"""Open chains: which next steps lie ahead of a customer at an instant, in which window of the store's own clock.

A chain of n steps is open for who has done its first n - 1, each at the gap of the chain behind the one before. Whoever
has done fewer is inside of a shorter chain, which is one of its own: only confirmed chains are extended. It closes with
its last window, or when the last step is done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from graph.algorithms.chains import EVERY_WEEK_ALIKE, MOST_DAYS, Behaviour, Calendar, Gap
from graph.model.product import is_within
from graph.queries.chain import ChainRow
from graph.queries.chain_behaviours import Did, did
from graph.queries.chain_steps import ChainStepRow
from graph.queries.reader import Reader
from graph.queries.recent_orders import CurrentChain, RecentOrder, recent_of_customers

_DAY_MINUTES = 24 * 60
REACH_DAYS = 2 * MOST_DAYS + 1
"""So far back orders are looked at: the longest gap twice over. Steps of longer chains that lie further apart than that
are not seen."""
Done = tuple[RecentOrder, ...]


@dataclass(frozen=True, slots=True)
class OpenChainRow:
    """A chain all of whose steps but the last are done, and a window of the last one that has not ended yet."""

    chain: ChainRow
    done: Done
    """The order of each step, first to last."""
    window_start: datetime
    window_end: datetime

    @property
    def last(self) -> RecentOrder:
        """The order of the newest step."""
        return self.done[-1]


@dataclass(frozen=True, slots=True)
class StepReached:
    """What a customer did was the last but one step of a chain: what follows lies ahead."""

    customer: str
    log_version: int
    """The version of the log that brought the step."""
    open: OpenChainRow
    """The chain, with its nearest window."""


async def steps_reached(
    reader: Reader,
    acts: Mapping[Did, int],
    customers: Sequence[str],
    at: datetime,
    zone: ZoneInfo,
    calendar: Calendar = EVERY_WEEK_ALIKE,
) -> list[StepReached]:
    """Each chain that what these customers did opened or led on, once, in their order.

    `acts` tells of each the version of the log that brought it.
    """
    reached: dict[tuple[str, str], StepReached] = {}
    found = await open_chains(reader, customers, at, zone, calendar)
    for customer, rows in zip(customers, found, strict=True):
        for row in rows:
            own = did(row.last.behaviour, row.last)
            if own is not None and (version := acts.get(own)) is not None:
                reached.setdefault((customer, row.chain.key), StepReached(customer, version, row))
    return list(reached.values())


async def open_chains(
    reader: Reader,
    customers: Sequence[str],
    at: datetime,
    zone: ZoneInfo,
    calendar: Calendar = EVERY_WEEK_ALIKE,
    *,
    any_consent: bool = False,
    leads_to: str | None = None,
) -> list[list[OpenChainRow]]:
    """Each customer's open chains at an instant, the nearest window first, out of one statement.

    `zone` holds for stores that name none; `calendar` says which days are holidays. Who said no to offers is inside of
    nothing, unless with `any_consent`. Of chains only those that lead to a category, or one below it, where one is
    given.
    """
    found = await recent_of_customers(reader, customers, dates_before(at, zone), zone, any_consent=any_consent)
    chains = [one for one in found.chains if _leads_to(one.chain, leads_to)]
    return [still_open(found.orders.get(customer, ()), chains, at, zone, calendar) for customer in customers]


def _leads_to(chain: ChainRow, category: str | None) -> bool:
    then = chain.then_category_id
    return category is None or (then is not None and is_within(then, category))


def dates_before(at: datetime, zone: ZoneInfo) -> list[date]:
    """The days whose orders may have opened a chain that is still open."""
    today = at.astimezone(zone).date()
    # A store elsewhere may be a day ahead or behind.
    return [today + timedelta(days=days) for days in range(-REACH_DAYS, 2)]


def still_open(
    orders: Sequence[RecentOrder],
    chains: Sequence[CurrentChain],
    at: datetime,
    zone: ZoneInfo,
    calendar: Calendar = EVERY_WEEK_ALIKE,
) -> list[OpenChainRow]:
    """What one customer's orders, oldest first, have opened: one row a chain and window, of the latest order."""
    known = [order for order in orders if order.at <= at]
    found: dict[tuple[str, datetime], OpenChainRow] = {}
    for one in chains:
        fitting = [order for order in known if _of_source(order, one.source) and _in_scope(order, one.chain)]
        steps = one.chain.steps
        for done in _done(fitting, steps[:-1], calendar):
            if not any(_follows(done[-1], order, steps[-2], steps[-1], calendar) for order in fitting):
                for start, end in windows(done[-1], steps[-2], steps[-1], zone, calendar):
                    if end > at:
                        found[one.chain.key, start] = OpenChainRow(one.chain, done, start, end)
    return sorted(found.values(), key=lambda row: (row.window_start, -row.chain.confidence, row.chain.key))


def _of_source(order: RecentOrder, source: str) -> bool:
    """Ties do not say which data set they come from, and count for every one."""
    return source in ("*", order.source) or (order.source is None and order.behaviour != Behaviour.PURCHASE)


def _in_scope(order: RecentOrder, chain: ChainRow) -> bool:
    places = {"district": order.district, "store": order.store, "channel": order.channel}
    return chain.scope_kind == "everywhere" or (
        chain.scope_key is not None and places.get(chain.scope_kind) == chain.scope_key
    )


def _done(orders: Sequence[RecentOrder], steps: Sequence[ChainStepRow], calendar: Calendar) -> list[Done]:
    """Every order that completes the steps, with the latest orders that lead up to it."""
    found: list[Done] = [(order,) for order in orders if _fits(order, steps[0], calendar)]
    for before, step in pairwise(steps):
        longer: list[Done] = []
        for order in orders:
            leading = [done for done in found if _follows(done[-1], order, before, step, calendar)]
            if leading:
                longer.append((*leading[-1], order))
        found = longer
    return found


def _fits(order: RecentOrder, step: ChainStepRow, calendar: Calendar) -> bool:
    categories = order.categories
    return (
        order.behaviour == step.behaviour
        and (not categories if step.category_id is None else step.category_id in categories)
        and step.start_minute <= order.local_minute < step.end_minute
        and is_day(order.local_date, step.day_kind, calendar)
    )


def _follows(
    first: RecentOrder, then: RecentOrder, before: ChainStepRow, step: ChainStepRow, calendar: Calendar
) -> bool:
    """Whether an order is the next step at the step's gap behind another."""
    if not _fits(then, step, calendar):
        return False
    gap = Gap(str(before.gap))
    if gap.in_hours:
        least, most = (timedelta(minutes=minutes) for minutes in gap.minutes)
        return least <= then.at - first.at <= most
    days = (then.local_date - first.local_date).days
    in_turn = not gap.in_turn or step.start_minute >= before.end_minute
    return gap.first_day <= days <= gap.last_day and in_turn


def windows(
    order: RecentOrder, before: ChainStepRow, step: ChainStepRow, zone: ZoneInfo, calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """When the next step may come behind an order, by the clock of the order's store."""
    own_zone = ZoneInfo(order.time_zone) if order.time_zone else zone
    gap = Gap(str(before.gap))
    for days in range(gap.first_day, gap.last_day + 1):
        day = order.local_date + timedelta(days=days)
        start, end = (_instant(day, minute, own_zone) for minute in (step.start_minute, step.end_minute))
        if gap.in_hours:
            earliest, latest = (order.at + timedelta(minutes=minutes) for minutes in gap.minutes)
            start, end = max(start, earliest), min(end, latest)
        if start < end and is_day(day, step.day_kind, calendar):
            yield start, end


def is_day(day: date, kind: str, calendar: Calendar = EVERY_WEEK_ALIKE) -> bool:
    """True when the day is of the kind: any, weekday, weekend or holiday."""
    return kind == "any" or calendar.kind(day) == kind


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minute, _DAY_MINUTES)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
