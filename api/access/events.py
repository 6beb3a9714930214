"""Events of the log as a partner is told them: of customers whom it sees, under its own ids, as it sees them now."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from api.graphql.context import Context, LogEvent
from graph.queries.reader import Reader
from graph.queries.view import Ids, View, seen_customers
from graph.store.statement import CUSTOMER, ORDER, SHARE

EVENT = "Event"


def meant_by(context: Context, keys: Collection[str]) -> frozenset[str]:
    """The retailer's keys that a caller means by these; a partner's unknown ones mean nobody."""
    view = context.caller.view
    if view is None:
        return frozenset(keys)
    ids = context.services.ids(view.partner)
    return frozenset(key for given in keys if (key := ids.meant(CUSTOMER, given)) is not None)


async def told_to(context: Context, events: Sequence[LogEvent]) -> list[LogEvent]:
    """The events that the caller may hear of. A partner hears of no event that names no customer."""
    view = context.caller.view
    if view is None:
        return list(events)
    return await told_within(context.reader, view, context.services.ids(view.partner), events)


async def told_within(reader: Reader, view: View, ids: Ids, events: Sequence[LogEvent]) -> list[LogEvent]:
    """The events that a partner may hear of; `reader` is the store as it sees it."""
    stores = view.only.get("store")
    own = [_shown(event, ids) for event in events if not stores or event.store is None or event.store in stores]
    named = [key for event in own for key in (event.customer, event.referrer) if key is not None]
    seen = await seen_customers(reader, named) if named else frozenset[str]()
    return [
        event if event.referrer in seen else replace(event, referrer=None) for event in own if event.customer in seen
    ]


def _shown(event: LogEvent, ids: Ids) -> LogEvent:
    def own(noun: str, key: str | None) -> str | None:
        return None if key is None else ids.shown(noun, key)

    return replace(
        event,
        id=ids.shown(EVENT, event.id),
        customer=own(CUSTOMER, event.customer),
        referrer=own(CUSTOMER, event.referrer),
        order=own(ORDER, event.order),
        share=own(SHARE, event.share),
    )
