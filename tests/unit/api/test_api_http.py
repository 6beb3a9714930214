"""GraphQL over HTTP: whatever is sent, the answer is JSON with a fitting status."""

from typing import Any

import pytest

from api.policy import Policy

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
    assert answer.json()["data"] == {"customer": {"name": "安"}}


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
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"),
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

    assert api.post(query, operationName="B").json()["data"] == {"b": "Query"}
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

    assert answer.json()["data"] == {"customer": {"name": "安"}}


@pytest.mark.parametrize(
    "params",
    [
        {}, {"query": QUERY, "variables": "{"}, {"query": QUERY, "variables": "[1]"}, {"query": [QUERY, QUERY]},
        {"query": QUERY, "variables": "[" * 5_000},
    ],
)  # fmt: skip
def test_a_get_that_is_no_request_is_400(api: Any, params: dict[str, Any]):
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


def test_a_subscription_whose_client_takes_no_stream_is_told_how_to_ask(api: Any):
    answer = api.ask('subscription { scoreRun(id: "r1") { done } }')

    assert "text/event-stream, or over a web socket" in answer["errors"][0]["message"]


def test_a_syntax_error_says_where(api: Any):
    [error] = api.ask("{ customer(key: ) { key } }")["errors"]

    assert error["locations"] == [{"line": 1, "column": 17}]


def test_at_most_eight_errors_are_told(api: Any):
    query = "{ " + " ".join(f"nothing{n}" for n in range(30)) + " }"

    assert len(api.ask(query)["errors"]) == 8


def test_several_requests_in_one_body_are_not_taken(api: Any):
    answer = post(api, b'[{"query": "{ __typename }"}, {"query": "{ __typename }"}]')

    assert answer.status_code == 400
    assert "one by one" in answer.json()["errors"][0]["message"]
    assert api.reader.reads == []


def asked(api: Any, query: str = QUERY, **headers: str) -> Any:
    return api.client.get("/graphql", params={"query": query}, headers={"X-API-Key": api.secrets["read"]} | headers)


def test_queries_by_get_can_be_switched_off(serve: Any):
    answer = asked(serve(policy=Policy(get_queries=False)))

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_an_answer_by_get_is_not_sent_again_to_who_has_it(api: Any):
    first = asked(api)
    known = asked(api, **{"If-None-Match": first.headers["etag"]})
    other = asked(api, '{ customer(key: "bob") { name } }', **{"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.status_code == 200
    assert "authorization" in known.headers["vary"].lower()


def test_an_answer_with_errors_or_by_post_is_not_kept(api: Any):
    wrong = asked(api, '{ customer(key: "ann") { key } customers(after: "x") { nodes { key } } }')
    posted = api.post(QUERY)

    assert [answer.headers["cache-control"] for answer in (wrong, posted)] == ["no-store", "no-store"]
    assert not any("etag" in answer.headers for answer in (wrong, posted))


LONG = "{ " + " ".join(f'a{n}: customer(key: "ann") {{ name district source }}' for n in range(40)) + " }"


@pytest.mark.parametrize(
    ("takes", "packed"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("*", "br"),
        ("gzip;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_long_answer_is_packed_for_who_takes_it(api: Any, takes: str, packed: str | None):
    answer = api.client.post(
        "/graphql", json={"query": LONG}, headers={"X-API-Key": api.secrets["read"], "Accept-Encoding": takes}
    )

    assert answer.headers.get("content-encoding") == packed
    assert answer.json()["data"]["a39"]["name"] == "安"


def test_a_short_answer_is_not_packed(api: Any):
    assert "content-encoding" not in api.post(QUERY).headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_site_is_refused(serve: Any, method: str, headers: dict[str, str]):
    api = serve(is_open=True)
    request = {"params": {"query": QUERY}} if method == "GET" else {"json": {"query": QUERY}}

    answer = api.client.request(method, "/graphql", headers=headers, **request)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert api.reader.reads == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://testserver"},
        {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://behind.a.proxy", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_pages_and_those_of_allowed_sites_are_answered(serve: Any, headers: dict[str, str]):
    api = serve(policy=Policy(origins=frozenset({"https://shop.example"})))

    assert asked(api, **headers).status_code == 200
