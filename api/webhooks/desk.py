"""What a caller can do with webhooks: make, list, remove, test and replay their own."""

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from api.graphql.context import Caller, Export
from api.webhooks.addresses import check_url
from api.webhooks.audiences import Audiences
from api.webhooks.book import WebhookBook
from api.webhooks.records import Attempt, Delivery, Message, Stretch, Webhook
from api.webhooks.signing import new_secret, signed_headers
from api.webhooks.telling import beginnings
from api.webhooks.topics import OF_THE_RETAILER, Topic, message
from graph.errors import BadInput

MOST_WEBHOOKS = 20
LOOKED_AT_ONCE = 200
"""Deliveries of a partner's that are looked through together for those who have withdrawn."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The webhooks of a data folder, each caller's apart from all others'."""

    book: WebhookBook
    wake: Callable[[], None]
    now: Callable[[], datetime]
    audiences: Audiences
    private: bool = False
    """Whether plain HTTP and addresses of the own network are allowed."""

    async def create(self, caller: Caller, url: str, topics: Collection[str], kinds: Collection[str]) -> Webhook:
        """A new webhook, its secret with it; BadInput for an address, topics or a number of them that cannot be.

        BadInput for a bearer of a token, too: nothing says when a token's subject loses its right, a key does.
        """
        if caller.is_token:
            raise BadInput("A webhook needs an API key, with which it ends: `renmai keys create` makes one.")
        owner = caller.owner
        address = str(check_url(url, private=self.private))
        if not topics:
            raise BadInput("`topics` must name at least one topic.")
        if kinds and Topic.EVENTS_RECORDED not in topics:
            raise BadInput(f"`eventKinds` belongs to the topic {Topic.EVENTS_RECORDED.name} alone.")
        if Topic.EVENTS_RECORDED in topics and not kinds:
            raise BadInput(f"`eventKinds` must say which events {Topic.EVENTS_RECORDED.name} tells.")
        if caller.view and (untold := OF_THE_RETAILER.intersection(topics)):
            raise BadInput(f"Partners are not told {', '.join(sorted(Topic(one).name for one in untold))}.")
        if len(await self.of(owner)) >= MOST_WEBHOOKS:
            raise BadInput(f"A key has at most {MOST_WEBHOOKS} webhooks: delete one first.")
        id = f"webhook-{secrets.token_hex(12)}"
        at, wanted = self.now(), (frozenset(topics), frozenset(kinds))
        made = Webhook(id, owner, address, *wanted, new_secret(), at, view=caller.view)
        await asyncio.to_thread(self.book.add, made, await beginnings(topics, self.audiences.store, at))
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
        """The test message and the headers that sign it; it is sent too where `send` says so.

        BadInput where nothing is sent to the webhook any more.
        """
        if send:
            _check_goes_on(webhook)
        at = self.now()
        test = message(Topic.TEST, f"{webhook.id} {secrets.token_hex(8)}", at, {"webhook": webhook.id})
        if send:
            await asyncio.to_thread(self.book.post_to, [webhook.id], test, at)
            self.wake()
        return test, signed_headers(webhook.secret, test.id, at, test.body)

    async def export_ended(self, export: Export) -> None:
        """Tells who started it: how it ended and where it is, not how many rows it has."""
        at, hooks = self.now(), await self.of(export.request.owner)
        wanting = [hook.id for hook in hooks if Topic.EXPORT_ENDED in hook.topics and hook.disabled is None]
        data = {
            "export": export.id,
            "noun": export.request.noun,
            "format": export.request.form,
            "state": export.state,
            "url": f"/exports/{export.id}",
            "expiresAt": export.expires_at,
        }
        if wanting:
            await asyncio.to_thread(self.book.post_to, wanting, message(Topic.EXPORT_ENDED, export.id, at, data), at)
            self.wake()

    async def deliveries(self, webhook: Webhook, wanted: Stretch, state: str | None) -> list[Delivery]:
        """What was, is or could not be delivered; of a partner's, what may still be told.

        A delivery that told of nobody but those who have withdrawn since is as if it had never been.
        """
        while True:
            found = await asyncio.to_thread(self.book.deliveries, webhook.id, wanted, state)
            told, gone = await self.audiences.still(webhook, found)
            if not gone:
                return told
            await asyncio.to_thread(self.book.drop, gone)

    async def count(self, webhook: Webhook, state: str | None, most: int) -> int:
        """How many there are of those deliveries, no further than to the most."""
        end = None
        while webhook.view:
            some = await self.deliveries(webhook, Stretch(LOOKED_AT_ONCE, below=end), state)
            if len(some) < LOOKED_AT_ONCE:
                break
            end = some[-1].number
        return await asyncio.to_thread(self.book.count, webhook.id, state, most)

    async def attempts(self, numbers: Collection[int]) -> dict[int, list[Attempt]]:
        """The attempts of each of these deliveries."""
        return await asyncio.to_thread(self.book.attempts, numbers)

    async def replay(self, owner: str, number: int) -> Delivery | None:
        """The delivery, due again at once; None for an unknown one, or another's. BadInput for an ended webhook."""
        delivery = await asyncio.to_thread(self.book.delivery, number)
        webhook = await self.find(owner, delivery.webhook) if delivery else None
        if webhook is None or not await self._one(webhook, number):
            return None
        _check_goes_on(webhook)
        await asyncio.to_thread(self.book.replay, number, self.now())
        self.wake()
        return await self._one(webhook, number)

    async def _one(self, webhook: Webhook, number: int) -> Delivery | None:
        found = await self.deliveries(webhook, Stretch(1, below=number + 1, above=number - 1), None)
        return found[0] if found else None


def _check_goes_on(webhook: Webhook) -> None:
    if webhook.disabled:
        raise BadInput(f"Nothing is sent to this webhook any more: {webhook.disabled} Make another one.")
