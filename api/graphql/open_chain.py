"""Open chains in the API: which steps of a chain a customer has done, what probably follows, when, and for how much."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.chain import Chain, ChainStep
from api.graphql.context import Info
from api.graphql.scalars import money
from graph.algorithms.significance import proportion_interval
from graph.queries import open_chain as queries
from graph.queries import order as order_queries

if TYPE_CHECKING:
    from api.graphql.order import Order


@strawberry.type(description="A step that a customer has done.")
class DoneStep:
    """A step and its order."""

    step: ChainStep = strawberry.field(description="The step of the chain.")
    at: datetime = strawberry.field(description="When the customer did it.")
    order_key: str | None = strawberry.field(
        description="Key of the order that was the step; null where the step was no purchase."
    )

    @strawberry.field(description="The order that was the step.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("api.graphql.order")] | None:
        """Read together with the orders of the other steps."""
        return await _order_of(info, self.order_key)


@strawberry.type(description="A chain that a customer is inside of: what next, in which slot, how likely.")
class OpenChain:
    """An open chain, out of its row."""

    chain: Chain = strawberry.field(description="The chain.")
    opened_at: datetime = strawberry.field(description="When the customer did the first step.")
    done: list[DoneStep] = strawberry.field(description="The steps that are done: all but the last, in order.")
    order_key: str | None = strawberry.field(
        description="Key of the order that was the newest step; null where that was no purchase."
    )
    next_step: ChainStep = strawberry.field(description="What probably follows.")
    window_start: datetime = strawberry.field(description="When the next slot begins, by the store's own clock.")
    window_end: datetime = strawberry.field(description="When the next slot ends and this window of the chain expires.")
    is_now: bool = strawberry.field(description="Whether the window has begun.")
    probability: float = strawberry.field(
        description="How often the last step followed all that leads up to it, on any of the days of its gap."
    )
    probability_low: float = strawberry.field(
        description="Lower end of its 95 % interval (Wilson's, occurrences taken as independent)."
    )
    probability_high: float = strawberry.field(description="Upper end of its 95 % interval.")
    expected_revenue: Decimal | None = strawberry.field(
        description="probability × chain.meanValue: what the next step brings on average; null without a mean value."
    )
    lift: float = strawberry.field(description="How much likelier than by the customers' own rhythm.")

    @strawberry.field(description="The order that was the newest step.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("api.graphql.order")] | None:
        """Read together with the orders of the other open chains."""
        return await _order_of(info, self.order_key)

    @classmethod
    def of(cls, row: queries.OpenChainRow, at: datetime) -> "OpenChain":
        """The open chain of a row, at the instant that was asked for."""
        chain, told = Chain.of(row.chain), row.chain
        low, high = proportion_interval(told.confidence, told.occurrences)
        value = told.then_mean_cents
        return cls(
            chain=chain,
            opened_at=row.done[0].at,
            done=[
                DoneStep(step=step, at=order.at, order_key=order.order)
                for step, order in zip(chain.steps, row.done, strict=False)
            ],
            order_key=row.last.order,
            next_step=chain.steps[-1],
            window_start=row.window_start,
            window_end=row.window_end,
            is_now=row.window_start <= at,
            probability=told.confidence,
            probability_low=low,
            probability_high=high,
            expected_revenue=None if value is None else money(round(told.confidence * value)),
            lift=told.lift,
        )


async def _order_of(info: Info, key: str | None) -> "Order | None":
    from api.graphql.order import Order

    row = None if key is None else await info.context.load(order_queries.orders_by_key, key)
    return None if row is None else Order.of(row)


At = Annotated[datetime | None, strawberry.argument(description="At which instant; now if absent.")]


async def open_chains_of(info: Info, key: str, at: datetime | None) -> list[OpenChain]:
    """One customer's open chains, read together with the other customers'."""
    services = info.context.services
    # One instant for the whole operation, so that all customers share a statement.
    instant = at or info.context.started_at
    rows = await info.context.load(queries.open_chains, key, instant, services.zone, services.calendar)
    return [OpenChain.of(row, instant) for row in rows]


async def open_chains(
    info: Info,
    customer_key: Annotated[str, strawberry.argument(description="The retailer's own id of the customer.")],
    at: At = None,
) -> list[OpenChain]:
    """A customer's open chains, the nearest window first; none for an unknown customer."""
    return await open_chains_of(info, customer_key, at)
