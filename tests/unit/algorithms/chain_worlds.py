"""Small purchase logs for the tests of chains, and a count of pairs that owes nothing to the kernels."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import product

import numpy as np

from graph.algorithms.chains import Gap, Purchases

MONDAY = (date(2026, 3, 2) - date(1970, 1, 1)).days
SLOTS = ((420, 540), (660, 780), (1080, 1200), (1140, 1260))
BREAKFAST, LUNCH, EVENING, LATE = range(4)

Row = tuple[int, int, int, int]
"""Customer, day counted from a Monday, hour, category."""
Unit = tuple[set[int], set[int]]
"""Tokens of a first moment and of what followed it."""
Stratum = tuple[int, int, list[Unit]]
"""Customer, the kind of the first days (0 weekday, 1 weekend, 2 holiday), the units to compare."""


def bought(rows: Iterable[Row], customers: int | None = None, categories: int | None = None) -> Purchases:
    """The rows as arrays."""
    table = np.array(list(rows), np.int32).reshape(-1, 4)
    return Purchases(
        table[:, 0],
        table[:, 1] + MONDAY,
        table[:, 2] * 60,
        table[:, 3],
        int(table[:, 0].max(initial=-1)) + 1 if customers is None else customers,
        int(table[:, 3].max(initial=-1)) + 1 if categories is None else categories,
    )


def counted_by_hand(strata: Iterable[Stratum], gap: Gap, kind: int) -> dict[tuple[int, int], dict[str, float]]:
    """Every pair of tokens with its sums for first days of one kind, stratum by stratum, with sets."""
    found: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    went, able = set(), set()
    for customer, own_kind, units in strata:
        if own_kind != kind:
            continue
        for pair in {(a, b) for one, _ in units for a in one for _, two in units for b in two if may_follow(gap, a, b)}:
            on, then = [pair[0] in one for one, _ in units], [pair[1] in two for _, two in units]
            n, k, m = len(units), sum(on), sum(then)
            s = sum(a and b for a, b in zip(on, then, strict=True))
            sums = found[pair]
            sums["occurrences"] += s
            if s:
                went.add((pair, customer))
            sums["expected"] += k * m / n
            sums["own"] += s * k / n
            if k < n and m < n:
                able.add((pair, customer))
                variance = k * m * (n - k) * (n - m) / (n * n * (n - 1))
                sums["variance"] += variance
                sums["third"] += variance * (n - 2 * k) * (n - 2 * m) / (n * (n - 2)) if n > 2 else 0
            else:
                sums["fixed"] += s
    for pair, _ in went:
        found[pair]["customers"] += 1
    for pair, _ in able:
        found[pair]["capable"] += 1
    return found


def may_follow(gap: Gap, first: int, then: int) -> bool:
    """On one day only a slot that starts when the first has ended."""
    return gap != Gap.SAME_DAY or SLOTS[then % len(SLOTS)][0] >= SLOTS[first % len(SLOTS)][1]


def days_by_hand(
    purchases: Purchases, gap: Gap, sort: Callable[[int, int], object], kind: Callable[[int], int] | None = None
) -> Iterator[Stratum]:
    """Each customer's days whose following days lie in their window; `sort` of a day and the week's other shop days.

    The first one and the last one are compared with nothing.
    """
    kind = kind or _weekend
    for customer, shopped, tokens_of in _customers(purchases):
        strata: dict[object, list[Unit]] = defaultdict(list)
        ends = min(shopped), max(shopped) - gap.last_day
        for day in range(ends[0], ends[1] + 1):
            after = range(day + gap.first_day, day + gap.last_day + 1)
            then = set().union(*(tokens_of[other] for other in after))
            rest = {other for other in tokens_of if tokens_of[other] and other // 7 == day // 7} - {day} - set(after)
            group = day if day in ends else sort(day, len(rest))
            strata[int(kind(day)), group, day in ends].append((tokens_of[day], then))
        for (weekend, *_), units in strata.items():
            yield customer, weekend, units


def week_sort(block_days: int, gap: Gap) -> Callable[[int, int], object]:
    """Blocks of weeks; weekdays before a weekday, weekdays before a weekend, weekend days."""
    return lambda day, _: (day // block_days, not _weekend(day) and _weekend(day + gap.first_day))


def calendar_week_sort(gap: Gap, kind: Callable[[int], int]) -> Callable[[int, int], object]:
    """Weeks by the kind of the day and of the next; a weekend day's next only where it is a holiday."""

    def sort(day: int, _: int) -> object:
        here, then = kind(day), kind(day + gap.first_day)
        return day // 7, here, then if here != 1 else then == 2

    return sort


def weekday_sort(gap: Gap) -> Callable[[int, int], object]:
    """Four weeks, the day's name, and how busy the rest of its week was; every other week of eight if the gap asks."""
    weeks = gap.last_day // 7 + 1
    return lambda day, rest: (day // (28 * weeks), day % (7 * weeks), min(rest, 3) if rest != 1 else 2)


def visits_by_hand(purchases: Purchases, gap: Gap, block_days: int) -> Iterator[Stratum]:
    """Each customer's visits to one slot with the next visit to another, by block, kind of day, sizes and parity."""
    for customer, _, tokens_of in _customers(purchases):
        for slot, other in product(range(len(SLOTS)), repeat=2):
            baskets = {day: {t for t in tokens_of[day] if t % len(SLOTS) == slot} for day in sorted(tokens_of)}
            others = {day: {t for t in tokens_of[day] if t % len(SLOTS) == other} for day in sorted(tokens_of)}
            strata: dict[object, list[Unit]] = defaultdict(list)
            for number, day in enumerate(day for day in baskets if baskets[day]):
                after = [next_day for next_day in others if others[next_day] and next_day >= day + gap.first_day]
                if after and after[0] <= day + gap.last_day and may_follow(gap, slot, other):
                    one, two = baskets[day], others[after[0]]
                    sizes = tuple((len(basket) >= 4) + (len(basket) >= 12) for basket in (one, two))
                    strata[_weekend(day), day // block_days, sizes, number % 2].append((one, two))
            for (weekend, *_), units in strata.items():
                yield customer, weekend, units


def _customers(purchases: Purchases) -> Iterator[tuple[int, list[int], dict[int, set[int]]]]:
    """Customer, days with any purchase, and the tokens of each day; days from the Monday of the log's first week."""
    origin = MONDAY + (int(purchases.day.min()) - MONDAY) // 7 * 7
    for customer in np.unique(purchases.customer).tolist():
        own = purchases.customer == customer
        days = (purchases.day[own] - origin).tolist()
        tokens_of: dict[int, set[int]] = defaultdict(set)
        for day, minute, category in zip(
            days, purchases.minute[own].tolist(), purchases.category[own].tolist(), strict=True
        ):
            for slot, (start, end) in enumerate(SLOTS):
                if start <= minute < end:
                    tokens_of[day].add(category * len(SLOTS) + slot)
        yield customer, days, tokens_of


def _weekend(day: int) -> bool:
    return day % 7 >= 5


def habit_world(seed: int, customers: int, weeks: int, follow: float) -> Purchases:
    """Customers with habits of their own who shop in some weeks and not in others.

    Category 0 at lunch on a weekday is followed by category 1 the next evening with probability `follow`, beside what
    habit brings; categories 2 to 4 follow nothing.
    """
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for customer in range(customers):
        habits = [
            (0, 12),
            (1, 18),
            *((int(c), int(h)) for c, h in zip(rng.integers(2, 5, 2), rng.choice([8, 12, 18], 2), strict=True)),
        ]
        rates = rng.uniform(0.05, 0.35, len(habits))
        active = rng.random(weeks) < 0.6
        for day in range(weeks * 7):
            if not active[day // 7]:
                continue
            for (category, hour), rate in zip(habits, rates, strict=True):
                if rng.random() < rate:
                    rows.append((customer, day, hour, category))
                    if category == 0 and day % 7 < 5 and rng.random() < follow:
                        rows.append((customer, day + 1, 18, 1))
    return bought(rows, customers, 5)
