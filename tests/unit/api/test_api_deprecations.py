"""Deprecations: whatever is on its way out says since which release, and what takes its place."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    resolve_schema_coordinate,
)

from api.graphql.schema import Schema, core, export_subgraph

REASON = re.compile(r"Since (?P<release>\d+\.\d+\.\d+): use `(?P<instead>[^`]+)`(,? .+)?\.")
MADE_UP = """
type Query {
  customer(key: String, id: ID @deprecated(reason: "Since 0.3.0: use `Query.customer(key:)`.")): Customer
  client: Customer @deprecated(reason: "Since 0.3.0: use `Query.customer`, which takes a key.")
  person: Customer @deprecated(reason: "It is old.")
  people: Customer @deprecated
  buyer(key: String @deprecated(reason: "Since 0.3.0: use `Query.customer(id:)`.")): Customer
}
type Customer {
  town: String @deprecated(reason: "Since 1.0: use `Customer.city`.")
  place: String @deprecated(reason: "Since 1.0.0: use `Customer.cities`.")
  where: String @deprecated(reason: "Since 1.0.0: use `the city`.")
  city: String
}
input Wanted {
  kind: Kind
  sort: Kind @deprecated(reason: "Since 0.3.0: use `Wanted.kind`.")
  type: Kind @deprecated(reason: "Use `Wanted.kind`.")
}
enum Kind {
  NEW
  FRESH @deprecated(reason: "Since 0.3.0: use `Kind.NEW`.")
  YOUNG @deprecated(reason: "Since 0.3.0: use `Kind.FRESH`.")
}
"""


def deprecated(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """The coordinate of each thing that is deprecated, and why."""
    for kind in schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in kind.fields.items():
                for key, given in field.args.items():
                    if given.deprecation_reason is not None:
                        yield f"{kind.name}.{name}({key}:)", given.deprecation_reason
        if isinstance(kind, GraphQLEnumType):
            members = kind.values
        elif isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            members = kind.fields
        else:
            continue
        for name, member in members.items():
            if member.deprecation_reason is not None:
                yield f"{kind.name}.{name}", member.deprecation_reason


def ill_deprecated(schema: GraphQLSchema) -> list[str]:
    """What is deprecated without saying since when, or names nothing of the schema that stays."""
    going = dict(deprecated(schema))
    found: list[str] = []
    for place, reason in going.items():
        said = REASON.fullmatch(reason)
        if said is None or said["instead"] in going or not is_there(schema, said["instead"]):
            found.append(place)
    return found


def is_there(schema: GraphQLSchema, coordinate: str) -> bool:
    try:
        return resolve_schema_coordinate(schema, coordinate) is not None
    except (GraphQLSyntaxError, ValueError):
        return False


def test_what_is_deprecated_says_since_when_and_what_to_use_instead(schema: Schema):
    assert ill_deprecated(core(schema)) == []
    assert ill_deprecated(build_schema(export_subgraph())) == []


def test_a_deprecation_without_release_or_with_no_lasting_place_is_found():
    made = build_schema(MADE_UP)

    assert len(list(deprecated(made))) == 12
    assert sorted(ill_deprecated(made)) == [
        "Customer.place",
        "Customer.town",
        "Customer.where",
        "Kind.YOUNG",
        "Query.buyer(key:)",
        "Query.people",
        "Query.person",
        "Wanted.type",
    ]
