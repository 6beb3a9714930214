"""The scopes in the schema's own language: `@requiresScopes` on every field that needs one, as routers read it.

https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#requiresscopes: of the
inner lists one must be held, each in full.
"""

import json
from collections.abc import Mapping

from graphql import InterfaceTypeDefinitionNode, ObjectTypeDefinitionNode, parse

from api.access.scopes import Needs

DEFINITION = """\
"Who asks must hold one of these sets of scopes in full."
directive @requiresScopes(scopes: [[String!]!]!) on ENUM | FIELD_DEFINITION | INTERFACE | OBJECT | SCALAR
"""


def with_scopes(text: str, needed: Mapping[tuple[str, str], Needs]) -> str:
    """The schema with the scopes that its fields need."""
    places: list[tuple[int, str]] = []
    for definition in parse(text).definitions:
        if isinstance(definition, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)):
            for field in definition.fields or ():
                if (scopes := needed.get((definition.name.value, field.name.value))) and field.loc:
                    places.append((field.loc.end, directive(scopes)))
    for end, told in reversed(places):
        text = f"{text[:end]} {told}{text[end:]}"
    return f"{DEFINITION}\n{text}"


def directive(scopes: Needs) -> str:
    """`@requiresScopes` for one set of scopes."""
    return f"@requiresScopes(scopes: [{json.dumps(sorted(scopes))}])"
