"""Which customers are wanted, and in which order."""

from enum import Enum

import strawberry

from api.graphql.audience import Consent
from api.graphql.filters import (
    AND,
    NOT,
    OR,
    DateTimeFilter,
    IntFilter,
    MoneyFilter,
    NameFilter,
    TextFilter,
    combined,
    filters_of,
)
from api.graphql.ordering import Direction, text_of


@strawberry.input(description="Which customers are wanted: every given condition must hold.")
class CustomerWhere:
    """Conditions on customers."""

    key: TextFilter | None = strawberry.field(default=None, description="The retailer's own id.")
    name: NameFilter | None = strawberry.field(default=None, description="The name.")
    city: TextFilter | None = strawberry.field(default=None, description="The city.")
    district: TextFilter | None = strawberry.field(default=None, description="The district.")
    source: TextFilter | None = strawberry.field(default=None, description="The data set or system.")
    registered_at: DateTimeFilter | None = strawberry.field(default=None, description="When the customer registered.")
    last_order_at: DateTimeFilter | None = strawberry.field(default=None, description="When the last order was placed.")
    order_count: IntFilter | None = strawberry.field(default=None, description="How many orders were placed.")
    revenue: MoneyFilter | None = strawberry.field(default=None, description="What was paid over all orders.")

    consent: list[Consent] | None = strawberry.field(
        default=None, description="Has agreed to each of these; who was never asked has not."
    )
    and_: list["CustomerWhere"] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list["CustomerWhere"] | None = strawberry.field(name="or", default=None, description=OR)
    not_: "CustomerWhere | None" = strawberry.field(name="not", default=None, description=NOT)

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        own = filters_of(
            {
                "key": self.key,
                "name": self.name,
                "city": self.city,
                "district": self.district,
                "source": self.source,
                "registered_at": self.registered_at,
                "last_order_at": self.last_order_at,
                "order_count": self.order_count,
                "revenue_cents": self.revenue,
            }
        )
        own |= {text_of(purpose): True for purpose in self.consent or ()}
        return combined(own, self.and_, self.or_, self.not_)


@strawberry.enum(description="By what customers are sorted.")
class CustomerOrderField(Enum):
    """Names of the query's orderings."""

    KEY = strawberry.enum_value("key", description="By the retailer's own id.")
    NAME = strawberry.enum_value("name", description="By name; nameless ones last.")
    REGISTERED_AT = strawberry.enum_value("registered_at", description="By registration; unknown ones last.")
    LAST_ORDER_AT = strawberry.enum_value("last_order_at", description="By the last order; who has none last.")
    ORDER_COUNT = strawberry.enum_value("order_count", description="By the number of orders.")
    REVENUE = strawberry.enum_value("revenue", description="By what was paid over all orders.")


@strawberry.input(description="How customers are sorted; equals come by key.")
class CustomerOrder:
    """Field and direction."""

    field: CustomerOrderField = strawberry.field(default=CustomerOrderField.KEY, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")
