"""The sandbox: generated data behind the same endpoint, for keys that try things out.

It is a data folder of its own inside the data folder, always on the embedded engine: a log, a graph, scores, exports,
webhooks, kept answers and partners' ids that nothing real ever enters. A key of the sandbox reads and writes there
alone.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from contextvars import Context as Variables
from dataclasses import dataclass
from pathlib import Path

from api.exports import BackgroundExports
from api.graphql.context import Services
from api.projecting import Follower
from api.settings import Settings
from graph.errors import StoreUnavailable
from graph.log import EventLog
from graph.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """What is open of one data folder: the retailer's own, or the sandbox."""

    store: Store
    log: EventLog
    follower: Follower
    exports: BackgroundExports
    services: Services


def sandbox_settings(settings: Settings) -> Settings:
    """The settings of the sandbox: everything as it is, on data of its own."""
    own: dict[str, object] = {"data": settings.data / "sandbox", "neo4j_uri": None, "refresh_minutes": 0.0}
    return settings.model_copy(update={**own, "project": True})


def made_file(settings: Settings) -> Path:
    """Stands in the sandbox once all of its data does; `settings` are the sandbox's own."""
    return settings.data / "made.json"


class Sandbox:
    """Opens the sandbox for the first caller who needs it: a server that nobody tries out starts no second engine."""

    def __init__(self, settings: Settings, opener: Callable[[Settings], AbstractAsyncContextManager[World]]) -> None:
        """`settings` are the server's; `opener` opens the world of a data folder."""
        self._settings = sandbox_settings(settings)
        self._opener = opener
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[World] | None = None

    async def open(self) -> None:
        """Returns once it answers. StoreUnavailable where it was never made, or its engine does not start."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            # Whoever asks first may hang up, and is not who the work in the background is done for.
            self._opening = asyncio.create_task(self._open(), context=Variables())
        await asyncio.shield(self._opening)

    def world(self) -> World:
        """What is open; `open` came before."""
        if self._opening is None:
            raise StoreUnavailable("The sandbox is not open.")
        return self._opening.result()

    async def close(self) -> None:
        """Ends what is under way."""
        if self._opening and not self._opening.done():
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await self._stack.aclose()

    async def _open(self) -> World:
        if not made_file(self._settings).is_file():
            raise StoreUnavailable("The sandbox has no data: `renmai keys create --sandbox` makes them.")
        return await self._stack.enter_async_context(self._opener(self._settings))
