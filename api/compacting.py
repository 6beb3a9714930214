"""The log kept in few files while the server runs: every commit leaves a small one, and readers open them all."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from graph.errors import RenmaiError
from graph.log import EventLog

log = structlog.get_logger("renmai.log")

LOOK_SECONDS = 10.0
MOST_SMALL_FILES = 64
"""Beyond one a day. Joining them costs writers about a tenth of a second; the rows and their versions stay."""


async def compacting(
    events: EventLog, most: int = MOST_SMALL_FILES, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Joins small files whenever there are too many, until it is cancelled; a failure is told and tried again."""
    while True:
        await sleep(LOOK_SECONDS)
        try:
            done = await asyncio.to_thread(events.compact_if_scattered, most)
        except RenmaiError as failure:
            log.warning("the log was not compacted", reason=str(failure))
        else:
            if done:
                log.debug("the log was compacted", files_before=done.files_before, files_after=done.files_after)
