"""`renmai serve` through what operators do to it: the graph stopped and started under load, stops, several workers."""

import asyncio
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.command_line import RENMAI, surroundings
from tests.conftest import Neo4jServer, server_script, start_neo4j

OPEN = {"RENMAI_AUTH": "open", "RENMAI_LOG_FORMAT": "json"}
CUSTOMERS = "query Customers { customers(first: 5) { nodes { key } } }"
RECORD = """mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) {
  ... on RecordEventsPayload { accepted } } }"""
WATCH = "subscription { eventRecorded { eventId } }"
WATCH_KEYS = "subscription { eventRecorded { customerKey customer { key } } }"


@contextmanager
def serving(data: Path, *options: str, **environment: str) -> "Generator[tuple[str, subprocess.Popen[str]]]":
    """The address of `renmai serve` on a free port, and its process."""
    log = data.parent / "serve.log"  # not a pipe: nobody would read it, and a full one stops the server
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [RENMAI, "serve", "--port", "0", *options],
            env=surroundings(data, **OPEN, **environment),
            cwd=data.parent,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            assert first, log.read_text()
            yield first.split()[1].rstrip("/"), process
        finally:
            process.terminate()
            process.communicate(timeout=60)


async def ask(client: httpx2.AsyncClient, query: str, **variables: Any) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query, "variables": variables})


@contextmanager
def neo4j(home: Path) -> Generator[Neo4jServer]:
    try:
        yield start_neo4j(home)
    finally:
        server_script("stop", home)


@pytest.mark.neo4j
async def test_a_graph_that_is_stopped_and_started_under_load_is_followed_without_a_restart(tmp_path: Path):
    home = tmp_path / "neo4j"
    with neo4j(home) as graph, serving(tmp_path / "data", **graph.environment()) as (address, _):
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            seen: Counter[int] = Counter()
            waits: set[str] = set()
            ended = asyncio.Event()

            async def load() -> None:
                while not ended.is_set():
                    answer = await ask(client, CUSTOMERS)
                    seen[answer.status_code] += 1
                    if answer.status_code == 503:
                        waits.add(answer.headers["retry-after"])
                        [error] = answer.json()["errors"]
                        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
                    await asyncio.sleep(0.02)

            async def until(ready: bool) -> None:
                async with asyncio.timeout(90):
                    while (await client.get("/readyz")).json()["ready"] is not ready:
                        await asyncio.sleep(0.1)

            async def answered(times: int) -> None:
                async with asyncio.timeout(90):
                    while seen[200] < times:
                        await asyncio.sleep(0.05)

            uri = address.replace("http", "ws") + "/graphql"
            listening = await connect(uri, subprotocols=[Subprotocol("graphql-transport-ws")])
            await listening.send(json.dumps({"type": "connection_init"}))
            await listening.recv()
            await listening.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": WATCH_KEYS}}))
            loads = [asyncio.create_task(load()) for _ in range(4)]
            await until(True)
            await answered(11)
            await asyncio.to_thread(server_script, "stop", home)
            await until(False)
            refused = await ask(client, CUSTOMERS)
            recorded = await ask(client, RECORD, events=[{"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00",
                                                          "customer": "ann"}])  # fmt: skip
            port = graph.uri.rpartition(":")[2]
            await asyncio.to_thread(
                server_script, "start", home, "--port", port, "--quick", password=graph.password or ""
            )
            await until(True)
            async with asyncio.timeout(90):
                while '"key":"ann"' not in (await ask(client, CUSTOMERS)).text:
                    await asyncio.sleep(0.1)
            ended.set()
            await asyncio.gather(*loads)
            async with asyncio.timeout(60):
                heard = json.loads(await listening.recv())
            await listening.close()
            async with asyncio.timeout(60):
                while "renmai_subscriptions 0.0" not in (metrics := (await client.get("/metrics")).text):
                    await asyncio.sleep(0.1)

            # Who listened before the graph went hears on the same socket what was recorded meanwhile.
            assert heard["payload"]["data"] == {"eventRecorded": {"customerKey": "ann", "customer": {"key": "ann"}}}
            assert "renmai_sockets 0.0" in metrics
            assert "renmai_store_away 0.0" in metrics
            # What was recorded while the graph was away is in the log, and in the graph once it is back.
            assert refused.status_code == 503
            assert recorded.json()["data"]["recordEvents"] == {"accepted": 1}
            assert set(seen) <= {200, 503}
            assert min(seen[200], seen[503]) > 10
            assert {int(wait) for wait in waits} <= set(range(1, 9))


async def test_a_server_that_is_stopped_brings_its_requests_to_an_end_and_tells_its_listeners(tmp_path: Path):
    with serving(tmp_path / "data") as (address, process):
        uri = address.replace("http", "ws") + "/graphql"
        stream = {"Accept": "text/event-stream"}
        async with (
            connect(uri, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
            httpx2.AsyncClient(base_url=address, timeout=60) as client,
            client.stream("POST", "/graphql", json={"query": WATCH}, headers=stream) as events,
        ):
            # Short messages go unpacked: a packer a socket would stay in memory.
            assert socket.response is not None
            assert "Sec-WebSocket-Extensions" not in socket.response.headers
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.recv()
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": WATCH}}))
            rows = [{"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": f"c{n}"} for n in range(2_000)]
            writing = asyncio.create_task(ask(client, RECORD, events=rows))
            # The request is under way when the server has read its body; a second one shows that it has.
            assert (await ask(client, "{ __typename }")).status_code == 200
            process.send_signal(signal.SIGTERM)
            answer = await writing
            told = "".join([part async for part in events.aiter_text()])
            with pytest.raises(ConnectionClosed) as closed:
                await emptied(socket)

        assert answer.json()["data"]["recordEvents"] == {"accepted": 2_000}
        assert "event: complete" not in told
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in {1001, 1012}
        assert await asyncio.to_thread(process.wait, 30) in {0, -signal.SIGTERM}


async def test_several_workers_share_one_graph_one_projector_and_one_feed(tmp_path: Path):
    with serving(tmp_path / "data", "--workers", "2") as (address, process):
        uri = address.replace("http", "ws") + "/graphql"
        async with httpx2.AsyncClient(base_url=address, timeout=120) as client:
            workers = await both_at_work(client, process.pid)
            sockets = [await connect(uri, subprotocols=[Subprotocol("graphql-transport-ws")]) for _ in range(8)]
            for socket in sockets:
                await socket.send(json.dumps({"type": "connection_init"}))
                await socket.recv()
                await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": WATCH}}))
            async with asyncio.timeout(60):
                while "renmai_subscriptions 8.0" not in (await client.get("/metrics")).text:
                    await asyncio.sleep(0.1)
            # A subscription is open a moment before it knows where the graph stands.
            await asyncio.sleep(1)
            event = {"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": "ann", "id": "e1"}
            recorded = await ask(client, RECORD, events=[event])
            async with asyncio.timeout(60):
                frames = [json.loads(await socket.recv()) for socket in sockets]
            for socket in sockets:
                await socket.close()
            for worker in workers[:1]:
                os.kill(worker, signal.SIGKILL)
            await both_at_work(client, process.pid, but=workers[:1])
            again = await ask(client, CUSTOMERS)

        assert recorded.json()["data"]["recordEvents"] == {"accepted": 1}
        assert [frame["payload"]["data"]["eventRecorded"]["eventId"] for frame in frames] == ["e1"] * 8
        assert again.json()["data"]["customers"]["nodes"] == [{"key": "ann"}]


async def emptied(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def both_at_work(client: httpx2.AsyncClient, parent: int, but: list[int] = []) -> list[int]:  # noqa: B006  read
    """The processes of two workers, once the server is ready."""
    async with asyncio.timeout(120):
        while True:
            found = [pid for pid in children(parent) if pid not in but and "spawn_main" in command(pid)]
            if len(found) == 2 and (await client.get("/readyz")).status_code == 200:
                return found
            await asyncio.sleep(0.2)


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
