"""Centrality in the API: the place of customers among who follows whose shares."""

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code
from api.graphql.ordering import text_of
from api.graphql.run import RunArgument, ScoreRun, run_key, run_of
from graph.queries import centrality as queries
from graph.queries import customer as customer_queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.type(description="A customer's place among who follows whose shares, as one run saw it.")
class CentralityScore:
    """A score, out of its row."""

    customer_key: str = strawberry.field(description="Key of the customer.")
    page_rank: float = strawberry.field(
        description="High for whom the much followed follow; adds up to 1 over the run's customers."
    )
    nearness: float = strawberry.field(
        description="PageRank around the customers that the run was asked to be near to; 0 where there were none."
    )
    hub: float = strawberry.field(description="HITS: high for who follows good authorities; adds up to 1.")
    authority: float = strawberry.field(description="HITS: high for whom good hubs follow; adds up to 1.")
    core: int = strawberry.field(
        description="The largest k such that the customer is among people who each have k others of them."
    )
    community: int = strawberry.field(
        description="The customer's community in this run, by Leiden's method: from 0, the largest first."
    )
    community_size: int = strawberry.field(description="How many customers that community has.")
    rank: int = strawberry.field(description="1 for the highest PageRank of the run.")
    run_key: strawberry.Private[str]

    @strawberry.field(description="The customer.")
    async def customer(self, info: Info) -> LazyCustomer:
        """Read together with the customers of the other scores."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.customer_key)
        if row is None:
            raise ApiError(Code.NOT_FOUND, f"There is no customer {self.customer_key!r} any more.")
        return Customer.of(row)

    @strawberry.field(description="The run that made the score: algorithm, parameters, seed, log version.")
    async def run(self, info: Info) -> ScoreRun:
        """Read once for all scores of the run."""
        found = await run_of(info, self.run_key)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"There is no run {self.run_key!r} any more.")
        return found

    @classmethod
    def of(cls, row: queries.CentralityRow) -> "CentralityScore":
        """The score of a row."""
        return cls(
            customer_key=row.customer_id,
            page_rank=row.page_rank,
            nearness=row.nearness,
            hub=row.hub,
            authority=row.authority,
            core=row.core,
            community=row.community,
            community_size=row.community_size,
            rank=row.rank,
            run_key=row.run_id,
        )


@strawberry.enum(description="By what the central are compared.")
class CentralityMetric(Enum):
    """Names of the query's metrics."""

    PAGE_RANK = strawberry.enum_value("page_rank", description="PageRank.")
    NEARNESS = strawberry.enum_value("nearness", description="PageRank around the customers of the run.")
    HUB = strawberry.enum_value("hub", description="HITS: who follows good authorities.")
    AUTHORITY = strawberry.enum_value("authority", description="HITS: whom good hubs follow.")
    CORE = strawberry.enum_value("core", description="How dense the group is that they are part of.")


async def centrality_of(info: Info, key: str, run: str | None) -> CentralityScore | None:
    """One customer's score, read together with the other customers' scores."""
    row = await info.context.load(queries.centrality_of, key, run_key(run))
    return None if row is None else CentralityScore.of(row)


async def most_central(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[AudienceWhere | None, strawberry.argument(description="Whom to compare; all if absent.")] = None,
    metric: Annotated[
        CentralityMetric, strawberry.argument(description="By what they are compared, highest first.")
    ] = CentralityMetric.PAGE_RANK,
    run: RunArgument = None,
) -> Connection[CentralityScore]:
    """A page of scores, highest first."""
    name = f"central.{text_of(metric)}"
    audience = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    key = run_key(run)
    page = await queries.most_central(info.context.reader, audience, queries.METRICS[text_of(metric)], key, wanted)
    counted = partial(queries.count_central, info.context.reader, audience, key)
    return connect(Connection[CentralityScore], page, name, CentralityScore.of, counted)
