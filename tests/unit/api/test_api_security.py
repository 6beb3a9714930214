"""A case for each line of OWASP's GraphQL cheat sheet that concerns a server (https://cheatsheetseries.owasp.org).

Its chapters are the headings here; the last number of a line says which of its points is meant.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON
from graphql import get_introspection_query
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.auth import KeyStore
from api.graphql.errors import Code
from api.graphql.schema import Schema, core
from api.policy import Policy
from api.safety import LoopbackNames
from api.settings import Settings
from api.throttle import Allowance
from graph.errors import LogUnavailable
from graph.queries import customer

PRODUCTION = Policy(is_production=True)
NAME = '{ customer(key: "ann") { name } }'
INJECTIONS = [
    "' OR 1=1 --",
    "ann'}) MATCH (n) DETACH DELETE n //",
    "`) RETURN 1 //",
    "$(reboot)",
    "\r\nX-A: b",
    "\u0000",
]


def code(answer: Any) -> str:
    return answer.json()["errors"][0]["extensions"]["code"]


# Input validation


@pytest.mark.parametrize(
    "query",
    [
        '{ customers(first: "1") { nodes { key } } }',
        "{ customers(orderBy: {field: NOTHING}) { nodes { key } } }",
        '{ customers(where: {nothing: "x"}) { nodes { key } } }',
        '{ openChains(customerKey: "ann", at: "yesterday") { probability } }',
        '{ products(where: {price: {gte: "1; DROP"}}) { nodes { key } } }',
        "mutation { recordEvents(input: {}) { __typename } }",
        "mutation { recordEvents(input: {events: [{kind: NOTHING}]}) { __typename } }",
    ],
)
def test_types_enums_and_scalars_refuse_what_does_not_fit_before_anything_is_read(api: Any, query: str):
    answer = api.post(query)

    assert code(answer) in {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
    assert (api.reader.reads, api.recorder.taken) == ([], [])


def test_what_is_refused_tells_nothing_of_how_we_work(api: Any):
    answers = [api.post(query).text for query in ("{", "{ nothing }", "{ customers(first: 10000) { nodes { key } } }")]

    assert not any(word in answer for answer in answers for word in ("Traceback", ".py", "strawberry", "graphql-core"))


# Injection prevention


@pytest.mark.parametrize("text", INJECTIONS)
def test_values_reach_the_graph_as_parameters_only(api: Any, text: str):
    api.ask(
        "query($k: String!) { customer(key: $k) { key orders { nodes { key } } } search(text: $k) { nodes { id } } }",
        k=text,
    )
    api.ask("query($k: String!) { customers(where: {district: {eq: $k}}) { nodes { key } } }", k=text)

    assert api.reader.reads
    assert all(text not in statement.text for statement, _ in api.reader.reads)
    assert any(text in str(list(given.values())) or repr(text) in str(given) for _, given in api.reader.reads)


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_header_of_an_answer_carries_what_was_sent(api: Any, text: str):
    answer = api.post("query($k: String!) { customer(key: $k) { key } }", variables={"k": text})

    assert "x-a" not in answer.headers


# Denial of service: depth, amount, pagination, time-outs, cost, rate, batching within an operation


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ customers { nodes { " + "orders { nodes { customer { " * 4 + "key" + " } } }" * 4 + " } } }", "depth"),
        ("{ customers(first: 100) { nodes { orders(first: 100) { nodes { lines(first: 100) { nodes { sku } } } } } } }",
         "cost"),
        ("query { " + "customers { nodes { key } } " * 300 + "}", "tokens"),
        ("{ " + " ".join(f'a{n}: customer(key: "{n}") {{ key }}' for n in range(60)) + " }", "aliases"),
        ("{ __typename" + " @skip(if: false)" * 60 + " }", "directives"),
        ("{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
         "introspection lists"),
    ],
)  # fmt: skip
def test_an_operation_that_is_too_large_is_refused_before_anything_is_read(api: Any, query: str, limit: str):
    [error] = api.ask(query)["errors"]

    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("COST_EXCEEDED", limit)
    assert api.reader.reads == []


@pytest.mark.parametrize("size", [101, 2**31 - 1, -1])
def test_a_page_has_a_largest_size(api: Any, size: int):
    assert api.code(f"{{ customers(first: {size}) {{ nodes {{ key }} }} }}") in {"BAD_USER_INPUT", "COST_EXCEEDED"}
    assert api.reader.reads == []


def test_every_list_of_the_schema_is_a_connection_or_bounded(schema: Schema):
    roots = [kind for kind in (core(schema).query_type,) if kind]

    lists = {name for kind in roots for name, field in kind.fields.items() if str(field.type).startswith("[")}

    # By the number of ids, of keys, of steps, of changes, of webhooks a key may have; all else comes page by page.
    assert lists <= {"nodes", "influenceScores", "openChains", "_entities", "chainDrift", "webhooks"}


def test_a_caller_cannot_spend_more_than_its_budget(serve: Any):
    api = serve(policy=Policy(allowance=Allowance(maximum=3, restored_per_second=1)))

    answers = [api.post("{ __typename }") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"


def test_many_parents_are_read_by_one_statement(api: Any):
    api.data('{ a: customer(key: "ann") { name } b: customer(key: "bob") { name } c: customer(key: "?") { name } }')

    assert len(api.reader.reads) == 1


# Access control


@pytest.mark.parametrize(
    "query", [NAME, "{ __typename }", "{ customers { nodes { key } } }", "{ overview { customers } }"]
)
def test_nothing_is_read_without_a_key(api: Any, query: str):
    answer = api.post(query, key=None)

    assert (answer.status_code, code(answer), api.reader.reads) == (401, "UNAUTHENTICATED", [])


@pytest.mark.parametrize("key", ["read", None])
def test_nothing_is_written_without_the_scope(serve: Any, key: str | None):
    api = serve(open_reads=True)

    answer = api.post("mutation { recordEvents(input: {events: []}) { __typename } }", key=key)

    assert answer.status_code in {401, 403}
    assert api.recorder.taken == []


@pytest.mark.parametrize("query", ["{ __typename }", NAME])
def test_a_key_that_writes_reads_nothing(api: Any, query: str):
    answer = api.post(query, key="write")

    assert (answer.status_code, code(answer), api.reader.reads) == (403, "FORBIDDEN", [])


def test_a_mutation_hides_behind_no_other_name_or_method(api: Any):
    write = "mutation query { recordEvents(input: {events: []}) { __typename } } query Q { __typename }"
    headers = {"X-API-Key": api.secrets["read"]}

    by_name = api.post(write, key="read", operationName="query")
    by_get = api.client.get("/graphql", params={"query": write, "operationName": "query"}, headers=headers)

    assert (by_name.status_code, by_get.status_code) == (403, 405)
    assert api.recorder.taken == []


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer rk_x_y", "bearer null", "Bearer " + "x" * 9_000]
)
def test_a_wrong_key_is_never_nobody(serve: Any, header: str):
    api = serve(open_reads=True)

    answer = api.client.post("/graphql", json={"query": NAME}, headers={"Authorization": header})

    assert (answer.status_code, api.reader.reads) == (401, [])
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_global_ids_open_nothing_that_a_key_does_not(api: Any):
    assert code(api.post('{ node(id: "Q3VzdG9tZXI6YW5u") { id } }', key=None)) == "UNAUTHENTICATED"
    assert api.reader.reads == []


# Batching


def test_requests_come_one_by_one(api: Any):
    body = [{"query": NAME}] * 2

    answer = api.client.post("/graphql", json=body, headers={"X-API-Key": api.secrets["read"]})

    assert (answer.status_code, api.reader.reads) == (400, [])


def test_many_of_one_field_by_alias_cost_as_many(api: Any):
    query = "{ " + " ".join(f'a{n}: customer(key: "k{n}") {{ key }}' for n in range(50)) + " }"

    assert api.ask(query)["extensions"]["cost"]["requestedQueryCost"] == 50


# Secure configuration


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        "{ __schema { queryType { name } } }",
        '{ x: __type(name: "Customer") { name } }',
        "{ ...F } fragment F on Query { ... { __schema { types { name } } } }",
        "{\n__schema\n{\nqueryType\n{\nname\n}\n}\n}",
        "query($s: Boolean = true) { __schema @include(if: $s) { queryType { name } } }",
    ],
)
def test_in_production_the_schema_is_told_to_keys_only(serve: Any, query: str):
    api = serve(open_reads=True, policy=PRODUCTION)

    assert code(api.post(query, key=None)) == "UNAUTHENTICATED"
    assert api.post(query, key="read").json()["data"]
    assert api.post("{ __typename }", key=None).json()["data"]


@pytest.mark.parametrize(
    "query",
    [
        "{ custmer { key } }",
        '{ customer(keyy: "ann") { key } }',
        '{ customer(key: "ann") { nam } }',
        "{ customers(orderBy: {field: KEYY}) { nodes { key } } }",
        '{ node(id: "x") { name } }',
        "query($w: CustomerWhre) { customers(where: $w) { nodes { key } } }",
        '{ customers(where: {distrct: {eq: "x"}}) { nodes { key } } }',
        "{ ... on Custmer { key } }",
    ],
)
def test_in_production_nobody_without_a_key_is_told_what_was_meant(serve: Any, query: str):
    api = serve(open_reads=True, policy=PRODUCTION)

    assert "Did you mean" not in api.post(query, key=None).text
    assert "Did you mean" in api.post(query, key="read").text


def test_suggestions_for_values_of_variables_are_hidden_too(serve: Any):
    api = serve(open_reads=True, policy=PRODUCTION)
    query = "query($o: CustomerOrder) { customers(orderBy: $o) { nodes { key } } }"

    answers = [api.post(query, key=key, variables={"o": {"field": "KEYY"}}).text for key in (None, "read")]

    assert ["Did you mean" in answer for answer in answers] == [False, True]


def test_in_production_sockets_and_streams_hide_the_schema_as_well(serve: Any):
    api = serve(open_reads=True, policy=PRODUCTION)
    with api.client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        socket.receive_json()
        for key, query in (("1", "{ custmer { key } }"), ("2", "{ __schema { queryType { name } } }")):
            socket.send_json({"id": key, "type": "subscribe", "payload": {"query": query}})
        frames = {frame["id"]: frame["payload"][0] for frame in (socket.receive_json(), socket.receive_json())}

    assert "Did you mean" not in frames["1"]["message"]
    assert frames["2"]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Did you mean" not in api.post("{ custmer { key } }", key=None, accept="text/event-stream").text


def test_an_exception_is_told_without_its_text_or_its_stack(api: Any):
    api.reader.failure = RuntimeError("password=hunter2 at /srv/renmai/graph/store.py")

    answer = api.post(NAME)

    assert code(answer) == "INTERNAL_SERVER_ERROR"
    assert not any(word in answer.text for word in ("hunter2", "/srv", "RuntimeError", "Traceback", "stacktrace"))


def test_no_more_than_eight_errors_are_told_whatever_fails(api: Any):
    api.reader.failure = RuntimeError("down")
    query = "{ " + " ".join(f'a{n}: customer(key: "{n}") {{ name }}' for n in range(30)) + " }"

    assert len(api.ask(query)["errors"]) == 8


def test_the_old_protocol_of_sockets_is_not_spoken(api: Any):
    with (
        api.client.websocket_connect("/graphql", subprotocols=["graphql-ws"]) as socket,
        pytest.raises(WebSocketDisconnect) as end,
    ):
        socket.receive_json()

    assert end.value.code == 4406


def test_one_operation_sees_nothing_of_another(api: Any):
    first = api.data(NAME)
    api.reader.when(customer.BY_KEYS, lambda _: [])

    assert first == {"customer": {"name": "安"}}
    assert api.data(NAME) == {"customer": None}


@pytest.mark.parametrize("name", ["key", "api_key", "apiKey", "access_token", "token", "authorization", "X-API-Key"])
def test_a_key_in_the_address_is_no_key(api: Any, name: str):
    answer = api.client.get("/graphql", params={"query": "{ __typename }", name: api.secrets["read"]})
    posted = api.client.post("/graphql", params={name: api.secrets["read"]}, json={"query": "{ __typename }"})

    assert (answer.status_code, posted.status_code) == (401, 401)


def test_keys_that_cannot_be_read_are_told_and_a_use_that_cannot_be_noted_is_none(tmp_path: Path):
    keys = KeyStore.open(tmp_path / "keys.sqlite")
    secret = keys.create_key("crm", ["read"], now=NOON, expires_at=None)
    keys._connection.execute("PRAGMA query_only = ON")  # as a full disk is

    assert keys.verify(secret, now=NOON) is not None
    assert keys.list_keys()[0].last_used_at is None
    keys._connection.execute("PRAGMA query_only = OFF")
    keys._connection.execute("DROP TABLE api_key")
    with pytest.raises(LogUnavailable, match="API keys cannot be read"):
        keys.verify(secret, now=NOON)
    keys.close()


def exploding(depth: int) -> str:
    """Fragments each of which spreads the next one twice: 2 to the power of the depth, written out."""
    names = [f"F{number}" for number in range(depth + 1)]
    pairs = [f"fragment {one} on Query {{ ...{two} ...{two} }}" for one, two in pairwise(names)]
    return " ".join(["{ ...F0 }", *pairs, f"fragment F{depth} on Query {{ __typename }}"])


@pytest.mark.parametrize(
    "query",
    [
        exploding(40),
        "{ " + " ".join(f"a{n}: __typename" for n in range(60)) + " }",
        "{ __typename " + "@include(if: true) " * 60 + "}",
        "{ __typename @nothing @nothing }",
        "query(" + " ".join(f"$v{n}: Int" for n in range(900)) + ") { __typename }",
        "{ " + "customers { nodes { " * 60 + "key" + " } }" * 60 + " }",
        "{ a: __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }",
        "{" * 5_000,
        "{ __typename " + "#" * 10_000 + "\n}",
        '{ customer(key: """' + "x" * 50_000 + '""") { key } }',
    ],
)
def test_documents_that_are_meant_to_explode_are_answered_at_once(api: Any, query: str):
    answer = api.post(query)

    assert answer.status_code < 500
    assert {error["extensions"]["code"] for error in answer.json().get("errors", [])} <= set(Code) - {
        "INTERNAL_SERVER_ERROR"
    }
    assert len(api.reader.reads) <= 1


@pytest.mark.parametrize(
    ("host", "answers"),
    [
        ("localhost:8000", True), ("127.0.0.1:8000", True), ("[::1]:8000", True), ("app.localhost", True),
        ("evil.example:8000", False), ("localhost.evil.example", False), ("127.0.0.1.nip.io", False), ("[", False),
    ],
)  # fmt: skip
def test_without_keys_a_server_answers_to_this_machine_s_names_alone(host: str, answers: bool):
    async def page(_: Request) -> Response:
        return Response("ours")

    client = TestClient(LoopbackNames(Starlette(routes=[Route("/graphql", page)])))

    answer = client.get("/graphql", headers={"host": host})

    assert (answer.status_code, answer.text == "ours") == ((200, True) if answers else (421, False))


@pytest.mark.parametrize(
    ("given", "guarded"),
    [
        ({}, False), ({"RENMAI_AUTH": "open"}, True), ({"RENMAI_OPEN_READS": True}, True),
        ({"RENMAI_OPEN_READS": True, "RENMAI_PRODUCTION": True}, False),
        ({"RENMAI_AUTH": "open", "RENMAI_HOST": "0.0.0.0"}, False),
    ],
)  # fmt: skip
def test_names_are_looked_at_where_no_key_is(given: dict[str, Any], guarded: bool):
    assert Settings(_env_file=None, **given).is_open_on_this_machine is guarded
