"""What is loaded."""

import strawberry

from api.graphql.context import Info
from graph.queries import overview as queries


@strawberry.type(description="What the graph holds.")
class Overview:
    """One figure a noun."""

    customers: int = strawberry.field(description="How many customers.")
    products: int = strawberry.field(description="How many products.")
    categories: int = strawberry.field(description="How many categories, of all levels.")
    stores: int = strawberry.field(description="How many stores.")
    channels: int = strawberry.field(description="How many channels.")
    campaigns: int = strawberry.field(description="How many campaigns.")
    orders: int = strawberry.field(description="How many orders.")
    shares: int = strawberry.field(description="How many shares.")
    log_version: int = strawberry.field(description="The version of the event log that the graph has followed.")

    @classmethod
    def of(cls, row: queries.OverviewRow) -> "Overview":
        """The overview of a row."""
        return cls(
            customers=row.customers,
            products=row.products,
            categories=row.categories,
            stores=row.stores,
            channels=row.channels,
            campaigns=row.campaigns,
            orders=row.orders,
            shares=row.shares,
            log_version=row.log_version,
        )


async def overview(info: Info) -> Overview:
    """What is loaded, in figures."""
    return Overview.of(await queries.overview(info.context.reader))
