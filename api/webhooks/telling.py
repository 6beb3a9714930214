"""Watches the log, the graph and the runs, whoever changes them, and posts what webhooks want to be told.

How far each was told stands in the book, so that a restart neither loses nor repeats anything, and of several processes
one tells it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

import structlog

from api.feed import MOST_WAITING, read_events
from api.graphql.context import InfluenceComparing, LogEvent, Wanted
from api.webhooks.audiences import Audiences
from api.webhooks.book import WebhookBook
from api.webhooks.chain_news import Looking, chain_news, steps_skipped
from api.webhooks.influence_news import NewRun, compared, influence_news, influence_news_of
from api.webhooks.records import Message, Webhook
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
RUNS, CHANGES, STEPS = "runs", "changes", "steps"
TOLD_FROM: Mapping[str, tuple[Topic, ...]] = {
    RUNS: (Topic.RUN_PUBLISHED, Topic.RUN_FAILED),
    CHANGES: (Topic.INFLUENCE_CHANGED,),
    STEPS: (Topic.CHAIN_STEPS_REACHED,),
}
"""What is told from the moment on when somebody first wants one of these topics, and no longer than somebody does."""
BEHIND_AFTER = timedelta(minutes=1)
_RUN_TOPICS = {"succeeded": Topic.RUN_PUBLISHED, "failed": Topic.RUN_FAILED}


@dataclass
class Teller:
    """Tells what happened since the last step; each kind of news on its own, so that one that fails stops no other."""

    book: WebhookBook
    events: EventLog
    reader: Reader
    changes: InfluenceComparing
    audiences: Audiences
    zone: ZoneInfo
    calendar: Calendar = EVERY_WEEK_ALIKE
    behind_since: datetime | None = field(default=None, init=False)
    followed: int = field(default=0, init=False)
    is_alarmed: bool = field(default=False, init=False)

    async def begin(self) -> None:
        """What happens from now on is told."""
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
        with suppress(RenmaiError):  # the store is away: the alarm below says so, and the next step tells the rest
            await self._tell_runs(_wanting(hooks, Topic.RUN_PUBLISHED, Topic.RUN_FAILED), now)
            await self._tell_steps(_wanting(hooks, Topic.CHAIN_STEPS_REACHED), now)
            await self._tell_events(_wanting(hooks, Topic.EVENTS_RECORDED, Topic.EVENTS_SKIPPED), now)
            await self._tell_changes(_wanting(hooks, Topic.INFLUENCE_CHANGED), now)
        if _wanting(hooks, Topic.GRAPH_BEHIND, Topic.GRAPH_CAUGHT_UP):
            await self._watch_graph(now)

    async def _tell_runs(self, hooks: Sequence[Webhook], now: datetime) -> None:
        if not hooks:
            await asyncio.to_thread(self.book.forget, RUNS, TOLD_FROM[RUNS])
            return
        what = f"{RUNS} ended"
        since = await self._since(what, now.isoformat())
        page = await runs(self.reader, {}, Slice(RUNS_AT_ONCE))
        ended = [
            row for entry in page.entries if (row := entry.row).finished_at and row.finished_at.isoformat() > since
        ]
        if not ended:
            return
        last = max(row.finished_at.isoformat() for row in ended if row.finished_at)
        rows = [row for row in ended if row.state in _RUN_TOPICS]
        own = {owner: [_run_message(row, now, owner) for row in rows] for owner in self.audiences.among(hooks)}
        await self._post([_run_message(row, now) for row in rows], own, now, (what, since, last))

    async def _tell_events(self, hooks: Sequence[Webhook], now: datetime) -> None:
        version = await projected_version(self.reader)
        since = await self._since("events", str(version))
        if version <= int(since):
            return
        kinds = frozenset(kind for hook in hooks for kind in hook.kinds)
        told: list[Message] = []
        own: dict[str, list[Message]] = {}
        if kinds:
            found = await asyncio.to_thread(read_events, self.events, int(since), version, [Wanted(kinds=kinds)])
            audiences, skipped = self.audiences.among(hooks), partial(_skipped, int(since), version, now)
            if len(found) > MOST_WAITING:
                told, own = [skipped()], {owner: [skipped(owner)] for owner in audiences}
            else:
                told = _event_messages(found, now)
                for owner, audience in audiences.items():
                    own[owner] = _event_messages(await audience.events(found), now, owner)
        await self._post(told, own, now, ("events", since, str(version)))

    async def _tell_steps(self, hooks: Sequence[Webhook], now: datetime) -> None:
        """The chains that were opened or led on since this was last told."""
        if not hooks:
            await asyncio.to_thread(self.book.forget, STEPS, TOLD_FROM[STEPS])
            return
        what, version = f"{STEPS} reached", await projected_version(self.reader)
        # Nothing is missed between the last look and this one, before which somebody has asked.
        since = await self._since(what, await asyncio.to_thread(self.book.told, "events") or str(version))
        if version <= int(since):
            return
        kinds = await known_behaviours(self.reader)
        found = await asyncio.to_thread(read_events, self.events, int(since), version, [Wanted(kinds)])
        audiences, skipped = self.audiences.among(hooks), partial(steps_skipped, int(since), version, now)
        if len(found) > MOST_WAITING:
            told, own = [skipped()], {owner: [skipped(owner)] for owner in audiences}
        else:
            look = Looking(f"{since} {version}", kinds, now, self.zone, self.calendar)
            told = await chain_news(self.reader, found, look) if _of_the_retailer(hooks) else []
            own = {
                owner: await chain_news(one.reader, await one.events(found), look, owner)
                for owner, one in audiences.items()
            }
        await self._post(told, own, now, (what, since, str(version)))

    async def _tell_changes(self, hooks: Sequence[Webhook], now: datetime) -> None:
        """Each current run of influence beside the one that was current when this was last told."""
        if not hooks:
            # Whoever asks later is told what changes from then on.
            await asyncio.to_thread(self.book.forget, CHANGES, TOLD_FROM[CHANGES])
            return
        for scope, after in (await current_runs(self.reader, RunKind.INFLUENCE)).items():
            what = f"{CHANGES} {scope}"
            before = await self._since(what, after)
            if after != before:
                told: list[Message] = []
                own: dict[str, list[Message]] = {}
                run = NewRun(scope, before, after)
                if found := await compared(self.changes, run):
                    told = [influence_news(found, run, now)]
                    for owner, audience in self.audiences.among(hooks).items():
                        own[owner] = influence_news_of(await audience.changes(found), run, now, owner)
                await self._post(told, own, now, (what, before, after))

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
                await self._alarm(message(Topic.GRAPH_CAUGHT_UP, f"{since:%Y-%m-%dT%H:%M}", now, data), now)
            return
        self.behind_since = self.behind_since or now
        if not self.is_alarmed and now - self.behind_since >= BEHIND_AFTER:
            self.is_alarmed = True
            data = {"logVersion": recorded, "graphVersion": self.followed, "failure": failure}
            await self._alarm(message(Topic.GRAPH_BEHIND, f"{self.behind_since:%Y-%m-%dT%H:%M}", now, data), now)

    async def _post(
        self,
        messages: Sequence[Message],
        own: Mapping[str, Sequence[Message]],
        now: datetime,
        told: tuple[str, str, str],
    ) -> None:
        await asyncio.to_thread(self.book.post, messages, now, told=told, partners=own)

    async def _alarm(self, one: Message, now: datetime) -> None:
        await asyncio.to_thread(self.book.post, [one], now)

    async def _since(self, what: str, otherwise: str) -> str:
        """How far it was told; what happened before anybody looked is never told."""
        since = await asyncio.to_thread(self.book.told, what)
        if since is None:
            await asyncio.to_thread(self.book.begin, what, otherwise)
        return since or otherwise


async def beginnings(topics: Collection[str], reader: Reader, now: datetime) -> dict[str, str]:
    """From where on what is wanted is told: what is so the moment that somebody asks to hear of changes."""
    found: dict[str, str] = {}
    if not set(TOLD_FROM[RUNS]).isdisjoint(topics):
        found[f"{RUNS} ended"] = now.isoformat()
    if not set(TOLD_FROM[CHANGES]).isdisjoint(topics):
        current = await current_runs(reader, RunKind.INFLUENCE)
        found |= {f"{CHANGES} {scope}": run for scope, run in current.items()}
    return found


def _wanting(hooks: Sequence[Webhook], *topics: Topic) -> list[Webhook]:
    return [hook for hook in hooks if not hook.topics.isdisjoint(topics)]


def _of_the_retailer(hooks: Sequence[Webhook]) -> bool:
    return any(hook.view is None for hook in hooks)


def _run_message(row: RunRow, now: datetime, whose: str = "") -> Message:
    """An ended run; for a partner (`whose`) without how many it scored and why it failed, which may name somebody."""
    data = {
        "run": row.key,
        "kind": row.kind,
        "scope": row.scope,
        "algorithm": row.algorithm,
        "algorithmVersion": row.algorithm_version,
        "logVersion": row.log_version,
        "asOf": row.as_of,
        "customers": None if whose else row.customer_count,
        "isCurrent": row.is_current,
        "failure": None if whose else row.failure,
    }
    return message(_RUN_TOPICS[row.state], row.key, now, data, whose=whose)


def _event_messages(events: Sequence[LogEvent], now: datetime, whose: str = "") -> list[Message]:
    told: list[Message] = []
    for _, group in groupby(sorted(events, key=_by_version), key=_by_version):
        together = list(group)
        chunks = range(0, len(together), EVENTS_A_MESSAGE)
        told += [events_message(together[start : start + EVENTS_A_MESSAGE], now, whose) for start in chunks]
    return told


def _by_version(event: LogEvent) -> tuple[int, str]:
    return event.log_version, event.kind


def _skipped(since: int, version: int, now: datetime, whose: str = "") -> Message:
    data = {"afterLogVersion": since, "logVersion": version, "reason": f"more than {MOST_WAITING:,} events at once"}
    return message(Topic.EVENTS_SKIPPED, f"{since} {version}", now, data, whose=whose)
