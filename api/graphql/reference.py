"""The reference page of the API: `python -m api.graphql.reference > docs/reference/graphql.md`."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
)

from api.graphql.connection import DEFAULT_SIZE, LARGEST_SIZE
from api.graphql.errors import MEANINGS
from api.graphql.requests import LARGEST_BODY
from api.graphql.schema import core, make_schema
from api.limits import Limits
from api.policy import Policy
from api.throttle import Allowance

INTRODUCTION = """\
# GraphQL API

Written by `python -m api.graphql.reference` out of the schema; change that, not this page. The schema in its own
language is `api/graphql/schema.graphql`; `renmai schema` prints it.

`POST /graphql` with `Content-Type: application/json` and `{"query": …, "variables": …, "operationName": …}`; queries
also by GET. Subscriptions: a stream of events, or a web socket with the subprotocol `graphql-transport-ws`, at the same
address ([all of it](../how-to/transport.md)). Browsers that open `/graphql` get an explorer. `/healthz` says that the
process lives, `/readyz` whether graph and log can be reached (503 with the reasons where not).

A key goes into `Authorization: Bearer rk_…` or `X-API-Key: rk_…`, on a socket into the payload of `connection_init`.
`renmai keys create NAME --scope read` makes one; which scope each field needs stands in the schema as `@requiresScopes`
([who may do what](../how-to/access.md)).

Lists are Relay connections: `first`/`after` forwards, `last`/`before` backwards, one of the two at a time, in the same
order. A cursor holds its place while other rows come and go; it belongs to its list and order.
"""


def reference(schema: GraphQLSchema) -> str:
    """The page in Markdown: limits, errors, then every way in and every type."""
    kinds = [kind for name, kind in sorted(schema.type_map.items()) if not name.startswith("__")]
    objects = [kind for kind in kinds if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))]
    roots = [kind for kind in (schema.query_type, schema.mutation_type, schema.subscription_type) if kind]
    lines = [INTRODUCTION, *_limits(), *_errors()]
    for kind in [*roots, *(kind for kind in objects if kind not in roots)]:
        lines += [f"## {kind.name}\n\n{kind.description}\n", *_fields(kind.fields)]
    for kind in kinds:
        if isinstance(kind, GraphQLInputObjectType):
            lines.append(f"## {kind.name}\n\n{kind.description}\n")
            lines += _fields(kind.fields)
        elif isinstance(kind, GraphQLEnumType):
            lines += [f"## {kind.name}\n\n{kind.description}\n", "| value | meaning |\n|---|---|"]
            lines += [f"| `{name}` | {value.description} |" for name, value in kind.values.items()] + [""]
        elif isinstance(kind, GraphQLUnionType):
            members = ", ".join(f"`{member.name}`" for member in kind.types)
            lines.append(f"## {kind.name}\n\n{kind.description} One of {members}.\n")
        elif isinstance(kind, GraphQLScalarType):
            lines.append(f"## {kind.name}\n\n{kind.description}\n")
    return "\n".join(lines).rstrip() + "\n"


def _limits() -> Iterator[str]:
    limits, allowance, policy = Limits(), Allowance(), Policy()
    yield "## Limits\n\n[How they are reckoned](../how-to/limits.md).\n\n| what | at most |\n|---|---|"
    yield f"| depth of an operation | {limits.depth} |"
    yield f"| tokens of a document | {limits.tokens:,} |"
    yield f"| aliases of an operation | {limits.aliases} |"
    yield f"| selections of one field in one place | {limits.repeats} |"
    yield f"| directives of an operation, fragments of a document | {limits.directives}, {limits.fragments} |"
    yield f"| items of all lists in variables | {limits.list_items:,} |"
    yield f"| cost of an operation: objects it may answer, page sizes multiplied | {limits.cost:,} |"
    yield f"| cost that a caller may spend at once, and what comes back each second | {_budget(allowance)} |"
    yield f"| operations of a caller at once | {allowance.concurrent} |"
    yield f"| items of a page ({DEFAULT_SIZE} unless said) | {LARGEST_SIZE} |"
    yield f"| bytes of a body | {LARGEST_BODY:,} |"
    yield "| seconds of a statement in the graph, of an operation | 10, 30 |"
    sockets = f"{policy.sockets:,}, {policy.socket_operations}"
    yield f"| sockets of a caller in a process, operations on a socket | {sockets} |"
    yield f"| subscriptions of a caller in a process, on sockets and as streams | {policy.subscriptions:,} |"
    waiting = policy.waiting
    yield f"| messages, and bytes, that wait for a subscription | {waiting.messages:,}, {waiting.size:,} |\n"


def _budget(allowance: Allowance) -> str:
    return f"{allowance.maximum:,}, {allowance.restored_per_second:,}"


def _errors() -> Iterator[str]:
    yield "## Errors\n\nEvery error has `extensions.code` and `extensions.requestId`.\n\n| code | meaning |\n|---|---|"
    yield from (f"| `{code.value}` | {meaning} |" for code, meaning in MEANINGS.items())
    yield ""


def _fields(fields: dict[str, Any]) -> Iterator[str]:  # graphql-core leaves the types of fields partly unknown
    yield "| field | type | meaning |\n|---|---|---|"
    for name, field in fields.items():
        arguments = ", ".join(f"{key}: {given.type}" for key, given in getattr(field, "args", {}).items())
        yield _row(f"{name}({arguments})" if arguments else name, field.type, field.description)
    yield ""


def _row(name: str, kind: object, meaning: str | None) -> str:
    return f"| `{name}` | `{kind}` | {meaning or ''} |"


if __name__ == "__main__":
    print(reference(core(make_schema())), end="")
