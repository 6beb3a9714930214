"""Open chains: which next steps lie ahead of a customer at an instant, in which window of the store's own clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from graph.algorithms.chains import EVERY_WEEK_ALIKE, MOST_DAYS, Calendar, Gap
from graph.queries.chain import ChainRow, FirstStepRow, first_steps
from graph.queries.reader import Reader

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class OpenChainRow:
    """A chain whose first step was done by `order` and whose next slot ends after the instant that was asked for."""

    chain: ChainRow
    order: str
    opened_at: datetime
    window_start: datetime
    window_end: datetime


async def open_chains(
    reader: Reader, customers: Sequence[str], at: datetime, zone: ZoneInfo, calendar: Calendar = EVERY_WEEK_ALIKE
) -> list[list[OpenChainRow]]:
    """Each customer's open chains at an instant, the nearest window first, out of one statement.

    `zone` holds for stores that name none; `calendar` says which days are holidays.
    """
    today = at.astimezone(zone).date()
    # A store elsewhere may be a day ahead or behind.
    dates = [today + timedelta(days=days) for days in range(-MOST_DAYS - 1, 2)]
    return [list(still_open(steps, at, zone, calendar)) for steps in await first_steps(reader, customers, dates)]


def still_open(
    steps: Iterable[FirstStepRow], at: datetime, zone: ZoneInfo, calendar: Calendar = EVERY_WEEK_ALIKE
) -> list[OpenChainRow]:
    """What the first steps lead to at `at`: one row a chain and window, of the latest order that opened it."""
    found: dict[tuple[str, datetime], OpenChainRow] = {}
    for step in sorted(steps, key=lambda step: (step.at, step.order)):
        if step.at <= at and _fits(step, calendar):
            for row in _ahead(step, at, zone, calendar):
                found[row.chain.key, row.window_start] = row
    return sorted(found.values(), key=lambda row: (row.window_start, -row.chain.confidence, row.chain.key))


def _fits(step: FirstStepRow, calendar: Calendar) -> bool:
    chain = step.chain
    places = {"everywhere": None, "district": step.district, "store": step.store, "channel": step.channel}
    in_scope = chain.scope_kind == "everywhere" or (
        chain.scope_key is not None and places.get(chain.scope_kind) == chain.scope_key
    )
    return in_scope and is_day(step.local_date, chain.first_day_kind, calendar)


def _ahead(step: FirstStepRow, at: datetime, zone: ZoneInfo, calendar: Calendar) -> Iterator[OpenChainRow]:
    chain = step.chain
    own_zone = ZoneInfo(step.time_zone) if step.time_zone else zone
    gap = Gap(chain.gap)
    for days in range(gap.first_day, gap.last_day + 1):
        day = step.local_date + timedelta(days=days)
        start, end = (_instant(day, minute, own_zone) for minute in (chain.then_start_minute, chain.then_end_minute))
        if gap.in_hours:
            earliest, latest = (step.at + timedelta(minutes=minutes) for minutes in gap.minutes)
            start, end = max(start, earliest), min(end, latest)
        if start < end and end > at and is_day(day, chain.then_day_kind, calendar):
            yield OpenChainRow(chain, step.order, step.at, start, end)


def is_day(day: date, kind: str, calendar: Calendar = EVERY_WEEK_ALIKE) -> bool:
    """True when the day is of the kind: any, weekday, weekend or holiday."""
    return kind == "any" or calendar.kind(day) == kind


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minute, _DAY_MINUTES)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
