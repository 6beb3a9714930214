"""The cheapest client there can be: kept connections that ask a GraphQL server one question after the other."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import psutil


class Connection(asyncio.Protocol):
    """One kept HTTP/1.1 connection."""

    def __init__(self) -> None:
        self._read = bytearray()
        self._whole: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way out."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if not self._whole.done():
            self._whole.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Collects until the answer is complete."""
        self._read += data
        body = _body(self._read)
        if body is not None:
            self._read.clear()
            self._whole.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer to one request."""
        self._whole = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._whole

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


def _body(read: bytearray) -> bytes | None:
    """The body of a complete answer; None before."""
    end = read.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, rest = read[:end].lower(), read[end + 4 :]
    assert head.startswith(b"http/1.1 200"), bytes(read[:2000])
    place = head.find(b"content-length:")
    if place >= 0:
        return bytes(rest) if len(rest) >= int(head[place + 15 :].split(b"\r\n", 1)[0]) else None
    if not rest.endswith(b"0\r\n\r\n"):
        return None
    parts: list[bytes] = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        parts.append(bytes(rest[: int(size, 16)]))
        rest = rest[int(size, 16) + 2 :]
    return b"".join(parts)


async def connected(port: int) -> Connection:
    """A connection to a server of this machine."""
    return (await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port))[1]


def request(query: str, variables: dict[str, Any], more: str = "") -> bytes:
    """A question as it is sent."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        f"{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def data_of(body: bytes) -> dict[str, Any]:
    """The data of an answer without errors."""
    told = json.loads(body)
    assert "errors" not in told, told["errors"]
    return told["data"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One round: how long each answer took, how long all took, the CPU time of the process that answered."""

    milliseconds: list[float]
    seconds: float
    cpu_seconds: float

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """CPU time of an answer."""
        return self.cpu_seconds / len(self.milliseconds) * 1e3

    def percentile(self, part: float) -> float:
        """Of the milliseconds."""
        return float(np.percentile(self.milliseconds, part))


async def asked_once(port: int, question: bytes) -> bytes:
    """The body of the answer to one request over a connection of its own."""
    connection = await connected(port)
    try:
        return await connection.ask(question)
    finally:
        connection.close()


async def round_of(port: int, clients: int, make: Callable[[], bytes], seconds: float, pid: int) -> Taken:
    """Asks over so many connections at once, for so long; each asks again as soon as it was answered.

    They are opened before the clock starts and for this round alone: servers hang up on a connection that waits for the
    other server's round to end.
    """
    connections = [await connected(port) for _ in range(clients)]
    try:
        return await _asked(connections, make, seconds, pid)
    finally:
        for connection in connections:
            connection.close()


async def _asked(connections: list[Connection], make: Callable[[], bytes], seconds: float, pid: int) -> Taken:
    process, taken = psutil.Process(pid), list[float]()
    before, start = _cpu(process), time.perf_counter()
    until = start + seconds

    async def asks(connection: Connection) -> None:
        while (begun := time.perf_counter()) < until:
            body = await connection.ask(make())
            taken.append((time.perf_counter() - begun) * 1e3)
            assert b'"errors"' not in body[:20], body[:500]

    await asyncio.gather(*(asks(connection) for connection in connections))
    return Taken(taken, time.perf_counter() - start, _cpu(process) - before)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
