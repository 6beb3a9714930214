"""Sends what is due: each attempt is signed anew and written down, whatever comes of it."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import structlog

from api.webhooks.book import WebhookBook
from api.webhooks.ladder import GONE, next_attempt
from api.webhooks.records import Attempt, Delivery, Webhook
from api.webhooks.signing import signed_headers

log = structlog.get_logger("renmai.webhooks")

Ended = Callable[[Collection[str]], Collection[str]]
"""Which of these owners may be told nothing any more, because their key has ended."""
AT_ONCE = 16
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
    """Delivers the messages of a book, many at once, in no promised order."""

    def __init__(
        self,
        book: WebhookBook,
        client: httpx2.AsyncClient,
        now: Callable[[], datetime],
        ended: Ended,
    ) -> None:
        """`client` follows no redirects: an address that moved must be told anew."""
        self._book = book
        self._client = client
        self._now = now
        self._ended = ended
        self._woken = asyncio.Event()
        self._swept = -SWEEP_SECONDS

    def wake(self) -> None:
        """Something was posted: look now rather than within a second."""
        self._woken.set()

    async def run(self) -> None:
        """Sends until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                sent = await self.step()
            except Exception as error:  # what waits is in the file: it is tried again
                log.error("webhooks wait", exc_info=error)
                sent = 0
            if sent < AT_ONCE:
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                except TimeoutError:
                    continue

    async def step(self) -> int:
        """Tries everything that is due, and says how much that was."""
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            await asyncio.to_thread(self._book.sweep, self._now())
        await asyncio.to_thread(self._end_those_of_ended_keys)
        due = await asyncio.to_thread(self._book.lease, self._now(), AT_ONCE)
        await asyncio.gather(*map(self._try, due))
        return len(due)

    def _end_those_of_ended_keys(self) -> None:
        hooks = self._book.wanted()
        ended = self._ended({hook.owner for hook in hooks}) if hooks else ()
        for hook in hooks:
            if hook.owner in ended:
                self._book.disable(hook.id, "The API key that made it was revoked or has expired.")

    async def _try(self, delivery: Delivery) -> None:
        webhook = await asyncio.to_thread(self._book.find, delivery.webhook)
        if webhook is None:
            return
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
