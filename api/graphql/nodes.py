"""Anything by its global id, and search over several nouns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Annotated, Any

import strawberry

from api.access.scopes import PERSONAL, to_read
from api.graphql.chain import Chain
from api.graphql.channel import Channel
from api.graphql.connection import DEFAULT_SIZE, LARGEST_SIZE, PageArguments, PageInfo, slice_of, write_cursor
from api.graphql.context import Info
from api.graphql.customer import Customer
from api.graphql.errors import bad_input
from api.graphql.node import Node, read_global_id
from api.graphql.order import Order
from api.graphql.ordering import text_of
from api.graphql.product import Product
from api.graphql.referral_review import ReferralReview
from api.graphql.run import ScoreRun
from api.graphql.share import Share
from api.graphql.store import Store
from graph.queries import chain, channel, customer, order, product, referral_review, run, search, share, store
from graph.queries.paging import Position

MOST_IDS = 100
LONGEST_TEXT = 200

_NOUNS: Mapping[str, tuple[Callable[..., Awaitable[list[Any]]], Callable[[Any], Node]]] = {
    "Customer": (customer.customers_by_key, Customer.of),
    "Product": (product.products_by_key, Product.of),
    "Store": (store.stores_by_key, Store.of),
    "Channel": (channel.channels_by_key, Channel.of),
    "Order": (order.orders_by_key, Order.of),
    "Share": (share.shares_by_key, Share.of),
    "Chain": (chain.chains_by_key, Chain.of),
    "ReferralReview": (referral_review.reviews_by_key, ReferralReview.of),
    "ScoreRun": (run.runs_by_key, ScoreRun.of),
}
"""Noun → how it is read by key, and how a row becomes the type."""


async def by_key(info: Info, noun: str, key: str) -> Node | None:
    """The thing of this noun and key, read together with its neighbours; None where it is gone."""
    info.context.require(to_read(noun))
    read, make = _NOUNS[noun]
    row = await info.context.load(read, key)
    return None if row is None else make(row)


async def node(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
) -> Node | None:
    """Whatever has this id; null where it is gone."""
    noun, key = read_global_id(id)
    if noun not in _NOUNS:
        raise bad_input(f"The id {id[:60]!r} is none of ours: pass an id as it came.", argument="id")
    return await by_key(info, noun, key)


async def nodes(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"Global ids, at most {MOST_IDS}.")],
) -> list[Node | None]:
    """One answer for each id, in order; the ids of one noun are read together."""
    if len(ids) > MOST_IDS:
        raise bad_input(f"`ids` takes at most {MOST_IDS} ids, not {len(ids)}.", argument="ids", maximum=MOST_IDS)
    wanted = [read_global_id(id) for id in ids]
    for (noun, _), id in zip(wanted, ids, strict=True):
        if noun not in _NOUNS:
            raise bad_input(f"The id {id[:60]!r} is none of ours: pass an id as it came.", argument="ids")
    return list(await asyncio.gather(*(by_key(info, noun, key) for noun, key in wanted)))


@strawberry.enum(description="What search looks among.")
class NodeKind(Enum):
    """Labels that have names."""

    CUSTOMER = strawberry.enum_value("Customer", description="Customers, by key and name.")
    PRODUCT = strawberry.enum_value("Product", description="Products, by key and name.")
    STORE = strawberry.enum_value("Store", description="Stores, by key and name.")
    CHANNEL = strawberry.enum_value("Channel", description="Channels, by name.")


@strawberry.type(description="One thing that fits the text.")
class SearchEdge:
    """Relay's edge, with the fit."""

    node: Node = strawberry.field(description="What fits.")
    cursor: str = strawberry.field(description="Its place among the hits.")
    fit: int = strawberry.field(description="3: the key itself; 2: the key begins so; 1: a part of the name.")


@strawberry.type(description="What fits a text, the best first.")
class SearchConnection:
    """Hits; there is one page of them."""

    edges: list[SearchEdge] = strawberry.field(description="The hits, each with its fit.")
    nodes: list[Node] = strawberry.field(description="The hits alone.")
    page_info: PageInfo = strawberry.field(description="Whether there would be more: ask for a longer text.")


async def search_nodes(
    info: Info,
    text: Annotated[str, strawberry.argument(description="The beginning of a key, or a part of a name.")],
    first: Annotated[
        int | None, strawberry.argument(description=f"How many; {DEFAULT_SIZE} if absent, at most {LARGEST_SIZE}.")
    ] = None,
    kinds: Annotated[
        list[NodeKind] | None, strawberry.argument(description="Among these; all that the key may read if absent.")
    ] = None,
) -> SearchConnection:
    """The best hits first, equals by kind and key; a blank text finds nothing."""
    if len(text) > LONGEST_TEXT:
        raise bad_input(f"`text` may have at most {LONGEST_TEXT} characters, not {len(text)}.", argument="text")
    limit = slice_of(PageArguments(first=first), "search").limit
    rights = info.context.caller.rights
    for kind in kinds or ():
        info.context.require(to_read(text_of(kind)))
    wanted = [text_of(kind) for kind in (kinds if kinds is not None else NodeKind)]
    labels = [label for label in wanted if to_read(label) <= rights]
    hits = await search.search(info.context.reader, text, labels, limit + 1, names_of_people=PERSONAL in rights)
    found = await asyncio.gather(*(by_key(info, hit.label, hit.key) for hit in hits[:limit]))
    edges = [
        SearchEdge(node=node, cursor=write_cursor("search", Position(hit.fit, f"{hit.label}:{hit.key}")), fit=hit.fit)
        for node, hit in zip(found, hits, strict=False)
        if node is not None
    ]
    page_info = PageInfo(
        has_next_page=len(hits) > limit,
        has_previous_page=False,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return SearchConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info)
