"""Purchases as arrays, and the steps that they make: (customer, day, category in a slot), each once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


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
class Steps:
    """The distinct steps, ordered by customer, day and token; token = category × slots + slot."""

    pointer: Int64
    """Customer c's steps are rows pointer[c] to pointer[c + 1]."""
    day: Int32
    """Counted from `origin`."""
    token: Int32
    window: Int32
    """Per customer the first and last day with any purchase (in or out of the slots), shape (customers, 2)."""
    weekend: Bool
    """For every day from `origin` to the log's last day."""
    origin: int
    slots: tuple[tuple[int, int], ...]
    token_count: int

    @property
    def slot_count(self) -> int:
        """How many slots the day has."""
        return len(self.slots)

    def customers(self) -> Int64:
        """Whose each step is."""
        return np.repeat(np.arange(self.pointer.size - 1), np.diff(self.pointer))


def is_weekend(day: Int32) -> Bool:
    """True for Saturdays and Sundays; `day` counts from 1970-01-01, a Thursday."""
    return (day.astype(np.int64) + 3) % 7 >= 5


def to_steps(purchases: Purchases, slots: tuple[tuple[int, int], ...]) -> Steps:
    """Put each purchase into every slot that holds its minute and keep each (customer, day, token) once."""
    # Counted from a Monday (1970-01-05 was one), so that blocks of whole weeks do not cut a weekend in two.
    origin = (int(purchases.day.min()) - 4) // 7 * 7 + 4 if purchases.day.size else 0
    day_count = int(purchases.day.max()) - origin + 1 if purchases.day.size else 0
    token_count = purchases.category_count * len(slots)
    keys = [_keys(purchases, slot, index, len(slots), origin, day_count) for index, slot in enumerate(slots)]
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
        is_weekend(np.arange(origin, origin + day_count, dtype=np.int32)),
        origin,
        slots,
        token_count,
    )


def _keys(
    purchases: Purchases, slot: tuple[int, int], index: int, slot_count: int, origin: int, day_count: int
) -> Int64:
    inside = (purchases.minute >= slot[0]) & (purchases.minute < slot[1])
    customer, day = purchases.customer[inside].astype(np.int64), purchases.day[inside] - origin
    token = purchases.category[inside].astype(np.int64) * slot_count + index
    return (customer * day_count + day) * (purchases.category_count * slot_count) + token


def _windows(purchases: Purchases, origin: int) -> Int32:
    first = np.full(purchases.customer_count, np.iinfo(np.int32).max, np.int32)
    last = np.full(purchases.customer_count, -1, np.int32)
    np.minimum.at(first, purchases.customer, purchases.day - origin)
    np.maximum.at(last, purchases.customer, purchases.day - origin)
    return np.stack([first, last], axis=1)
