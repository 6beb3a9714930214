"""However many parents a level has, one statement reads it."""

from typing import Any

from graph.queries import customer

THREE_LEVELS = """{ customers { nodes { key acquiredVia { name } influence { rank run { kind } }
  orders { nodes { key lines { nodes { amount product { key } } } } } } } }"""


def test_two_aliases_share_one_read(api: Any):
    data = api.data('{ a: customer(key: "ann") { name } b: customer(key: "nobody") { name } }')

    assert data == {"a": {"name": "安"}, "b": None}
    assert [(statement, parameters) for statement, parameters in api.reader.reads] == [
        (customer.BY_KEYS, {"keys": ["ann", "nobody"]})
    ]


def test_each_level_below_a_list_is_one_statement(api: Any):
    data = api.data(THREE_LEVELS)

    [ann, bob] = data["customers"]["nodes"]
    assert ann["acquiredVia"] == {"name": "app"}
    assert ann["influence"] == {"rank": 1, "run": {"kind": "INFLUENCE"}}
    line = {"amount": "18.50", "product": {"key": "latte"}}
    assert bob["orders"]["nodes"] == [{"key": "o-bob", "lines": {"nodes": [line]}}]
    # customers; their channels, scores and orders; the run; the lines, whose statement knows the products
    assert len(api.reader.reads) == 6


def test_aliases_with_other_arguments_are_other_pages(api: Any):
    api.data('{ customer(key: "ann") { a: orders(first: 1) { nodes { key } } b: orders(first: 2) { nodes { key } } } }')

    assert [parameters.get("limit") for _, parameters in api.reader.reads] == [None, 1, 2]


def test_a_count_is_read_only_when_it_is_asked_for(api: Any):
    api.data("{ customers { nodes { key } } }")
    without = len(api.reader.reads)
    api.reader.answers[next(text for text in _counts(api, "{ customers { totalCount } }"))] = lambda _: [{"count": 2}]

    assert without == 1
    assert api.data("{ customers { totalCount } }") == {"customers": {"totalCount": 2}}


def _counts(api: Any, query: str) -> list[str]:
    before = len(api.reader.reads)
    api.ask(query)
    return [statement.text for statement, _ in api.reader.reads[before:] if "count(*)" in statement.text]


def test_a_thousand_scores_are_one_read_in_the_order_of_the_keys(api: Any):
    keys = ["bob", *(f"nobody{n}" for n in range(997)), "ann", "bob"]

    data = api.data("query($k: [String!]!) { influenceScores(customerKeys: $k) { customerKey } }", k=keys)

    assert [score and score["customerKey"] for score in data["influenceScores"]] == ["bob", *[None] * 997, "ann", "bob"]
    assert len(api.reader.reads) == 1


def test_more_than_a_thousand_scores_are_refused(api: Any):
    answer = api.ask("query($k: [String!]!) { influenceScores(customerKeys: $k) { rank } }", k=["ann"] * 1001)

    [error] = answer["errors"]
    assert "at most 1,000 keys, not 1,001" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["maximum"] == 1000
    assert api.reader.reads == []


def test_nodes_of_one_noun_are_one_read(api: Any):
    ids = [api.data(f'{{ customer(key: "{key}") {{ id }} }}')["customer"]["id"] for key in ("ann", "bob")]
    api.reader.reads.clear()

    data = api.data("query($i: [ID!]!) { nodes(ids: $i) { __typename id ... on Customer { key } } }", i=ids[::-1])

    assert [node["key"] for node in data["nodes"]] == ["bob", "ann"]
    assert len(api.reader.reads) == 1


def test_what_a_customer_was_brought_by_is_read_with_the_level(api: Any):
    data = api.data("{ customers { nodes { key referredBy { referrer { key } } } } }")

    assert [node["referredBy"] for node in data["customers"]["nodes"]] == [None, {"referrer": {"key": "ann"}}]
    assert len(api.reader.reads) == 3
