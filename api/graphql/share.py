"""Shares in the API."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.channel import Channel
from api.graphql.context import Info
from api.graphql.node import Node, global_id
from api.graphql.product import Product
from api.graphql.scalars import money
from graph.queries import channel as channel_queries
from graph.queries import product as product_queries
from graph.queries import share as queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer


@strawberry.type(description="A product or piece of content that a customer passed on, with what it brought so far.")
class Share(Node):
    """A share, out of its row."""

    key: str = strawberry.field(description="The id of the share.")
    at: datetime | None = strawberry.field(description="When it was shared; null where only its clicks are known.")
    click_count: int = strawberry.field(description="How many clicks it brought.")
    registration_count: int = strawberry.field(description="How many registrations named it.")
    order_count: int = strawberry.field(description="How many orders named it.")
    revenue: Decimal = strawberry.field(description="What was paid in the orders that named it.")
    source: str | None = strawberry.field(description="The data set or system it came from.")

    @strawberry.field(description="Who passed it on.")
    async def sharer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")] | None:
        """Read together with the sharers of the other shares."""
        from api.graphql.customer import Customer

        row = await info.context.load(queries.sharers_of_shares, self.key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="What was shared; null for other content.")
    async def product(self, info: Info) -> Product | None:
        """Read together with the products of the other shares."""
        row = await info.context.load(product_queries.products_of_shares, self.key)
        return None if row is None else Product.of(row)

    @strawberry.field(description="The channel through which it was shared.")
    async def channel(self, info: Info) -> Channel | None:
        """Read together with the channels of the other shares."""
        row = await info.context.load(channel_queries.channels_of_shares, self.key)
        return None if row is None else Channel.of(row)

    @classmethod
    def of(cls, row: queries.ShareRow) -> "Share":
        """The share of a row."""
        return cls(
            id=global_id("Share", row.key),
            key=row.key,
            at=row.at,
            click_count=row.click_count,
            registration_count=row.registration_count,
            order_count=row.order_count,
            revenue=money(row.revenue_cents),
            source=row.source,
        )
