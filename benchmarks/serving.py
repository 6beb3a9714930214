"""A served Renmai with a small shop, and the leanest clients that can measure it: for benchmarks of the API."""

import asyncio
import base64
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

RENMAI = Path(sys.executable).with_name("renmai")
ROOT = Path(__file__).parents[1]

IDLE_SECONDS = 3
"""The server closes a connection over which nothing was asked for five seconds."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where it answers, who may ask, and which processes it is."""

    host: str
    port: int
    key: str
    pid: int
    store: str
    environment: dict[str, str]
    store_pid: int | None
    """The Neo4j's; the embedded engine is a child of the server."""


@contextmanager
def graph_of(kind: str, folder: Path) -> Generator[dict[str, str]]:
    """The settings that lead to a store of this kind: a Neo4j of our own, or nothing for the embedded engine."""
    if kind == "embedded":
        yield {}
        return
    home, password = folder / "neo4j", secrets.token_urlsafe(12)
    script = [sys.executable, str(ROOT / "scripts" / "neo4j_server.py")]
    environment = {**os.environ, "NEO4J_PASSWORD": password}
    command = [*script, "start", "--home", str(home), "--port", "0"]
    begun = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    try:
        yield {"NEO4J_URI": begun.stdout.strip(), "NEO4J_USER": "neo4j", "NEO4J_PASSWORD": password}
    finally:
        subprocess.run([*script, "stop", "--home", str(home)], env=environment, check=True, capture_output=True)


@contextmanager
def served(kind: str, folder: Path, *, customers: int, workers: int = 1) -> Generator[Served]:
    """A small shop, loaded and its chains scored, behind `renmai serve` on a free port."""
    with graph_of(kind, folder) as graph:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RENMAI_", "NEO4J_"))}
        environment = {**kept, **graph, "RENMAI_DATA": str(folder / "data"), "COLUMNS": "200", "NO_COLOR": "1"}

        def renmai(*arguments: str) -> str:
            done = subprocess.run([RENMAI, *arguments], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stderr)
            return done.stdout

        renmai("load", str(_shop(folder / "shop.jsonl", customers)))
        renmai("score", "chains", "--slot", "00:00-24:00", "--gap", "next_day", "--day-kind", "any")
        key = next(word for word in renmai("keys", "create", "load", "--scope", "read", "--scope", "write").split()
                   if word.startswith("rk_"))  # fmt: skip
        command = [RENMAI, "serve", "--port", "0", "--workers", str(workers)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                address = process.stdout.readline().split()[1].removeprefix("http://").rstrip("/")
                host, port = address.split(":")
                home = folder / "neo4j" / "run" / "server.json"
                store_pid = int(json.loads(home.read_text())["pid"]) if graph else None
                yield Served(host, int(port), key, process.pid, kind, environment, store_pid)
            finally:
                process.terminate()
                process.wait(timeout=60)


def _shop(file: Path, customers: int) -> Path:
    """Eight weeks of a shop: coffee on two days of each week and tea on the day after; now and then bread."""
    now, draw = datetime.now(UTC), random.Random(2026)
    profile = {"kind": "profile", "at": (now - timedelta(days=90)).isoformat()}
    rows: list[dict[str, Any]] = [
        *({**profile, "product": one, "properties": {"category": one}} for one in ("coffee", "tea", "bread")),
        {**profile, "store": "west", "properties": {"name": "West", "time_zone": "Asia/Shanghai"}},
    ]
    for number in range(customers):
        customer = f"c{number:05}"
        registered = (now - timedelta(days=80)).isoformat()
        rows.append({"kind": "register", "at": registered, "customer": customer, "properties": {"name": f"N{number}"}})
        for week in range(1, 9):
            for place in draw.sample(range(7), 2):
                day = now - timedelta(days=7 * week + place)
                rows.append(_line(customer, day, "coffee"))
                rows.append(_line(customer, day + timedelta(days=1), "tea"))
            rows.append(_line(customer, now - timedelta(days=7 * week + draw.randrange(7)), "bread"))
    file.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    return file


def _line(customer: str, at: datetime, product: str) -> dict[str, Any]:
    return {"kind": "purchase", "at": at.isoformat(), "customer": customer, "product": product, "store": "west",
            "order": f"{customer}-{product}-{at:%m%d}", "quantity": 1, "amount": "18.00"}  # fmt: skip


def opening(customer: str, order: str) -> dict[str, Any]:
    """A purchase that opens the chain from coffee to the tea of the next day, whenever it is measured."""
    return {**_line(customer, datetime.now(UTC), "coffee"), "kind": "PURCHASE", "order": order, "id": order}


def other(kind: str) -> dict[str, Any]:
    """What an event of another kind must say beside who and when."""
    named = {"VISIT": {"store": "west"}, "FAVOURITE": {"product": "tea"}}
    return {"kind": kind, **named.get(kind, {})}


class Asker:
    """One connection over which requests go, one after the other."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to one operation; anything but 200 is raised."""
        body = msgspec.json.encode({"query": query, "variables": variables or {}})
        return msgspec.json.decode(await self.exchange("POST", "/graphql", body))

    async def exchange(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of an answer with the status 200."""
        reader, writer = await self._connected()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._served.host}\r\nAuthorization: Bearer {self._served.key}\r\n"
            f"Content-Type: application/json\r\nAccept: application/graphql-response+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(told.split("content-length: ")[1].split("\r\n")[0])
        answer = await reader.readexactly(size)
        if " 200 " not in told.split("\r\n")[0]:
            raise RuntimeError(f"{told.splitlines()[0]}: {answer[:300]!r}")
        return answer

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        before, self._used = self._used, time.monotonic()
        if self._streams is None or self._used - before > IDLE_SECONDS:
            self.close()
            self._streams = await asyncio.open_connection(self._served.host, self._served.port)
        return self._streams

    def close(self) -> None:
        """Hangs up."""
        if self._streams:
            self._streams[1].close()


async def socket_messages(served: Served, query: str, variables: dict[str, Any]) -> AsyncGenerator[bytes]:
    """What comes over a web socket for one subscription, each message's JSON as it is; a close is raised."""
    reader, writer = await asyncio.open_connection(served.host, served.port)
    nonce = base64.b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET /graphql HTTP/1.1\r\nHost: {served.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    init = {"type": "connection_init", "payload": {"X-API-Key": served.key}}
    asked = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
    for frame in (init, asked):
        writer.write(_frame(1, json.dumps(frame).encode()))
    try:
        while True:
            kind, body = await _read_frame(reader)
            if kind == 9:
                writer.write(_frame(10, body))
            elif kind == 8:
                raise ConnectionError(f"closed with {int.from_bytes(body[:2])}: {body[2:].decode()}")
            elif body.startswith(b'{"id"'):
                if b'"type":"next"' not in body[:40]:
                    raise ConnectionError(body.decode())
                yield body
    finally:
        writer.close()


def _frame(kind: int, body: bytes) -> bytes:
    """A frame of a client: masked, with a mask that changes nothing."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0x80 | 126]) + len(body).to_bytes(2)
    return bytes([0x80 | kind]) + size + bytes(4) + body


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(2)
    size = head[1]
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    return head[0] & 15, await reader.readexactly(size)


async def stream_messages(served: Served, query: str, variables: dict[str, Any]) -> AsyncGenerator[bytes]:
    """What comes as server-sent events for one subscription."""
    reader, writer = await asyncio.open_connection(served.host, served.port)
    body = json.dumps({"query": query, "variables": variables}).encode()
    writer.write(
        f"POST /graphql HTTP/1.1\r\nHost: {served.host}\r\nX-API-Key: {served.key}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    try:
        while line := await reader.readline():
            if line.startswith(b"data: "):
                yield line[6:]
            elif line.startswith(b"event: complete"):
                break
        raise ConnectionError("the stream ended")
    finally:
        writer.close()


@asynccontextmanager
async def askers(served: Served, count: int) -> AsyncGenerator[asyncio.Queue[Asker]]:
    """Connections that are free, to be put back after use."""
    free: asyncio.Queue[Asker] = asyncio.Queue()
    all_of_them = [Asker(served) for _ in range(count)]
    for one in all_of_them:
        free.put_nowait(one)
    try:
        yield free
    finally:
        for one in all_of_them:
            one.close()
