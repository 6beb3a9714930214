"""GraphQL over server-sent events: one request, one stream of `next` events that `complete` ends."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from api_fakes import services, small_shop

from api.answers import AnswerStore
from api.graphql import sse
from api.graphql.context import Caller, Scope
from api.graphql.operation import Engine, Ready, Request
from api.graphql.schema import Schema
from api.policy import Policy

WATCH = 'subscription { scoreRun(id: "r1") { stage state } }'
STREAM = "text/event-stream"


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, without its comments."""
    found: list[tuple[str, Any]] = []
    for block in filter(None, text.split("\n\n")):
        fields = dict(line.split(":", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["event"].strip(), json.loads(fields["data"]) if fields["data"].strip() else None))
    return found


def test_a_run_is_watched_as_a_stream(api: Any):
    answer = api.post(WATCH, accept=STREAM)

    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{STREAM}; charset=utf-8")
    assert events(answer.text) == [
        ("next", {"data": {"scoreRun": {"stage": "compute", "state": "RUNNING"}}}),
        ("next", {"data": {"scoreRun": {"stage": "end", "state": "SUCCEEDED"}}}),
        ("complete", None),
    ]


def test_a_browsers_event_source_watches_by_get(api: Any):
    headers = {"Accept": STREAM, "X-API-Key": api.secrets["read"]}

    answer = api.client.get("/graphql", params={"query": WATCH}, headers=headers)

    assert [name for name, _ in events(answer.text)] == ["next", "next", "complete"]


def test_a_mutation_by_get_writes_nothing_as_a_stream_either(api: Any):
    query = "mutation { recordEvents(input: {events: []}) { __typename } }"
    headers = {"Accept": STREAM, "X-API-Key": api.secrets["both"]}

    answer = api.client.get("/graphql", params={"query": query}, headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_query_is_one_event(api: Any):
    [first, last] = events(api.post('{ customer(key: "ann") { name } }', accept=STREAM).text)

    assert (first[0], first[1]["data"], last) == ("next", {"customer": {"name": "安"}}, ("complete", None))
    assert first[1]["extensions"]["cost"]["actualQueryCost"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { scoreRun(id: "nothing") { stage } }', "NOT_FOUND"),
        ("{ " + "__typename " * 21 + "}", "COST_EXCEEDED"),
    ],
)
def test_what_is_refused_is_told_in_the_stream(api: Any, query: str, code: str):
    answer = api.post(query, accept=STREAM)

    [(name, told), last] = events(answer.text)
    assert (answer.status_code, name, last) == (200, "next", ("complete", None))
    assert told["errors"][0]["extensions"]["code"] == code


def test_who_may_not_ask_gets_a_status_and_json(api: Any):
    answer = api.post(WATCH, key=None, accept=STREAM)

    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


@pytest.mark.parametrize(
    "accept", [f"{STREAM}, multipart/mixed", f"application/json, {STREAM}", f"*/*;q=0.1, {STREAM}"]
)
def test_clients_that_take_both_get_subscriptions_as_streams(api: Any, accept: str):
    assert api.post(WATCH, accept=accept).headers["content-type"].startswith(STREAM)


def test_clients_that_take_both_alike_get_queries_as_json(api: Any):
    answer = api.post("{ __typename }", accept=f"application/graphql-response+json, application/json, {STREAM}")

    assert answer.headers["content-type"].startswith("application/graphql-response+json")


def test_a_client_that_takes_anything_is_sent_no_stream(api: Any):
    assert api.post("{ __typename }", accept="*/*").headers["content-type"].startswith("application/json")


async def test_a_silent_stream_is_kept_open_by_comments_and_ends_with_its_client(schema: Schema, tmp_path: Path):
    with closing(AnswerStore.open(tmp_path / "answers.sqlite")) as answers:
        engine = Engine(schema, services(small_shop(), answers))
        context = engine.context(Caller("test", frozenset(Scope)))
        request = Request('subscription { scoreRun(id: "endless") { stage } }')
        ready = engine.prepare(request, context.caller, context)
        assert isinstance(ready, Ready)

        stream = cast("AsyncGenerator[bytes]", sse.streamed(engine, ready, context, silent_seconds=0).body_iterator)
        parts = [await anext(stream) for _ in range(20)]
        await stream.aclose()

    assert [part for part in parts if b"next" in part] == [
        b'event: next\ndata: {"data":{"scoreRun":{"stage":"compute"}}}\n\n'
    ]
    assert parts.count(b":\n\n") == 19
    assert not any("anext" in str(task) for task in asyncio.all_tasks())


async def test_a_stream_ends_with_its_key_and_says_so(schema: Schema, tmp_path: Path):
    admitted: list[Caller | None] = [Caller("test", frozenset(Scope)), None]

    async def admit() -> Caller | None:
        return admitted.pop(0)

    with closing(AnswerStore.open(tmp_path / "answers.sqlite")) as answers:
        engine = Engine(schema, services(small_shop(), answers), Policy(recheck_seconds=0))
        context = engine.context(Caller("test", frozenset(Scope)))
        request = Request('subscription { scoreRun(id: "endless") { stage } }')
        ready = engine.prepare(request, context.caller, context)
        assert isinstance(ready, Ready)

        sent = [part async for part in sse.streamed(engine, ready, context, admit=admit).body_iterator]

    [*_, error, (last, _)] = events("".join(bytes(part).decode() for part in sent))
    assert error[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert last == "complete"
    assert admitted == []
