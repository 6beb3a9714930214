"""Stores: places with a district, a position and a clock of their own."""

from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie

STORE = Node(
    "Store",
    Property("store_id", PropertyType.STRING, "The retailer's own id of the store."),
    (
        Property("name", PropertyType.STRING, "What the store is called.", fulltext=True),
        Property("city", PropertyType.STRING, "City.", indexed=True),
        Property("district", PropertyType.STRING, "District of the city.", indexed=True),
        Property("latitude", PropertyType.FLOAT, "Degrees north."),
        Property("longitude", PropertyType.FLOAT, "Degrees east."),
        Property("time_zone", PropertyType.STRING, "IANA name of the store's time zone."),
        Property("source", PropertyType.STRING, "The data set or system that described it last.", indexed=True),
    ),
    "A shop.",
)

VISITED = Tie(
    "VISITED",
    CUSTOMER,
    STORE,
    "The customer was in the store (visits as reported, not orders).",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How many visits."),
        Property("dwell_seconds", PropertyType.FLOAT, "Time spent over all visits, in seconds."),
        Property("first_at", PropertyType.DATETIME, "The first visit."),
        Property("last_at", PropertyType.DATETIME, "The last visit."),
    ),
)
