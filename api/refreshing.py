"""Scores kept fresh while the server runs: every so many minutes, what later events touch is scored again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from graph.errors import RenmaiError

log = structlog.get_logger("renmai.scores")

SECONDS_A_MINUTE = 60


async def refreshing(
    refresh: Callable[[], Awaitable[Sequence[str]]],
    minutes: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Refreshes until it is cancelled, at first after one pause; a failure is told and tried again next time."""
    while True:
        await sleep(minutes * SECONDS_A_MINUTE)
        try:
            started = await refresh()
        except RenmaiError as failure:
            log.warning("refresh failed", reason=str(failure))
        else:
            log.info("refresh begun", runs=len(started))
