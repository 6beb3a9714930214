"""Who is inside of an open chain now, as a list for campaigns: an audience's customers, page by page."""

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.open_chain import At, OpenChain
from graph.queries import customer as customer_queries
from graph.queries import inside as queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer

LONGEST_HOURS = 28 * 24
ORDER = "inside"


@strawberry.type(description="A customer who is inside of open chains.")
class Insider:
    """Who, and of which."""

    customer_key: str = strawberry.field(description="The customer's key.")
    open_chains: list[OpenChain] = strawberry.field(
        description="The open chains that were asked for, the nearest window first."
    )

    @strawberry.field(description="The customer; null where they are gone.")
    async def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")] | None:
        """Read together with the other customers of the page."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.customer_key)
        return None if row is None else Customer.of(row)


async def customers_inside(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[AudienceWhere | None, strawberry.argument(description="Among whom; all if absent.")] = None,
    next_category: Annotated[
        str | None,
        strawberry.argument(description="Only chains that lead to this category, given by its key, or one below."),
    ] = None,
    within_hours: Annotated[
        int, strawberry.argument(description=f"Windows that begin within so many hours, 0 (now) to {LONGEST_HOURS}.")
    ] = 24,
    at: At = None,
    any_consent: Annotated[
        bool,
        strawberry.argument(
            description="Also customers who have not agreed to personal offers: for figures, not for sending."
        ),
    ] = False,
) -> Connection[Insider]:
    """A page of the customers who may be offered something now or soon; only who agreed to offers, unless said."""
    if not 0 <= within_hours <= LONGEST_HOURS:
        message = f"`withinHours` must be from 0 to {LONGEST_HOURS}, not {within_hours}."
        raise bad_input(message, argument="withinHours", value=within_hours, maximum=LONGEST_HOURS)
    reader, services, instant = info.context.reader, info.context.services, at or info.context.started_at
    audience = (where.filters() if where else {}) | ({} if any_consent else {"consent_offers": True})
    begins_by = instant + timedelta(hours=within_hours)
    wanted = queries.Wanted(instant, begins_by, services.zone, next_category, audience, services.calendar)
    page = await queries.insiders(reader, wanted, slice_of(PageArguments(first, after, last, before), ORDER))

    def made(row: queries.Insider) -> Insider:
        return Insider(customer_key=row.customer, open_chains=[OpenChain.of(one, instant) for one in row.open])

    return connect(Connection[Insider], page, ORDER, made, partial(queries.count_insiders, reader, wanted))
