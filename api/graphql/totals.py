"""Figures over the whole of a filtered list, computed only where they are asked for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Protocol, TypeVar, cast

import strawberry

from api.graphql.connection import DEFAULT_SIZE, Connection
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.ordering import text_of
from api.graphql.scalars import CENT, money
from graph.queries.grouping import MOST_GROUPS, Grouping, groups

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


@strawberry.enum(description="In which order groups are told.")
class GroupOrder(Enum):
    """By their sizes or by what they share."""

    SIZE = strawberry.enum_value("size", description="The largest first, equals by what they share.")
    VALUE = strawberry.enum_value("value", description="By what they share, as days and months follow each other.")


FirstGroups = Annotated[int, strawberry.argument(description=f"How many, 1 to {MOST_GROUPS}.")]
OrderOfGroups = Annotated[GroupOrder, strawberry.argument(description="Which ones come first.")]


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


class Figured(Protocol):
    """Figures that are made of a row."""

    @classmethod
    def of(cls, row: Any) -> Any:
        """The figures of a row."""
        ...


def groups_of(figures: type[Figured], kind: type[Enum], grouping: Grouping[Any]) -> Any:
    """The field of a connection that tells `figures` group by group; `kind` names what its list may be grouped by."""

    async def resolve(
        self: WithTotals[Any],
        info: Info,
        by: Enum,
        first: FirstGroups = DEFAULT_SIZE,
        order_by: OrderOfGroups = GroupOrder.SIZE,
    ) -> list[Group[Any]]:
        if not 1 <= first <= MOST_GROUPS:
            raise bad_input(
                f"`first` must be from 1 to {MOST_GROUPS}, not {first}.",
                argument="first",
                value=first,
                maximum=MOST_GROUPS,
            )
        in_order = order_by is GroupOrder.VALUE
        found = await groups(info.context.reader, grouping, text_of(by), self.filters, first, in_order=in_order)
        return [Group(value=one.value, totals=figures.of(one.row)) for one in found]

    resolve.__annotations__ |= {
        "by": Annotated[kind, strawberry.argument(description="What the members of a group share.")],
        "return": list[Group[figures]],
    }
    return strawberry.field(resolver=resolve, description="Figures over the whole list by what its members share.")
