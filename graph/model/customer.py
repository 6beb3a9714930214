"""Customers, and the channel that each was won through."""

from graph.model.channel import CHANNEL
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie

CUSTOMER = Node(
    "Customer",
    Property("customer_id", PropertyType.STRING, "The retailer's own id of the customer."),
    (
        Property("name", PropertyType.STRING, "What the customer is called.", personal=True, fulltext=True),
        Property("gender", PropertyType.STRING, "female, male or other.", personal=True),
        Property("birth_year", PropertyType.INTEGER, "Year of birth.", personal=True),
        Property(
            "age_band", PropertyType.STRING, "Age as a band such as 35-44, where no year is known.", personal=True
        ),
        Property("income_band", PropertyType.STRING, "Income as a band such as 50-74K.", personal=True),
        Property("household_size", PropertyType.STRING, "How many live together.", personal=True),
        Property("city", PropertyType.STRING, "City.", indexed=True),
        Property("district", PropertyType.STRING, "District of the city.", indexed=True),
        Property("registered_at", PropertyType.DATETIME, "When the customer registered first.", indexed=True),
        Property("consent_analytics", PropertyType.BOOLEAN, "May be analysed; absent where never asked."),
        Property("consent_offers", PropertyType.BOOLEAN, "May get personalised offers; absent where never asked."),
        Property("consent_sharing", PropertyType.BOOLEAN, "May be shown to partners; absent where never asked."),
        Property("order_count", PropertyType.INTEGER, "How many orders the customer placed.", indexed=True),
        Property(
            "revenue_cents",
            PropertyType.CENTS,
            "What the customer paid over all orders, refunds not taken off.",
            indexed=True,
        ),
        Property("first_order_at", PropertyType.DATETIME, "When the first order was placed."),
        Property("last_order_at", PropertyType.DATETIME, "When the last order was placed.", indexed=True),
        Property("last_login_at", PropertyType.DATETIME, "When the customer logged in last."),
        Property(
            "source", PropertyType.STRING, "The data set or system that spoke of the customer last.", indexed=True
        ),
    ),
    "A person or household that buys, shares or brings others.",
)

ACQUIRED_VIA = Tie(
    "ACQUIRED_VIA",
    CUSTOMER,
    CHANNEL,
    "The channel that won the customer: of the earliest registration or referral that names one.",
    Owner.START,
)
