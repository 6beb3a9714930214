"""Sends what is due: each attempt is signed anew and written down, whatever comes of it."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import structlog

from api.webhooks.audiences import Audiences
from api.webhooks.book import KEPT_FOR, WebhookBook
from api.webhooks.ladder import GONE, RUNGS, next_attempt
from api.webhooks.records import Attempt, Delivery, Webhook
from api.webhooks.signing import signed_headers
from graph.errors import RenmaiError

log = structlog.get_logger("renmai.webhooks")

Ended = Callable[[Collection[str]], Collection[str]]
"""Which of these owners may be told nothing any more, because no key of theirs opens anything."""
AT_ONCE = 64
"""Webhooks to which something is being sent at once."""
POLL_SECONDS = 1.0
SWEEP_SECONDS = 3_600.0
ATTEMPT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver said to one attempt."""

    status: int | None
    problem: str | None = None
    retry_after: timedelta = timedelta()

    @property
    def is_taken(self) -> bool:
        """The receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Delivers the messages of a book: to many webhooks at once, to each one by one, in the order they came.

    A receiver that is slow or never answers keeps nobody waiting but itself. A delivery that failed is tried again
    later, and those behind it go on.
    """

    def __init__(
        self,
        book: WebhookBook,
        client: httpx2.AsyncClient,
        now: Callable[[], datetime],
        ended: Ended,
        audiences: Audiences,
        kept_for: timedelta = KEPT_FOR,
    ) -> None:
        """`client` follows no redirects: an address that moved must be told anew."""
        self._book = book
        self._client = client
        self._now = now
        self._ended = ended
        self._audiences = audiences
        self._kept_for = kept_for
        self._woken = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._swept, self._looked = -SWEEP_SECONDS, -POLL_SECONDS

    def wake(self) -> None:
        """Something was posted: look now rather than within a second."""
        self._woken.set()

    async def run(self) -> None:
        """Sends until it is cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self.step()
                except Exception as error:  # what waits is in the file: it is tried again
                    log.error("webhooks wait", exc_info=error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def step(self) -> int:
        """Begins to send what is due, at most one to each webhook, as far as there is room; says how many."""
        await self._tidy()
        room = AT_ONCE - len(self._sending)
        due = await asyncio.to_thread(self._book.lease, self._now(), room) if room else []
        for delivery in due:
            task = asyncio.create_task(self._try(delivery))
            self._sending.add(task)
            task.add_done_callback(self._done)
        return len(due)

    async def settled(self) -> None:
        """Returns once nothing is being sent."""
        while self._sending:
            await asyncio.wait(self._sending)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()):
            log.error("a webhook waits", exc_info=error)

    async def _tidy(self) -> None:
        at = time.monotonic()
        if at - self._swept >= SWEEP_SECONDS:
            self._swept = at
            await asyncio.to_thread(self._book.sweep, self._now(), self._kept_for)
        if at - self._looked >= POLL_SECONDS:
            self._looked = at
            await asyncio.to_thread(self._end_those_of_ended_keys)

    def _end_those_of_ended_keys(self) -> None:
        hooks = self._book.wanted()
        ended = self._ended({hook.owner for hook in hooks}) if hooks else ()
        for hook in hooks:
            if hook.owner in ended:
                self._book.disable(hook.id, "Who made it has no API key that opens anything any more.")

    async def _try(self, leased: Delivery) -> None:
        webhook = await asyncio.to_thread(self._book.find, leased.webhook)
        if webhook is None:
            return
        try:
            told, _ = await self._audiences.still(webhook, [leased])
        except RenmaiError:  # who may be told of whom cannot be asked: that is no attempt
            await asyncio.to_thread(self._book.postpone, leased, self._now() + RUNGS[0])
            return
        if not told:
            await asyncio.to_thread(self._book.drop, [leased])
            return
        await self._attempt(webhook, told[0])

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> None:
        at, began = self._now(), time.monotonic()
        answered = await self._sent(webhook, delivery, at)
        attempt = Attempt(at, answered.status, round(1_000 * (time.monotonic() - began)), answered.problem)
        next_at = None if answered.is_taken else next_attempt(delivery.failed + 1, at, answered.retry_after)
        state = "delivered" if answered.is_taken else "pending" if next_at else "dead"
        await asyncio.to_thread(self._book.tried, delivery, attempt, state, next_at)
        if answered.status == GONE:
            await asyncio.to_thread(self._book.disable, webhook.id, "It answered 410 Gone.")

    async def _sent(self, webhook: Webhook, delivery: Delivery, at: datetime) -> Answered:
        headers = signed_headers(webhook.secret, delivery.message, at, delivery.body)
        headers |= {"content-type": "application/json", "user-agent": "Renmai-Webhooks/1"}
        try:
            async with (
                asyncio.timeout(ATTEMPT_SECONDS),
                self._client.stream("POST", webhook.url, content=delivery.body, headers=headers) as response,
            ):
                told = response.headers.get("retry-after", "")
                wait = timedelta(seconds=int(told)) if told.isdecimal() and len(told) < 7 else timedelta()
                return Answered(response.status_code, retry_after=wait)
        except TimeoutError:
            return Answered(None, f"no answer within {ATTEMPT_SECONDS:.0f} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return Answered(None, f"{type(error).__name__}: {error}"[:300])
