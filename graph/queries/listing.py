"""Lists of one noun as literal Cypher: filtered, ordered, read by pages, counted, for one or for many parents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, LiteralString, TypeVar

from graph.model import NODES
from graph.model.statements import index_types
from graph.queries.packing import Beside, packed
from graph.queries.paging import (
    COUNT_CAP,
    Ordering,
    Page,
    Record,
    Recorded,
    Slice,
    bounds,
    cut,
    index_bounds,
    key_bounds,
    order_by,
    rows_read,
    slice_parameters,
)
from graph.queries.reader import Columns, Reader, Walker, made_of, told_whole
from graph.queries.view import and_seen, where_seen
from graph.queries.where import Filters, Shape, condition, shape_of
from graph.store.statement import Statement, Walk, cypher

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, eq=False)
class Listing(Generic[Row]):
    """A list of one noun: where it is found, how it may be filtered, what is told of each row.

    `match` binds `variables`; `columns` names every field of `row` after AS. `filters` maps a filter's name, which is
    its parameter's too, to its condition. `entrances` maps some of them to a MATCH that finds what fulfils them
    before the others are looked at, for what few rows fulfil and no index, or a worse one, would be taken for. With
    `parent` (a MATCH that binds `scope` to the node of `parent`) it is a list of every parent.
    """

    row: Callable[..., Row]
    match: LiteralString
    variables: LiteralString
    columns: LiteralString
    filters: Mapping[str, LiteralString]
    label: str = ""
    """Of a list of every node of one label."""
    parent: LiteralString = ""
    scope: LiteralString = ""
    seen: tuple[LiteralString, LiteralString] | None = None
    """Noun and variable that partners must see (`graph.queries.view`); with a parent, `match` carries the mark."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameters and columns that hold keys of what belongs to customers → of which noun; `sort_key` among them."""
    entrances: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])
    beside: Mapping[str, Beside] = field(default_factory=dict[str, Beside])
    """What hangs on each row of every parent's list and is bound by `match`: told with it where that is asked for."""

    def made(self, record: Record) -> Row:
        """The row of a record; what was not asked for is None in it."""
        return made_of(self.row, record)


@dataclass(frozen=True, slots=True, eq=False)
class Totals(Generic[Row]):
    """Figures over a list: `columns` names every field of `row` after AS, each an aggregate."""

    row: Callable[..., Row]
    listing: Listing[Any]
    columns: LiteralString


async def total(reader: Reader, totals: Totals[Row], filters: Filters, columns: Columns = None) -> Row:
    """The figures over everything that passes every filter, however long the list is; of `columns` alone if given."""
    shape, values = shape_of(filters)
    wanted = columns or None
    found = await reader.read(totals_statement(totals, shape).only(wanted), values)
    [record] = told_whole(totals.row, found, wanted)
    return made_of(totals.row, record)


@lru_cache(maxsize=256)
def totals_statement(totals: Totals[Any], shape: Shape) -> Statement:
    """What computes the figures."""
    found = f"{match(totals.listing, shape)}{where(totals.listing, shape)}"
    return packed(found, totals.columns, totals.row, order="", **totals.listing.keys)


async def page(
    reader: Reader,
    listing: Listing[Row],
    ordering: Ordering,
    filters: Filters,
    slice: Slice,
    given: Mapping[str, object] | None = None,
    columns: Columns = None,
) -> Page[Row]:
    """One page of a list that has no parent; `given` are parameters that the list's own match names."""
    shape, values = shape_of(filters)
    if ordering.by_index:
        return await _page_by_property(reader, listing, ordering, shape, {**(given or {}), **values}, slice, columns)
    statement = page_statement(listing, ordering, shape, *_shape(slice))
    parameters = {**(given or {}), **values, **slice_parameters(slice, columns)}
    records = await _records(reader, listing, statement, parameters, columns)
    return cut(Recorded(records, listing.made), slice)


async def count(
    reader: Reader, listing: Listing[Row], filters: Filters, given: Mapping[str, object] | None = None
) -> int:
    """How long the list is, counted up to COUNT_CAP."""
    shape, values = shape_of(filters)
    [record] = await reader.read(count_statement(listing, shape), {**(given or {}), **values, "cap": COUNT_CAP})
    return int(record["count"])


async def pages(
    reader: Reader,
    listing: Listing[Row],
    ordering: Ordering,
    parents: Sequence[str],
    slice: Slice,
    columns: Columns = None,
) -> list[Page[Row]]:
    """The same page of each parent's list, in the parents' order, out of one statement; empty for an unknown parent."""
    statement = pages_statement(listing, ordering, *_shape(slice))
    found: dict[str, list[Record]] = {parent: [] for parent in parents}
    parameters = {"parents": list(found), **slice_parameters(slice, columns)}
    wanted = None if columns is None else columns | {"parent"}
    for record in await _records(reader, listing, statement, parameters, wanted):
        found[record["parent"]].append(record)
    return [cut(Recorded(found[parent], listing.made), slice) for parent in parents]


async def counts(reader: Reader, listing: Listing[Row], parents: Sequence[str]) -> list[int]:
    """How long each parent's list is, counted up to COUNT_CAP; 0 for an unknown parent."""
    wanted = {"parents": list(dict.fromkeys(parents)), "cap": COUNT_CAP}
    found = {row["parent"]: int(row["count"]) for row in await reader.read(counts_statement(listing), wanted)}
    return [found.get(parent, 0) for parent in parents]


async def _records(
    reader: Reader, listing: Listing[Any], statement: Statement, parameters: Mapping[str, object], columns: Columns
) -> list[Record]:
    return told_whole(listing.row, await reader.read(statement.only(columns), parameters), columns)


def _shape(slice: Slice) -> tuple[bool, bool, bool]:
    return slice.after is not None, slice.before is not None, slice.backward


async def _page_by_property(
    reader: Reader,
    listing: Listing[Row],
    ordering: Ordering,
    shape: Shape,
    given: Mapping[str, object],
    slice: Slice,
    columns: Columns,
) -> Page[Row]:
    """A page of a list that is sorted by an indexed property: who lacks it is asked for only where the others run out.

    One statement, and a second one for the one page that holds the seam: no index knows what lacks a property, so that
    asking for both at once would look through the list for every page.
    """
    if not shape and (near := await _page_within_an_edge(reader, listing, ordering, given, slice, columns)):
        return near
    after, before = (None if end is None else end.value is None for end in (slice.after, slice.before))
    parts: list[Statement] = []
    if after is not True:
        parts.append(valued_statement(listing, ordering, shape, after is False, before is False, slice.backward))
    if ordering.absent and before is not False:
        parts.append(absent_statement(listing, ordering, shape, after is True, before is True, slice.backward))
    given, records = {**given, **slice_parameters(slice)}, list[dict[str, Any]]()
    for statement in parts[::-1] if slice.backward else parts:
        if (left := rows_read(slice, columns) - len(records)) > 0:
            records += await _records(reader, listing, statement, {**given, "limit": left}, columns)
    return cut(Recorded(records, listing.made), slice)


_ORDERED = {(label, name) for label, name, _ in index_types(NODES)}
_REACHES = (100, 10_000)
"""How many rows more than a page are walked over for it: equals of the first row may stand before the page."""


async def _page_within_an_edge(
    reader: Reader,
    listing: Listing[Row],
    ordering: Ordering,
    given: Mapping[str, object],
    slice: Slice,
    columns: Columns,
) -> Page[Row] | None:
    """The page, where the store tells how far it must look and that is enough to fill it.

    All rows up to an edge are the list's own beginning: what fills a page out of them is the page.
    """
    start, end = (slice.before, slice.after) if slice.backward else (slice.after, slice.before)
    name, descending = ordering.value.partition(".")[2], ordering.descending != slice.backward
    if (listing.label, name) not in _ORDERED or not isinstance(reader, Walker):
        return None
    if any(one is not None and one.value is None for one in (start, end)) or (start is None and slice.backward):
        return None
    limit = rows_read(slice, columns)
    bounded = (slice.after is not None, slice.before is not None, slice.backward)
    statement = valued_statement(listing, ordering, (), *bounded, edge=True)
    beyond: Any = None if start is None else start.value
    for reach in _REACHES:
        edge = await reader.edge(Walk(listing.label, name, descending, limit + reach, beyond))
        if edge is None:
            return None
        at = datetime.fromisoformat(edge) if isinstance(edge, str) else edge
        parameters = {**given, **slice_parameters(slice, columns), "edge": at}
        records = await _records(reader, listing, statement, parameters, columns)
        if len(records) == limit:
            return cut(Recorded(records, listing.made), slice)
    return None


@lru_cache(maxsize=2048)
def page_statement(
    listing: Listing[Any], ordering: Ordering, shape: Shape, after: bool, before: bool, backward: bool
) -> Statement:
    """What reads a page; `shape` are the filters in use. KeyError for a filter that the noun does not have."""
    if ordering.value == ordering.key:
        return _page_by_key(listing, ordering, shape, after, before, backward)
    inner = order_by(ordering, ordering.key, backward)
    outer = order_by(ordering, "sort_key", backward)
    return packed(
        f"{match(listing, shape)}{where(listing, shape)}"
        f" WITH {listing.variables}, {ordering.value} AS sort_value{bounds(ordering, after, before)}"
        f" WITH {listing.variables}, sort_value {inner} LIMIT $limit",
        f"{listing.columns}, sort_value, {ordering.key} AS sort_key",
        listing.row,
        _sorted_by(ordering),
        order=f" {outer}",
        **_keys(listing, ordering),
    )


def _sorted_by(ordering: Ordering) -> dict[str, str]:
    return {"sort_value": ordering.kind, "sort_key": ""}


def _page_by_key(
    listing: Listing[Any], ordering: Ordering, shape: Shape, after: bool, before: bool, backward: bool
) -> Statement:
    """A page in the order of the key alone: its bounds stand where the key's index answers them, in its own order."""
    way: LiteralString = "DESC" if ordering.descending != backward else "ASC"
    return packed(
        f"{match(listing, shape)} WHERE {key_bounds(ordering, after, before)}{_and(listing, shape)}"
        f" WITH {listing.variables}, {ordering.key} AS sort_value ORDER BY sort_value {way} LIMIT $limit",
        f"{listing.columns}, sort_value, {ordering.key} AS sort_key",
        listing.row,
        _sorted_by(ordering),
        order=f" ORDER BY sort_value {way}",
        **_keys(listing, ordering),
    )


@lru_cache(maxsize=2048)
def valued_statement(
    listing: Listing[Any],
    ordering: Ordering,
    shape: Shape,
    after: bool,
    before: bool,
    backward: bool,
    *,
    edge: bool = False,
) -> Statement:
    """What reads those of a page that have the property by which the list is sorted, in the order of its index.

    With `edge`, nothing beyond `$edge`.
    """
    way: LiteralString = "DESC" if ordering.descending != backward else "ASC"
    key_way: LiteralString = "DESC" if backward else "ASC"
    order: LiteralString = f"{ordering.value} {way}, {ordering.key} {key_way}"
    wanted = index_bounds(ordering, after, before)
    if edge:
        sign: LiteralString = ">=" if way == "DESC" else "<="
        wanted = f"{wanted} AND {ordering.value} {sign} $edge"
    return _part(listing, ordering, shape, wanted, order, f"sort_value {way}, sort_key {key_way}")


@lru_cache(maxsize=2048)
def absent_statement(
    listing: Listing[Any], ordering: Ordering, shape: Shape, after: bool, before: bool, backward: bool
) -> Statement:
    """What reads those of a page that lack the property by which the list is sorted, in the order of their key."""
    within = key_bounds(Ordering(ordering.key, ordering.key), after, before)
    way: LiteralString = "DESC" if backward else "ASC"
    wanted: LiteralString = f"{within} AND {ordering.value} IS NULL"
    return _part(listing, ordering, shape, wanted, f"{ordering.key} {way}", f"sort_key {way}")


def _part(
    listing: Listing[Any],
    ordering: Ordering,
    shape: Shape,
    wanted: LiteralString,
    inner: LiteralString,
    outer: LiteralString,
) -> Statement:
    return packed(
        f"{match(listing, shape)} WHERE {wanted}{_and(listing, shape)}"
        f" WITH {listing.variables} ORDER BY {inner} LIMIT $limit",
        f"{listing.columns}, {ordering.value} AS sort_value, {ordering.key} AS sort_key",
        listing.row,
        _sorted_by(ordering),
        order=f" ORDER BY {outer}",
        **_keys(listing, ordering),
    )


@lru_cache(maxsize=512)
def count_statement(listing: Listing[Any], shape: Shape) -> Statement:
    """What counts a list, at most `$cap` rows of it."""
    return cypher(
        f"{match(listing, shape)}{where(listing, shape)} WITH {listing.variables} LIMIT $cap RETURN count(*) AS count",
        **listing.keys,
    )


@lru_cache(maxsize=512)
def pages_statement(listing: Listing[Any], ordering: Ordering, after: bool, before: bool, backward: bool) -> Statement:
    """What reads the same page of every parent's list."""
    inner = order_by(ordering, ordering.key, backward)
    outer = order_by(ordering, "sort_key", backward)
    return packed(
        f"UNWIND $parents AS parent {listing.parent} CALL ({listing.scope}) {{ {listing.match}"
        f" WITH {listing.variables}, {ordering.value} AS sort_value{bounds(ordering, after, before)}"
        f" RETURN {listing.variables}, sort_value {inner} LIMIT $limit }}",
        f"parent, {listing.columns}, sort_value, {ordering.key} AS sort_key",
        listing.row,
        {"parent": "", **_sorted_by(ordering)},
        listing.beside,
        order=f" {outer}",
        **_keys(listing, ordering),
    )


@lru_cache(maxsize=64)
def counts_statement(listing: Listing[Any]) -> Statement:
    """What counts every parent's list, at most `$cap` rows of each."""
    return cypher(
        f"UNWIND $parents AS parent {listing.parent}"
        f" CALL ({listing.scope}) {{ {listing.match} WITH {listing.variables} LIMIT $cap RETURN count(*) AS count }}"
        " RETURN parent, count",
        **listing.keys,
    )


def match(listing: Listing[Any], shape: Shape) -> LiteralString:
    """Where all of a list is found: by that of its filters that is an entrance, the first of `entrances` of several."""
    entrance = _entrance(listing, shape)
    return listing.match if entrance is None else listing.entrances[entrance]


def where(listing: Listing[Any], shape: Shape) -> LiteralString:
    """What all of a list must fulfil beside that; empty where it is nothing."""
    wanted = _wanted(listing, shape)
    if listing.seen is None:
        return f" WHERE {wanted}" if wanted else ""
    return f" WHERE {wanted}{and_seen(*listing.seen)}" if wanted else where_seen(*listing.seen)


def _and(listing: Listing[Any], shape: Shape) -> LiteralString:
    """The same behind another condition."""
    wanted = _wanted(listing, shape)
    filtered: LiteralString = f" AND {wanted}" if wanted else ""
    seen: LiteralString = and_seen(*listing.seen) if listing.seen else ""
    return f"{filtered}{seen}"


def _wanted(listing: Listing[Any], shape: Shape) -> LiteralString:
    entrance = _entrance(listing, shape)
    return condition(listing.filters, tuple(part for part in shape if part != entrance))


def _entrance(listing: Listing[Any], shape: Shape) -> str | None:
    return next((name for name in listing.entrances if name in shape), None)


def _keys(listing: Listing[Any], ordering: Ordering) -> dict[str, str]:
    """The keys of a page: those of its bounds are of the noun by whose key equals are sorted."""
    found = dict(listing.keys)
    if noun := found.get("sort_key"):
        found |= {"after_key": noun, "before_key": noun}
        if ordering.value == ordering.key:
            found |= {"sort_value": noun, "after_value": noun, "before_value": noun}
    return found
