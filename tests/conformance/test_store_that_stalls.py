"""A store that is slow or stalls: told in time, nothing is left behind, and it goes on when the store does."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from graph.errors import QueryRefused
from graph.store import StoreConfig, cypher, open_store
from tests.conftest import Neo4jServer

pytestmark = pytest.mark.neo4j
ONE = cypher("RETURN 1 AS one")
UNDER_WAY = cypher("SHOW TRANSACTIONS YIELD currentQuery AS query RETURN query")


class Wire:
    """What lies between a program and its store; while it is cut, nothing arrives and nothing is refused."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._runs = asyncio.Event()
        self._runs.set()
        self.delay = 0.0
        self.connections = 0

    def stall(self) -> None:
        self._runs.clear()

    def go_on(self) -> None:
        self._runs.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self.connections += 1
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._one_way(reader, far_writer, 0.0))
                both.create_task(self._one_way(far_reader, writer, None))
        finally:
            self.connections -= 1
            writer.close()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float | None) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._runs.wait()
                await asyncio.sleep(self.delay if delay is None else delay)
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def between(server: Neo4jServer) -> AsyncGenerator[tuple[Wire, StoreConfig]]:
    """A wire to the server, and how a program reaches it over that."""
    address = urlsplit(server.uri)
    wire = Wire(address.hostname or "", address.port or 0)
    listening = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    async with listening:
        uri = f"bolt://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield wire, StoreConfig(Path("unused"), uri, server.user, server.password)
        async with asyncio.timeout(20):
            while wire.connections:
                await asyncio.sleep(0.01)


async def test_a_store_that_stalls_is_given_up_in_time_and_used_again_when_it_goes_on(
    neo4j_server: Neo4jServer,
) -> None:
    async with between(neo4j_server) as (wire, config), open_store(config) as store:
        assert await store.read(ONE) == [{"one": 1}]
        wire.stall()
        begun = time.monotonic()
        asked = [asyncio.create_task(store.read(ONE, timeout_seconds=0.1)) for _ in range(20)]
        told = await asyncio.gather(*asked, return_exceptions=True)

        assert time.monotonic() - begun < 20
        assert [type(one) for one in told] == [QueryRefused] * 20
        assert {str(one).split(":")[0] for one in told} == {"The statement ran out of time (0.1 s)"}
        wire.go_on()
        assert await store.read(ONE) == [{"one": 1}]
        async with asyncio.timeout(20):
            # None of those given up still holds a connection, in the program or in the database.
            while wire.connections > 1 or len(await store.read(UNDER_WAY)) > 1:
                await asyncio.sleep(0.05)


async def test_a_slow_store_is_waited_for(neo4j_server: Neo4jServer) -> None:
    async with between(neo4j_server) as (wire, config), open_store(config) as store:
        wire.delay = 0.3

        assert await asyncio.gather(*(store.read(ONE) for _ in range(5))) == [[{"one": 1}]] * 5


async def test_who_hangs_up_while_the_store_stalls_leaves_no_connection_behind(neo4j_server: Neo4jServer) -> None:
    async with between(neo4j_server) as (wire, config), open_store(config) as store:
        wire.stall()
        asked = [asyncio.create_task(store.read(ONE)) for _ in range(20)]
        await asyncio.sleep(0.2)
        for one in asked:
            one.cancel()
        done = await asyncio.gather(*asked, return_exceptions=True)
        wire.go_on()

        assert all(isinstance(one, asyncio.CancelledError) for one in done)
        assert await store.read(ONE) == [{"one": 1}]
        async with asyncio.timeout(20):
            while wire.connections > 1:
                await asyncio.sleep(0.05)
