"""Figures over the whole of a filtered list, computed only where they are asked for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Generic, TypeVar, cast

import strawberry

from api.graphql.connection import Connection
from api.graphql.errors import bad_input
from api.graphql.scalars import CENT, money
from graph.queries.grouping import MOST_GROUPS

OF_THE_WHOLE = frozenset({"totals", "groups", "totalCount", "__typename"})
"""What a connection with totals tells of the whole list: where nothing else is selected no page is read."""

Figures = TypeVar("Figures")
Item = TypeVar("Item")


@strawberry.type(description="Figures over amounts of money.")
class MoneyTotals:
    """Exact sums."""

    sum: Decimal = strawberry.field(description="The sum; 0 of none.")
    min: Decimal | None = strawberry.field(description="The least; null of none.")
    max: Decimal | None = strawberry.field(description="The most; null of none.")
    avg: Decimal | None = strawberry.field(description="The mean to the hundredth, halves to even; null of none.")
    count: int = strawberry.field(description="Of how many an amount is known.")

    @classmethod
    def of(cls, count: int, sum: int, least: int | None, most: int | None) -> "MoneyTotals":
        """Out of hundredths."""
        mean = (Decimal(sum) / (100 * count)).quantize(CENT, ROUND_HALF_EVEN) if count else None
        return cls(
            sum=money(sum),
            min=None if least is None else money(least),
            max=None if most is None else money(most),
            avg=mean,
            count=count,
        )


@strawberry.type(description="Figures over whole numbers.")
class NumberTotals:
    """Sums of numbers."""

    sum: float = strawberry.field(description="The sum; 0 of none.")
    min: int | None = strawberry.field(description="The least; null of none.")
    max: int | None = strawberry.field(description="The most; null of none.")
    avg: float | None = strawberry.field(description="The mean; null of none.")

    @classmethod
    def of(cls, count: int, sum: int, least: int | None, most: int | None) -> "NumberTotals":
        """Out of a row's."""
        return cls(sum=float(sum), min=least, max=most, avg=sum / count if count else None)


@strawberry.type(description="Those of a list that have something in common.")
class Group(Generic[Figures]):
    """What they share, and their figures."""

    value: str | None = strawberry.field(description="What they have in common; null of those without it.")
    totals: Figures = strawberry.field(description="Figures over the group.")


FirstGroups = Annotated[int, strawberry.argument(description=f"How many, the largest first, 1 to {MOST_GROUPS}.")]


def checked_groups(first: int) -> int:
    """So many groups; BAD_USER_INPUT for a number that cannot be had."""
    if not 1 <= first <= MOST_GROUPS:
        raise bad_input(
            f"`first` must be from 1 to {MOST_GROUPS}, not {first}.", argument="first", value=first, maximum=MOST_GROUPS
        )
    return first


async def _nothing() -> object:
    raise NotImplementedError("a connection with totals is made by with_totals")


@strawberry.type(description="A list with figures over all of it.")
class WithTotals(Generic[Figures]):
    """What a connection adds."""

    totalled: strawberry.Private[Callable[[], Awaitable[object]]] = field(default=_nothing, kw_only=True)
    filters: strawberry.Private[Mapping[str, object]] = field(default_factory=dict[str, object], kw_only=True)

    @strawberry.field(description="Figures over the whole list, not this page alone; computed only when asked for.")
    async def totals(self) -> Figures:
        """Asked of the graph only when the client selects it."""
        return cast("Figures", await self.totalled())


def with_totals(
    connection: Connection[Item],
    totalled: Callable[[], Awaitable[object]],
    filters: Mapping[str, object] | None = None,
) -> Connection[Item]:
    """The connection, of a kind that has totals, with its figures, and what its list was filtered by."""
    whole = cast("WithTotals[object]", connection)
    whole.totalled, whole.filters = totalled, filters or {}
    return connection
