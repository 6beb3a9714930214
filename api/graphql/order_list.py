"""All orders in the API: which are wanted, in which order, and figures over them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.filters import (
    AND,
    NOT,
    OR,
    DateFilter,
    DateTimeFilter,
    KeyFilter,
    MoneyFilter,
    TextFilter,
    combined,
    filters_of,
)
from api.graphql.order import Order
from api.graphql.ordering import Direction, chosen
from api.graphql.scalars import money
from api.graphql.selected import is_only, selected
from api.graphql.totals import OF_THE_WHOLE, Group, MoneyTotals, WithTotals, groups_of, with_totals
from graph.queries import order as queries
from graph.queries.paging import Page


@strawberry.input(description="Which orders are wanted: every given condition must hold.")
class OrderWhere:
    """Conditions on orders."""

    key: TextFilter | None = strawberry.field(default=None, description="The retailer's own id of the order.")
    at: DateTimeFilter | None = strawberry.field(default=None, description="When it was placed.")
    local_date: DateFilter | None = strawberry.field(default=None, description="The store's own calendar day.")
    amount: MoneyFilter | None = strawberry.field(default=None, description="What was paid, refunds not taken off.")
    currency: TextFilter | None = strawberry.field(default=None, description="The ISO 4217 code.")
    source: TextFilter | None = strawberry.field(default=None, description="The data set or system.")
    customer: KeyFilter | None = strawberry.field(default=None, description="Who placed it, by key.")
    store: KeyFilter | None = strawberry.field(default=None, description="The store that took it, by key.")
    channel: KeyFilter | None = strawberry.field(default=None, description="The channel that it came through, by name.")
    product: KeyFilter | None = strawberry.field(default=None, description="Holds this product (sku).")

    and_: list["OrderWhere"] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list["OrderWhere"] | None = strawberry.field(name="or", default=None, description=OR)
    not_: "OrderWhere | None" = strawberry.field(name="not", default=None, description=NOT)

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        own = filters_of(
            {
                "key": self.key,
                "at": self.at,
                "local_date": self.local_date,
                "amount_cents": self.amount,
                "currency": self.currency,
                "source": self.source,
                "customer": self.customer,
                "store": self.store,
                "channel": self.channel,
                "product": self.product,
            }
        )
        return combined(own, self.and_, self.or_, self.not_)


@strawberry.enum(description="By what orders are sorted.")
class OrderOrderField(Enum):
    """Names of the query's orderings."""

    AT = strawberry.enum_value("at", description="By when they were placed.")
    KEY = strawberry.enum_value("key", description="By the retailer's own id.")
    AMOUNT = strawberry.enum_value("amount", description="By what was paid; unknown amounts last.")


@strawberry.input(description="How orders are sorted; equals come by key.")
class OrderOrder:
    """Field and direction."""

    field: OrderOrderField = strawberry.field(default=OrderOrderField.AT, description="By what.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.type(
    description="Figures over all orders of a list. Amounts of several currencies are added as they stand."
)
class OrderTotals:
    """Sums, least and most."""

    row: strawberry.Private[queries.OrderTotals]

    # What is not selected is not in the row, so that nothing is made of it before it is asked for.
    @strawberry.field(description="How many orders, however many there are.")
    def count(self) -> int:
        """The row's."""
        return self.row.count

    @strawberry.field(description="What was paid, refunds not taken off; an unknown amount counts as 0.")
    def amount(self) -> MoneyTotals:
        """Out of the row's hundredths."""
        row = self.row
        return MoneyTotals.of(row.count, row.amount_sum, row.amount_min, row.amount_max)

    @strawberry.field(description="What was taken off.")
    def discount(self) -> Decimal:
        """Out of the row's hundredths."""
        return money(self.row.discount_sum)

    @strawberry.field(description="What was paid back.")
    def refunded(self) -> Decimal:
        """Out of the row's hundredths."""
        return money(self.row.refunded_sum)

    @strawberry.field(description="Sum of the lines' quantities.")
    def quantity(self) -> float:
        """The row's."""
        return self.row.quantity_sum

    @strawberry.field(description="When the first was placed.")
    def first_at(self) -> datetime | None:
        """The row's."""
        return self.row.first_at

    @strawberry.field(description="When the last was placed.")
    def last_at(self) -> datetime | None:
        """The row's."""
        return self.row.last_at

    @classmethod
    def of(cls, row: queries.OrderTotals) -> "OrderTotals":
        """The figures of a row."""
        return cls(row=row)


_OF_TOTALS: Mapping[str, Collection[str]] = {
    "count": {"count"},
    "amount": {"count", "amount_sum", "amount_min", "amount_max"},
    "discount": {"discount_sum"},
    "refunded": {"refunded_sum"},
    "quantity": {"quantity_sum"},
    "firstAt": {"first_at"},
    "lastAt": {"last_at"},
}
"""Field of `OrderTotals` → the columns that it is told of."""


@strawberry.enum(description="What a list of orders is grouped by.")
class OrderGrouping(Enum):
    """Names of the query's groupings."""

    STORE = strawberry.enum_value("store", description="By the key of the store that took them.")
    CHANNEL = strawberry.enum_value("channel", description="By the name of the channel that they came through.")
    MONTH = strawberry.enum_value("month", description="By month of the store's own calendar, such as 2026-03.")
    DAY = strawberry.enum_value("day", description="By day of the store's own calendar, such as 2026-03-02.")
    HOUR = strawberry.enum_value("hour", description="By hour of the store's own day, 00 to 23.")
    CURRENCY = strawberry.enum_value("currency", description="By ISO 4217 code.")
    SOURCE = strawberry.enum_value("source", description="By the data set or system that they came from.")


@strawberry.type(name="OrdersConnection", description="One page of all orders.")
class OrdersConnection(Connection[Order], WithTotals[OrderTotals]):
    """Orders, page by page."""

    groups: list[Group[OrderTotals]] = groups_of(OrderTotals, OrderGrouping, queries.GROUPING)


async def orders(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[OrderWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[OrderOrder | None, strawberry.argument(description="The newest first if absent.")] = None,
) -> Connection[Order]:
    """A page of orders, with figures over all of the list."""
    order = order_by or OrderOrder()
    name, ordering = chosen("orders", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page: Page[queries.OrderRow] = (
        Page()
        if is_only(info, OF_THE_WHOLE)
        else await queries.orders(info.context.reader, filters, ordering, wanted, info.context.needed(info))
    )
    counted = partial(queries.count_orders, info.context.reader, filters)
    found = connect(OrdersConnection, page, name, Order.of, counted)
    return with_totals(found, partial(_totals, info, filters), filters)


async def _totals(info: Info, filters: dict[str, object]) -> OrderTotals:
    columns = frozenset(column for name in selected(info, "totals") for column in _OF_TOTALS.get(name, ()))
    return OrderTotals.of(await queries.total_orders(info.context.reader, filters, columns))
