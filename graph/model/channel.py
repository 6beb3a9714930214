"""Channels: where customers come from and where they buy."""

from graph.model.declarations import Node, Property, PropertyType

CHANNEL = Node(
    "Channel",
    Property("name", PropertyType.STRING, "The channel's name, its key."),
    (
        Property("online", PropertyType.BOOLEAN, "True for an online channel, false for an offline one."),
        Property(
            "cost_cents",
            PropertyType.CENTS,
            "What the channel has cost so far, the sum of its daily costs; absent where none was told.",
        ),
        Property("currency", PropertyType.STRING, "ISO 4217 code of the cost."),
        Property("source", PropertyType.STRING, "The data set or system that described it last."),
    ),
    "A way by which customers come or buy: a mini-program, a mall counter, a delivery platform.",
)
