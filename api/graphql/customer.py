"""Customers in the API, with all that hangs on them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.access.scopes import PERSONAL, PERSONAL_FIELDS
from api.graphql.affinity import FirstOf, NextProduct
from api.graphql.centrality import CentralityScore, centrality_of
from api.graphql.channel import Channel
from api.graphql.children import one_of, page_of
from api.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    PageArguments,
    connect,
    slice_of,
)
from api.graphql.context import Info
from api.graphql.customer_where import CustomerOrder, CustomerWhere
from api.graphql.influence import InfluenceScore, influence_of
from api.graphql.next_product import next_products
from api.graphql.node import Node
from api.graphql.open_chain import At, OpenChain, open_chains_of
from api.graphql.order import Order
from api.graphql.ordering import chosen, text_of
from api.graphql.referral import Referral
from api.graphql.rows import id_of, made_of, money_of, told_from
from api.graphql.run import RunArgument
from api.graphql.selected import is_only, selected
from api.graphql.share import Share
from api.graphql.totals import (
    OF_THE_WHOLE,
    Group,
    MoneyTotals,
    NumberTotals,
    WithTotals,
    groups_of,
    with_totals,
)
from graph.queries import channel as channel_queries
from graph.queries import customer as queries
from graph.queries import order as order_queries
from graph.queries import referral as referral_queries
from graph.queries import share as share_queries
from graph.queries.paging import Page
from graph.queries.where import is_about


@told_from(queries.CustomerRow, id=id_of("Customer"), revenue=money_of("revenue_cents"))
@strawberry.type(description="A person or household that buys, shares or brings others.")
class Customer(Node):
    """A customer, out of its row."""

    key: str = strawberry.field(description="The retailer's own id of the customer.")
    name: str | None = strawberry.field(description="What the customer is called (personal).")
    gender: str | None = strawberry.field(description="female, male or other (personal).")
    birth_year: int | None = strawberry.field(description="Year of birth (personal).")
    age_band: str | None = strawberry.field(description="Age as a band, where no year is known (personal).")
    income_band: str | None = strawberry.field(description="Income as a band (personal).")
    household_size: str | None = strawberry.field(description="How many live together (personal).")
    city: str | None = strawberry.field(description="City.")
    district: str | None = strawberry.field(description="District of the city.")
    registered_at: datetime | None = strawberry.field(description="When the customer registered.")
    consent_analytics: bool | None = strawberry.field(description="May be analysed; null where never asked.")
    consent_offers: bool | None = strawberry.field(description="May get personal offers; null where never asked.")
    consent_sharing: bool | None = strawberry.field(description="May be shown to partners; null where never asked.")
    order_count: int = strawberry.field(description="How many orders the customer placed.")
    revenue: Decimal = strawberry.field(description="What was paid over all orders, refunds not taken off.")
    first_order_at: datetime | None = strawberry.field(description="When the first order was placed.")
    last_order_at: datetime | None = strawberry.field(description="When the last order was placed.")
    last_login_at: datetime | None = strawberry.field(description="When the customer logged in last.")
    source: str | None = strawberry.field(description="The data set or system that spoke of the customer last.")

    acquired_via: Channel | None = strawberry.field(
        resolver=one_of(channel_queries.channels_of_customers, Channel.of),
        description="The channel of the first registration.",
    )

    orders: Connection[Order] = strawberry.field(
        resolver=page_of(
            order_queries.orders_of_customers, order_queries.count_orders_of_customers, "orders", Order.of
        ),
        description="The customer's orders, newest first.",
    )

    referred_by: Referral | None = strawberry.field(
        resolver=one_of(referral_queries.referrals_to, Referral.of),
        description="What brought the customer; null for one who came alone.",
    )

    referrals: Connection[Referral] = strawberry.field(
        resolver=page_of(
            referral_queries.referrals_from, referral_queries.count_referrals_from, "referrals", Referral.of
        ),
        description="Whom the customer brought, newest first.",
    )

    shares: Connection[Share] = strawberry.field(
        resolver=page_of(
            share_queries.shares_of_customers, share_queries.count_shares_of_customers, "shares", Share.of
        ),
        description="What the customer passed on, newest first.",
    )

    @strawberry.field(description="The customer's influence; null where no run scored the customer.")
    async def influence(self, info: Info, run: RunArgument = None) -> InfluenceScore | None:
        """Read together with the other customers' scores."""
        return await influence_of(info, self.key, run)

    @strawberry.field(description="Place among who follows whose shares; null where no run scored the customer.")
    async def centrality(self, info: Info, run: RunArgument = None) -> CentralityScore | None:
        """Read together with the other customers' scores."""
        return await centrality_of(info, self.key, run)

    @strawberry.field(
        description="Chains whose first step the customer did and whose next slot lies ahead or now; none of who said "
        "no to personal offers."
    )
    async def open_chains(self, info: Info, at: At = None) -> list[OpenChain]:
        """Read together with the other customers' chains."""
        return await open_chains_of(info, self.key, at)

    @strawberry.field(
        description="What the customer probably buys next, the likeliest first, open chains counted in; nothing of who "
        "said no to personal offers."
    )
    async def next_products(
        self,
        info: Info,
        first: FirstOf = 10,
        at: At = None,
        new_only: Annotated[
            bool, strawberry.argument(description="Only what the customer never bought before the run.")
        ] = False,
    ) -> list[NextProduct]:
        """Read together with the other customers' products; none where no run scored the customer."""
        return await next_products(info, self.key, first, at, new_only)

    @classmethod
    def of(cls, row: queries.CustomerRow) -> "Customer":
        """The customer of a row."""
        return made_of(cls, row)


@strawberry.type(description="Figures over all customers of a list.")
class CustomerTotals:
    """Sums, least and most."""

    row: strawberry.Private[queries.CustomerTotals]

    # What is not selected is not in the row, so that nothing is made of it before it is asked for.
    @strawberry.field(description="How many customers, however many there are.")
    def count(self) -> int:
        """The row's."""
        return self.row.count

    @strawberry.field(description="What was paid; who paid nothing counts as 0.")
    def revenue(self) -> MoneyTotals:
        """Out of the row's hundredths."""
        row = self.row
        return MoneyTotals.of(row.count, row.revenue_sum, row.revenue_min, row.revenue_max)

    @strawberry.field(description="How many orders were placed.")
    def order_count(self) -> NumberTotals:
        """Out of the row's."""
        row = self.row
        return NumberTotals.of(row.count, row.orders_sum, row.orders_min, row.orders_max)

    @strawberry.field(description="The earliest registration.")
    def first_registered_at(self) -> datetime | None:
        """The row's."""
        return self.row.first_registered_at

    @strawberry.field(description="The latest registration.")
    def last_registered_at(self) -> datetime | None:
        """The row's."""
        return self.row.last_registered_at

    @classmethod
    def of(cls, row: queries.CustomerTotals) -> "CustomerTotals":
        """The figures of a row."""
        return cls(row=row)


_OF_TOTALS: Mapping[str, Collection[str]] = {
    "count": {"count"},
    "revenue": {"count", "revenue_sum", "revenue_min", "revenue_max"},
    "orderCount": {"count", "orders_sum", "orders_min", "orders_max"},
    "firstRegisteredAt": {"first_registered_at"},
    "lastRegisteredAt": {"last_registered_at"},
}
"""Field of `CustomerTotals` → the columns that it is told of."""


@strawberry.enum(description="What a list of customers is grouped by.")
class CustomerGrouping(Enum):
    """Names of the query's groupings."""

    CITY = strawberry.enum_value("city", description="By city.")
    DISTRICT = strawberry.enum_value("district", description="By district.")
    SOURCE = strawberry.enum_value("source", description="By the data set or system that spoke of them last.")


@strawberry.type(name="CustomerConnection", description="One page of customers.")
class CustomerConnection(Connection[Customer], WithTotals[CustomerTotals]):
    """Customers, page by page."""

    groups: list[Group[CustomerTotals]] = groups_of(CustomerTotals, CustomerGrouping, queries.GROUPING)


async def customer(
    info: Info, key: Annotated[str, strawberry.argument(description="The retailer's own id of the customer.")]
) -> Customer | None:
    """One customer; null where there is none."""
    row = await info.context.load(queries.customers_by_key, key)
    return None if row is None else Customer.of(row)


async def customers(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[CustomerWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[CustomerOrder | None, strawberry.argument(description="By key if absent.")] = None,
) -> Connection[Customer]:
    """A page of customers, with figures over all of the list."""
    order = order_by or CustomerOrder()
    name, ordering = chosen("customers", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    if text_of(order.field) in PERSONAL_FIELDS or any(is_about(filters, one) for one in PERSONAL_FIELDS):
        # A filter or an order tells what it goes by.
        info.context.require(frozenset({PERSONAL}))
    wanted = slice_of(PageArguments(first, after, last, before), name)
    page: Page[queries.CustomerRow] = (
        Page()
        if is_only(info, OF_THE_WHOLE)
        else await queries.customers(info.context.reader, filters, ordering, wanted, info.context.needed(info))
    )
    counted = partial(queries.count_customers, info.context.reader, filters)
    found = connect(CustomerConnection, page, name, Customer.of, counted)
    return with_totals(found, partial(_totals, info, filters), filters)


async def _totals(info: Info, filters: dict[str, object]) -> CustomerTotals:
    columns = frozenset(column for name in selected(info, "totals") for column in _OF_TOTALS.get(name, ()))
    return CustomerTotals.of(await queries.total_customers(info.context.reader, filters, columns))
