"""Events as columns of whole numbers, before they are written out as text: small, quick to join and to sort."""

import numpy as np

from graph.log.schema import EventKind
from loaders.world.clock import DAY
from loaders.world.draws import Bools, Ints

Rows = dict[str, Ints]

KINDS: tuple[EventKind, ...] = (
    EventKind.PROFILE,
    EventKind.REGISTER,
    EventKind.CONSENT,
    EventKind.REFERRAL,
    EventKind.CHANNEL_COST,
    EventKind.COUPON_ISSUE,
    EventKind.LOGIN,
    EventKind.SHARE,
    EventKind.SHARE_CLICK,
    EventKind.VISIT,
    EventKind.VIEW,
    EventKind.FAVOURITE,
    EventKind.UNFAVOURITE,
    EventKind.CART_ADD,
    EventKind.CART_REMOVE,
    EventKind.PURCHASE,
    EventKind.COUPON_REDEEM,
    EventKind.REFUND,
    EventKind.RATING,
    EventKind.FEEDBACK,
)
"""Kinds by number; of events in the same second the lower number comes first."""

NUMBER: dict[EventKind, int] = {kind: number for number, kind in enumerate(KINDS)}

COLUMNS: tuple[str, ...] = (
    "kind", "at", "customer", "store", "channel", "product", "order", "quantity", "amount", "discount", "share",
    "referrer", "campaign", "session", "note",
)  # fmt: skip
"""`amount` and `discount` are cents, `at` seconds since the first local midnight, -1 is absent; `note` is what the
properties of the kind say: seconds of dwell, stars, a text's number, the parent share."""


def rows(kind: EventKind, at: Ints, **given: Ints | int) -> Rows:
    """Events of one kind; a whole number stands for all of them, what is not given is absent."""
    values: dict[str, Ints | int] = {"kind": NUMBER[kind], "at": at, **given}
    return {column: _filled(values.get(column, -1), at.size) for column in COLUMNS}


def _filled(value: Ints | int, size: int) -> Ints:
    return np.full(size, value, dtype=np.int64) if isinstance(value, int) else value


def joined(parts: list[Rows]) -> Rows:
    """All parts one after the other; parts may have columns of their own, as long as they agree."""
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}


def chosen(part: Rows, which: Bools | Ints) -> Rows:
    """The chosen rows."""
    return {column: values[which] for column, values in part.items()}


def in_order(part: Rows) -> Rows:
    """By time, then by kind; what is still equal keeps its order."""
    return chosen(part, np.lexsort((part["kind"], part["at"])))


def in_time(part: Rows) -> Rows:
    """By time; what is equal keeps its order."""
    return chosen(part, np.argsort(part["at"], kind="stable"))


class Diary:
    """What is to happen on later days: it holds only what is still to come, so it does not grow with the days."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._pages: dict[int, list[Rows]] = {}

    def note(self, part: Rows) -> None:
        """Keep each row for its day; what lies beyond the end will not be seen by anyone."""
        day = part["at"] // DAY
        for number in map(int, np.unique(day[day < self._days])):
            self._pages.setdefault(number, []).append(chosen(part, day == number))

    def take(self, day: int) -> list[Rows]:
        """Tear out the day's page."""
        return self._pages.pop(day, [])
