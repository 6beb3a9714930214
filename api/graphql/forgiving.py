"""Inputs of many rows, of which one that is malformed is refused alone: its values come through as they were sent.

The schema that clients see, and that documents are validated against, stays strict. Only in the schema that executes,
each field of such an input takes any value of a variable; one that its type cannot read becomes `Malformed`. A required
field may be absent there. A value written into the document itself, and a field that the input does not have, refuse
the whole request: it does not fit the schema.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    get_named_type,
)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A value that its field's type cannot read."""

    value: Any  # whatever JSON the client sent


def forgive(schema: GraphQLSchema, names: Collection[str]) -> None:
    """Every field of the named inputs takes whatever a variable holds."""
    for name in names:
        for field in cast("GraphQLInputObjectType", schema.type_map[name]).fields.values():
            _forgive(field)


def _forgive(field: Any) -> None:  # graphql-core leaves the types of fields partly unknown
    leaf = cast("GraphQLNamedType", get_named_type(field.type))
    if isinstance(leaf, (GraphQLScalarType, GraphQLEnumType)):
        twin = _taking_anything(leaf)
        field.type = GraphQLList(twin) if str(field.type).startswith("[") else twin


def _taking_anything(leaf: GraphQLLeafType) -> Any:  # a leaf type made of another's parts: no constructor allows String
    twin = object.__new__(type(leaf))
    twin.__dict__.update(leaf.__dict__)

    def read(value: Any, *_: object) -> Any:  # whatever JSON the client sent
        try:
            found = leaf.coerce_input_value(value)
        except GraphQLError:
            return Malformed(value)
        return Malformed(value) if found is Undefined else found

    twin.__dict__["coerce_input_value"] = read
    return twin
