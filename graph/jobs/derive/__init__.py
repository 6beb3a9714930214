"""The graph as a function of the log: how each node and each tie of the model is derived."""

from graph.jobs.derive.behaviour import CART, FAVOURITES, VIEWS, VISITS, added_to_cart, favourited, viewed, visited
from graph.jobs.derive.campaigns import ISSUES, REDEMPTIONS, campaigns, mentioned_campaigns, redeemed, targeted
from graph.jobs.derive.channels import channels, mentioned_channels
from graph.jobs.derive.customers import acquired_via, customers, mentioned_customers, referred
from graph.jobs.derive.orders import at_store, contains, mentioned_orders, orders, placed, under_campaign, via_channel
from graph.jobs.derive.products import (
    categories,
    in_category,
    mentioned_categories,
    mentioned_products,
    part_of,
    products,
)
from graph.jobs.derive.reviews import concerns, mentioned_reviews, reviews
from graph.jobs.derive.shares import CLICKS, clicked, mentioned_shares, of_product, shared, shares, through_channel
from graph.jobs.derive.stores import mentioned_stores, stores
from graph.jobs.derive.tables import NodeTable, TieTable
from graph.model.behaviour import ADDED_TO_CART, FAVOURITED, VIEWED
from graph.model.campaign import CAMPAIGN, REDEEMED, TARGETED
from graph.model.channel import CHANNEL
from graph.model.customer import ACQUIRED_VIA, CUSTOMER
from graph.model.order import AT, CONTAINS, ORDER, PLACED, UNDER, VIA
from graph.model.product import CATEGORY, IN, PART_OF, PRODUCT
from graph.model.referral import CONCERNS, REFERRAL_REVIEW
from graph.model.share import CLICKED, OF, REFERRED, SHARE, SHARED, THROUGH
from graph.model.store import STORE, VISITED

__all__ = ["NODE_TABLES", "TIE_TABLES", "NodeTable", "TieTable"]

NODE_TABLES: tuple[NodeTable, ...] = (
    NodeTable(CUSTOMER, "customer", mentioned_customers, customers),
    NodeTable(CATEGORY, None, mentioned_categories, categories),
    NodeTable(PRODUCT, "product", mentioned_products, products),
    NodeTable(STORE, "store", mentioned_stores, stores),
    NodeTable(CHANNEL, "channel", mentioned_channels, channels),
    NodeTable(CAMPAIGN, "campaign", mentioned_campaigns, campaigns),
    NodeTable(ORDER, "order", mentioned_orders, orders),
    NodeTable(SHARE, "share", mentioned_shares, shares),
    NodeTable(REFERRAL_REVIEW, None, mentioned_reviews, reviews),
)
"""In the order in which they are written; all nodes come before all ties."""

TIE_TABLES: tuple[TieTable, ...] = (
    TieTable(ACQUIRED_VIA, mentioned_customers, acquired_via),
    TieTable(IN, mentioned_products, in_category),
    TieTable(PART_OF, mentioned_categories, part_of),
    TieTable(PLACED, mentioned_orders, placed),
    TieTable(AT, mentioned_orders, at_store),
    TieTable(VIA, mentioned_orders, via_channel),
    TieTable(UNDER, mentioned_orders, under_campaign),
    TieTable(CONTAINS, mentioned_orders, contains),
    TieTable(SHARED, mentioned_shares, shared),
    TieTable(OF, mentioned_shares, of_product),
    TieTable(THROUGH, mentioned_shares, through_channel),
    TieTable(CLICKED, CLICKS.touched, clicked),
    TieTable(REFERRED, mentioned_customers, referred),
    TieTable(VIEWED, VIEWS.touched, viewed),
    TieTable(FAVOURITED, FAVOURITES.touched, favourited),
    TieTable(ADDED_TO_CART, CART.touched, added_to_cart),
    TieTable(VISITED, VISITS.touched, visited),
    TieTable(TARGETED, ISSUES.touched, targeted),
    TieTable(REDEEMED, REDEMPTIONS.touched, redeemed),
    TieTable(CONCERNS, mentioned_reviews, concerns),
)
"""In the order in which they are written."""
