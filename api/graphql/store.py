"""Stores in the API."""

from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.filters import AND, NOT, OR, NameFilter, TextFilter, combined, filters_of
from api.graphql.node import Node, global_id
from api.graphql.ordering import Direction, chosen
from graph.queries import store as queries


@strawberry.type(description="A shop: a place with a district, a position and a clock of its own.")
class Store(Node):
    """A store, out of its row."""

    key: str = strawberry.field(description="The retailer's own id of the store.")
    name: str | None = strawberry.field(description="What it is called.")
    city: str | None = strawberry.field(description="City.")
    district: str | None = strawberry.field(description="District of the city.")
    latitude: float | None = strawberry.field(description="Degrees north.")
    longitude: float | None = strawberry.field(description="Degrees east.")
    time_zone: str | None = strawberry.field(description="IANA name of its time zone; null where the default holds.")
    source: str | None = strawberry.field(description="The data set or system that spoke of it last.")

    @classmethod
    def of(cls, row: queries.StoreRow) -> "Store":
        """The store of a row."""
        return cls(
            id=global_id("Store", row.key),
            key=row.key,
            name=row.name,
            city=row.city,
            district=row.district,
            latitude=row.latitude,
            longitude=row.longitude,
            time_zone=row.time_zone,
            source=row.source,
        )


@strawberry.input(description="Which stores are wanted: every given condition must hold.")
class StoreWhere:
    """Conditions on stores."""

    key: TextFilter | None = strawberry.field(default=None, description="The retailer's own id.")
    name: NameFilter | None = strawberry.field(default=None, description="The name.")
    city: TextFilter | None = strawberry.field(default=None, description="The city.")
    district: TextFilter | None = strawberry.field(default=None, description="The district.")
    source: TextFilter | None = strawberry.field(default=None, description="The data set or system.")

    and_: list["StoreWhere"] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list["StoreWhere"] | None = strawberry.field(name="or", default=None, description=OR)
    not_: "StoreWhere | None" = strawberry.field(name="not", default=None, description=NOT)

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        own = filters_of(
            {
                "key": self.key,
                "name": self.name,
                "city": self.city,
                "district": self.district,
                "source": self.source,
            }
        )
        return combined(own, self.and_, self.or_, self.not_)


@strawberry.enum(description="By what stores are sorted.")
class StoreOrderField(Enum):
    """Names of the query's orderings."""

    KEY = strawberry.enum_value("key", description="By the retailer's own id.")
    NAME = strawberry.enum_value("name", description="By name; nameless ones count as empty.")
    DISTRICT = strawberry.enum_value("district", description="By district; unknown counts as empty.")


@strawberry.input(description="How stores are sorted; equals come by key.")
class StoreOrder:
    """Field and direction."""

    field: StoreOrderField = strawberry.field(default=StoreOrderField.KEY, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


async def store(
    info: Info, key: Annotated[str, strawberry.argument(description="The retailer's own id of the store.")]
) -> Store | None:
    """One store; null where there is none."""
    row = await info.context.load(queries.stores_by_key, key)
    return None if row is None else Store.of(row)


async def stores(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[StoreWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[StoreOrder | None, strawberry.argument(description="By key if absent.")] = None,
) -> Connection[Store]:
    """A page of stores."""
    order = order_by or StoreOrder()
    name, ordering = chosen("stores", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page = await queries.stores(info.context.reader, filters, ordering, wanted)
    return connect(Connection[Store], page, name, Store.of, partial(queries.count_stores, info.context.reader, filters))
