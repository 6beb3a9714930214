"""Watches the log, the graph and the runs, whoever changes them, and posts what webhooks want to be told.

How far each was told stands in the book, so that a restart neither loses nor repeats anything, and of several processes
one tells it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import structlog

from api.feed import MOST_WAITING, read_events
from api.graphql.context import InfluenceComparing, LogEvent, Wanted
from api.webhooks.book import WebhookBook
from api.webhooks.chain_news import chain_news, steps_skipped
from api.webhooks.influence_news import influence_news
from api.webhooks.records import Message
from api.webhooks.topics import Topic, events_message, message
from graph.algorithms.chains import EVERY_WEEK_ALIKE, Calendar
from graph.errors import RenmaiError
from graph.log import EventLog
from graph.queries.chain_behaviours import known_behaviours
from graph.queries.overview import projected_version
from graph.queries.paging import Slice
from graph.queries.reader import Reader
from graph.queries.run import RunRow, current_runs, runs
from graph.queries.score_run import RunKind

log = structlog.get_logger("renmai.webhooks")

POLL_SECONDS = 1.0
RUNS_AT_ONCE = 50
EVENTS_A_MESSAGE = 100
CHANGES, STEPS = "changes", "steps"
BEHIND_AFTER = timedelta(minutes=1)
_RUN_TOPICS = {"succeeded": Topic.RUN_PUBLISHED, "failed": Topic.RUN_FAILED}


@dataclass
class Teller:
    """Tells what happened since the last step; each kind of news on its own, so that one that fails stops no other."""

    book: WebhookBook
    events: EventLog
    reader: Reader
    changes: InfluenceComparing
    zone: ZoneInfo
    calendar: Calendar = EVERY_WEEK_ALIKE
    behind_since: datetime | None = field(default=None, init=False)
    followed: int = field(default=0, init=False)
    is_alarmed: bool = field(default=False, init=False)

    async def begin(self, now: datetime) -> None:
        """What happens from now on is told."""
        await self._since("runs", now.isoformat())
        await self._since("events", str(await projected_version(self.reader)))

    async def run(self, wake: Callable[[], None], now: Callable[[], datetime]) -> None:
        """Tells until it is cancelled; what cannot be told now is told later."""
        while True:
            try:
                await self.step(now())
                wake()
            except Exception as error:
                log.error("webhooks are not told", exc_info=error)
            await asyncio.sleep(POLL_SECONDS)

    async def step(self, now: datetime) -> None:
        """One look at everything; nothing is read that nobody wants."""
        hooks = await asyncio.to_thread(self.book.wanted)
        topics = {topic for hook in hooks for topic in hook.topics}
        kinds = {kind for hook in hooks if Topic.EVENTS_RECORDED in hook.topics for kind in hook.kinds}
        with suppress(RenmaiError):  # the store is away: the alarm below says so, and the next step tells the rest
            if topics & set(_RUN_TOPICS.values()):
                await self._tell_runs(now)
            await self._tell_steps(Topic.CHAIN_STEPS_REACHED in topics, now)
            await self._tell_events(kinds, now)
            await self._tell_changes(Topic.INFLUENCE_CHANGED in topics, now)
        if topics & {Topic.GRAPH_BEHIND, Topic.GRAPH_CAUGHT_UP}:
            await self._watch_graph(now)

    async def _tell_runs(self, now: datetime) -> None:
        since = await self._since("runs", now.isoformat())
        page = await runs(self.reader, {}, Slice(RUNS_AT_ONCE))
        ended = [
            row for entry in page.entries if (row := entry.row).finished_at and row.finished_at.isoformat() > since
        ]
        if not ended:
            return
        last = max(row.finished_at.isoformat() for row in ended if row.finished_at)
        told = [_run_message(row, now) for row in ended if row.state in _RUN_TOPICS]
        await asyncio.to_thread(self.book.post, told, now, told=("runs", since, last))

    async def _tell_events(self, kinds: set[str], now: datetime) -> None:
        version = await projected_version(self.reader)
        since = await self._since("events", str(version))
        if version <= int(since):
            return
        told: list[Message] = []
        if kinds:
            wanted = [Wanted(kinds=frozenset(kinds))]
            found = await asyncio.to_thread(read_events, self.events, int(since), version, wanted)
            told = _event_messages(found, now) if len(found) <= MOST_WAITING else [_skipped(int(since), version, now)]
        await asyncio.to_thread(self.book.post, told, now, told=("events", since, str(version)))

    async def _tell_steps(self, is_wanted: bool, now: datetime) -> None:
        """The chains that were opened or led on since this was last told."""
        if not is_wanted:
            await asyncio.to_thread(self.book.forget, STEPS)
            return
        what, version = f"{STEPS} reached", await projected_version(self.reader)
        # Nothing is missed between the last look and this one, before which somebody has asked.
        since = await self._since(what, await asyncio.to_thread(self.book.told, "events") or str(version))
        if version <= int(since):
            return
        kinds = await known_behaviours(self.reader)
        found = await asyncio.to_thread(read_events, self.events, int(since), version, [Wanted(kinds)])
        if len(found) > MOST_WAITING:
            told = [steps_skipped(int(since), version, now)]
        else:
            told = await chain_news(self.reader, found, kinds, f"{since} {version}", now, self.zone, self.calendar)
        await asyncio.to_thread(self.book.post, told, now, told=(what, since, str(version)))

    async def _tell_changes(self, is_wanted: bool, now: datetime) -> None:
        """Each current run of influence beside the one that was current when this was last told."""
        if not is_wanted:
            # Whoever asks later is told what changes from then on.
            await asyncio.to_thread(self.book.forget, CHANGES)
            return
        for scope, run in (await current_runs(self.reader, RunKind.INFLUENCE)).items():
            what = f"{CHANGES} {scope}"
            before = await self._since(what, run)
            if run != before:
                told = await influence_news(self.changes, before, run, scope, now)
                await asyncio.to_thread(self.book.post, told, now, told=(what, before, run))

    async def _watch_graph(self, now: datetime) -> None:
        recorded = await asyncio.to_thread(lambda: self.events.version)
        failure = None
        try:
            self.followed = await projected_version(self.reader)
        except RenmaiError as error:
            failure = str(error)
        if failure is None and self.followed >= recorded:
            since, self.behind_since = self.behind_since, None
            if since and self.is_alarmed:
                self.is_alarmed = False
                data = {"logVersion": recorded, "graphVersion": self.followed}
                await self._post(message(Topic.GRAPH_CAUGHT_UP, f"{since:%Y-%m-%dT%H:%M}", now, data), now)
            return
        self.behind_since = self.behind_since or now
        if not self.is_alarmed and now - self.behind_since >= BEHIND_AFTER:
            self.is_alarmed = True
            data = {"logVersion": recorded, "graphVersion": self.followed, "failure": failure}
            await self._post(message(Topic.GRAPH_BEHIND, f"{self.behind_since:%Y-%m-%dT%H:%M}", now, data), now)

    async def _post(self, one: Message, now: datetime) -> None:
        await asyncio.to_thread(self.book.post, [one], now)

    async def _since(self, what: str, otherwise: str) -> str:
        """How far it was told; what happened before anybody looked is never told."""
        since = await asyncio.to_thread(self.book.told, what)
        if since is None:
            await asyncio.to_thread(self.book.begin, what, otherwise)
        return since or otherwise


def _run_message(row: RunRow, now: datetime) -> Message:
    data = {
        "run": row.key,
        "kind": row.kind,
        "scope": row.scope,
        "algorithm": row.algorithm,
        "algorithmVersion": row.algorithm_version,
        "logVersion": row.log_version,
        "asOf": row.as_of,
        "customers": row.customer_count,
        "isCurrent": row.is_current,
        "failure": row.failure,
    }
    return message(_RUN_TOPICS[row.state], row.key, now, data)


def _event_messages(events: Sequence[LogEvent], now: datetime) -> list[Message]:
    told: list[Message] = []
    for _, group in groupby(sorted(events, key=_by_version), key=_by_version):
        together = list(group)
        chunks = range(0, len(together), EVENTS_A_MESSAGE)
        told += [events_message(together[start : start + EVENTS_A_MESSAGE], now) for start in chunks]
    return told


def _by_version(event: LogEvent) -> tuple[int, str]:
    return event.log_version, event.kind


def _skipped(since: int, version: int, now: datetime) -> Message:
    data = {"afterLogVersion": since, "logVersion": version, "reason": f"more than {MOST_WAITING:,} events at once"}
    return message(Topic.EVENTS_SKIPPED, f"{since} {version}", now, data)
