"""What the graph is: every node and tie, declared once."""

from graph.model.affinity import NEXT_PRODUCTS, PRODUCT_AFFINITY
from graph.model.behaviour import ADDED_TO_CART, FAVOURITED, VIEWED
from graph.model.campaign import CAMPAIGN, REDEEMED, TARGETED
from graph.model.channel import CHANNEL
from graph.model.customer import ACQUIRED_VIA, CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie
from graph.model.order import AT, CONTAINS, ORDER, PLACED, UNDER, VIA
from graph.model.product import CATEGORY, IN, PART_OF, PRODUCT
from graph.model.projection import PROJECTION
from graph.model.referral import CONCERNS, REFERRAL_REVIEW
from graph.model.score import CENTRALITY_SCORE, CHAIN, CURRENT_RUN, INFLUENCE_SCORE, SCORE_RUN
from graph.model.share import CLICKED, OF, REFERRED, SHARE, SHARED, THROUGH
from graph.model.store import STORE, VISITED

__all__ = ["NODES", "PROJECTED_NODES", "TIES", "Node", "Owner", "Property", "PropertyType", "Tie"]

PROJECTED_NODES: tuple[Node, ...] = (
    CUSTOMER,
    CATEGORY,
    PRODUCT,
    STORE,
    CHANNEL,
    CAMPAIGN,
    ORDER,
    SHARE,
    REFERRAL_REVIEW,
)
"""What the projector derives from the log."""

NODES: tuple[Node, ...] = (
    *PROJECTED_NODES,
    SCORE_RUN,
    CURRENT_RUN,
    INFLUENCE_SCORE,
    CENTRALITY_SCORE,
    CHAIN,
    PRODUCT_AFFINITY,
    NEXT_PRODUCTS,
    PROJECTION,
)
"""Every label of the graph."""

TIES: tuple[Tie, ...] = (
    ACQUIRED_VIA,
    IN,
    PART_OF,
    PLACED,
    AT,
    VIA,
    UNDER,
    CONTAINS,
    SHARED,
    OF,
    THROUGH,
    CLICKED,
    REFERRED,
    VIEWED,
    FAVOURITED,
    ADDED_TO_CART,
    VISITED,
    TARGETED,
    REDEEMED,
    CONCERNS,
)
"""Every type of tie, all derived from the log."""
