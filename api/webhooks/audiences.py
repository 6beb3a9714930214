"""What a partner's webhooks are told: of customers whom the partner sees, under its own ids, asked each time anew.

A message is made through the partner's view, so that nothing of the retailer's own is kept for it; and whoever has
withdrawn since is taken out whenever it is sent, sent again, or shown in the log of deliveries.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog

from api.access.events import told_within
from api.graphql.context import LogEvent
from api.webhooks.records import Delivery, Webhook
from graph.errors import BadInput
from graph.jobs.score_changes import Changed, ScoreChange
from graph.queries.paging import Slice
from graph.queries.reader import Reader
from graph.queries.view import Ids, PartnerReader, View, seen_by, seen_customers
from graph.store.statement import CUSTOMER

log = structlog.get_logger("renmai.webhooks")

MOST_CHANGES = 10_000
"""Customers of whom one change of influence is told to a partner, the farthest moved first."""
ASKED_AT_ONCE = 5_000
_LISTS = ("events", "changes", "steps")
"""Where a message's rows are; each is about its `customer`, and may name a `referrer`."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One partner: what it sees, and under which ids."""

    view: View
    ids: Ids
    store: Reader
    """The store itself."""

    @property
    def reader(self) -> PartnerReader:
        """The store as the partner sees it."""
        return PartnerReader(self.store, self.view, self.ids)

    async def events(self, events: Sequence[LogEvent]) -> list[LogEvent]:
        """Those that it may hear of, under its ids."""
        return await told_within(self.reader, self.view, self.ids, events)

    async def changes(self, found: Changed) -> list[ScoreChange]:
        """Those of whom it sees, the farthest moved first, under its ids."""
        kept: list[ScoreChange] = []
        after = None
        while len(kept) < MOST_CHANGES:
            page = found.page(Slice(ASKED_AT_ONCE, after=after))
            if not page.entries:
                break
            rows, after = [entry.row for entry in page.entries], page.entries[-1].position
            seen = await seen_by(self.store, self.view, [row.customer_id for row in rows])
            kept += [row for row in rows if row.customer_id in seen]
        return [replace(row, customer_id=self.ids.shown(CUSTOMER, row.customer_id)) for row in kept[:MOST_CHANGES]]

    async def still(self, bodies: Sequence[bytes]) -> list[bytes | None]:
        """Each message as it may be told now; None where nobody of whom it told is seen any more."""
        messages: list[dict[str, Any]] = [msgspec.json.decode(body) for body in bodies]
        named = sorted({key for message in messages for row in _rows(message) for key in _people(row)})
        seen = await seen_customers(self.reader, named) if named else frozenset[str]()
        return [_still(body, message, seen) for body, message in zip(bodies, messages, strict=True)]


@dataclass(frozen=True, slots=True)
class Audiences:
    """Every partner's."""

    store: Reader
    ids: Callable[[str], Ids]
    """A partner's own ids, by its name."""

    def of(self, view: View) -> Audience:
        """The audience of a view."""
        return Audience(view, self.ids(view.partner), self.store)

    def among(self, hooks: Iterable[Webhook]) -> dict[str, Audience]:
        """Owner → audience, of the webhooks that are partners'; without those whose ids cannot be made."""
        found: dict[str, Audience] = {}
        for hook in hooks:
            if hook.view and hook.owner not in found:
                try:
                    found[hook.owner] = self.of(hook.view)
                except BadInput as failure:  # one partner's trouble is nobody else's
                    log.error("a partner is not told", partner=hook.view.partner, failure=str(failure))
        return found

    async def still(self, webhook: Webhook, deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
        """The deliveries with what may be told of each now, and those of which nothing may be."""
        if webhook.view is None or not deliveries:
            return list(deliveries), []
        bodies = await self.of(webhook.view).still([one.body for one in deliveries])
        told = list(zip(deliveries, bodies, strict=True))
        return [replace(one, body=body) for one, body in told if body is not None], [
            one for one, body in told if body is None
        ]


def _rows(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    data: dict[str, list[dict[str, Any]]] = message["data"]
    return [row for name in _LISTS for row in data.get(name, ())]


def _people(row: Mapping[str, Any]) -> list[str]:
    return [row[name] for name in ("customer", "referrer") if row.get(name)]


def _still(body: bytes, message: dict[str, Any], seen: frozenset[str]) -> bytes | None:
    rows = _rows(message)
    kept = [
        {name: value for name, value in row.items() if name != "referrer" or value in seen}
        for row in rows
        if row["customer"] in seen
    ]
    if kept == rows:
        return body
    data = {name: kept if name in _LISTS else value for name, value in message["data"].items()}
    return msgspec.json.encode(message | {"data": data}) if kept else None
