"""Channels in the API."""

from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.filters import AND, NOT, OR, NameFilter, combined, filters_of
from api.graphql.node import Node, global_id
from api.graphql.ordering import Direction, chosen
from api.graphql.scalars import money
from api.graphql.totals import MoneyTotals, WithTotals, with_totals
from graph.queries import channel as queries


@strawberry.type(description="A way by which customers come or buy: a mini-program, a mall counter, a platform.")
class Channel(Node):
    """A channel, out of its row."""

    key: str = strawberry.field(description="The channel's name, which is its key.")
    name: str = strawberry.field(description="The channel's name.")
    online: bool | None = strawberry.field(description="True for online, false for offline; null where unknown.")
    cost: Decimal | None = strawberry.field(description="What the channel has cost so far.")
    currency: str | None = strawberry.field(description="ISO 4217 code of the cost.")
    source: str | None = strawberry.field(description="The data set or system that described it last.")

    @classmethod
    def of(cls, row: queries.ChannelRow) -> "Channel":
        """The channel of a row."""
        return cls(
            id=global_id("Channel", row.key),
            key=row.key,
            name=row.key,
            online=row.online,
            cost=None if row.cost_cents is None else money(row.cost_cents),
            currency=row.currency,
            source=row.source,
        )


@strawberry.input(description="Which channels are wanted: every given condition must hold.")
class ChannelWhere:
    """Conditions on channels."""

    key: NameFilter | None = strawberry.field(default=None, description="The channel's name.")
    online: bool | None = strawberry.field(default=None, description="Online ones or offline ones.")

    and_: list["ChannelWhere"] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list["ChannelWhere"] | None = strawberry.field(name="or", default=None, description=OR)
    not_: "ChannelWhere | None" = strawberry.field(name="not", default=None, description=NOT)

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        given: dict[str, object] = {} if self.online is None else {"online_eq": self.online}
        own = filters_of({"key": self.key}) | given
        return combined(own, self.and_, self.or_, self.not_)


@strawberry.enum(description="By what channels are sorted.")
class ChannelOrderField(Enum):
    """Names of the query's orderings."""

    KEY = strawberry.enum_value("key", description="By name.")
    COST = strawberry.enum_value("cost", description="By cost; unknown counts as 0.")


@strawberry.input(description="How channels are sorted; equals come by name.")
class ChannelOrder:
    """Field and direction."""

    field: ChannelOrderField = strawberry.field(default=ChannelOrderField.KEY, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.type(description="Figures over all channels of a list.")
class ChannelTotals:
    """Sums, least and most."""

    count: int = strawberry.field(description="How many channels, however many there are.")
    cost: MoneyTotals = strawberry.field(description="The costs that are known.")

    @classmethod
    def of(cls, row: queries.ChannelTotals) -> "ChannelTotals":
        """The figures of a row."""
        return cls(count=row.count, cost=MoneyTotals.of(row.costed, row.cost_sum, row.cost_min, row.cost_max))


@strawberry.type(name="ChannelConnection", description="One page of channels.")
class ChannelConnection(Connection[Channel], WithTotals[ChannelTotals]):
    """Channels, page by page."""


async def channel(
    info: Info, key: Annotated[str, strawberry.argument(description="The channel's name.")]
) -> Channel | None:
    """One channel; null where there is none."""
    row = await info.context.load(queries.channels_by_key, key)
    return None if row is None else Channel.of(row)


async def channels(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[ChannelWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[ChannelOrder | None, strawberry.argument(description="By name if absent.")] = None,
) -> Connection[Channel]:
    """A page of channels, with figures over all of the list."""
    order = order_by or ChannelOrder()
    name, ordering = chosen("channels", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page = await queries.channels(info.context.reader, filters, ordering, wanted)
    counted = partial(queries.count_channels, info.context.reader, filters)
    found = connect(ChannelConnection, page, name, Channel.of, counted)
    return with_totals(found, partial(_totals, info, filters))


async def _totals(info: Info, filters: dict[str, object]) -> ChannelTotals:
    return ChannelTotals.of(await queries.total_channels(info.context.reader, filters))
