"""Keyset pages: which part of an ordered list is wanted, and the Cypher that reads exactly that part.

A position is the value that the list is sorted by together with the key, so that a page stays right while rows come and
go elsewhere in the list. https://relay.dev/graphql/connections.htm
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, LiteralString, NamedTuple, TypeVar, overload

Row = TypeVar("Row")
SortValue = str | int | float | datetime

COUNT_CAP = 10_000
"""No list is counted further than this."""


class Position(NamedTuple):
    """A place in an ordered list: just at the row with this sort value and key."""

    value: SortValue | None
    """None where the row lacks the value: it stands behind all that have one."""
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
    """How a list is sorted: by an expression, and where that is equal by the key, ascending.

    The expression is never null. It may be a property that an index keeps in order: `present` in every row, or one that
    may be `absent`, and then rows without it come last either way, by key, since no index knows them.
    """

    value: LiteralString
    key: LiteralString
    descending: bool = False
    absent: bool = False
    present: bool = False
    kind: str = ""
    """INSTANT where the expression is one (`graph.queries.packing`)."""

    @property
    def by_index(self) -> bool:
        """Whether an index keeps the expression in order."""
        return self.absent or self.present


NOWHERE = Position(None, "")
"""The place of a row that was read without it."""

PLACE = frozenset({"sort_value", "sort_key"})
"""The columns that say where a row stands."""


class Entry(NamedTuple, Generic[Row]):
    """A row and where it stands."""

    row: Row
    position: Position


Record = dict[str, Any]
"""What the store tells of a row: its columns by their names."""


@dataclass(frozen=True, slots=True)
class Recorded(Sequence[Entry[Row]]):
    """Entries out of records, each made when somebody asks for it: whoever reads the records needs none."""

    records: Sequence[Record]
    made: Callable[[Record], Row]

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, place: int) -> Entry[Row]: ...
    @overload
    def __getitem__(self, place: slice) -> "Recorded[Row]": ...
    def __getitem__(self, place: int | slice) -> "Entry[Row] | Recorded[Row]":
        if isinstance(place, slice):
            return Recorded(self.records[place], self.made)
        record = self.records[place]
        return Entry(self.made(record), position_of(record))


def position_of(record: Record) -> Position:
    """Where a record of a list stands; NOWHERE where that was not asked for."""
    return Position(record["sort_value"], record["sort_key"]) if "sort_key" in record else NOWHERE


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the list's own order, whichever way they were read."""

    entries: Sequence[Entry[Row]] = ()
    has_next: bool = False
    has_previous: bool = False

    @property
    def records(self) -> Sequence[Record] | None:
        """What the store told of the rows, where they are not made yet."""
        entries: Any = self.entries
        return entries.records if isinstance(entries, Recorded) else None  # pyright: ignore[reportUnknownMemberType]


def cut(entries: Sequence[Entry[Row]], slice: Slice) -> Page[Row]:
    """The page out of the rows as they were read (`rows_read`): one too many only says that there is more."""
    more = len(entries) > slice.limit
    kept = entries[: slice.limit] if more else entries
    if slice.backward:
        return Page(kept[::-1], has_next=slice.before is not None, has_previous=more)
    return Page(kept, has_next=more, has_previous=slice.after is not None)


def rows_read(slice: Slice, columns: frozenset[str] | None = None) -> int:
    """How many rows are read for a page: one more, which says whether more follow, if it is asked where they stand."""
    return slice.limit + 1 if columns is None or columns >= PLACE else max(1, slice.limit)


def slice_parameters(slice: Slice, columns: frozenset[str] | None = None) -> dict[str, object]:
    """The parameters that `bounds` and `order` name, of a page of which these columns are read."""
    parameters: dict[str, object] = {"limit": rows_read(slice, columns)}
    for name, end in (("after", slice.after), ("before", slice.before)):
        if end is not None:
            parameters |= {} if end.value is None else {f"{name}_value": end.value}
            parameters[f"{name}_key"] = end.key
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


def index_bounds(ordering: Ordering, after: bool, before: bool) -> LiteralString:
    """What lies between two values, as an index is asked: a range of the property itself, and equals by their key."""
    beyond_after = _from(ordering, "<" if ordering.descending else ">", ">", "after")
    beyond_before = _from(ordering, ">" if ordering.descending else "<", "<", "before")
    if after and before:
        return f"{beyond_after} AND {beyond_before}"
    if after or before:
        return beyond_after if after else beyond_before
    return f"{ordering.value} IS NOT NULL"


def _from(ordering: Ordering, sign: LiteralString, key_sign: LiteralString, end: LiteralString) -> LiteralString:
    beyond: LiteralString = f"({ordering.value} {sign} ${end}_value OR {ordering.key} {key_sign} ${end}_key)"
    return f"{ordering.value} {sign}= ${end}_value AND {beyond}"


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
