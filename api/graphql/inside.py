"""Who is inside of an open chain now, as a list for campaigns: an audience's customers, page by page."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.connection import (
    DEFAULT_SIZE,
    LARGEST_SIZE,
    PageArguments,
    PageInfo,
    read_cursor,
    slice_of,
    write_cursor,
)
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.open_chain import At, OpenChain
from graph.queries import customer as customer_queries
from graph.queries import inside as queries
from graph.queries.paging import Position

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


@strawberry.type(description="A customer inside of open chains, and where they stand in the list.")
class InsiderEdge:
    """Relay's edge."""

    node: Insider = strawberry.field(description="The customer with their open chains.")
    cursor: str = strawberry.field(description="Their place in the list: pass it as `after`.")


@strawberry.type(
    description="Customers inside of open chains, by key. A page looks at so many customers and no more: it may hold "
    "fewer than were asked for, or none, while `hasNextPage` says that there are more; go on with `endCursor`."
)
class InsiderPage:
    """One page; the list is not counted, since nobody knows it before it was read."""

    edges: list[InsiderEdge] = strawberry.field(description="The customers of the page, each with a cursor.")
    nodes: list[Insider] = strawberry.field(description="The customers of the page alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands within the list.")


async def customers_inside(
    info: Info,
    first: Annotated[
        int | None, strawberry.argument(description=f"How many; {DEFAULT_SIZE} if absent, at most {LARGEST_SIZE}.")
    ] = None,
    after: Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")] = None,
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
) -> InsiderPage:
    """A page of the customers who may be offered something now or soon; only who agreed to offers, unless said."""
    if not 0 <= within_hours <= LONGEST_HOURS:
        message = f"`withinHours` must be from 0 to {LONGEST_HOURS}, not {within_hours}."
        raise bad_input(message, argument="withinHours", value=within_hours, maximum=LONGEST_HOURS)
    limit = slice_of(PageArguments(first=first), ORDER).limit
    services, instant = info.context.services, at or info.context.started_at
    audience = (where.filters() if where else {}) | ({} if any_consent else {"consent_offers": True})
    wanted = queries.Wanted(instant, instant + timedelta(hours=within_hours), next_category)
    start = None if after is None else read_cursor(ORDER, after).key
    page = await queries.insiders(info.context.reader, audience, wanted, services.zone, services.calendar, limit, start)
    nodes = [
        Insider(customer_key=one.customer, open_chains=[OpenChain.of(row, instant) for row in one.open])
        for one in page.found
    ]
    edges = [InsiderEdge(node=node, cursor=_cursor(node.customer_key)) for node in nodes]
    return InsiderPage(
        edges=edges,
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.more,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=None if page.end is None else _cursor(page.end),
        ),
    )


def _cursor(key: str) -> str:
    return write_cursor(ORDER, Position(key, key))
