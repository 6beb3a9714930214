"""Campaigns, whom they reached and who redeemed their coupons."""

from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie

CAMPAIGN = Node(
    "Campaign",
    Property("campaign_id", PropertyType.STRING, "The retailer's own id of the campaign."),
    (
        Property("name", PropertyType.STRING, "What the campaign is called."),
        Property("type", PropertyType.STRING, "The retailer's own kind of campaign."),
        Property("starts_on", PropertyType.DATE, "First day."),
        Property("ends_on", PropertyType.DATE, "Last day."),
        Property("source", PropertyType.STRING, "The data set or system that described it last."),
    ),
    "A push with a start and an end: coupons, a referral drive.",
)

TARGETED = Tie(
    "TARGETED",
    CAMPAIGN,
    CUSTOMER,
    "Coupons of the campaign were issued to the customer.",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How many issues."),
        Property("first_at", PropertyType.DATETIME, "The first issue."),
    ),
)
REDEEMED = Tie(
    "REDEEMED",
    CUSTOMER,
    CAMPAIGN,
    "The customer redeemed coupons of the campaign.",
    Owner.PAIR,
    (
        Property("count", PropertyType.INTEGER, "How many coupons."),
        Property("last_at", PropertyType.DATETIME, "The last redemption."),
    ),
)
