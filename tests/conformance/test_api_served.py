"""The API as it is served: uvicorn, real sockets, a real log, and both stores behind it."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.app import create_app, now
from api.auth import KeyStore
from api.graphql.context import Scope
from api.settings import Settings
from api.webhooks.signing import signed_headers
from graph.errors import StoreUnavailable
from graph.store import Store, StoreConfig, open_store
from graph.store.statement import cypher
from tests.conftest import Neo4jServer

RECORD = """mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) {
  ... on RecordEventsPayload { accepted repeated rejected } } }"""
ANN = '{ customer(key: "ann") { key orderCount revenue referrals { totalCount } orders { nodes { amount } } } }'


@dataclass
class Served:
    """Where the server answers, and a client with a key for everything."""

    address: str
    secret: str
    client: httpx2.AsyncClient

    async def ask(self, query: str, **variables: Any) -> Any:
        answer = await self.client.post("/graphql", json={"query": query, "variables": variables})
        return answer.json()

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[ClientConnection]:
        uri = f"ws://{self.address}/graphql"
        async with connect(uri, subprotocols=[Subprotocol("graphql-transport-ws")]) as web_socket:
            payload = {"Authorization": f"Bearer {self.secret}"}
            await web_socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await web_socket.recv()) == {"type": "connection_ack"}
            yield web_socket


@asynccontextmanager
async def served_at(settings: Settings) -> AsyncGenerator[Served]:
    keys = KeyStore.open(settings.keys_file)
    secret = keys.create_key("test", list(Scope), now=now(), expires_at=None)
    keys.close()
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", timeout_graceful_shutdown=5))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx2.AsyncClient(base_url=f"http://{address}", headers=headers, timeout=60) as client:
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.05)
            yield Served(address, secret, client)
    finally:
        server.should_exit = True
        await serving
        listener.close()


@pytest.fixture
async def served(store: Store, store_config: StoreConfig, tmp_path: Path) -> AsyncGenerator[Served]:
    """A server of its own log and keys on the emptied store of the tests."""
    # An embedded engine belongs to one data folder: the server starts its own there.
    environment = {
        "RENMAI_DATA": tmp_path,
        "NEO4J_URI": store.uri if store_config.uri else None,
        "NEO4J_USER": store_config.user,
        "NEO4J_PASSWORD": store_config.password,
        "RENMAI_PRIVATE_WEBHOOKS": True,
    }
    async with served_at(Settings(_env_file=None, **environment)) as server:
        yield server


EVENTS = [
    {"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": "ann", "channel": "app"},
    {"kind": "REFERRAL", "at": "2026-03-01T10:00:00+08:00", "customer": "bob", "referrer": "ann"},
    {"kind": "PURCHASE", "at": "2026-03-02T12:00:00+08:00", "customer": "ann", "order": "o1", "product": "latte",
     "quantity": 2, "amount": "37.00"},
    {"kind": "PURCHASE", "at": "2026-03-02T12:00:00+08:00", "customer": "ann", "order": "o1"},
]  # fmt: skip


async def test_what_is_recorded_is_seen_within_two_seconds_and_once(served: Served):
    first = await served.ask(RECORD, events=EVENTS)
    again = await served.ask(RECORD, events=EVENTS)

    assert first["data"]["recordEvents"] == {"accepted": 3, "repeated": 0, "rejected": 1}
    assert again["data"]["recordEvents"] == {"accepted": 0, "repeated": 3, "rejected": 1}
    expected = {
        "key": "ann",
        "orderCount": 1,
        "revenue": "37.00",
        "referrals": {"totalCount": 1},
        "orders": {"nodes": [{"amount": "37.00"}]},
    }
    assert await seen(served, ANN, expected, within_seconds=20)


async def test_who_hands_in_a_bookmark_reads_what_was_written(served: Served):
    for number in range(5):
        event = {"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": f"c{number}"}
        recorded = await served.client.post("/graphql", json={"query": RECORD, "variables": {"events": [event]}})
        bookmark = recorded.headers["renmai-bookmark"]
        query = {"query": f'{{ customer(key: "c{number}") {{ key }} }}'}

        by_header = await served.client.post("/graphql", json=query, headers={"Renmai-Bookmark": bookmark})
        by_body = await served.client.post("/graphql", json=query | {"extensions": {"bookmark": bookmark}})

        assert recorded.json()["extensions"]["bookmark"] == bookmark
        assert [one.json()["data"] for one in (by_header, by_body)] == [{"customer": {"key": f"c{number}"}}] * 2
    await who_rests_on_what_was_seen_is_told_of_what_came_between(served)


async def who_rests_on_what_was_seen_is_told_of_what_came_between(served: Served) -> None:
    write = """mutation($city: String!, $seen: String) { upsertCustomers(input: {
      customers: [{key: "c1", city: $city}, {key: "c2", city: $city}], unchangedSince: $seen}) {
      ... on UpsertPayload { verdicts { status } conflicts } } }"""
    other = 'mutation { upsertCustomers(input: {customers: [{key: "c1", city: "Suzhou"}]}) { __typename } }'
    seen = (await served.ask("{ bookmark }"))["data"]["bookmark"]
    between = (await served.ask(other))["extensions"]["bookmark"]

    stale = await served.ask(write, city="Ningbo", seen=seen)
    newer = await served.ask(write, city="Ningbo 2", seen=between)

    told = stale["data"]["upsertCustomers"]
    assert ([one["status"] for one in told["verdicts"]], told["conflicts"]) == (["CONFLICT", "ACCEPTED"], 1)
    # The stale request has spoken of c2, and of c1 nobody has since.
    assert [one["status"] for one in newer["data"]["upsertCustomers"]["verdicts"]] == ["ACCEPTED", "CONFLICT"]


async def seen(served: Served, query: str, expected: object, *, within_seconds: float) -> bool:
    """Asks until the answer is there; the promised two seconds hold on an idle machine, which CI is not."""
    async with asyncio.timeout(within_seconds):
        while (await served.ask(query))["data"]["customer"] != expected:
            await asyncio.sleep(0.1)
    return True


async def test_a_run_is_started_watched_and_then_read(served: Served):
    await served.ask(RECORD, events=EVENTS)
    start = "mutation { startScoreRun(input: {kind: INFLUENCE, seed: 7}) { ... on StartScoreRunPayload { id key } } }"
    started = (await served.ask(start))["data"]["startScoreRun"]
    watch = "subscription($id: ID!) { scoreRun(id: $id) { state stage failure } }"
    subscribe = {"id": "1", "type": "subscribe", "payload": {"query": watch, "variables": {"id": started["id"]}}}

    async with served.connected() as web_socket:
        await web_socket.send(json.dumps(subscribe))
        frames = [json.loads(await web_socket.recv())]
        while frames[-1]["type"] == "next":
            frames.append(json.loads(await web_socket.recv()))

    assert frames[-1] == {"id": "1", "type": "complete"}
    states = [frame["payload"]["data"]["scoreRun"] for frame in frames[:-1]]
    assert states[-1] == {"state": "SUCCEEDED", "stage": "end", "failure": None}
    runs = (await served.ask("{ scoreRuns { nodes { key seed state isCurrent parameters } } }"))["data"]["scoreRuns"]
    [run] = runs["nodes"]
    assert (run["key"], run["seed"], run["state"], run["isCurrent"]) == (started["key"], 7, "SUCCEEDED", True)
    top = (await served.ask("{ topInfluencers { nodes { customerKey directReferrals run { key } } } }"))["data"]
    assert top["topInfluencers"]["nodes"][0] == {
        "customerKey": "ann",
        "directReferrals": 1,
        "run": {"key": started["key"]},
    }


async def test_a_run_of_an_unknown_source_is_invalid_input(served: Served):
    start = """mutation { startScoreRun(input: {kind: CHAINS, source: "nothing"}) { __typename
      ... on Failure { message } } }"""

    answer = (await served.ask(start))["data"]["startScoreRun"]

    assert answer["__typename"] == "InvalidInput"
    assert "'nothing'" in answer["message"]


CREATE_WEBHOOK = """mutation($url: String!) { createWebhook(input: {
  url: $url, topics: [EVENTS_RECORDED, SCORE_RUN_PUBLISHED, INFLUENCE_CHANGED], eventKinds: [REFERRAL] }) {
  ... on CreateWebhookPayload { secret webhook { id } } } }"""


CHANGED = """query($from: ID!, $to: ID!) { influenceChanges(from: $from, to: $to) {
  nodes { customerKey customer { key } spreadAfter rankBefore } } }"""


async def test_a_webhook_is_told_signed_what_was_recorded_and_scored(served: Served):
    got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
    receiver = await asyncio.start_server(partial(receive, got), "127.0.0.1", 0)
    async with receiver, asyncio.timeout(60):
        port = receiver.sockets[0].getsockname()[1]
        made = (await served.ask(CREATE_WEBHOOK, url=f"http://127.0.0.1:{port}/hooks"))["data"]["createWebhook"]
        await served.ask(RECORD, events=EVENTS)
        headers, body = await got.get()
        await served.ask("mutation { startScoreRun(input: {kind: INFLUENCE}) { __typename } }")
        _, run = await got.get()
        more = [{**EVENTS[1], "customer": f"new{number}"} for number in range(3)]
        await served.ask(RECORD, events=[EVENTS[0] | {"customer": one["customer"]} for one in more] + more)
        await got.get()
        await served.ask("mutation { startScoreRun(input: {kind: INFLUENCE}) { __typename } }")
        moved = [json.loads((await got.get())[1]) for _ in range(2)]

    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers.items() >= signed_headers(made["secret"], headers["webhook-id"], at, body).items()
    told = json.loads(body)
    assert (told["type"], [event["customer"] for event in told["data"]["events"]]) == ("events.recorded", ["bob"])
    assert json.loads(run)["type"] == "score_run.published"
    [changed] = [one["data"] for one in moved if one["type"] == "influence.changed"]
    assert changed["from"] == json.loads(run)["data"]["run"]
    shown = await served.ask(CHANGED, **{"from": changed["from"], "to": changed["to"]})
    told = [(one["customer"], one["spreadAfter"], one["rankBefore"]) for one in changed["changes"]]
    nodes = shown["data"]["influenceChanges"]["nodes"]
    assert [(one["customerKey"], one["spreadAfter"], one["rankBefore"]) for one in nodes] == told
    assert nodes[0]["customer"] == {"key": "ann"}
    log = "query($id: ID!) { webhookDeliveries(webhook: $id) { totalCount } }"
    assert (await served.ask(log, id=made["webhook"]["id"]))["data"]["webhookDeliveries"] == {"totalCount": 5}


async def receive(got: asyncio.Queue[Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head if line)}
    body = await reader.readexactly(int(headers["content-length"]))
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
    got.put_nowait((headers, body))


async def test_a_server_is_alive_and_ready_and_shows_its_pages(served: Served):
    assert (await served.client.get("/healthz")).json() == {"alive": True}
    assert (await served.client.get("/readyz")).json() == {"ready": True, "wrong": []}
    page = await served.client.get("/")
    explorer = await served.client.get("/graphql", headers={"Accept": "text/html"})
    assert [(answer.status_code, answer.headers["content-type"]) for answer in (page, explorer)] == [
        (200, "text/html; charset=utf-8"),
        (200, "text/html; charset=utf-8"),
    ]


ENDLESS = cypher("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y) AS total")
UNDER_WAY = cypher("SHOW TRANSACTIONS YIELD currentQuery AS query WHERE query CONTAINS '100000) AS y' RETURN query")


@pytest.mark.neo4j
async def test_a_query_whose_client_hung_up_ends_in_the_database_too(neo4j_server: Neo4jServer, tmp_path: Path):
    config = StoreConfig(tmp_path, neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    async with open_store(config) as opened:
        reading = asyncio.create_task(opened.read(ENDLESS, timeout_seconds=60))

        async def statements(count: int) -> None:
            async with asyncio.timeout(30):
                # The question is itself a transaction that holds these words.
                while len(await opened.read(UNDER_WAY)) != count + 1:
                    await asyncio.sleep(0.1)

        await statements(1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        await statements(0)


async def test_nothing_is_answered_without_a_key(served: Served):
    answer = await served.client.post(
        "/graphql", json={"query": "{ customers { totalCount } }"}, headers={"Authorization": ""}
    )

    assert answer.status_code == 401


async def test_a_graph_that_cannot_be_reached_ends_the_start_in_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as soon_gone:
        uri = f"bolt://127.0.0.1:{soon_gone.getsockname()[1]}"
    app = create_app(Settings(_env_file=None, RENMAI_DATA=tmp_path, NEO4J_URI=uri))

    with pytest.raises(StoreUnavailable, match="Cannot reach the graph"):
        async with app.router.lifespan_context(app):
            pass

    assert isinstance(app.state.failure, StoreUnavailable)
