"""Making the store out of its parts: the driver, the logins and the engine behind them."""

import asyncio

from graph.store.bolt_backend import BoltBackend
from graph.store.config import StoreConfig
from graph.store.connection import Login, connect
from graph.store.embedded_backend import EmbeddedBackend
from graph.store.embedded_home import Home
from graph.store.embedded_process import Server, start_or_join
from graph.store.embedded_users import OWNER, READER
from graph.store.failures import shown
from graph.store.session import Channel
from graph.store.store import Store


async def open_neo4j(config: StoreConfig, uri: str) -> Store:
    """A store on the Neo4j at `uri`."""
    driver = await connect(uri, Login(config.user, config.password), config.database)
    channel = Channel(driver, "neo4j", shown(uri), config.user, config.database)
    return Store(channel, channel, BoltBackend(channel))


async def open_embedded(config: StoreConfig) -> Store:
    """A store on the embedded engine of the data folder."""
    server = await asyncio.to_thread(start_or_join, Home(config.data.absolute() / "graph"))
    try:
        return await _join(server)
    except BaseException:
        await asyncio.to_thread(server.close)
        raise


async def _join(server: Server) -> Store:
    uri = f"bolt://127.0.0.1:{server.serving.bolt_port}"
    passwords = server.home.passwords()
    reading = await connect(uri, Login(READER, passwords.reader))
    try:
        writing = await connect(uri, Login(OWNER, passwords.owner))
    except BaseException:
        await reading.close()
        raise
    # The engine does not enforce READ mode, so reading is a user who may do nothing else.
    reader = Channel(reading, "embedded", uri, READER, None)
    writer = Channel(writing, "embedded", uri, OWNER, None)
    return Store(reader, writer, EmbeddedBackend(server, reader, writer))
