"""Orders: who placed them, what they contain, where and through which channel."""

from graph.model.campaign import CAMPAIGN
from graph.model.channel import CHANNEL
from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie
from graph.model.product import PRODUCT
from graph.model.store import STORE

ORDER = Node(
    "Order",
    Property("order_id", PropertyType.STRING, "The retailer's own id of the order."),
    (
        Property("at", PropertyType.DATETIME, "When it was placed: the time of its first line.", indexed=True),
        Property("local_date", PropertyType.DATE, "The store's own calendar day.", indexed=True),
        Property("local_minute", PropertyType.INTEGER, "Minute of the store's own day, 0 to 1439."),
        Property("line_count", PropertyType.INTEGER, "How many lines."),
        Property("quantity", PropertyType.FLOAT, "Sum of the lines' quantities."),
        Property("amount_cents", PropertyType.CENTS, "What was paid, refunds not taken off.", indexed=True),
        Property("discount_cents", PropertyType.CENTS, "What was taken off."),
        Property("refunded_cents", PropertyType.CENTS, "What was paid back; absent where nothing was."),
        Property("currency", PropertyType.STRING, "ISO 4217 code."),
        Property("source", PropertyType.STRING, "The data set or system it came from.", indexed=True),
    ),
    "A basket that was paid for.",
)

PLACED = Tie("PLACED", CUSTOMER, ORDER, "Who placed the order.", Owner.END)
AT = Tie("AT", ORDER, STORE, "The store that took the order.", Owner.START)
VIA = Tie("VIA", ORDER, CHANNEL, "The channel of the order.", Owner.START)
UNDER = Tie("UNDER", ORDER, CAMPAIGN, "The campaign that the order answers.", Owner.START)
CONTAINS = Tie(
    "CONTAINS",
    ORDER,
    PRODUCT,
    "The order's lines of one product, summed.",
    Owner.START,
    (
        Property("quantity", PropertyType.FLOAT, "How many, or how much by weight."),
        Property("amount_cents", PropertyType.CENTS, "What was paid for them."),
        Property("discount_cents", PropertyType.CENTS, "What was taken off them."),
    ),
)
