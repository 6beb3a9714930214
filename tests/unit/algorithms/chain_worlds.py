"""Small purchase logs for the tests of chains, and a count of pairs that owes nothing to the kernels."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np

from graph.algorithms.chains import ChainsRequest, Gap, Purchases

MONDAY = (date(2026, 3, 2) - date(1970, 1, 1)).days
SLOTS = ((420, 540), (660, 780), (1080, 1200), (1140, 1260))
BREAKFAST, LUNCH, EVENING, LATE = range(4)

Row = tuple[int, int, int, int]
"""Customer, day counted from a Monday, hour, category."""


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


def counted_by_hand(
    purchases: Purchases, request: ChainsRequest, gap: Gap, weekend: bool
) -> dict[tuple[int, int], dict]:
    """Every pair of tokens with its sums for first days of one kind, customer by customer, day by day, with sets."""
    slots, block = request.slots, request.block_days
    found: dict[tuple[int, int], dict] = defaultdict(lambda: defaultdict(float))
    origin = MONDAY + (int(purchases.day.min()) - MONDAY) // 7 * 7
    for customer in range(purchases.customer_count):
        own = purchases.customer == customer
        if not own.any():
            continue
        days = (purchases.day[own] - origin).tolist()
        tokens_of: dict[int, set[int]] = defaultdict(set)
        for day, minute, category in zip(
            days, purchases.minute[own].tolist(), purchases.category[own].tolist(), strict=True
        ):
            for slot, (start, end) in enumerate(slots):
                if start <= minute < end:
                    tokens_of[day].add(category * len(slots) + slot)
        strata: dict[tuple[int, object], list[int]] = defaultdict(list)
        for day in range(min(days), max(days) - gap.days + 1):
            if _weekend(origin + day) == weekend:
                strata[day // block, weekend or _weekend(origin + day + gap.days)].append(day)
        went, able = set(), set()
        for stratum in strata.values():
            for pair, k, m, s in _pairs(stratum, tokens_of, gap, slots):
                sums, n = found[pair], len(stratum)
                sums["occurrences"] += s
                if s:
                    went.add(pair)
                sums["expected"] += k * m / n
                sums["own"] += s * k / n
                if k < n and m < n:
                    able.add(pair)
                    variance = k * m * (n - k) * (n - m) / (n * n * (n - 1))
                    sums["variance"] += variance
                    sums["third"] += variance * (n - 2 * k) * (n - 2 * m) / (n * (n - 2)) if n > 2 else 0
                else:
                    sums["fixed"] += s
        for pair in went:
            found[pair]["customers"] += 1
        for pair in able:
            found[pair]["capable"] += 1
    return found


def _pairs(
    stratum: list[int], tokens_of: dict[int, set[int]], gap: Gap, slots: tuple[tuple[int, int], ...]
) -> Iterator[tuple[tuple[int, int], int, int, int]]:
    firsts = {token for day in stratum for token in tokens_of[day]}
    seconds = {token for day in stratum for token in tokens_of[day + gap.days]}
    for first in firsts:
        for second in seconds:
            if gap is Gap.SAME_DAY and slots[second % len(slots)][0] < slots[first % len(slots)][1]:
                continue
            on = [first in tokens_of[day] for day in stratum]
            then = [second in tokens_of[day + gap.days] for day in stratum]
            yield (first, second), sum(on), sum(then), sum(a and b for a, b in zip(on, then, strict=True))


def _weekend(day: int) -> bool:
    return date.fromordinal(day + date(1970, 1, 1).toordinal()).weekday() >= 5


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
