"""What the log gains, told to whoever listens once the graph has it: whichever loader or process recorded it.

One reading of the log serves all listeners. A listener that falls too far behind is ended: memory stays bounded.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field

import polars as pl
import structlog

from api.graphql.context import FellBehind, LogEvent, Wanted
from graph.errors import RenmaiError
from graph.log import EventLog

log = structlog.get_logger("renmai.feed")

MOST_WAITING = 10_000
"""Events that wait for one listener, and that one reading of the log may bring."""
POLL_SECONDS = 1.0
COLUMNS = tuple(LogEvent.__dataclass_fields__)


@dataclass(eq=False)
class _Listener:
    wanted: Wanted
    after: int
    """The version of the graph when the listener came: what is newer is told."""
    waiting: list[LogEvent] = field(default_factory=list[LogEvent])
    something: asyncio.Event = field(default_factory=asyncio.Event)
    fell_behind: bool = False

    def offer(self, events: Collection[LogEvent], *, overflow: bool) -> None:
        self.waiting += [event for event in events if event.log_version > self.after and self.wanted.fits(event)]
        if overflow or len(self.waiting) > MOST_WAITING:
            self.fell_behind = True
            self.waiting.clear()
        if self.waiting or self.fell_behind:
            self.something.set()


class Feed:
    """Tells listeners what the log gained; asks neither log nor graph while nobody listens."""

    def __init__(self, events: EventLog, projected: Callable[[], Awaitable[int]]) -> None:
        """`projected` says up to which version of the log the graph has followed."""
        self._log = events
        self._projected = projected
        self._listeners: set[_Listener] = set()
        self._woken = asyncio.Event()
        self._seen = 0

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def wake(self) -> None:
        """The graph may have followed: look now rather than within a second."""
        self._woken.set()

    async def listen(self, wanted: Wanted) -> AsyncGenerator[list[LogEvent]]:
        """What came since, in the order of the log, all that waits at a time; FellBehind where too much waits."""
        after = await self._projected()
        listener = _Listener(wanted, after)
        self._seen = min(self._seen, after) if self._listeners else after
        self._listeners.add(listener)
        try:
            while True:
                await listener.something.wait()
                if listener.fell_behind:
                    raise FellBehind(MOST_WAITING)
                listener.something.clear()
                events, listener.waiting = listener.waiting, []
                yield events
        finally:
            self._listeners.discard(listener)

    async def run(self) -> None:
        """Follows until it is cancelled; a failure is told once and tried again."""
        told = ""
        while True:
            self._woken.clear()
            try:
                if self._listeners:
                    await self.step()
                told = ""
            except RenmaiError as failure:
                if str(failure) != told:
                    log.warning("subscriptions wait", failure=str(failure))
                told = str(failure)
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def step(self) -> None:
        """Tells what the graph has followed since the last time."""
        version = await self._projected()
        if version <= self._seen:
            return
        wanted = [listener.wanted for listener in self._listeners]
        events = await asyncio.to_thread(read_events, self._log, self._seen, version, wanted)
        overflow = len(events) > MOST_WAITING
        for listener in list(self._listeners):
            listener.offer(() if overflow else events, overflow=overflow)
        self._seen = version


def read_events(events: EventLog, after: int, up_to: int, wanted: Collection[Wanted]) -> list[LogEvent]:
    """What versions above `after` brought that anybody wants, in order; at most one more than may wait."""
    rows = events.scan(after=after, up_to=up_to).filter(_any_wants(wanted)).select(COLUMNS).head(MOST_WAITING + 1)
    return [LogEvent(**row) for row in rows.collect().sort("log_version", "at", "id").iter_rows(named=True)]


def _any_wants(wanted: Collection[Wanted]) -> pl.Expr:
    if any(one.kinds is None and one.customers is None for one in wanted):
        return pl.lit(value=True)
    kinds = sorted({kind for one in wanted for kind in one.kinds or ()})
    customers = sorted({key for one in wanted for key in one.customers or ()})
    return pl.col("kind").is_in(kinds) | pl.col("customer").is_in(customers) | pl.col("referrer").is_in(customers)
