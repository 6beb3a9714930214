"""Whether who was let in still may be, asked again while a socket or a stream stays open."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from api.graphql.context import Caller
from graph.errors import RenmaiError

LAPSED = "The API key or token has expired or was revoked."


async def lapsed(admit: Callable[[], Awaitable[Caller | None]], seconds: float) -> None:
    """Returns once `admit`, asked every so many seconds, lets nobody in."""
    while True:
        await asyncio.sleep(seconds)
        # Keys that cannot be read now were good a moment ago.
        with suppress(RenmaiError):
            if await admit() is None:
                return
