"""For every connection of the schema, queries three levels deep read one statement a level, whatever they hold.

The queries are made out of the schema, so that a new field is under test as soon as it is declared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type, is_required_argument
from shop_graph import fill_shop, utc

from api.graphql.context import Caller, Context, Scope, Services
from api.graphql.schema import core, make_schema
from graph.store import Statement, Store

LEVELS = 3
SCHEMA = make_schema()
OFF_EVERY_PATH = {"influenceChanges", "search", "webhookDeliveries"}
"""They need an argument; changes and deliveries are not in the graph at all."""
Path = tuple[str, ...]


@dataclass
class CountingReader:
    """The store, and how often it was asked."""

    store: Store
    reads: list[str] = field(default_factory=list)

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        self.reads.append(statement.text)
        return await self.store.read(statement, parameters)


def node_of(kind: GraphQLObjectType) -> GraphQLObjectType:
    """What a connection holds; any other type is itself."""
    return cast("GraphQLObjectType", get_named_type(kind.fields["nodes"].type)) if is_connection(kind) else kind


def is_connection(kind: GraphQLObjectType) -> bool:
    return kind.name.endswith("Connection") and "pageInfo" in kind.fields


def steps(kind: GraphQLObjectType) -> Iterator[tuple[str, GraphQLObjectType]]:
    """Fields that lead on to one thing or to a connection, and need no argument."""
    for name, given in kind.fields.items():
        to = get_named_type(given.type)
        is_list = str(given.type).lstrip("!").startswith("[")
        if (
            isinstance(to, GraphQLObjectType)
            and not is_list
            and not any(map(is_required_argument, given.args.values()))
        ):
            yield name, to


def paths(schema: GraphQLSchema) -> Iterator[Path]:
    """Every way of three levels from a connection of the root that meets a connection, and shorter ones that end."""
    assert schema.query_type is not None
    roots = [(name, to) for name, to in steps(schema.query_type) if is_connection(to)]
    for name, to in roots:
        yield from _longer((name,), node_of(to))


def _longer(path: Path, kind: GraphQLObjectType) -> Iterator[Path]:
    onward = [(name, to) for name, to in steps(kind) if len(path) < LEVELS]
    if not onward:
        yield path
    for name, to in onward:
        yield from _longer((*path, name), node_of(to))


def query(schema: GraphQLSchema, path: Path, first: int) -> str:
    kind, opened, closed = cast("GraphQLObjectType", schema.query_type), "", ""
    for name in path:
        to = cast("GraphQLObjectType", get_named_type(kind.fields[name].type))
        kind = node_of(to)
        leaf = next(n for n, f in kind.fields.items() if is_leaf_type(get_named_type(f.type)) and not f.args)
        pages = is_connection(to)
        opened += f"{name}{f'(first: {first})' if pages else ''} {{ {'nodes { ' if pages else ''}{leaf} "
        closed += " } }" if pages else " }"
    return f"{{ {opened}{closed} }}"


async def reads_of(store: Store, text: str) -> list[str]:
    return (await asked(store, text))[1]


async def asked(store: Store, text: str) -> tuple[Any, list[str]]:
    reader = CountingReader(store)
    nothing = cast("Any", None)
    services = Services(
        **dict.fromkeys(Services.__dataclass_fields__, nothing)
        | {"reader": reader, "zone": ZoneInfo("Asia/Shanghai"), "now": lambda: utc(2026, 3, 2, 4)}
    )
    result = await SCHEMA.execute(text, context_value=Context(services, Caller("test", frozenset(Scope))))
    assert not result.errors, (text, result.errors)
    return result.data, reader.reads


def test_every_connection_of_the_schema_is_on_some_path():
    schema = core(SCHEMA)
    met = {step for path in paths(schema) for step in path}

    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, given in kind.fields.items():
                to = get_named_type(given.type)
                if isinstance(to, GraphQLObjectType) and is_connection(to) and name not in OFF_EVERY_PATH:
                    assert name in met, f"{kind.name}.{name}"


@pytest.fixture
async def shop(store: Store) -> Store:
    return await fill_shop(store)


async def test_a_level_is_one_statement_however_many_parents_it_has(shop: Store):
    schema = core(SCHEMA)

    for path in paths(schema):
        reads = await reads_of(shop, query(schema, path, 50))

        assert len(reads) <= len(path), (path, reads)
        assert len(reads) == len(set(reads)), path


async def test_products_that_the_lines_statement_tells_are_those_that_their_own_tells(shop: Store):
    product = "sku product { id key name brand packageSize price currency source }"
    beside = f"{{ orders {{ nodes {{ key lines(first: 1) {{ nodes {{ {product} }} }} }} }} }}"
    # Who asks how many there are gets rows made into objects, and these ask for their products by themselves.
    by_themselves = beside.replace("nodes { sku", "totalCount nodes { sku")

    told, reads = await asked(shop, beside)
    again, more = await asked(shop, by_themselves)

    assert any(order["lines"]["nodes"] for order in told["orders"]["nodes"])
    for order in again["orders"]["nodes"]:
        del order["lines"]["totalCount"]
    assert told == again
    assert (len(reads), len(more)) == (2, 4)
