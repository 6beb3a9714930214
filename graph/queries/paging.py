"""Keyset pages: which part of an ordered list is wanted, and the Cypher that reads exactly that part.

A position is the value that the list is sorted by together with the key, so that a page stays right while rows come and
go elsewhere in the list. https://relay.dev/graphql/connections.htm
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, LiteralString, TypeVar

Row = TypeVar("Row")
SortValue = str | int | float | datetime

COUNT_CAP = 10_000
"""No list is counted further than this."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an ordered list: just at the row with this sort value and key."""

    value: SortValue
    key: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The first `limit` rows between two positions, or the last ones where `backward`."""

    limit: int
    backward: bool = False
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a list is sorted: by an expression that is never null, and where that is equal by the key, ascending."""

    value: LiteralString
    key: LiteralString
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Entry(Generic[Row]):
    """A row and where it stands."""

    row: Row
    position: Position


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the list's own order, whichever way they were read."""

    entries: tuple[Entry[Row], ...] = ()
    has_next: bool = False
    has_previous: bool = False


def cut(entries: Sequence[Entry[Row]], slice: Slice) -> Page[Row]:
    """The page out of up to limit + 1 rows as they were read: the one too many only says that there is more."""
    more = len(entries) > slice.limit
    kept = tuple(entries[: slice.limit])
    if slice.backward:
        return Page(kept[::-1], has_next=slice.before is not None, has_previous=more)
    return Page(kept, has_next=more, has_previous=slice.after is not None)


def slice_parameters(slice: Slice) -> dict[str, object]:
    """The parameters that `bounds` and `order` name."""
    parameters: dict[str, object] = {"limit": slice.limit + 1}
    if slice.after:
        parameters |= {"after_value": slice.after.value, "after_key": slice.after.key}
    if slice.before:
        parameters |= {"before_value": slice.before.value, "before_key": slice.before.key}
    return parameters


def bounds(ordering: Ordering, after: bool, before: bool) -> LiteralString:
    """`WHERE` for what lies between the positions; empty without any."""
    beyond_after = _beyond(ordering.key, "<" if ordering.descending else ">", ">", "after")
    beyond_before = _beyond(ordering.key, ">" if ordering.descending else "<", "<", "before")
    if after and before:
        return f" WHERE {beyond_after} AND {beyond_before}"
    if after:
        return f" WHERE {beyond_after}"
    return f" WHERE {beyond_before}" if before else ""


def key_bounds(ordering: Ordering, after: bool, before: bool) -> LiteralString:
    """What lies between the positions of a list in the order of its key; what an index knows, without any."""
    beyond_after: LiteralString = f"{ordering.key} {'<' if ordering.descending else '>'} $after_key"
    beyond_before: LiteralString = f"{ordering.key} {'>' if ordering.descending else '<'} $before_key"
    if after and before:
        return f"{beyond_after} AND {beyond_before}"
    if after or before:
        return beyond_after if after else beyond_before
    return f"{ordering.key} IS NOT NULL"


def _beyond(key: LiteralString, sign: LiteralString, key_sign: LiteralString, end: LiteralString) -> LiteralString:
    return f"(sort_value {sign} ${end}_value OR (sort_value = ${end}_value AND {key} {key_sign} ${end}_key))"


def order_by(ordering: Ordering, key: LiteralString, backward: bool) -> LiteralString:
    """`ORDER BY`, turned round where the list is read from its end."""
    value_way: LiteralString = "DESC" if ordering.descending != backward else "ASC"
    key_way: LiteralString = "DESC" if backward else "ASC"
    return f"ORDER BY sort_value {value_way}, {key} {key_way}"


def turned(ordering: Ordering) -> Ordering:
    """The same order the other way up; equals still come by ascending key."""
    return replace(ordering, descending=not ordering.descending)
