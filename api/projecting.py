"""The projector of a serving process: the graph follows the log within a second or two."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from graph.errors import RenmaiError

log = structlog.get_logger("renmai.projector")

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
REST_SECONDS = 0.25
"""Between two projections: one costs nearly the same whether it brings one commit or ten."""


class Follower:
    """Projects whenever the log has a version that the graph lacks: at once when woken, else within a second."""

    def __init__(
        self,
        version: Callable[[], int],
        project: Callable[[], Awaitable[int]],
        leads: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`version` is the log's newest; `project` brings the graph up and says up to which version.

        Of several processes that serve, the one that `leads` projects; when it ends another one does.
        """
        self._version = version
        self._project = project
        self._leads = leads
        self._sleep = sleep
        self._woken = asyncio.Event()
        self._seen = -1
        self.failure: str | None = None

    def wake(self) -> None:
        """Something was recorded."""
        self._woken.set()

    async def run(self) -> None:
        """Follows until it is cancelled; a failure is told once, and tried again with growing pauses."""
        pause = POLL_SECONDS
        while True:
            self._woken.clear()
            try:
                if await asyncio.to_thread(self._leads) and await asyncio.to_thread(self._version) != self._seen:
                    self._seen = await self._project()
                self.failure, pause = None, POLL_SECONDS
            except RenmaiError as failure:
                if str(failure) != self.failure:
                    log.warning("the graph does not follow the log", failure=str(failure))
                self.failure, pause = str(failure), min(2 * pause, LONGEST_PAUSE_SECONDS)
            except Exception as error:
                log.error("the projector failed", exc_info=error)
                self.failure, pause = "internal error: see the log", min(2 * pause, LONGEST_PAUSE_SECONDS)
            await self._sleep(REST_SECONDS)
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                continue
