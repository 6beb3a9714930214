"""Whose influence changed from one run to another, as a list for campaigns and partners' systems."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.run import run_key
from graph.jobs.score_changes import MOST_TOP, ChangesAsked, ScoreChange
from graph.queries import customer as customer_queries
from graph.queries.paging import COUNT_CAP

if TYPE_CHECKING:
    from api.graphql.customer import Customer

ORDER = "influenceChanges"
STATED = ChangesAsked()


@strawberry.enum(description="What became of a customer's place among the highest.")
class TopChange(Enum):
    """Over the edge, and which way."""

    ENTERED = strawberry.enum_value("entered", description="Among the highest in the later run alone.")
    LEFT = strawberry.enum_value("left", description="Among the highest in the earlier run alone.")


@strawberry.type(description="A customer whose influence is not what it was.")
class InfluenceChange:
    """A change, out of the comparison of two runs."""

    customer_key: str = strawberry.field(description="Key of the customer.")
    spread_before: float | None = strawberry.field(
        description="Expected number of others moved in the earlier run; null where that did not score them."
    )
    spread_after: float | None = strawberry.field(description="The same in the later run.")
    rank_before: int | None = strawberry.field(description="Rank in the earlier run; null as above.")
    rank_after: int | None = strawberry.field(description="Rank in the later run; null as above.")
    top: TopChange | None = strawberry.field(
        description="Whether they came among the highest or fell out; null for neither."
    )

    @strawberry.field(description="The customer; null where they are gone.")
    async def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("api.graphql.customer")] | None:
        """Read together with the other customers of the page."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.customer_key)
        return None if row is None else Customer.of(row)

    @classmethod
    def of(cls, row: ScoreChange) -> "InfluenceChange":
        """The change of a row."""
        return cls(
            customer_key=row.customer_id,
            spread_before=row.spread_before,
            spread_after=row.spread_after,
            rank_before=row.rank_before,
            rank_after=row.rank_after,
            top=None if row.top is None else TopChange(row.top.value),
        )


async def influence_changes(
    info: Info,
    from_run: Annotated[strawberry.ID, strawberry.argument(name="from", description="The earlier run: an id of it.")],
    to_run: Annotated[strawberry.ID, strawberry.argument(name="to", description="The later run: an id of it.")],
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    share: Annotated[
        float,
        strawberry.argument(
            description="Whose spread moved by more than this share of the higher of both, 0 to below 1. "
            "Who is in one run alone counts as 0 in the other."
        ),
    ] = STATED.share,
    top: Annotated[
        int,
        strawberry.argument(
            description=f"And who came among so many highest or fell out, 0 to {MOST_TOP:,}; nobody of spread 0."
        ),
    ] = STATED.top,
) -> Connection[InfluenceChange]:
    """A page of those who changed, the farthest moved first."""
    wanted = slice_of(PageArguments(first, after, last, before), ORDER)
    if any(end and not isinstance(end.value, float) for end in (wanted.after, wanted.before)):
        raise bad_input("The cursor is none of ours: pass a cursor as it came.")
    if not 0 <= share < 1:
        raise bad_input(f"`share` must be from 0 to below 1, not {share}.", argument="share", value=share)
    if not 0 <= top <= MOST_TOP:
        raise bad_input(f"`top` must be from 0 to {MOST_TOP:,}, not {top:,}.", argument="top", value=top)
    runs = (run_key(from_run) or "", run_key(to_run) or "")
    found = await info.context.services.changes.between(*runs, ChangesAsked(share, top))

    async def counted() -> int:
        return min(len(found), COUNT_CAP)

    return connect(Connection[InfluenceChange], found.page(wanted), ORDER, InfluenceChange.of, counted)
