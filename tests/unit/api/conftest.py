"""The API over fakes, asked as clients ask it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from api_fakes import (
    NOON,
    FakeAdvocates,
    FakeAudit,
    FakeExports,
    FakeIds,
    FakeRecorder,
    FakeReferrals,
    FakeRuns,
    RecordingReader,
    services,
    small_shop,
)
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from api.access.tokens import Tokens
from api.answers import AnswerStore
from api.auth import Gate, KeyStore
from api.graphql.context import Scope
from api.graphql.http import GraphqlEndpoint
from api.graphql.operation import Engine
from api.graphql.schema import Schema, make_schema
from api.graphql.socket import GraphqlSocket
from api.observing import Observing
from api.policy import Policy
from api.webhooks.audiences import Audiences
from api.webhooks.book import WebhookBook
from api.webhooks.desk import Desk


@dataclass
class Api:
    """A client, the fakes behind the API, and a key of each scope."""

    client: TestClient
    reader: RecordingReader
    recorder: FakeRecorder
    runs: FakeRuns
    advocates: FakeAdvocates
    exports: FakeExports
    referrals: FakeReferrals
    audit: FakeAudit
    keys: KeyStore
    secrets: dict[str, str]
    observing: Observing = field(default_factory=Observing)
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, query: str, *, key: str | None = "both", accept: str = "application/json", **body: Any) -> Any:
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {self.secrets[key]}"} if key else {})
        return self.client.post("/graphql", json={"query": query, **body}, headers=headers)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return self.post(query, variables=variables).json()

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def code(self, query: str, **variables: Any) -> str:
        return self.ask(query, **variables)["errors"][0]["extensions"]["code"]


Serve = Callable[..., Api]


@pytest.fixture(scope="session")
def schema() -> Schema:
    return make_schema()


@pytest.fixture
def serve(tmp_path: Any, schema: Schema) -> Iterator[Serve]:
    keys = KeyStore.open(tmp_path / "keys.sqlite")
    answers = AnswerStore.open(tmp_path / "answers.sqlite")
    book = WebhookBook.open(tmp_path / "webhooks.sqlite")
    scopes: Mapping[str, list[Scope]] = {"read": [Scope.READ], "write": [Scope.WRITE], "both": list(Scope)}
    secrets = {name: keys.create_key(name, given, now=NOON, expires_at=None) for name, given in scopes.items()}
    clients: list[TestClient] = []

    def served(
        *,
        open_reads: bool = False,
        is_open: bool = False,
        policy: Policy | None = None,
        bookmarks: Any = None,
        tokens: Tokens | None = None,
    ) -> Api:
        reader, recorder, runs = small_shop(), FakeRecorder(), FakeRuns()
        advocates, exports, referrals = FakeAdvocates(), FakeExports(), FakeReferrals()
        webhooks, audit = Desk(book, lambda: None, lambda: NOON, Audiences(reader, FakeIds)), FakeAudit()
        fakes = services(reader, answers, recorder, runs, advocates, exports, referrals, webhooks, audit)
        engine = Engine(schema, replace(fakes, bookmarks=bookmarks), policy)
        gate = Gate(keys, open_reads=open_reads, is_open=is_open, tokens=tokens)
        graphql, socket = GraphqlEndpoint(engine, gate, lambda: NOON, None), GraphqlSocket(engine, gate, lambda: NOON)
        methods = ["GET", "POST", "PUT", "DELETE"]
        app = Starlette(
            routes=[Route("/graphql", graphql.answer, methods=methods), WebSocketRoute("/graphql", socket.serve)]
        )
        client = TestClient(app, raise_server_exceptions=True)
        clients.append(client)
        return Api(
            client, reader, recorder, runs, advocates, exports, referrals, audit, keys, secrets, engine.observing
        )

    yield served
    for client in clients:
        client.close()
    keys.close()
    answers.close()
    book.close()


@pytest.fixture
def api(serve: Serve) -> Api:
    return serve()
