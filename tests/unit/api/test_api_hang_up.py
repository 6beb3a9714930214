"""A client that goes away ends what it asked for, with its statement; what it writes is brought to its end."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON, FakeRecorder, RecordingReader, services
from starlette.requests import Request as HttpRequest

from api.answers import AnswerStore
from api.auth import Gate, KeyStore
from api.graphql.http import GraphqlEndpoint
from api.graphql.operation import Engine
from api.graphql.schema import Schema
from api.policy import Policy
from api.throttle import Allowance

QUERY = '{ customer(key: "ann") { name } }'
WRITE = 'mutation { recordEvents(input: {events: [{id: "e1", kind: SHARE, at: "2026-03-02T12:00:00+08:00"}]}) ' + (
    "{ __typename } }"
)


class Stuck(RecordingReader):
    """A store that never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.ended = asyncio.Event(), asyncio.Event()

    async def read(self, *_: Any) -> Any:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncGenerator[tuple[KeyStore, AnswerStore]]:
    with (
        closing(KeyStore.open(tmp_path / "keys.sqlite")) as keys,
        closing(AnswerStore.open(tmp_path / "answers.sqlite")) as answers,
    ):
        yield keys, answers


def endpoint(schema: Schema, parts: Any, reader: RecordingReader, recorder: FakeRecorder, policy: Policy) -> Any:
    keys, answers = parts
    engine = Engine(schema, services(reader, answers, recorder), policy)
    return GraphqlEndpoint(engine, Gate(keys, is_open=True), lambda: NOON, None)


def asked(query: str, until: asyncio.Event) -> HttpRequest:
    """A request whose client hangs up at the event."""
    sent = [{"type": "http.request", "body": json.dumps({"query": query}).encode(), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await until.wait()
        return {"type": "http.disconnect"}

    headers = [(b"content-type", b"application/json"), (b"host", b"here")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    return HttpRequest(scope, receive)


async def test_a_query_whose_client_hung_up_is_cancelled_and_frees_its_place(schema: Schema, parts: Any):
    reader = Stuck()
    served = endpoint(schema, parts, reader, FakeRecorder(), Policy(allowance=Allowance(concurrent=1)))

    for _ in range(3):
        reader.asked.clear(), reader.ended.clear()
        answer = await served.answer(asked(QUERY, reader.asked))

        assert (answer.status_code, reader.ended.is_set()) == (499, True)


async def test_what_a_client_writes_is_written_though_it_hung_up(schema: Schema, parts: Any):
    recorder, gone = FakeRecorder(), asyncio.Event()
    gone.set()

    answer = await endpoint(schema, parts, RecordingReader(), recorder, Policy()).answer(asked(WRITE, gone))

    assert answer.status_code == 200
    assert len(recorder.taken) == 1


async def test_a_store_that_never_answers_is_given_up_in_time(schema: Schema, parts: Any):
    reader = Stuck()

    answer = await endpoint(schema, parts, reader, FakeRecorder(), Policy(seconds=0.01)).answer(
        asked(QUERY, asyncio.Event())
    )

    [error] = json.loads(answer.body)["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (504, "TIMEOUT")
    assert reader.ended.is_set()
