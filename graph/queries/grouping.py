"""Figures over a list, group by group: one statement, the largest groups first or in the order of what they share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, LiteralString, TypeVar

from graph.queries.listing import Totals, match, where
from graph.queries.packing import packed
from graph.queries.reader import Reader, made_of, told_whole
from graph.queries.where import Filters, Shape, shape_of
from graph.store.statement import Statement

Row = TypeVar("Row")
MOST_GROUPS = 400
"""As many as a year has days, and some."""


@dataclass(frozen=True, slots=True)
class Group(Generic[Row]):
    """What its members have in common, None of those without it, and their figures."""

    value: str | None
    row: Row


@dataclass(frozen=True, slots=True, eq=False)
class Grouping(Generic[Row]):
    """Figures, and what a list may be grouped by: a name → the text that members of a group share.

    `over` maps those of the names whose text stands on another node to the OPTIONAL MATCH that leads there.
    """

    totals: Totals[Row]
    by: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])
    over: Mapping[str, LiteralString] = field(default_factory=dict[str, LiteralString])


async def groups(
    reader: Reader,
    grouping: Grouping[Row],
    by: str,
    filters: Filters,
    first: int = MOST_GROUPS,
    *,
    in_order: bool = False,
) -> list[Group[Row]]:
    """The `first` largest groups of everything that passes every filter, equals by what they share.

    Or the first ones `in_order` of what they share, those who lack it last. KeyError for what no list is grouped by.
    """
    shape, values = shape_of(filters)
    row = grouping.totals.row
    records = await reader.read(groups_statement(grouping, by, shape, in_order), {**values, "first": first})
    return [Group(record["group_value"], made_of(row, record)) for record in told_whole(row, records)]


@lru_cache(maxsize=256)
def groups_statement(grouping: Grouping[Any], by: str, shape: Shape, in_order: bool = False) -> Statement:
    """What computes the groups."""
    listing = grouping.totals.listing
    leads = grouping.over.get(by)
    over: LiteralString = f" {leads}" if leads else ""
    largest: LiteralString = "" if in_order else "count DESC, "
    return packed(
        f"{match(listing, shape)}{where(listing, shape)}{over}"
        f" WITH {listing.variables}, {grouping.by[by]} AS group_value",
        f"group_value, {grouping.totals.columns}",
        grouping.totals.row,
        {"group_value": ""},
        order=f" ORDER BY {largest}group_value IS NULL, group_value LIMIT $first",
        **listing.keys,
    )
