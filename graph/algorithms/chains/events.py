"""Purchases as arrays, and the steps that they make: (customer, day, category in a slot), each once."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.chains.calendar import EVERY_WEEK_ALIKE, HOLIDAY, Calendar, kinds_of_days
from graph.algorithms.chains.language import MINUTES_A_DAY

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Slots = tuple[tuple[int, int], ...] | Int32
"""[start, end) in minutes of the day: the same for all categories, or each one's own, shape (categories, slots, 2); an
empty slot (0, 0) fills a category's row up."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row a purchase, in any order, repeats allowed: customer and category as codes from 0 without gaps."""

    customer: Int32
    day: Int32
    """Days since 1970-01-01 on the store's own calendar."""
    minute: Int32
    """Minute of the store's own day, 0 to 1439."""
    category: Int32
    customer_count: int
    category_count: int

    def take(self, rows: Bool) -> "Purchases":
        """The chosen rows, under the same codes."""
        columns = self.customer[rows], self.day[rows], self.minute[rows], self.category[rows]
        return Purchases(*columns, self.customer_count, self.category_count)


@dataclass(frozen=True, slots=True)
class Moments:
    """Every distinct (customer, minute, token), ordered so."""

    pointer: Int64
    """Customer c's moments are rows pointer[c] to pointer[c + 1]."""
    time: Int32
    """Minutes from the midnight at which `Steps.origin` begins."""
    token: Int32
    most: int
    """How many different tokens one customer has at most."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The distinct steps, ordered by customer, day and token; token = category × slots + slot."""

    pointer: Int64
    """Customer c's steps are rows pointer[c] to pointer[c + 1]."""
    day: Int32
    """Counted from `origin`."""
    token: Int32
    window: Int32
    """Per customer the first and last day with any event (in or out of the slots), shape (customers, 2)."""
    kind: Int32
    """For every day from `origin` to the log's last day: 0 weekday, 1 weekend, 2 holiday."""
    origin: int
    bounds: Int32
    """[start, end) of every token's slot in minutes of the day, shape (tokens, 2)."""
    slot_count: int
    moments: Moments | None = None
    """When each step was done; only gaps in hours need it."""

    @property
    def token_count(self) -> int:
        """Categories × slots."""
        return self.bounds.shape[0]

    @property
    def slots(self) -> Int32:
        """Each category's slots, as `to_steps` takes them."""
        return self.bounds.reshape(-1, self.slot_count, 2)

    @property
    def day_count(self) -> int:
        """Days from `origin` to the log's last day."""
        return self.kind.size

    @property
    def kind_count(self) -> int:
        """How many kinds a day may be: holidays only where the log has any."""
        return HOLIDAY + 1 if (self.kind == HOLIDAY).any() else HOLIDAY

    def customers(self) -> Int64:
        """Whose each step is."""
        return np.repeat(np.arange(self.pointer.size - 1), np.diff(self.pointer))


def to_steps(purchases: Purchases, slots: Slots, calendar: Calendar = EVERY_WEEK_ALIKE) -> Steps:
    """Put each purchase into every slot that holds its minute and keep each (customer, day, token) once."""
    bounds = bounds_of(slots, purchases.category_count)
    slot_count, token_count = len(slots) if isinstance(slots, tuple) else slots.shape[1], bounds.shape[0]
    # Counted from a Monday (1970-01-05 was one), so that blocks of whole weeks do not cut a weekend in two.
    origin = (int(purchases.day.min()) - 4) // 7 * 7 + 4 if purchases.day.size else 0
    day_count = int(purchases.day.max()) - origin + 1 if purchases.day.size else 0
    keys = [_keys(purchases, slots, index, slot_count, origin, day_count) for index in range(slot_count)]
    key = np.sort(np.concatenate(keys))
    key = key[np.append(True, key[1:] != key[:-1])[: key.size]]
    place = key // max(1, token_count)
    token = (key - place * max(1, token_count)).astype(np.int32)
    customer = place // max(1, day_count)
    day = (place - customer * max(1, day_count)).astype(np.int32)
    return Steps(
        np.searchsorted(customer, np.arange(purchases.customer_count + 1)).astype(np.int64),
        day,
        token,
        _windows(purchases, origin),
        kinds_of_days(calendar, origin, day_count),
        origin,
        bounds,
        slot_count,
    )


def with_moments(steps: Steps, purchases: Purchases) -> Steps:
    """The same steps, and when each was done."""
    bounds = steps.slots
    parts: list[tuple[Int32, Int32, Int32]] = []
    for slot in range(steps.slot_count):
        own = bounds[purchases.category, slot]
        inside = (purchases.minute >= own[:, 0]) & (purchases.minute < own[:, 1])
        time = (purchases.day[inside] - steps.origin) * MINUTES_A_DAY + purchases.minute[inside]
        parts.append((purchases.customer[inside], time, purchases.category[inside] * steps.slot_count + slot))
    customer, time, token = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((token, time, customer))
    customer, time, token = customer[order], time[order].astype(np.int32), token[order].astype(np.int32)
    new = np.ones(customer.size, np.bool_)
    new[1:] = (customer[1:] != customer[:-1]) | (time[1:] != time[:-1]) | (token[1:] != token[:-1])
    customer, time, token = customer[new], time[new], token[new]
    whose = np.unique(customer.astype(np.int64) * max(1, steps.token_count) + token) // max(1, steps.token_count)
    most = int(np.bincount(whose).max(initial=0)) if whose.size else 0
    pointer = np.searchsorted(customer, np.arange(purchases.customer_count + 1)).astype(np.int64)
    return replace(steps, moments=Moments(pointer, time, token, most))


def bounds_of(slots: Slots, category_count: int) -> Int32:
    """[start, end) of every token's slot, shape (categories × slots, 2)."""
    if isinstance(slots, tuple):
        return np.tile(np.array(slots, np.int32), (category_count, 1)).reshape(-1, 2)
    return slots.reshape(-1, 2).astype(np.int32)


def _keys(purchases: Purchases, slots: Slots, index: int, slot_count: int, origin: int, day_count: int) -> Int64:
    if isinstance(slots, tuple):
        start, end = slots[index]
        inside = (purchases.minute >= start) & (purchases.minute < end)
    else:
        own = slots[:, index, :]
        inside = (purchases.minute >= own[purchases.category, 0]) & (purchases.minute < own[purchases.category, 1])
    customer, day = purchases.customer[inside].astype(np.int64), purchases.day[inside] - origin
    token = purchases.category[inside].astype(np.int64) * slot_count + index
    return (customer * day_count + day) * (purchases.category_count * slot_count) + token


def _windows(purchases: Purchases, origin: int) -> Int32:
    first = np.full(purchases.customer_count, np.iinfo(np.int32).max, np.int32)
    last = np.full(purchases.customer_count, -1, np.int32)
    np.minimum.at(first, purchases.customer, purchases.day - origin)
    np.maximum.at(last, purchases.customer, purchases.day - origin)
    return np.stack([first, last], axis=1)
