"""Channels in the API."""

from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.filters import NameFilter, filters_of
from api.graphql.node import Node, global_id
from api.graphql.ordering import Direction, chosen
from api.graphql.scalars import money
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

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        given: dict[str, object] = {} if self.online is None else {"online_eq": self.online}
        return filters_of({"key": self.key}) | given


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
    """A page of channels."""
    order = order_by or ChannelOrder()
    name, ordering = chosen("channels", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page = await queries.channels(info.context.reader, filters, ordering, wanted)
    return connect(
        Connection[Channel], page, name, Channel.of, partial(queries.count_channels, info.context.reader, filters)
    )
