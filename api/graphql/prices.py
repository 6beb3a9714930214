"""What each field of the schema costs: the sizes of lists, and what weighs more than an object."""

from collections.abc import Iterator

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from api.graphql.schema import list_sizes
from api.limits import Prices

WEIGHTS = {
    "totalCount": 10,
    "search": 10,
    "overview": 20,
    "referralTree": 10,
    "selectAdvocates": 1_000,
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
