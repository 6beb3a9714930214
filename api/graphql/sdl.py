"""The schema in its own language, with what tools read of it: the directives of federation and of costs.

https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives. `@cost` and `@listSize`
(https://ibm.github.io/graphql-specs/cost-spec.html, in Apollo's spelling) say what `api.limits` reckons with: both are
made out of the same prices. Every directive is defined in the text, so that plain tools read it too.
"""

import json
from collections.abc import Collection, Iterator, Sequence

from graphql import (
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

from api.limits import WRAPPERS, Prices

FEDERATION = "https://specs.apollo.dev/federation/v2.9"
IMPORTS = ("@cost", "@key", "@listSize", "@shareable")
SHARED = frozenset({"PageInfo"})
"""Types that other Relay subgraphs declare as well."""
_PAGE_ARGUMENTS = ("first", "last")
_ITEMS = ("edges", "nodes")

_OF_FEDERATION = f"""\
extend schema @link(url: "{FEDERATION}", import: [{", ".join(f'"{one}"' for one in IMPORTS)}])

"Which specification the schema uses (https://specs.apollo.dev/link/v1.0)."
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

"A field or fields by which other subgraphs refer to the type."
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

"Other subgraphs may declare the same."
directive @shareable repeatable on FIELD_DEFINITION | OBJECT

"A name that is taken over from a specification."
scalar link__Import

"What a specification is needed for."
enum link__Purpose {{
  "For security: whoever does not know it must not serve the schema."
  SECURITY
  "For execution: whoever does not know it cannot run the schema."
  EXECUTION
}}

"Names of fields, separated by spaces."
scalar federation__FieldSet
"""

_OF_COSTS = """\
"What one of it costs, where that is not 1 an object and 0 a scalar."
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR

"How many items a list may have: as many as the argument says, or else the assumed number."
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
"""  # noqa: E501  directives stand on one line


def with_federation(text: str, entities: Collection[str], keys: Collection[str]) -> str:
    """The schema with `@link`, and with `@key` for each key of the entities."""
    places: list[tuple[int, str]] = []
    for definition in _objects(text):
        name = definition.name.value
        found = [_directive("key", fields=key) for key in keys] if name in entities else []
        found += [_directive("shareable")] if name in SHARED else []
        places.append((_end((definition.name, *(definition.interfaces or ()))[-1]), " ".join(found)))
    return f"{_OF_FEDERATION}\n{_told(text, places)}"


def without_federation(text: str) -> str:
    """The schema without what a gateway alone asks: names that begin with an underscore are the specification's."""
    cut: list[tuple[int, int]] = []
    for definition in parse(text).definitions:
        if isinstance(definition, TypeDefinitionNode) and definition.name.value.startswith("_"):
            cut.append(_span(definition))
        elif isinstance(definition, ObjectTypeDefinitionNode):
            cut += [_span(field) for field in definition.fields or () if field.name.value.startswith("_")]
    for start, end in reversed(cut):
        text = text[:start].rstrip() + text[end:]
    return text


def with_costs(text: str, prices: Prices) -> str:
    """The schema with what fields cost."""
    places = [
        (_end(field), " ".join(_priced(field, definition.name.value, prices)))
        for definition in _objects(text)
        for field in definition.fields or ()
    ]
    return f"{_OF_COSTS}\n{_told(text, places)}"


def _objects(text: str) -> list[ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode]:
    kinds = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)
    return [definition for definition in parse(text).definitions if isinstance(definition, kinds)]


def _told(text: str, places: Sequence[tuple[int, str]]) -> str:
    """The text with directives at their places, which are in order."""
    for end, told in reversed(places):
        text = f"{text[:end]} {told}{text[end:]}" if told else text
    return text


def _span(node: Node) -> tuple[int, int]:
    return (node.loc.start, node.loc.end) if node.loc else (0, 0)


def _end(node: Node) -> int:
    return node.loc.end if node.loc else 0


def _priced(field: FieldDefinitionNode, owner: str, prices: Prices) -> Iterator[str]:
    name = field.name.value
    if name in WRAPPERS or name in prices.weights:
        yield _directive("cost", weight=prices.weight(name, is_leaf=False))
    arguments = {argument.name.value for argument in field.arguments or ()}
    size, kind = prices.lists.get(name, 1), print_ast(field.type).rstrip("!")
    if name in prices.connections and kind.endswith("Connection"):
        yield _directive(
            "listSize",
            assumedSize=size,
            slicingArguments=[one for one in _PAGE_ARGUMENTS if one in arguments],
            sizedFields=_ITEMS,
            requireOneSlicingArgument=False,
        )
    elif size > 1 and kind.startswith("[") and not owner.endswith("Connection"):
        yield _directive("listSize", assumedSize=size)


def _directive(name: str, **arguments: object) -> str:
    """A directive in GraphQL's own language, in which values of JSON are written as in JSON."""
    given = ", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items())
    return f"@{name}({given})" if given else f"@{name}"
