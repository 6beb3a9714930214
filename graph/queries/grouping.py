"""Figures over a list, group by group: one statement, the largest groups first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, LiteralString, TypeVar

from graph.queries.listing import Totals, where
from graph.queries.packing import packed
from graph.queries.reader import Reader, made_of, told_whole
from graph.queries.where import Filters, Shape, shape_of
from graph.store.statement import Statement

Row = TypeVar("Row")
MOST_GROUPS = 100


@dataclass(frozen=True, slots=True)
class Group(Generic[Row]):
    """What its members have in common, None of those without it, and their figures."""

    value: str | None
    row: Row


@dataclass(frozen=True, slots=True, eq=False)
class Grouping(Generic[Row]):
    """Figures, and what a list may be grouped by: a name → the text that members of a group share."""

    totals: Totals[Row]
    by: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])


async def groups(
    reader: Reader, grouping: Grouping[Row], by: str, filters: Filters, first: int = MOST_GROUPS
) -> list[Group[Row]]:
    """The `first` largest groups of everything that passes every filter, equals by what they share.

    KeyError for what the list is not grouped by.
    """
    shape, values = shape_of(filters)
    row = grouping.totals.row
    records = await reader.read(groups_statement(grouping, by, shape), {**values, "first": first})
    return [Group(record["group_value"], made_of(row, record)) for record in told_whole(row, records)]


@lru_cache(maxsize=256)
def groups_statement(grouping: Grouping[Any], by: str, shape: Shape) -> Statement:
    """What computes the groups."""
    listing = grouping.totals.listing
    return packed(
        f"{listing.match}{where(listing, shape)} WITH {listing.variables}, {grouping.by[by]} AS group_value",
        f"group_value, {grouping.totals.columns}",
        grouping.totals.row,
        {"group_value": ""},
        order=" ORDER BY count DESC, coalesce(group_value, '') LIMIT $first",
        **listing.keys,
    )
