"""What the log gains, told to whoever listens once the graph has it: whichever loader or process recorded it.

One reading of the log serves all listeners. A listener that falls too far behind is ended: memory stays bounded.
"""

import asyncio
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby

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
    waiting: deque[list[LogEvent]] = field(default_factory=deque[list[LogEvent]])
    size: int = 0
    something: asyncio.Event = field(default_factory=asyncio.Event)
    fell_behind: bool = False

    def offer(self, events: list[LogEvent]) -> None:
        if self.fell_behind:
            return
        self.waiting.append(events)
        self.size += len(events)
        if self.size > MOST_WAITING:
            self.end()
        self.something.set()

    def end(self) -> None:
        self.fell_behind, self.size = True, 0
        self.waiting.clear()
        self.something.set()

    def take(self) -> list[LogEvent]:
        events = self.waiting.popleft()
        self.size -= len(events)
        return events


class _Listeners:
    """Who listens, found by what an event is: however many listen, an event costs what those cost who want it."""

    def __init__(self) -> None:
        self.all: set[_Listener] = set()
        self._by: defaultdict[tuple[str, str | None], set[_Listener]] = defaultdict(set)

    def add(self, listener: _Listener) -> None:
        self.all.add(listener)
        for place in _places(listener.wanted):
            self._by[place].add(listener)

    def discard(self, listener: _Listener) -> None:
        self.all.discard(listener)
        for place in _places(listener.wanted):
            self._by[place].discard(listener)
            if not self._by[place]:
                del self._by[place]

    def wanting(self, event: LogEvent) -> set[_Listener]:
        """Those whose `Wanted` fits."""
        names = (_EVERYTHING, ("kind", event.kind), ("customer", event.customer), ("customer", event.referrer))
        return set[_Listener]().union(*(self._by[name] for name in names if name in self._by))


_EVERYTHING = ("all", "")


def _places(wanted: Wanted) -> Iterable[tuple[str, str]]:
    if wanted.customers is not None:
        return [("customer", key) for key in wanted.customers]
    return [_EVERYTHING] if wanted.kinds is None else [("kind", kind) for kind in wanted.kinds]


class Feed:
    """Tells listeners what the log gained; asks neither log nor graph while nobody listens."""

    def __init__(self, events: EventLog, projected: Callable[[], Awaitable[int]]) -> None:
        """`projected` says up to which version of the log the graph has followed."""
        self._log = events
        self._projected = projected
        self._listeners = _Listeners()
        self._woken = asyncio.Event()
        self._seen = 0
        self._reading = 0
        self._cuts: set[int] = set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners.all)

    def wake(self) -> None:
        """The graph may have followed: look now rather than within a second."""
        self._woken.set()

    async def joined(self) -> int:
        """The version of the log after which somebody hears who comes now; no delivery lies astride it."""
        # What is told or being read already is not told again because one look at the graph was late.
        after = max(await self._projected(), self._seen, self._reading)
        self._cuts.add(after)
        return after

    async def listen(self, wanted: Wanted) -> AsyncGenerator[list[LogEvent]]:
        """What came since, in the order of the log, a delivery for each look at it; FellBehind where too much waits."""
        after = await self.joined()
        listener = _Listener(wanted, after)
        if not self.listeners:
            self._seen = after
        self._listeners.add(listener)
        try:
            while True:
                await listener.something.wait()
                while listener.waiting:
                    yield listener.take()
                if listener.fell_behind:
                    raise FellBehind(MOST_WAITING)
                listener.something.clear()
        finally:
            self._listeners.discard(listener)

    async def run(self) -> None:
        """Follows until it is cancelled; a failure is told once and tried again."""
        told = ""
        while True:
            self._woken.clear()
            try:
                if self.listeners:
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
        version, seen = await self._projected(), self._seen
        if version <= seen:
            return
        self._reading = version
        wanted = [listener.wanted for listener in self._listeners.all]
        events = await asyncio.to_thread(read_events, self._log, seen, version, wanted)
        if len(events) > MOST_WAITING:
            for listener in self._listeners.all:
                listener.end()
        else:
            self._tell(events)
        self._seen = max(self._seen, version)
        self._cuts = {cut for cut in self._cuts if cut > self._seen}

    def _tell(self, events: list[LogEvent]) -> None:
        """To each listener what it wants, in as many deliveries as somebody has joined in between."""
        cuts = sorted(self._cuts)
        for _, group in groupby(events, key=lambda event: bisect_left(cuts, event.log_version)):
            shares: defaultdict[_Listener, list[LogEvent]] = defaultdict(list)
            for event in group:
                for listener in self._listeners.wanting(event):
                    if event.log_version > listener.after:
                        shares[listener].append(event)
            for listener, own in shares.items():
                listener.offer(own)


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
