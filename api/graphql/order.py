"""Orders and their lines in the API."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.graphql.channel import Channel
from api.graphql.children import one_of, page_of
from api.graphql.connection import Connection
from api.graphql.context import Info
from api.graphql.node import Node
from api.graphql.product import Product
from api.graphql.rows import id_of, made_of, money_of, told_from
from api.graphql.store import Store
from graph.queries import channel as channel_queries
from graph.queries import order as queries
from graph.queries import product as product_queries
from graph.queries import store as store_queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer


LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


def _customer(row: Any) -> object:
    from api.graphql.customer import Customer

    return Customer.of(row)


@told_from(queries.OrderLineRow, amount=money_of("amount_cents"), discount=money_of("discount_cents"))
@strawberry.type(description="What an order holds of one product.")
class OrderLine:
    """A line, out of its row."""

    sku: str = strawberry.field(description="The product's key.")
    quantity: float = strawberry.field(description="How many, or how much by weight.")
    amount: Decimal = strawberry.field(description="What was paid, after discount.")
    discount: Decimal = strawberry.field(description="What was taken off.")

    product: Product | None = strawberry.field(
        resolver=one_of(product_queries.products_by_key, Product.of, key="sku", beside="product"),
        description="The product itself.",
    )

    @classmethod
    def of(cls, row: queries.OrderLineRow) -> "OrderLine":
        """The line of a row."""
        return made_of(cls, row)


@told_from(
    queries.OrderRow,
    id=id_of("Order"),
    amount=money_of("amount_cents"),
    discount=money_of("discount_cents"),
    refunded=money_of("refunded_cents"),
)
@strawberry.type(description="A basket that was paid for.")
class Order(Node):
    """An order, out of its row."""

    key: str = strawberry.field(description="The retailer's own id of the order.")
    at: datetime = strawberry.field(description="When it was placed: the time of its first line.")
    local_date: date | None = strawberry.field(description="The store's own calendar day.")
    local_minute: int | None = strawberry.field(description="Minute of the store's own day, 0 to 1439.")
    line_count: int = strawberry.field(description="How many lines it has, one for each event.")
    quantity: float = strawberry.field(description="Sum of the lines' quantities.")
    amount: Decimal = strawberry.field(description="What was paid, refunds not taken off.")
    discount: Decimal = strawberry.field(description="What was taken off.")
    refunded: Decimal = strawberry.field(description="What was paid back.")
    currency: str | None = strawberry.field(description="ISO 4217 code.")
    source: str | None = strawberry.field(description="The data set or system it came from.")

    customer: LazyCustomer | None = strawberry.field(
        resolver=one_of(queries.buyers_of_orders, _customer), description="Who placed it."
    )
    store: Store | None = strawberry.field(
        resolver=one_of(store_queries.stores_of_orders, Store.of), description="The store that took it."
    )
    channel: Channel | None = strawberry.field(
        resolver=one_of(channel_queries.channels_of_orders, Channel.of), description="The channel that it came through."
    )
    lines: Connection[OrderLine] = strawberry.field(
        resolver=page_of(queries.lines_of_orders, queries.count_lines_of_orders, "lines", OrderLine.of),
        description="What was bought, by product key: the lines of one product are summed.",
    )

    @classmethod
    def of(cls, row: queries.OrderRow) -> "Order":
        """The order of a row."""
        return made_of(cls, row)


async def order(
    info: Info, key: Annotated[str, strawberry.argument(description="The retailer's own id of the order.")]
) -> Order | None:
    """One order; null where there is none."""
    row = await info.context.load(queries.orders_by_key, key)
    return None if row is None else Order.of(row)
