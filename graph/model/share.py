"""Shares: what customers pass on, who clicked, and who brought whom."""

from graph.model.channel import CHANNEL
from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie
from graph.model.product import PRODUCT

SHARE = Node(
    "Share",
    Property("share_id", PropertyType.STRING, "The id of the share."),
    (
        Property("at", PropertyType.DATETIME, "When it was shared.", indexed=True),
        Property("click_count", PropertyType.INTEGER, "How many clicks it brought."),
        Property("registration_count", PropertyType.INTEGER, "How many registrations named it."),
        Property("order_count", PropertyType.INTEGER, "How many orders named it, each once."),
        Property("revenue_cents", PropertyType.CENTS, "What was paid in the orders that named it."),
        Property("source", PropertyType.STRING, "The data set or system it came from."),
    ),
    "A product or piece of content that a customer passed on.",
)

SHARED = Tie("SHARED", CUSTOMER, SHARE, "Who shared it.", Owner.END)
OF = Tie("OF", SHARE, PRODUCT, "The product that was shared.", Owner.START)
THROUGH = Tie("THROUGH", SHARE, CHANNEL, "The channel through which it was shared.", Owner.START)
CLICKED = Tie(
    "CLICKED",
    CUSTOMER,
    SHARE,
    "The customer clicked the share.",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How many clicks."),
        Property("first_at", PropertyType.DATETIME, "The first click."),
        Property("last_at", PropertyType.DATETIME, "The last click."),
    ),
)
REFERRED = Tie(
    "REFERRED",
    CUSTOMER,
    CUSTOMER,
    "The start brought the end: the earliest referral or registration that names who brought the end counts.",
    Owner.END,
    (
        Property("at", PropertyType.DATETIME, "When."),
        Property("channel", PropertyType.STRING, "Through which channel."),
        Property("campaign", PropertyType.STRING, "In which campaign."),
        Property("share", PropertyType.STRING, "By which share."),
    ),
)
