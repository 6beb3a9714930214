"""What customers did with products before they bought: sums of raw events that stay in the log."""

from graph.model.customer import CUSTOMER
from graph.model.declarations import Owner, Property, PropertyType, Tie
from graph.model.product import PRODUCT

VIEWED = Tie(
    "VIEWED",
    CUSTOMER,
    PRODUCT,
    "The customer looked at the product.",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How many views."),
        Property("dwell_seconds", PropertyType.FLOAT, "Time spent over all views, in seconds."),
        Property("first_at", PropertyType.DATETIME, "The first view."),
        Property("last_at", PropertyType.DATETIME, "The last view."),
    ),
)
FAVOURITED = Tie(
    "FAVOURITED",
    CUSTOMER,
    PRODUCT,
    "The product is among the customer's favourites: gone when the last word was unfavourite.",
    Owner.PAIR,
    (Property("at", PropertyType.DATETIME, "Since when."),),
)
ADDED_TO_CART = Tie(
    "ADDED_TO_CART",
    CUSTOMER,
    PRODUCT,
    "The product is in the customer's open cart: gone when it was taken out or bought since.",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How often it was put in since."),
        Property("last_at", PropertyType.DATETIME, "When it was put in last."),
    ),
)
