"""How large an operation may be."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from api.limits import MOST, Exceeded, Limits, Prices, beyond, measure
from api.policy import Policy
from api.throttle import Allowance
from graph.queries import customer
from graph.queries.listing import count_statement

PRICES = Prices({"customers": 20, "orders": 20, "branches": 1000}, {"customers", "orders"}, {"totalCount": 10})


def measured(query: str, limits: Limits | None = None, **variables: object) -> Exceeded | None:
    document = parse(query)
    [operation] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    size = measure(document, operation, variables, PRICES, limits or Limits())
    return size if isinstance(size, Exceeded) else beyond(size, variables, limits or Limits())


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
    # A connection, 50 times a node with a connection and 10 nodes of its own; `edges` is but a wrapper.
    query = "{ customers(first: 50) { edges { node { orders(first: 10) { nodes { key } } } } } }"

    exceeded = measured(query, Limits(cost=1))

    assert exceeded is not None
    assert exceeded.value == 1 + 50 * (1 + 1 + 10)


def test_a_page_without_a_size_counts_as_twenty():
    exceeded = measured("{ customers { nodes { key } } }", Limits(cost=1))

    assert exceeded == Exceeded("cost", 1 + 20, 1)


def test_sizes_in_variables_count_with_their_defaults():
    query = "query($n: Int = 7) { customers(first: $n) { nodes { key } } }"

    assert measured(query, Limits(cost=1)) == Exceeded("cost", 1 + 7, 1)
    assert measured(query, Limits(cost=1), n=3) == Exceeded("cost", 1 + 3, 1)


def test_a_size_in_a_variable_counts_however_json_writes_it():
    query = "query($n: Int) { customers(first: $n) { nodes { key } } }"

    assert measured(query, Limits(cost=1), n=100.0) == Exceeded("cost", 1 + 100, 1)


def test_lists_of_keys_count_by_their_length():
    query = "query($k: [String!]!) { influenceScores(customerKeys: $k) { rank } }"

    assert measured(query, Limits(cost=2), k=["a", "b", "c"]) == Exceeded("cost", 3, 2)


def test_five_nested_lists_of_fifty_are_refused():
    orders = "orders(first: 50) { nodes { customer { %s } } }"
    query = "{ customers(first: 50) { nodes { " + orders % (orders % "key") + " } } }"

    exceeded = measured(query)

    assert exceeded is not None
    assert exceeded.limit == "cost"


def test_nested_fragments_are_measured_in_linear_time():
    # Each fragment uses the next one many times: counted out, these were 4**49 aliases.
    fragments = " ".join(
        f"fragment F{n} on X {{ a {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} ...F{n + 1} }} }}" for n in range(49)
    )

    exceeded = measured("{ x: a { ...F0 } } " + fragments + " fragment F49 on X { y: b }", Limits(depth=100))

    assert exceeded == Exceeded("aliases", MOST, 50)


def test_a_fragment_within_itself_is_refused_and_ends():
    exceeded = measured("{ a { ...F } } fragment F on X { b { ...F } }")

    assert exceeded is not None
    assert str(exceeded) == "A fragment contains itself."


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
         "cost", 50_000),
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


def test_an_operation_tells_what_it_might_have_cost_and_what_it_did(api: Any):
    query = "{ customers(first: 50) { edges { node { key } } totalCount } }"
    api.reader.when(count_statement(customer.LISTING, ()), lambda _: [{"count": 2}])

    cost = api.ask(query)["extensions"]["cost"]

    # The connection, its count, which weighs 10, and up to 50 customers, of which there are two.
    assert cost["requestedQueryCost"] == 1 + 10 + 50
    assert cost["actualQueryCost"] == 1 + 10 + 2
    assert cost["throttleStatus"] == {
        "maximumAvailable": 1_000_000,
        "currentlyAvailable": 1_000_000 - cost["actualQueryCost"],
        "restoreRate": 100_000,
    }


def test_what_is_answered_costs_the_same_however_it_is_written(api: Any):
    plain = "{ customers { edges { node { key orders { nodes { key } } } } } }"
    other = """{ c: customers { ...C } } fragment C on CustomerConnection { e: edges { n: node { ...N } ...E } }
      fragment E on CustomerEdge { n: node { ...N } } fragment N on Customer { key o: orders { all: nodes { key } } }"""

    costs = [api.ask(query)["extensions"]["cost"]["actualQueryCost"] for query in (plain, other)]

    assert costs == [1 + 2 * (1 + 1 + 1)] * 2


def test_a_refusal_for_its_cost_tells_the_cost(api: Any):
    answer = api.ask(
        "{ customers(first: 100) { nodes { orders(first: 100) { nodes { lines(first: 100) { nodes { sku } } } } } } }"
    )

    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"] > 50_000, cost["actualQueryCost"]) == (True, None)


def test_who_has_spent_all_is_told_when_to_come_again(serve: Any):
    api = serve(policy=Policy(allowance=Allowance(maximum=30, restored_per_second=1)))
    query = "{ customers(first: 20) { nodes { key } } }"

    answers = [api.post(query) for _ in range(10)]

    refused = answers[-1]
    assert (answers[0].status_code, refused.status_code) == (200, 429)
    [error] = refused.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("THROTTLED", 3)
    assert refused.headers["retry-after"] == "3"
    # What an operation did not cost came back: 21 were asked for each time, 3 were spent.
    assert [answer.status_code for answer in answers].count(200) == 4
    assert api.post(query, key="read").status_code == 200


def test_an_operation_that_fails_gives_its_place_back(serve: Any):
    api = serve(policy=Policy(allowance=Allowance(concurrent=1)))
    api.reader.failure = RuntimeError("down")

    answers = [api.ask('{ customer(key: "ann") { key } }') for _ in range(3)]

    assert {answer["errors"][0]["extensions"]["code"] for answer in answers} == {"INTERNAL_SERVER_ERROR"}


def test_introspection_costs_nothing_but_its_place(api: Any):
    cost = api.ask(get_introspection_query())["extensions"]["cost"]

    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ " + "__typename " * 21 + "}", "repeats"),
        ("{ " + 'overview { customers } ' * 21 + "}", "repeats"),
        ("{ " + "...F " * 21 + "} fragment F on Query { __typename }", "repeats"),
        ("{ __typename " + "@include(if: true) " * 51 + "}", "directives"),
        ("{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(51)), "fragments"),
        ("{ ...F0 } " + " ".join(
            f"fragment F{n} on Query {{ {'... { ' * 10} ...F{n + 1} {'} ' * 10} }}" for n in range(49)
        ) + " fragment F49 on Query { __typename }", "depth"),
    ],
)  # fmt: skip
def test_what_makes_a_server_work_before_it_reads_is_limited(api: Any, query: str, limit: str):
    [error] = api.ask(query)["errors"]

    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("COST_EXCEEDED", limit)


def test_lists_in_variables_are_limited_however_they_nest(api: Any):
    answer = api.ask("query($w: CustomerWhere) { customers(where: $w) { nodes { key } } }", w={"or": [[1] * 200] * 200})

    assert answer["errors"][0]["extensions"]["limit"] == "list items"
