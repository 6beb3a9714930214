"""What a caller can do with webhooks: make, list, remove, test and replay their own."""

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from api.webhooks.addresses import check_url
from api.webhooks.book import WebhookBook
from api.webhooks.records import Attempt, Delivery, Message, Stretch, Webhook
from api.webhooks.signing import new_secret, signed_headers
from api.webhooks.topics import Topic, message
from graph.errors import BadInput

MOST_WEBHOOKS = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """The webhooks of a data folder, each caller's apart from all others'."""

    book: WebhookBook
    wake: Callable[[], None]
    now: Callable[[], datetime]
    private: bool = False
    """Whether plain HTTP and addresses of the own network are allowed."""

    async def create(self, owner: str, url: str, topics: Collection[str], kinds: Collection[str]) -> Webhook:
        """A new webhook, its secret with it; BadInput for an address, topics or a number of them that cannot be."""
        address = str(check_url(url, private=self.private))
        if not topics:
            raise BadInput("`topics` must name at least one topic.")
        if kinds and Topic.EVENTS_RECORDED not in topics:
            raise BadInput(f"`eventKinds` belongs to the topic {Topic.EVENTS_RECORDED.name} alone.")
        if Topic.EVENTS_RECORDED in topics and not kinds:
            raise BadInput(f"`eventKinds` must say which events {Topic.EVENTS_RECORDED.name} tells.")
        if len(await self.of(owner)) >= MOST_WEBHOOKS:
            raise BadInput(f"A key has at most {MOST_WEBHOOKS} webhooks: delete one first.")
        id = f"webhook-{secrets.token_hex(12)}"
        made = Webhook(id, owner, address, frozenset(topics), frozenset(kinds), new_secret(), self.now())
        await asyncio.to_thread(self.book.add, made)
        return made

    async def of(self, owner: str) -> list[Webhook]:
        """All of a caller's, the oldest first."""
        return await asyncio.to_thread(self.book.of_owner, owner)

    async def find(self, owner: str, id: str) -> Webhook | None:
        """One of a caller's; None for an unknown one, or another's."""
        found = await asyncio.to_thread(self.book.find, id)
        return found if found and found.owner == owner else None

    async def remove(self, webhook: Webhook) -> None:
        """Nothing is sent any more, and nothing of it is kept."""
        await asyncio.to_thread(self.book.remove, webhook.id)

    async def test(self, webhook: Webhook, *, send: bool) -> tuple[Message, dict[str, str]]:
        """The test message and the headers that sign it; it is sent too where `send` says so."""
        at = self.now()
        test = message(Topic.TEST, f"{webhook.id} {secrets.token_hex(8)}", at, {"webhook": webhook.id})
        if send:
            await asyncio.to_thread(self.book.post_to, webhook.id, test, at)
            self.wake()
        return test, signed_headers(webhook.secret, test.id, at, test.body)

    async def deliveries(self, webhook: Webhook, wanted: Stretch, state: str | None) -> list[Delivery]:
        """What was, is or could not be delivered."""
        return await asyncio.to_thread(self.book.deliveries, webhook.id, wanted, state)

    async def attempts(self, numbers: Collection[int]) -> dict[int, list[Attempt]]:
        """The attempts of each of these deliveries."""
        return await asyncio.to_thread(self.book.attempts, numbers)

    async def replay(self, owner: str, number: int) -> Delivery | None:
        """The delivery, due again at once; None for an unknown one, or another's."""
        delivery = await asyncio.to_thread(self.book.delivery, number)
        if delivery is None or await self.find(owner, delivery.webhook) is None:
            return None
        await asyncio.to_thread(self.book.replay, number, self.now())
        self.wake()
        return await asyncio.to_thread(self.book.delivery, number)
