"""Group commit: events of requests that come while others are written go into the log together, in one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.graphql.context import Refusal, Verdict

MOST_TOGETHER = 10_000
"""Events of one commit; a request that alone has more is a commit of its own."""
REST_SECONDS = 0.2
"""Between two commits, where several send at once: one costs nearly the same whether it brings one request or ten."""
Done = list[Verdict]


@dataclass(frozen=True, slots=True)
class Together:
    """Events that one request hands over, and which of them are known to be none."""

    events: Sequence[Mapping[str, Any]]
    received_at: datetime
    source: str
    refused: Mapping[int, Refusal]
    since: Mapping[int, int] = field(default_factory=dict[int, int])
    """Place → the version of the log since which nothing may have been said of the event's subject."""


Commit = Callable[[Sequence[Together]], Sequence[Done | Exception]]
"""Writes all of them in one commit, and says of each what became of it; in a thread of its own."""


class GroupedRecorder:
    """Records into the log off the event loop, and wakes who follows it. One commit is written at a time."""

    def __init__(
        self,
        commit: Commit,
        wake: Callable[[], None],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`wake` is called after every commit."""
        self._write = commit
        self._wake = wake
        self._now = now
        self._sleep = sleep
        self._waiting: list[tuple[Together, asyncio.Future[Done]]] = []
        self._working: asyncio.Task[None] | None = None

    async def record(
        self,
        events: Sequence[Mapping[str, Any]],
        source: str,
        refused: Mapping[int, Refusal],
        since: Mapping[int, int] | None = None,
    ) -> list[Verdict]:
        """A verdict for each event, in their order; what is ACCEPTED is in the log."""
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((Together(events, self._now(), source, refused, since or {}), done))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        """Writes until nothing waits; who sends one request after the other never waits for others to come."""
        try:
            while self._waiting:
                together = self._next()
                await self._commit(together)
                self._wake()
                if len(together) > 1 or self._waiting:
                    await self._sleep(REST_SECONDS)
        finally:
            self._working = None

    def _next(self) -> list[tuple[Together, "asyncio.Future[Done]"]]:
        """As many of those that wait as one commit takes, the first ones first."""
        total, taken = 0, 0
        for request, _ in self._waiting:
            total += len(request.events)
            if taken and total > MOST_TOGETHER:
                break
            taken += 1
        together, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return together

    async def _commit(self, together: Sequence[tuple[Together, "asyncio.Future[Done]"]]) -> None:
        requests = [request for request, _ in together]
        found: Sequence[Done | Exception]
        try:
            found = await asyncio.to_thread(self._write, requests)
        except Exception as error:  # noqa: BLE001  told to each who waits
            found = [error] * len(requests)
        for (_, done), one in zip(together, found, strict=True):
            # Who ran out of time does not wait any more; what they sent is in the log all the same.
            if not done.done():
                if isinstance(one, Exception):
                    done.set_exception(one)
                else:
                    done.set_result(one)
