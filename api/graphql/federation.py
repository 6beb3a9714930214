"""The API as an Apollo Federation 2 subgraph: who owns which entity, and entities by their keys for a gateway.

https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec. A gateway reads the
schema in `_service` and asks for the entities of other subgraphs' answers in `_entities`: one statement a noun.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Protocol, cast

import strawberry

from api.graphql.channel import Channel
from api.graphql.context import Info
from api.graphql.customer import Customer
from api.graphql.errors import ApiError, bad_input
from api.graphql.loaders import LARGEST_BATCH
from api.graphql.node import Node, read_global_id
from api.graphql.nodes import by_key
from api.graphql.product import Product
from api.graphql.scalars import Representation
from api.graphql.store import Store

MOST_ENTITIES = LARGEST_BATCH
ENTITIES: Mapping[str, type[Node]] = {
    "Customer": Customer,
    "Product": Product,
    "Store": Store,
    "Channel": Channel,
}
"""What other subgraphs may refer to and add to, by the name of its type; each by `key` and by `id`."""
KEYS = ("key", "id")

Entity = Annotated[
    Customer | Product | Store | Channel,
    strawberry.union("_Entity", description="What other subgraphs may refer to by a key."),
]


class _WithSdl(Protocol):
    sdl: str


@strawberry.type(name="_Service", description="This API as a part of a federated graph.")
class Service:
    """Federation's own type."""

    sdl: str = strawberry.field(description="The schema in its own language, with the directives of federation.")


def service(info: Info) -> Service:
    """The schema for a gateway; who may not introspect may not read this either (`api.limits.INTROSPECTION`)."""
    return Service(sdl=cast("_WithSdl", info.schema).sdl)


async def entities(
    info: Info,
    representations: Annotated[
        list[Representation],
        strawberry.argument(
            description=f"Each with `__typename` and one of the type's keys, `key` or `id`; at most {MOST_ENTITIES:,}."
        ),
    ],
) -> list[Entity | None]:
    """One answer for each, in order: null for an unknown key, an error in its place for what names no entity."""
    if len(representations) > MOST_ENTITIES:
        raise bad_input(
            f"`representations` takes at most {MOST_ENTITIES:,} entities, not {len(representations):,}.",
            argument="representations",
            maximum=MOST_ENTITIES,
        )
    found = await asyncio.gather(*(_entity(info, one) for one in representations))
    # An error in the place of one item is that item's: the others are answered.
    return cast("list[Entity | None]", found)


async def _entity(info: Info, representation: object) -> Node | ApiError | None:
    try:
        noun, key = _named(representation)
    except ApiError as wrong:
        return wrong
    return await by_key(info, noun, key)


def _named(representation: object) -> tuple[str, str]:
    """The noun and the key of a representation; BAD_USER_INPUT for what names none of ours."""
    given: Mapping[str, Any] = cast("dict[str, Any]", representation) if isinstance(representation, dict) else {}
    noun, key, id = (given.get(name) for name in ("__typename", *KEYS))
    if noun not in ENTITIES:
        raise bad_input(f"`__typename` must be one of {', '.join(ENTITIES)}, not {str(noun)[:60]!r}.")
    if isinstance(key, str):
        return str(noun), key
    if not isinstance(id, str):
        raise bad_input(f"A {noun} is named by its `key` or its `id`, a text.")
    owner, own = read_global_id(id)
    if owner != noun:
        raise bad_input(f"The id {id[:60]!r} is that of a {owner}, not of a {noun}.")
    return owner, own
