"""Directions of sorting, and the query's ordering that a client chose."""

from collections.abc import Mapping
from enum import Enum

import strawberry

from graph.queries.paging import Ordering, turned


@strawberry.enum(description="Which way a list is sorted.")
class Direction(Enum):
    """Up or down."""

    ASC = strawberry.enum_value("asc", description="The smallest, the oldest, the first letter first.")
    DESC = strawberry.enum_value("desc", description="The largest, the newest, the last letter first.")


def text_of(member: Enum) -> str:
    """The text that an enum's member stands for."""
    return str(member.value)


def chosen(noun: str, orderings: Mapping[str, Ordering], field: Enum, direction: Direction) -> tuple[str, Ordering]:
    """The name that cursors of this order carry, and the ordering itself."""
    ordering = orderings[text_of(field)]
    name = f"{noun}.{text_of(field)}.{text_of(direction)}"
    return name, turned(ordering) if (direction is Direction.DESC) != ordering.descending else ordering
