"""Opening the store that the settings name."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from graph.store.config import StoreConfig
from graph.store.store import Store


@asynccontextmanager
async def open_store(config: StoreConfig) -> AsyncGenerator[Store]:
    """The store, reached and ready; it is closed behind the block, and the embedded server with it if it is ours.

    StoreUnavailable says in a line why it cannot be reached, within about ten seconds.
    """
    # The driver takes seconds to import where pandas is installed: only who opens a store waits for it.
    from graph.store.backends import open_embedded, open_neo4j

    store = await (open_embedded(config) if config.uri is None else open_neo4j(config, config.uri))
    try:
        yield store
    finally:
        await store.close()
