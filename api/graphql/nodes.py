"""Anything by its global id, and search over several nouns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import partial
from typing import Annotated, Any

import strawberry

from api.access.scopes import PERSONAL, to_read
from api.graphql.chain import Chain
from api.graphql.channel import Channel
from api.graphql.connection import After, Before, First, Last, PageArguments, PageInfo, slice_of, write_cursor
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

    CUSTOMER = strawberry.enum_value("Customer", description="Customers, by key and, who may read names, by name.")
    PRODUCT = strawberry.enum_value("Product", description="Products, by key and name.")
    STORE = strawberry.enum_value("Store", description="Stores, by key and name.")
    CHANNEL = strawberry.enum_value("Channel", description="Channels, by any part of the name.")


@strawberry.type(description="One thing that fits the text.")
class SearchEdge:
    """Relay's edge, with the fit."""

    node: Node = strawberry.field(description="What fits.")
    cursor: str = strawberry.field(description="Its place among the hits: pass it as `after` or `before`.")
    fit: int = strawberry.field(
        description="5: the key itself; 4: the name itself, whatever its case; 3: the key begins so; 2: the name "
        "begins so; 1: words of the name."
    )


@strawberry.type(description="One page of what fits a text, the best first, equals by kind and key.")
class SearchConnection:
    """Hits, page by page."""

    edges: list[SearchEdge] = strawberry.field(description="The hits, each with its fit.")
    nodes: list[Node] = strawberry.field(description="The hits alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands among the hits.")
    counted: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description=f"How many hits there are: of each kind at most {search.MOST:,} by key and as many by name are "
        "ranked. Counted only when asked for."
    )
    async def total_count(self) -> int:
        """Asked of the graph only when the client selects it."""
        return await self.counted()


async def search_nodes(
    info: Info,
    text: Annotated[
        str,
        strawberry.argument(
            description="The beginning of a key, or words of a name: each by its beginning, in any order; Chinese "
            "characters that stand together as they stand. Signs mean nothing."
        ),
    ],
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    kinds: Annotated[
        list[NodeKind] | None, strawberry.argument(description="Among these; all that the key may read if absent.")
    ] = None,
) -> SearchConnection:
    """A page of hits; a blank text finds nothing."""
    if len(text) > LONGEST_TEXT:
        raise bad_input(f"`text` may have at most {LONGEST_TEXT} characters, not {len(text)}.", argument="text")
    slice = slice_of(PageArguments(first, after, last, before), "search")
    caller, reader = info.context.caller, info.context.reader
    for kind in kinds or ():
        info.context.require(to_read(text_of(kind)))
    wanted = dict.fromkeys(text_of(kind) for kind in (kinds if kinds is not None else NodeKind))
    labels = tuple(label for label in wanted if to_read(label) <= caller.rights)
    sought = search.Sought(text, labels, PERSONAL in caller.rights, own_ids=caller.view is not None)
    page = await search.search(reader, sought, slice)
    found = await asyncio.gather(*(by_key(info, one.row.label, one.row.key) for one in page.entries))
    edges = [
        SearchEdge(node=node, cursor=write_cursor("search", entry.position), fit=entry.row.fit)
        for node, entry in zip(found, page.entries, strict=True)
        if node is not None
    ]
    page_info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    counted = partial(search.count_hits, reader, sought)
    return SearchConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info, counted=counted)
