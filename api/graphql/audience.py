"""Audiences that clients describe in `where`: which customers count."""

from enum import Enum

import strawberry

from api.graphql.filters import DateTimeFilter, IntFilter, MoneyFilter, TextFilter, filters_of
from api.graphql.ordering import text_of


@strawberry.enum(description="What a customer may have agreed to.")
class Consent(Enum):
    """Purposes, by the name of their condition."""

    ANALYTICS = strawberry.enum_value("consent_analytics", description="To be analysed.")
    OFFERS = strawberry.enum_value("consent_offers", description="To get personal offers.")
    SHARING = strawberry.enum_value("consent_sharing", description="To be shown to partners.")


@strawberry.input(description="Which customers count: every given condition must hold.")
class AudienceWhere:
    """Conditions on the customers of an audience."""

    key: TextFilter | None = strawberry.field(default=None, description="The customer's key.")
    city: TextFilter | None = strawberry.field(default=None, description="The customer's city.")
    district: TextFilter | None = strawberry.field(default=None, description="The customer's district.")
    source: TextFilter | None = strawberry.field(default=None, description="The customer's data set or system.")
    category: str | None = strawberry.field(
        default=None, description="Bought something of this category, given by its key, or of one below it."
    )
    consent: list[Consent] | None = strawberry.field(
        default=None, description="Has agreed to each of these; who was never asked has not."
    )
    registered_at: DateTimeFilter | None = strawberry.field(default=None, description="When the customer registered.")
    last_order_at: DateTimeFilter | None = strawberry.field(default=None, description="When the last order was placed.")
    order_count: IntFilter | None = strawberry.field(default=None, description="How many orders were placed.")
    revenue: MoneyFilter | None = strawberry.field(default=None, description="What was paid over all orders.")

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        given: dict[str, object] = {} if self.category is None else {"category": self.category}
        given |= {text_of(purpose): True for purpose in self.consent or ()}
        return given | filters_of(
            {
                "key": self.key,
                "city": self.city,
                "district": self.district,
                "source": self.source,
                "registered_at": self.registered_at,
                "last_order_at": self.last_order_at,
                "order_count": self.order_count,
                "revenue_cents": self.revenue,
            }
        )
