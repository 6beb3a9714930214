"""Open chains: which next steps lie ahead of a customer at an instant, in which window of the store's own clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from graph.queries.chain import ChainRow, FirstStepRow, first_steps
from graph.queries.reader import Reader

_DAYS_AHEAD = {"same_day": (0, 0), "next_day": (1, 1), "within_3_days": (1, 3), "within_week": (1, 7)}
"""First and last day on which the second step may come."""
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
    reader: Reader, customers: Sequence[str], at: datetime, zone: ZoneInfo
) -> list[list[OpenChainRow]]:
    """Each customer's open chains at an instant, the nearest window first, out of one statement.

    `zone` holds for stores that name none.
    """
    today = at.astimezone(zone).date()
    # A store elsewhere may be a day ahead or behind; a chain reaches over a week.
    dates = [today + timedelta(days=days) for days in range(-8, 2)]
    return [list(still_open(steps, at, zone)) for steps in await first_steps(reader, customers, dates)]


def still_open(steps: Iterable[FirstStepRow], at: datetime, zone: ZoneInfo) -> list[OpenChainRow]:
    """What the first steps lead to at `at`: one row a chain and window, of the latest order that opened it."""
    found: dict[tuple[str, datetime], OpenChainRow] = {}
    for step in sorted(steps, key=lambda step: (step.at, step.order)):
        if step.at <= at and _fits(step):
            for row in _ahead(step, at, zone):
                found[row.chain.key, row.window_start] = row
    return sorted(found.values(), key=lambda row: (row.window_start, -row.chain.confidence, row.chain.key))


def _fits(step: FirstStepRow) -> bool:
    chain = step.chain
    places = {"everywhere": None, "district": step.district, "store": step.store, "channel": step.channel}
    in_scope = chain.scope_kind == "everywhere" or (
        chain.scope_key is not None and places.get(chain.scope_kind) == chain.scope_key
    )
    return in_scope and is_day(step.local_date, chain.first_day_kind)


def _ahead(step: FirstStepRow, at: datetime, zone: ZoneInfo) -> Iterator[OpenChainRow]:
    chain = step.chain
    own_zone = ZoneInfo(step.time_zone) if step.time_zone else zone
    first, last = _DAYS_AHEAD[chain.gap]
    for days in range(first, last + 1):
        day = step.local_date + timedelta(days=days)
        end = _instant(day, chain.then_end_minute, own_zone)
        if end > at and is_day(day, chain.then_day_kind):
            yield OpenChainRow(chain, step.order, step.at, _instant(day, chain.then_start_minute, own_zone), end)


def is_day(day: date, kind: str) -> bool:
    """True when the day is of the kind: any, weekday (Monday to Friday) or weekend."""
    return kind == "any" or (day.weekday() < 5) == (kind == "weekday")


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minute, _DAY_MINUTES)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
