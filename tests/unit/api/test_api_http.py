"""GraphQL over HTTP: whatever is sent, the answer is JSON with a fitting status."""

from typing import Any

import pytest

QUERY = '{ customer(key: "ann") { name } }'
NEW, OLD = "application/graphql-response+json", "application/json"
WRITE = "mutation { recordEvents(input: {events: []}) { __typename } }"


def post(api: Any, content: bytes | str, **headers: str) -> Any:
    own = {"Authorization": f"Bearer {api.secrets['both']}", "Content-Type": "application/json"} | headers
    return api.client.post("/graphql", content=content, headers=own)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"1", b'"x"', b"[]", b"{", b'{"query": 1}', b"{}", b'{"query": null}', b"\xff\xfe",
        b'{"query": "\xff"}',
        b"[" * 100_000, b'{"query": "{a}", "variables": []}', b'{"query": "{a}", "variables": "{}"}',
        b'{"query": "{a}", "operationName": 1}', b'{"query": "{a}", "extensions": 5}',
        b'{"query": "{a}", "variables": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [NEW, OLD, "*/*"])
def test_a_body_that_is_no_request_is_a_client_mistake(api: Any, body: bytes, accept: str):
    answer = post(api, body, Accept=accept)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, OLD), ("*/*", OLD), (OLD, OLD), (NEW, NEW), (f"{NEW}, {OLD};q=0.9", NEW), (f"{OLD}, {NEW};q=0.5", OLD),
        ("application/*", OLD), (f"text/html, {OLD};q=0.8", OLD), (f"{NEW.upper()}; charset=utf-8", NEW),
    ],
)  # fmt: skip
def test_the_answer_comes_in_the_media_type_that_is_liked_best(api: Any, accept: str | None, media_type: str):
    headers = {"Authorization": f"Bearer {api.secrets['read']}", "Accept": accept or ""}

    answer = api.client.post("/graphql", json={"query": QUERY}, headers=headers)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.json() == {"data": {"customer": {"name": "安"}}}


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml;q=0.9", f"{OLD};q=0"])
def test_a_client_that_takes_no_json_is_told_so(api: Any, accept: str):
    answer = post(api, b'{"query": "{a}"}', Accept=accept)

    assert answer.status_code == 406
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Customer { key }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($k: String!) { customer(key: $k) { key } }", "BAD_USER_INPUT"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(NEW, 400), (OLD, 200)])
def test_a_refused_operation_has_400_in_the_new_media_type(api: Any, query: str, code: str, accept: str, status: int):
    answer = api.post(query, accept=accept)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert "data" not in answer.json()


def test_of_several_operations_the_named_one_is_run(api: Any):
    query = "query A { __typename } query B { b: __typename }"

    assert api.post(query, operationName="B").json() == {"data": {"b": "Query"}}
    assert (
        api.post(query, operationName="C").json()["errors"][0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"
    )


@pytest.mark.parametrize("accept", [NEW, OLD])
def test_a_mutation_by_get_is_405(api: Any, accept: str):
    headers = {"X-API-Key": api.secrets["both"], "Accept": accept}

    answer = api.client.get("/graphql", params={"query": WRITE}, headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert api.recorder.taken == []


def test_a_query_by_get_is_answered(api: Any):
    query = "query($k: String!) { customer(key: $k) { name } }"
    params = {"query": query, "variables": '{"k": "ann"}', "operationName": ""}

    answer = api.client.get("/graphql", params=params, headers={"X-API-Key": api.secrets["read"]})

    assert answer.json() == {"data": {"customer": {"name": "安"}}}


@pytest.mark.parametrize("params", [{}, {"query": QUERY, "variables": "{"}, {"query": QUERY, "variables": "[1]"}])
def test_a_get_that_is_no_request_is_400(api: Any, params: dict[str, str]):
    assert api.client.get("/graphql", params=params).status_code == 400


def test_other_methods_are_405(api: Any):
    answer = api.client.put("/graphql", json={"query": QUERY})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/json; charset=gbk"],
)
def test_other_bodies_than_json_in_utf8_are_415(api: Any, content_type: str):
    answer = post(api, b'{"query": "{ __typename }"}', **{"Content-Type": content_type})

    assert answer.status_code == 415
    assert answer.json()["errors"]


def test_a_compressed_body_is_415(api: Any):
    assert post(api, b"\x1f\x8b", **{"Content-Encoding": "gzip"}).status_code == 415


def test_a_body_above_a_megabyte_is_413(api: Any):
    answer = post(api, b'{"query": "' + b" " * 1_000_000 + b'"}')

    assert answer.status_code == 413
    assert "1,000,000" in answer.json()["errors"][0]["message"]


def test_a_large_body_without_a_length_is_413_too(api: Any):
    def parts() -> Any:
        for _ in range(12):
            yield b" " * 100_000

    headers = {"Content-Type": "application/json", "X-API-Key": api.secrets["read"]}

    assert api.client.post("/graphql", content=parts(), headers=headers).status_code == 413


def test_a_subscription_over_http_is_pointed_to_the_socket(api: Any):
    answer = api.ask('subscription { scoreRun(id: "r1") { done } }')

    assert "web socket" in answer["errors"][0]["message"]


def test_a_syntax_error_says_where(api: Any):
    [error] = api.ask("{ customer(key: ) { key } }")["errors"]

    assert error["locations"] == [{"line": 1, "column": 17}]


def test_at_most_eight_errors_are_told(api: Any):
    query = "{ " + " ".join(f"nothing{n}" for n in range(30)) + " }"

    assert len(api.ask(query)["errors"]) == 8
