"""What goes wrong is told with a code; what nobody expected is masked."""

from typing import Any

import pytest
import structlog

from api.graphql.errors import CODES, Code, code_of
from graph import errors
from graph.errors import LogUnavailable, NotFound, QueryRefused, RenmaiError, StoreUnavailable

QUERY = '{ customer(key: "ann") { name } }'


@pytest.mark.parametrize(
    ("failure", "code", "told"),
    [
        (StoreUnavailable("Cannot reach the graph at bolt://10.0.0.7"), "SERVICE_UNAVAILABLE", "try again"),
        (QueryRefused("MATCH (c:Customer) ran out of time"), "TIMEOUT", "took too long"),
        (LogUnavailable("/srv/data is gone"), "SERVICE_UNAVAILABLE", "try again"),
        (NotFound("There is no run x."), "NOT_FOUND", "There is no run x."),
    ],
)
def test_an_expected_failure_has_its_code_and_tells_no_address(api: Any, failure: Exception, code: str, told: str):
    api.reader.failure = failure

    answer = api.ask(QUERY)

    [error] = answer["errors"]
    assert error["extensions"]["code"] == code
    assert told in error["message"]
    # While nothing can be reached there is nothing beside the errors, so that HTTP can say 503.
    assert answer.get("data") == (None if code == "SERVICE_UNAVAILABLE" else {"customer": None})
    assert not any(secret in str(answer) for secret in ("10.0.0.7", "MATCH", "/srv"))


def test_a_bug_is_not_told_to_the_client_and_is_found_in_the_log(api: Any):
    api.reader.failure = RuntimeError("secret db url")

    with structlog.testing.capture_logs() as logs:
        answer = api.ask(QUERY)

    [error] = answer["errors"]
    assert error["message"] == "Internal error"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["path"] == ["customer"]
    assert "secret" not in str(answer)
    [logged] = logs
    assert logged["request_id"] == error["extensions"]["requestId"]
    assert str(logged["exc_info"]) == "secret db url"


def test_a_statement_of_ours_that_the_graph_refuses_is_a_bug(api: Any):
    api.reader.failure = QueryRefused("The graph refused the statement: Invalid input 'MACH'")

    with structlog.testing.capture_logs() as logs:
        [error] = api.ask(QUERY)["errors"]

    assert (error["message"], error["extensions"]["code"]) == ("Internal error", "INTERNAL_SERVER_ERROR")
    assert "MACH" in str(logs[0]["exc_info"])


def test_every_failure_has_a_code():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RenmaiError)]

    assert {kind for kind in kinds if kind is not RenmaiError} == set(CODES)
    assert code_of(type("Own", (NotFound,), {})()) is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('{ node(id: "rubbish") { id } }', "none of ours"),
        ('{ node(id: "Q2F0OjE=") { id } }', "none of ours"),
        ('{ openChains(customerKey: "ann", at: "2026-03-02T12:00:00") { lift } }', "with an offset"),
        ('{ openChains(customerKey: "ann", at: "soon") { lift } }', "with an offset"),
        ('{ openChains(customerKey: "ann", at: "9999-12-31T23:59:59Z") { lift } }', "between the years 2 and 9998"),
        ('{ openChains(customerKey: "ann", at: "0001-01-01T00:00:00+14:00") { lift } }', "the years 2 and 9998"),
        ('{ products(where: {price: {gte: "cheap"}}) { nodes { key } } }', "Decimal"),
        ('{ products(where: {price: {gte: "1e999999"}}) { nodes { key } } }', "within ±1,000,000,000,000,000"),
        ("{ products(where: {price: {lt: -1000000000000001}}) { nodes { key } } }", "within ±1,000,000,000,000,000"),
        ('{ referralTree(customerKey: "ann", depth: 9) { size } }', "from 1 to 6, not 9"),
        ('{ customers(after: "x") { nodes { key } } }', "cursor"),
        ("{ customers(first: 101) { nodes { key } } }", "0 to 100, not 101"),
        ('{ customer(key: "ann") { influence { explanation(first: 50) { probability } } } }', "1 to 20, not 50"),
    ],
)
def test_input_that_cannot_be_used_is_told_with_the_value(api: Any, query: str, told: str):
    [error] = api.ask(query)["errors"]

    assert told in error["message"]
    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ('{ openChains(customerKey: "ann", at: "soon") { lift } }', 38),
        ('{ products(where: {price: {gte: "cheap"}}) { nodes { key } } }', 33),
        ('{ orders(where: {localDate: {gte: "2026-02-30"}}) { nodes { key } } }', 35),
    ],
)
def test_a_literal_that_cannot_be_read_is_told_with_its_place(api: Any, query: str, column: int):
    [error] = api.ask(query)["errors"]

    assert error["locations"] == [{"line": 1, "column": column}]


def test_an_unknown_customer_has_no_tree(api: Any):
    assert api.code('{ referralTree(customerKey: "nobody") { size } }') == "NOT_FOUND"


def test_a_wrong_variable_says_which(api: Any):
    answer = api.ask("query($n: Int) { customers(first: $n) { nodes { key } } }", n="many")

    assert "$n" in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
