"""What each field of the schema costs: the sizes of lists, and what weighs more than an object."""

from collections.abc import Iterator
from typing import cast

from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type

from api.graphql.connection import DEFAULT_SIZE
from api.graphql.influence import MOST_KEYS
from api.graphql.nodes import MOST_IDS
from api.graphql.referral import LARGEST_TREE
from api.limits import Prices

WEIGHTS = {
    "totalCount": 10,
    "search": 10,
    "overview": 20,
    "referralTree": 10,
    "selectAdvocates": 1_000,
    "chainDrift": 100,
    "influenceChanges": 100,
    "recordEvents": 10,
    "startScoreRun": 1_000,
}
"""What takes the graph or the log longer than reading one object does."""


def prices(schema: GraphQLSchema) -> Prices:
    """The prices of this schema."""
    return Prices(list_sizes(schema), frozenset(_connections(schema)), WEIGHTS)


def _connections(schema: GraphQLSchema) -> Iterator[str]:
    for kind in schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in kind.fields.items():
                if str(field.type).rstrip("!").endswith("Connection"):
                    yield name


def list_sizes(schema: GraphQLSchema) -> dict[str, int]:
    """Fields that answer a list → how many it may have where no argument says: what limits reckon with."""
    found: dict[str, int] = {}
    for kind in schema.type_map.values():
        if not isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) or kind.name.startswith("__"):
            continue
        for name, field in kind.fields.items():
            answer = cast(GraphQLNamedType, get_named_type(field.type))
            if answer.name.endswith("Connection"):
                found[name] = max(found.get(name, 0), DEFAULT_SIZE)
            elif str(field.type).startswith("[") and isinstance(answer, (GraphQLObjectType, GraphQLInterfaceType)):
                found.setdefault(name, _LISTS.get(name, 1))
    return found


_LISTS = {
    "advocates": 100,
    "branches": LARGEST_TREE,
    "openChains": 5,
    "boughtTogether": 10,
    "similar": 10,
    "nextProducts": 10,
    "explanation": 5,
    "groups": DEFAULT_SIZE,
    "signs": 5,
    "steps": 2,
    "influenceScores": MOST_KEYS,
    "nodes": MOST_IDS,
}
"""Lists whose length no argument tells. Those of a connection (edges, nodes) count with their connection."""
