"""What is compared with what: units (a first moment and what followed it) in strata that a shuffle may not cross.

Days: a unit is a day of a customer and the days at the gap behind it, bought on or not. Visits: a unit is a visit in
one slot and the customer's next visit in another slot at the gap; where there is no next visit there is no unit.
"""

from dataclasses import dataclass

import numpy as np

from graph.algorithms.chains.calendar import HOLIDAY, LATER_PLACES, WEEKDAY, WEEKEND, places_in_holiday
from graph.algorithms.chains.events import Bool, Int32, Int64, Steps
from graph.algorithms.chains.language import Gap
from graph.algorithms.kernels import kernel

WEEK = 7
KINDS_OF_DAY = 3
YEAR_DAYS = 364
"""Holidays are compared within whole weeks that make a year."""
SEASON_DAYS = 28
"""Days of the same name are compared within four weeks, as in the time-stratified case-crossover design."""
ENDS = 2
"""A customer's first and last day are strata of their own: something was bought on them for certain, so that they are
no sample of the days in between, and a lift that counted them would be too low by up to a tenth."""
BUSY = 3
"""Sorts of weeks by the other days on which the customer shopped in them: none, one or two, more."""
SIZE_BOUNDS = (4, 12)
"""Sorts of baskets by how many categories they hold: fewer than 4, fewer than 12, more."""
SIZES = len(SIZE_BOUNDS) + 1


@dataclass(frozen=True, slots=True)
class Strata:
    """Units ordered by customer and stratum: unit u joins basket first[u] to then_from[u] up to then_to[u]."""

    pointer: Int64
    """Stratum s has the units pointer[s] to pointer[s + 1], those left out where nothing was bought at either end."""
    size: Int32
    """How many units a stratum has, the empty ones included."""
    customer: Int32
    kind: Int32
    """0 where the first moment is on a weekday, 1 on a weekend, 2 on a holiday."""
    first: Int64
    """Basket of the first moment, -1 where nothing was bought."""
    then_from: Int64
    then_to: Int64
    day: Int32
    """Of the first moment, from the log's first Monday."""
    baskets: Int64
    """Basket b holds the tokens baskets[b] to baskets[b + 1]."""
    token: Int32
    week_count: int
    kind_count: int
    """How many kinds a day may be."""


def weeks(steps: Steps, gap: Gap, block_days: int) -> Strata:
    """Days within blocks of whole weeks, each kind of day apart, and by the kind of the day that follows.

    Saturdays and Sundays are one sort, whether a weekday follows or not: apart, each would be compared with nothing.
    """
    return _of_days(steps, gap, week_groups(steps, gap, block_days), 1)


def weekdays(steps: Steps, gap: Gap) -> Strata:
    """Days of the same name within four weeks, the rest of whose week was as busy.

    Holidays are compared with those at the same place of theirs, the first day with first days, within a year. No day
    then follows another of its stratum, so that what excludes each other on one day does not pass for a chain. A gap
    that reaches the same weekday again takes every other week of eight for the same reason, a longer one every third of
    twelve, and so on.
    """
    return _of_days(steps, gap, weekday_groups(steps, gap), BUSY)


def week_groups(steps: Steps, gap: Gap, block_days: int) -> Int32:
    """For every day which other days it is compared with, as numbers from 0."""
    kind, then = steps.kind, _next_kinds(steps, gap)
    sort = np.select([kind == WEEKDAY, (kind == WEEKEND) & (then != HOLIDAY), kind == WEEKEND], [then, 3, 4], 5 + then)
    return _numbered(np.arange(kind.size) // block_days * 8 + sort)


def weekday_groups(steps: Steps, gap: Gap) -> Int32:
    """The same by names of days: of each kind, and by the kind of the day that follows where there are holidays."""
    kind, day = steps.kind, np.arange(steps.day_count)
    apart = gap.last_day // WEEK + 1
    named = day // (apart * SEASON_DAYS) * (apart * WEEK) + day % (apart * WEEK)
    then = _next_kinds(steps, gap)
    # Without holidays a name has one kind; with them, a Friday before the holidays is not like any other.
    ordinary = (named * 2 + kind % 2) * KINDS_OF_DAY + then
    holiday = (day // YEAR_DAYS * (LATER_PLACES + 1) + places_in_holiday(kind)) * KINDS_OF_DAY + then
    return _numbered(np.where(kind == HOLIDAY, ordinary.max(initial=0) + 1 + holiday, ordinary))


def _next_kinds(steps: Steps, gap: Gap) -> Int32:
    """The kind of the first day on which the second step may come."""
    last = max(0, steps.day_count - 1)
    return steps.kind[np.minimum(np.arange(steps.day_count) + gap.first_day, last)]


def _numbered(groups: Int64) -> Int32:
    return np.unique(groups, return_inverse=True)[1].astype(np.int32)


def _of_days(steps: Steps, gap: Gap, group: Int32, busy_sorts: int) -> Strata:
    customer, day, baskets = _cut(steps.customers(), steps.day)
    pointer = np.searchsorted(customer, np.arange(steps.pointer.size)).astype(np.int64)
    most = day.size * (2 + gap.last_day - gap.first_day)
    # Pages that hold nothing are never touched.
    ends, size, whose = np.empty(most, np.int64), np.empty(most, np.int32), np.empty(most, np.int32)
    first, then_from, then_to = (np.empty(most, np.int64) for _ in range(3))
    on = np.empty(most, np.int32)
    shape = gap.first_day, gap.last_day, int(group.max(initial=0)) + 1, busy_sorts
    found = ends, size, whose, first, then_from, then_to, on
    strata, units = _day_units(pointer, day, steps.window, group, *shape, *found)
    begins = np.append(0, ends[:strata])
    return Strata(
        begins,
        size[:strata],
        whose[:strata],
        steps.kind[on[begins[:-1]]],
        first[:units],
        then_from[:units],
        then_to[:units],
        on[:units],
        baskets,
        steps.token,
        steps.day_count // WEEK + 1,
        steps.kind_count,
    )


def visits(steps: Steps, gap: Gap, block_days: int) -> Strata:
    """A visit and the next one of two slots, both of like size, from the same kind of day and block of days.

    Every other visit stands in a stratum of its own sort: a visit that ends one unit and begins the next would be
    compared with itself, and what is never bought together would pass for a chain.
    """
    token_slot = steps.token % steps.slot_count
    order = np.lexsort((steps.token, steps.day, token_slot, steps.customers()))
    place = steps.customers()[order] * steps.slot_count + token_slot[order]
    where, day, baskets = _cut(place, steps.day[order])
    groups = (steps.pointer.size - 1) * steps.slot_count
    pointer = np.searchsorted(where, np.arange(groups + 1)).astype(np.int64)
    sort = np.searchsorted(SIZE_BOUNDS, np.diff(baskets), side="right").astype(np.int32)
    most = day.size * steps.slot_count
    key, first, then, on = (np.empty(most, np.int64) for _ in range(4))
    shape = steps.slot_count, gap.first_day, gap.last_day, block_days
    per_customer = steps.slot_count**2 * (steps.day_count // block_days + 1) * 2 * KINDS_OF_DAY * SIZES**2
    blocks = steps.day_count // block_days + 1
    may = later(steps.bounds[: steps.slot_count], gap.in_turn)
    count = _visit_units(pointer, day, sort, steps.kind, may, *shape, blocks, key, first, then, on)
    key, first, then, on = key[:count], first[:count], then[:count], on[:count]
    grouped = np.argsort(key, kind="stable")
    key, first, then, on = (part[grouped] for part in (key, first, then, on))
    begins = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: key.size])
    ends = np.append(begins, key.size).astype(np.int64)
    return Strata(
        ends,
        np.diff(ends).astype(np.int32),
        (key[begins] // per_customer).astype(np.int32),
        steps.kind[on[begins]],
        first,
        then,
        then + 1,
        on.astype(np.int32),
        baskets,
        steps.token[order],
        steps.day_count // WEEK + 1,
        steps.kind_count,
    )


def later(slots: Int32, in_turn: bool) -> Bool:
    """Whether slot t may follow slot s, of [start, end) each: with `in_turn` only where it starts when s has ended."""
    every = np.ones((len(slots), len(slots)), np.bool_)
    return np.asarray(slots[None, :, 0] >= slots[:, None, 1]) if in_turn else every


def _cut(customer: Int64, day: Int32) -> tuple[Int64, Int32, Int64]:
    """Rows that are ordered by both, cut into baskets: whose, on which day, and where each begins."""
    new = np.ones(day.size, np.bool_)
    new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    begins = np.flatnonzero(new)
    return customer[begins], day[begins], np.append(begins, day.size).astype(np.int64)


@kernel
def _day_units(
    pointer: Int64,
    days: Int32,
    window: Int32,
    groups: Int32,
    gap_from: int,
    gap_to: int,
    group_count: int,
    busy_sorts: int,
    ends: Int64,
    size: Int32,
    whose: Int32,
    first: Int64,
    then_from: Int64,
    then_to: Int64,
    on: Int32,
) -> tuple[int, int]:
    """Write the strata, and their units ordered by stratum and day; how many there are of both."""
    sizes = np.zeros(group_count * busy_sorts + ENDS, np.int32)
    shopped = np.zeros(groups.size // 7 + 2, np.int64)
    # One customer's units by day, and where the next one of every group belongs.
    own = np.empty((groups.size, 5), np.int64)
    listed = np.zeros(sizes.size, np.int64)
    strata, count = 0, 0
    for customer in range(pointer.size - 1):
        low, high = pointer[customer], pointer[customer + 1]
        start, end = window[customer, 0], window[customer, 1] - gap_to
        if low == high or end < start:
            continue
        for row in range(low, high):
            shopped[days[row] // 7] += 1
        at, then, stop, units = low, low, low, 0
        for day in range(start, end + 1):
            while at < high and days[at] < day:
                at += 1
            while then < high and days[then] < day + gap_from:
                then += 1
            while stop < high and days[stop] <= day + gap_to:
                stop += 1
            here = at < high and days[at] == day
            group = groups[day]
            if busy_sorts > 1:
                rest = shopped[day // 7] - (1 if here else 0)
                for row in range(then, stop):
                    if days[row] // 7 == day // 7 and days[row] != day:
                        rest -= 1
                group = group * busy_sorts + (0 if rest == 0 else (1 if rest <= 2 else 2))
            if start == day or end == day:
                group = sizes.size - (1 if day == start else 2)
            sizes[group] += 1
            if here or stop > then:
                own[units] = group, at if here else -1, then, stop, day
                listed[group] += 1
                units += 1
        for group in range(sizes.size):
            if listed[group]:
                count, listed[group] = count + listed[group], count
                ends[strata], size[strata], whose[strata] = count, sizes[group], customer
                strata += 1
        for unit in range(units):
            place = listed[own[unit, 0]]
            listed[own[unit, 0]] += 1
            first[place], then_from[place] = own[unit, 1], own[unit, 2]
            then_to[place], on[place] = own[unit, 3], own[unit, 4]
        sizes[:] = 0
        listed[:] = 0
        shopped[:] = 0
    return strata, count


@kernel
def _visit_units(
    pointer: Int64,
    days: Int32,
    sort: Int32,
    kind: Int32,
    may: Bool,
    slot_count: int,
    gap_from: int,
    gap_to: int,
    block_days: int,
    blocks: int,
    key: Int64,
    first: Int64,
    then: Int64,
    on: Int64,
) -> int:
    count = 0
    for group in range(pointer.size - 1):
        customer, slot = group // slot_count, group % slot_count
        for other in range(slot_count):
            if not may[slot, other]:
                continue
            row, high = pointer[customer * slot_count + other], pointer[customer * slot_count + other + 1]
            for visit in range(pointer[group], pointer[group + 1]):
                day = days[visit]
                while row < high and days[row] < day + gap_from:
                    row += 1
                if row < high and days[row] <= day + gap_to:
                    place = (group * slot_count + other) * blocks + day // block_days
                    place = place * 3 + kind[day]
                    key[count] = ((place * SIZES + sort[visit]) * SIZES + sort[row]) * 2 + visit % 2
                    first[count], then[count], on[count] = visit, row, day
                    count += 1
    return count
