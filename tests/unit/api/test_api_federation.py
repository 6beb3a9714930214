"""The API as a subgraph: its schema says whose entities and what costs, and entities are read by their keys."""

from typing import Any

from graphql import GraphQLObjectType, build_schema

from api.graphql.federation import ENTITIES, MOST_ENTITIES
from api.graphql.node import global_id
from api.graphql.prices import WEIGHTS, prices
from api.graphql.schema import Schema, core, export_subgraph
from api.policy import Policy
from graph.queries import customer, product

ENTITIES_OF = """query($of: [_Any!]!) { _entities(representations: $of) {
  __typename ... on Customer { key name } ... on Product { sku: key } } }"""


def test_entities_are_answered_in_order_by_key_and_by_id_one_statement_a_noun(api: Any):
    wanted = [
        {"__typename": "Customer", "key": "bob"},
        {"__typename": "Product", "key": "latte"},
        {"__typename": "Customer", "id": global_id("Customer", "ann")},
        {"__typename": "Customer", "key": "nobody"},
    ]

    found = api.data(ENTITIES_OF, of=wanted)["_entities"]

    assert [one and one["__typename"] for one in found] == ["Customer", "Product", "Customer", None]
    assert [one and one.get("key") for one in found] == ["bob", None, "ann", None]
    assert [statement for statement, _ in api.reader.reads] == [customer.BY_KEYS, product.BY_KEYS]


def test_what_names_no_entity_fails_in_its_own_place(api: Any):
    wanted = [
        {"__typename": "Order", "key": "o1"},
        {"__typename": "Customer"},
        {"__typename": "Customer", "id": global_id("Product", "latte")},
        {"__typename": "Customer", "id": "no id"},
        "ann",
        {"__typename": "Customer", "key": "ann"},
    ]

    answer = api.ask(ENTITIES_OF, of=wanted)

    assert [one and one["key"] for one in answer["data"]["_entities"]] == [*[None] * 5, "ann"]
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["_entities", place], "BAD_USER_INPUT") for place in range(5)
    ]


def test_more_entities_than_one_statement_reads_are_refused(api: Any):
    wanted = [{"__typename": "Customer", "key": "ann"}] * (MOST_ENTITIES + 1)

    assert api.code("query($of: [_Any!]!) { _entities(representations: $of) { __typename } }", of=wanted) == (
        "BAD_USER_INPUT"
    )


def test_entities_cost_by_their_number(api: Any):
    wanted = [{"__typename": "Customer", "key": "ann"}] * 30

    answer = api.ask(ENTITIES_OF, of=wanted)

    assert answer["extensions"]["cost"]["requestedQueryCost"] == 30


def test_the_schema_is_told_to_a_gateway_and_to_nobody_unknown_in_production(serve: Any):
    told = serve().data("{ _service { sdl } }")["_service"]["sdl"]
    refused = serve(open_reads=True, policy=Policy(is_production=True)).post("{ _service { sdl } }", key=None)

    assert told == export_subgraph()
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_each_entity_has_both_keys_and_each_key_is_a_field():
    kinds = build_schema(export_subgraph()).type_map

    for name in ENTITIES:
        kind = kinds[name]
        assert isinstance(kind, GraphQLObjectType)
        assert [line.count("@key") for line in export_subgraph().splitlines() if line.startswith(f"type {name} ")] == [
            2
        ]
        assert {"key", "id"} <= set(kind.fields)


def directives(kind: GraphQLObjectType, field: str) -> dict[str, dict[str, Any]]:
    """Name → arguments of what stands behind a field in the exported schema."""
    node = kind.fields[field].ast_node
    assert node is not None
    found: dict[str, dict[str, Any]] = {}
    for one in node.directives or ():
        values = {given.name.value: given.value for given in one.arguments or ()}
        found[one.name.value] = {
            name: [getattr(item, "value", item) for item in value.values] if hasattr(value, "values") else value.value
            for name, value in values.items()
        }
    return found


def test_the_directives_say_what_operations_are_charged(schema: Schema):
    kinds, own = build_schema(export_subgraph()).type_map, prices(core(schema))
    charged = {"cost": 0, "listSize": 0}

    for kind in kinds.values():
        for name in kind.fields if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") else ():
            told, of = directives(kind, name), str(kind.fields[name].type)
            weight = WEIGHTS.get(name, 0 if name in {"edges", "pageInfo"} else None)
            assert told.get("cost", {}).get("weight") == (None if weight is None else str(weight)), (kind.name, name)
            if of.endswith("Connection!"):
                assert told["listSize"]["assumedSize"] == str(own.lists[name])
                pages = set(kind.fields[name].args) & {"first", "last"}
                assert set(told["listSize"]["slicingArguments"]) == pages
                assert told["listSize"]["sizedFields"] == ["edges", "nodes"]
            for directive in charged:
                charged[directive] += directive in told

    assert min(charged.values()) > 10
