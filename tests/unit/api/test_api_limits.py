"""How large an operation may be."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from api.limits import Exceeded, Limits, beyond

LISTS = {"customers": 20, "orders": 20, "branches": 1000}


def measured(query: str, limits: Limits | None = None, **variables: object) -> Exceeded | None:
    document = parse(query)
    [operation] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return beyond(document, operation, variables, limits or Limits(), LISTS)


def test_depth_counts_fields_down_to_the_leaf():
    query = "{ a { b { c } } }"

    assert measured(query, Limits(depth=3)) is None
    assert measured(query, Limits(depth=2)) == Exceeded("depth", 3, 2)


def test_fragments_add_their_own_depth_where_they_are_used():
    query = "{ a { ...F ... on X { b { c { d } } } } } fragment F on X { b { c { d { e } } } }"

    assert measured(query, Limits(depth=4)) == Exceeded("depth", 5, 4)


def test_aliases_of_a_fragment_count_as_often_as_it_is_used():
    query = "{ x: a { ...F ...F } } fragment F on X { y: b z: c }"

    assert measured(query, Limits(aliases=4)) == Exceeded("aliases", 5, 4)


def test_page_sizes_multiply():
    # `edges` is but a wrapper: 50 times a node, with 10 times a connection's `nodes` and what stands for it below.
    query = "{ customers(first: 50) { edges { node { orders(first: 10) { nodes { key } } } } } }"

    exceeded = measured(query, Limits(objects=1))

    assert exceeded is not None
    assert exceeded.value == 50 * (1 + 1 + 10 * (1 + 1))


def test_a_page_without_a_size_counts_as_twenty():
    exceeded = measured("{ customers { nodes { key } } }", Limits(objects=1))

    assert exceeded == Exceeded("objects", 20 * (1 + 1), 1)


def test_sizes_in_variables_count_with_their_defaults():
    query = "query($n: Int = 7) { customers(first: $n) { nodes { key } } }"

    assert measured(query, Limits(objects=1)) == Exceeded("objects", 7 * 2, 1)
    assert measured(query, Limits(objects=1), n=3) == Exceeded("objects", 3 * 2, 1)


def test_lists_of_keys_count_by_their_length():
    query = "query($k: [String!]!) { influenceScores(customerKeys: $k) { rank } }"

    assert measured(query, Limits(objects=2), k=["a", "b", "c"]) == Exceeded("objects", 3, 2)


def test_five_nested_lists_of_fifty_are_refused():
    orders = "orders(first: 50) { nodes { customer { %s } } }"
    query = "{ customers(first: 50) { nodes { " + orders % (orders % "key") + " } } }"

    exceeded = measured(query)

    assert exceeded is not None
    assert exceeded.limit == "objects"


def test_nested_fragments_are_measured_in_linear_time():
    # Each fragment uses the next one twice: counted out, these were 2**60 aliases.
    fragments = " ".join(f"fragment F{n} on X {{ a {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(60))

    exceeded = measured("{ x: a { ...F0 } } " + fragments + " fragment F60 on X { y: b }", Limits(depth=100))

    assert exceeded == Exceeded("aliases", 2**60 + 1, 50)


def test_a_fragment_within_itself_is_refused_and_ends():
    exceeded = measured("{ a { ...F } } fragment F on X { b { ...F } }")

    assert exceeded is not None
    assert str(exceeded).startswith("A fragment contains itself")


def test_the_introspection_of_tools_passes():
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, schema_description=True)

    assert measured(query) is None


def test_introspection_that_goes_round_in_lists_is_refused():
    query = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"

    assert measured(query) == Exceeded("introspection lists", 5, 4)


@pytest.mark.parametrize(
    ("query", "limit", "maximum"),
    [
        ("{ customers { nodes { orders { nodes { customer { orders { nodes { customer { orders { nodes { customer "
         "{ orders { nodes { key } } } } } } } } } } } } } }", "depth", 12),
        ("{ " + " ".join(f'a{n}: customer(key: "{n}") {{ key }}' for n in range(51)) + " }", "aliases", 50),
        ("{ customers(first: 100) { nodes { orders(first: 100) { nodes { lines(first: 100) { nodes { sku } } } } } } }",
         "objects", 50_000),
        ("{ " + "customers { nodes { key } } " * 400 + "}", "tokens", 2_000),
    ],
)  # fmt: skip
def test_a_refusal_tells_the_limit_and_the_value(api: Any, query: str, limit: str, maximum: int):
    [error] = api.ask(query)["errors"]

    told = error["extensions"]
    assert (told["code"], told["limit"], told["maximum"]) == ("COST_EXCEEDED", limit, maximum)
    assert told["value"] > maximum
    assert f"{maximum:,}" in error["message"]
    assert api.reader.reads == []


def test_brackets_without_end_are_refused(api: Any):
    assert api.code("{ customers" + "{ nodes" * 900 + "}" * 901) == "COST_EXCEEDED"
