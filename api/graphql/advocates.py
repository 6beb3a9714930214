"""Whom to enlist: the customers of an audience who together move the most, with a certificate."""

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code, bad_input
from api.graphql.influence import INTERVAL, Estimate
from api.graphql.ordering import text_of
from api.graphql.run import ScoreRun, run_key, run_of
from graph.jobs.advocates import AdvocatesChosen, AdvocatesRequest, Metric
from graph.jobs.run_ties import CannotSelect, Wrong
from graph.queries import customer as customer_queries

if TYPE_CHECKING:
    from api.graphql.customer import Customer

MOST_ADVOCATES = 1_000
MOST_COSTS = 10_000
FEWEST_SETS, DEFAULT_SETS, MOST_SETS = 10_000, 2_000_000, 10_000_000
LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.enum(description="What advocates are to move most of.")
class AdvocateMetric(Enum):
    """Metrics of selection."""

    PEOPLE = strawberry.enum_value(
        "people", description="How many people are moved, the advocates themselves included."
    )
    REVENUE = strawberry.enum_value(
        "revenue", description="What a move of each of them brings, in units of the currency."
    )


@strawberry.input(description="What enlisting one customer costs.")
class AdvocateCost:
    """A cost."""

    customer_key: str = strawberry.field(description="Key of the customer.")
    cost: Decimal = strawberry.field(description="The cost, 0 or more, in the unit of the budget.")


@strawberry.enum(description="What advocates are spread over.")
class AdvocateGroup(Enum):
    """Properties of customers."""

    CITY = strawberry.enum_value("city", description="The customer's city; who has none is not counted.")
    DISTRICT = strawberry.enum_value("district", description="The customer's district; who has none is not counted.")
    COMMUNITY = strawberry.enum_value(
        "community",
        description="The community of the current centrality run; who follows nobody and is not followed has none.",
    )


@strawberry.input(description="No more than so many advocates of one group.")
class SpreadOver:
    """A cap."""

    by: AdvocateGroup = strawberry.field(description="The group.")
    at_most: int = strawberry.field(description="How many of one group there may be, the enlisted included; 1 or more.")


@strawberry.input(description="Whom to choose among, how many, and what for.")
class SelectAdvocatesInput:
    """A request."""

    k: int | None = strawberry.field(
        default=None,
        description=f"How many to choose, 1 to {MOST_ADVOCATES:,}; with a budget at most so many, and not needed.",
    )
    budget: Decimal | None = strawberry.field(default=None, description="What the chosen may cost together.")
    costs: list[AdvocateCost] | None = strawberry.field(
        default=None, description=f"What enlisting a customer costs, at most {MOST_COSTS:,}; with a budget."
    )
    default_cost: Decimal | None = strawberry.field(
        default=None, description="What everybody else costs; if absent, only who is in `costs` may be chosen."
    )
    spread_over: SpreadOver | None = strawberry.field(
        default=None, description="No more than so many of one city, district or community."
    )
    audience: AudienceWhere | None = strawberry.field(
        default=None, description="Whom to choose among; everybody whom the run scored if absent."
    )
    metric: AdvocateMetric = strawberry.field(
        default=AdvocateMetric.PEOPLE, description="What they are to move most of."
    )
    enlisted: list[str] | None = strawberry.field(
        default=None,
        description="Keys of customers who are enlisted already: not chosen, and what they move is not counted again.",
    )
    run: strawberry.ID | None = strawberry.field(
        default=None, description="Another influence run than the current one: its global id or its own id."
    )
    to_buy: str | None = strawberry.field(
        default=None,
        description="A category: count who is moved to buy of it or below it, by the current influence run of that "
        "category. Not with `run`.",
    )
    sets: int = strawberry.field(
        default=DEFAULT_SETS,
        description=f"How many cascades are drawn backwards, {FEWEST_SETS:,} to {MOST_SETS:,}: more choose and judge "
        "better, and take longer.",
    )
    seed: int = strawberry.field(default=0, description="Seed of the random numbers: the same seed, the same choice.")


@strawberry.type(description="A customer who was chosen.")
class Advocate:
    """One of the chosen."""

    rank: int = strawberry.field(description="1 for the first who was chosen; each later one adds less.")
    customer_key: str = strawberry.field(description="Key of the customer.")
    gain: float = strawberry.field(
        description="What they add to those before them, on the cascades that chose them: a little too high."
    )
    spread_after: float = strawberry.field(
        description="What they, all before them and the enlisted move together, on the cascades that judge."
    )

    cost: Decimal = strawberry.field(description="What enlisting them costs; 0 where there is no budget.")

    @strawberry.field(description="The customer.")
    async def customer(self, info: Info) -> LazyCustomer:
        """Read together with the other advocates."""
        from api.graphql.customer import Customer

        row = await info.context.load(customer_queries.customers_by_key, self.customer_key)
        if row is None:
            raise ApiError(Code.NOT_FOUND, f"There is no customer {self.customer_key!r} any more.")
        return Customer.of(row)


@strawberry.type(description="The advocates, what they move together, and how near to the best choice that is.")
class AdvocateSelection:
    """A choice with its certificate."""

    advocates: list[Advocate] = strawberry.field(description="The chosen, in the order in which they were chosen.")
    metric: AdvocateMetric = strawberry.field(description="The unit of all figures here.")
    candidates: int = strawberry.field(description="How many customers could have been chosen.")
    spread: Estimate = strawberry.field(
        description="What the chosen and the enlisted move together; the interval is of the sampling alone."
    )
    enlisted_spread: float = strawberry.field(description="What the enlisted move without the chosen.")
    added_at_least: float = strawberry.field(description="What the chosen add to the enlisted, at least.")
    best_at_most: float = strawberry.field(description="What any k candidates could add, at most.")
    certified_ratio: float = strawberry.field(
        description="The former over the latter, 0 to 1: the choice is at least this near to the best there is."
    )
    confidence: float = strawberry.field(description="How sure both bounds are, given the learned ties, 0 to 1.")
    sets: int = strawberry.field(description="How many cascades the answer rests on.")
    seed: int = strawberry.field(description="Seed of the random numbers.")
    cost: Decimal = strawberry.field(description="What the chosen cost together; 0 where there is no budget.")
    guarantee: float | None = strawberry.field(
        description="The least share of the best that choosing so reaches on any graph; null where none is proven."
    )
    method: str = strawberry.field(description="How they were chosen: reverse sets, sentinels or shared worlds.")
    reason: str = strawberry.field(description="Why by this method and so many cascades, in a sentence.")
    run_key: strawberry.Private[str]

    @strawberry.field(description="The influence run whose ties were used.")
    async def run(self, info: Info) -> ScoreRun:
        """Read from the graph."""
        found = await run_of(info, self.run_key)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"There is no run {self.run_key!r} any more.")
        return found

    @classmethod
    def of(cls, input: SelectAdvocatesInput, found: AdvocatesChosen) -> "AdvocateSelection":
        """The answer to a request."""
        return cls(
            advocates=[
                Advocate(
                    rank=place,
                    customer_key=one.customer,
                    gain=one.gain,
                    spread_after=one.spread_after,
                    cost=told_cost(one.cost),
                )
                for place, one in enumerate(found.advocates, start=1)
            ],
            metric=input.metric,
            candidates=found.candidates,
            spread=Estimate(value=found.spread, low=found.spread_low, high=found.spread_high, confidence=INTERVAL),
            enlisted_spread=found.already_spread,
            added_at_least=found.added_at_least,
            best_at_most=found.best_at_most,
            certified_ratio=found.ratio,
            confidence=found.confidence,
            sets=found.sets,
            seed=input.seed,
            cost=told_cost(found.cost),
            guarantee=found.guarantee,
            method=found.method,
            reason=found.reason,
            run_key=found.run,
        )


def told_cost(cost: float) -> Decimal:
    """Costs to the hundredth."""
    return Decimal(f"{cost:.2f}")


async def select(
    info: Info, input: Annotated[SelectAdvocatesInput, strawberry.argument(description="Whom, how many, what for.")]
) -> AdvocateSelection:
    """The choice; BAD_USER_INPUT or NOT_FOUND with a `reason` where it cannot be made."""
    for name, value, least, most in (
        ("k", input.k, 1, MOST_ADVOCATES),
        ("sets", input.sets, FEWEST_SETS, MOST_SETS),
        ("seed", input.seed, 0, 2**31 - 1),
    ):
        if value is not None and not least <= value <= most:
            raise bad_input(
                f"`{name}` must be from {least:,} to {most:,}, not {value:,}.",
                argument=name,
                value=value,
                maximum=most,
                reason=Wrong.OUT_OF_RANGE,
            )
    if len(input.costs or ()) > MOST_COSTS:
        message = f"`costs` takes at most {MOST_COSTS:,} customers, not {len(input.costs or ()):,}."
        raise bad_input(message, argument="costs", maximum=MOST_COSTS, reason=Wrong.OUT_OF_RANGE)
    request = AdvocatesRequest(
        k=input.k,
        audience=input.audience.filters() if input.audience else {},
        metric=Metric(text_of(input.metric)),
        already=tuple(dict.fromkeys(input.enlisted or ())),
        run=run_key(input.run),
        to_buy=input.to_buy,
        sets=input.sets,
        seed=input.seed,
        budget=None if input.budget is None else float(input.budget),
        costs={one.customer_key: float(one.cost) for one in input.costs or ()},
        default_cost=None if input.default_cost is None else float(input.default_cost),
        group_by=text_of(input.spread_over.by) if input.spread_over else None,
        group_most=input.spread_over.at_most if input.spread_over else None,
    )
    try:
        return AdvocateSelection.of(input, await info.context.services.advocates.choose(request))
    except CannotSelect as failure:
        unknown = failure.wrong in {Wrong.NO_RUN, Wrong.UNKNOWN_RUN, Wrong.UNKNOWN_CUSTOMER}
        code = Code.NOT_FOUND if unknown else Code.BAD_USER_INPUT
        raise ApiError(code, str(failure), reason=failure.wrong.value, argument=failure.argument) from failure
