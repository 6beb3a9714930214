"""Watching: events as they are recorded, and customers as they change, once the graph has followed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import strawberry
import structlog

from api.access.events import meant_by, told_to
from api.graphql.context import FellBehind, Info, LogEvent, Wanted
from api.graphql.errors import ApiError, Code, bad_input, may_pass
from api.graphql.event import EventKind
from api.graphql.ordering import text_of
from graph.errors import RenmaiError
from graph.queries import customer as customer_queries
from graph.queries import order as order_queries
from graph.queries import product as product_queries
from graph.queries import store as store_queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer
    from api.graphql.order import Order
    from api.graphql.product import Product
    from api.graphql.store import Store

log = structlog.get_logger("renmai.subscriptions")
Answer = TypeVar("Answer")

MOST_KEYS = 1_000
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
FROM_THE_FEED = frozenset({"eventRecorded", "customerChanged", "chainStepReached"})
"""Subscriptions whose messages depend on the log, the selection and what the caller may see, on nothing else."""
LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.type(description="An event that was recorded, by whichever loader; the graph has followed it.")
class RecordedEvent:
    """An event of the log."""

    event_id: str = strawberry.field(description="The event's id in the log.")
    kind: EventKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it happened.")
    customer_key: str | None = strawberry.field(description="Who acted.")
    store_key: str | None = strawberry.field(description="The store.")
    product_key: str | None = strawberry.field(description="The product.")
    order_key: str | None = strawberry.field(description="The order.")
    channel: str | None = strawberry.field(description="The channel's name.")
    share_key: str | None = strawberry.field(description="The share.")
    referrer_key: str | None = strawberry.field(description="The customer who brought this one.")
    quantity: float | None = strawberry.field(description="How many, or how much by weight.")
    amount: Decimal | None = strawberry.field(description="What was paid.")
    currency: str | None = strawberry.field(description="ISO 4217 code.")
    source: str | None = strawberry.field(description="The data set or system it came from.")
    log_version: int = strawberry.field(description="The version of the log that brought it.")

    @strawberry.field(description="Who acted, as the graph has them now.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """Read anew for each event."""
        from api.graphql.customer import Customer

        row = self.customer_key and await info.context.load(customer_queries.customers_by_key, self.customer_key)
        return Customer.of(row) if row else None

    @strawberry.field(description="The store, as the graph has it now.")
    async def store(self, info: Info) -> Annotated["Store", strawberry.lazy("api.graphql.store")] | None:
        """Read anew for each event."""
        from api.graphql.store import Store

        row = self.store_key and await info.context.load(store_queries.stores_by_key, self.store_key)
        return Store.of(row) if row else None

    @strawberry.field(description="The product, as the graph has it now.")
    async def product(self, info: Info) -> Annotated["Product", strawberry.lazy("api.graphql.product")] | None:
        """Read anew for each event."""
        from api.graphql.product import Product

        row = self.product_key and await info.context.load(product_queries.products_by_key, self.product_key)
        return Product.of(row) if row else None

    @strawberry.field(description="The order, as the graph has it now.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("api.graphql.order")] | None:
        """Read anew for each event."""
        from api.graphql.order import Order

        row = self.order_key and await info.context.load(order_queries.orders_by_key, self.order_key)
        return Order.of(row) if row else None

    @classmethod
    def of(cls, event: LogEvent) -> "RecordedEvent":
        """The event of a row of the log."""
        return cls(
            event_id=event.id,
            kind=EventKind(event.kind),
            at=event.at,
            customer_key=event.customer,
            store_key=event.store,
            product_key=event.product,
            order_key=event.order,
            channel=event.channel,
            share_key=event.share,
            referrer_key=event.referrer,
            quantity=event.quantity,
            amount=event.amount,
            currency=event.currency,
            source=event.source,
            log_version=event.log_version,
        )


@strawberry.type(description="A customer of whom something was recorded; the graph has followed it.")
class CustomerChange:
    """What happened to a customer since the last change that was told."""

    key: str = strawberry.field(description="The customer's key.")
    kinds: list[EventKind] = strawberry.field(description="What happened, each kind once, in the order of the log.")
    events: int = strawberry.field(description="How many events that were.")
    at: datetime = strawberry.field(description="The time of the newest of them.")
    log_version: int = strawberry.field(description="The newest version of the log among them.")

    @strawberry.field(description="The customer as the graph has them now; null where they are gone.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """Read anew for each change."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.key)
        return None if row is None else Customer.of(row)


async def watch_events(info: Info, kinds: list[EventKind] | None) -> AsyncIterator[RecordedEvent]:
    """Each event of these kinds; all kinds where absent."""
    if kinds is not None and not kinds:
        raise bad_input("`kinds` must name at least one kind; leave it out for all.", argument="kinds")
    wanted = Wanted(kinds=None if kinds is None else frozenset(text_of(kind) for kind in kinds))
    async for events in heard(info, wanted):
        for event in events:
            info.context.renew()
            yield RecordedEvent.of(event)


async def watch_customers(info: Info, keys: list[str]) -> AsyncIterator[CustomerChange]:
    """One change for each of these customers of whom something came since the last time."""
    if not 1 <= len(keys) <= MOST_KEYS:
        message = f"`keys` takes 1 to {MOST_KEYS:,} keys, not {len(keys):,}."
        raise bad_input(message, argument="keys", value=len(keys), maximum=MOST_KEYS)
    customers, watched = frozenset(keys), meant_by(info.context, keys)
    async for events in heard(info, Wanted(customers=watched)):
        for key, own in _by_customer(events, customers).items():
            info.context.renew()
            yield CustomerChange(
                key=key,
                kinds=list(dict.fromkeys(EventKind(event.kind) for event in own)),
                events=len(own),
                at=max(event.at for event in own),
                log_version=max(event.log_version for event in own),
            )


def _by_customer(events: list[LogEvent], customers: frozenset[str]) -> dict[str, list[LogEvent]]:
    found: dict[str, list[LogEvent]] = {}
    for event in events:
        for key in dict.fromkeys((event.customer, event.referrer)):
            if key in customers:
                found.setdefault(str(key), []).append(event)
    return found


async def heard(info: Info, wanted: Wanted) -> AsyncIterator[list[LogEvent]]:
    """What the feed tells; COST_EXCEEDED for a subscription that fell behind."""
    try:
        async for events in info.context.services.feed.listen(wanted):
            info.context.told_after = events[0].log_version
            yield await in_the_end(partial(told_to, info.context, events))
    except FellBehind as failure:
        raise fell_behind(failure) from failure


async def in_the_end(
    read: Callable[[], Awaitable[Answer]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Answer:
    """What a message is made of, read again while the store is away or too slow: nobody misses it for that.

    What waits meanwhile is bounded by the feed.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await read()
        except RenmaiError as failure:
            if not may_pass(failure):
                raise
            log.warning("a subscription waits", failure=str(failure))
        await sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def fell_behind(failure: FellBehind) -> ApiError:
    """What a client is told that did not keep up."""
    message = (
        f"The subscription fell behind: more than {failure.waiting:,} {failure.what} were waiting. Subscribe again; "
        "what was missed can be asked for."
    )
    return ApiError(Code.COST_EXCEEDED, message, limit=f"waiting {failure.what}", maximum=failure.waiting)
