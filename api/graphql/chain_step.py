"""Watching chains: what a customer did opened a chain, or led on to its last step."""

from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.changes import MOST_KEYS, heard, in_the_end
from api.graphql.context import Info, LogEvent, Wanted
from api.graphql.errors import bad_input
from api.graphql.open_chain import OpenChain
from graph.model.product import is_within
from graph.queries import customer as customer_queries
from graph.queries import open_chain as queries
from graph.queries.chain_behaviours import Did, did, known_behaviours

if TYPE_CHECKING:
    from api.graphql.customer import Customer

AT_ONCE = 500
"""Customers whose chains one statement reads."""


@strawberry.type(description="A customer has just done the last but one step of a chain: what follows lies ahead.")
class ChainStepReached:
    """Who, and inside of which chain."""

    customer_key: str = strawberry.field(description="The customer's key.")
    log_version: int = strawberry.field(description="The version of the log that brought the step.")
    open_chain: OpenChain = strawberry.field(description="The chain, with its nearest window.")

    @strawberry.field(description="The customer as the graph has them now; null where they are gone.")
    async def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")] | None:
        """Read anew for each step."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.customer_key)
        return None if row is None else Customer.of(row)


async def watch_chain_steps(
    info: Info, keys: list[str] | None, next_category: str | None
) -> AsyncIterator[ChainStepReached]:
    """Each chain that a delivery opened or led on, once: in the order of the log, with its nearest window."""
    if keys is not None and not 1 <= len(keys) <= MOST_KEYS:
        message = f"`keys` takes 1 to {MOST_KEYS:,} keys, not {len(keys):,}; leave it out for all customers."
        raise bad_input(message, argument="keys", value=len(keys), maximum=MOST_KEYS)
    customers = None if keys is None else frozenset(keys)
    # A run that becomes current later and looks at more counts for who asks from then on: what is not looked for costs
    # nobody anything.
    kinds = await known_behaviours(info.context.reader)
    async for events in heard(info, Wanted(kinds=kinds if customers is None else None, customers=customers)):
        acts = acts_of(events, kinds, customers)
        people = list(dict.fromkeys(customer for customer, *_ in acts))
        services = info.context.services
        for start in range(0, len(people), AT_ONCE):
            now, some = services.now(), people[start : start + AT_ONCE]
            read = partial(
                queries.steps_reached, info.context.reader, acts, some, now, services.zone, services.calendar
            )
            for reached in await in_the_end(read):
                category = reached.open.chain.steps[-1].category_id
                if next_category is None or (category is not None and is_within(category, next_category)):
                    info.context.renew()
                    chain = OpenChain.of(reached.open, now)
                    yield ChainStepReached(
                        customer_key=reached.customer, log_version=reached.log_version, open_chain=chain
                    )


def acts_of(
    events: Iterable[LogEvent], kinds: frozenset[str], customers: frozenset[str] | None = None
) -> dict[Did, int]:
    """What may be steps among the events → the version that brought it last, in the order of the log."""
    return {
        act: event.log_version
        for event in events
        if event.kind in kinds and (act := did(event.kind, event)) is not None
        if customers is None or event.customer in customers
    }
