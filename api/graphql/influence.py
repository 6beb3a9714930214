"""Influence in the API: scores of customers, and the highest within an audience."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import strawberry

from api.graphql.audience import AudienceWhere
from api.graphql.children import OutOfColumn, one_of, several_of, told_by
from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.ordering import text_of
from api.graphql.rows import Cell, Records, made_of, money_of, told_from
from api.graphql.run import RunArgument, ScoreKind, ScoreRun, finished_run
from api.graphql.scalars import money
from api.graphql.selected import selected
from graph.queries import customer as customer_queries
from graph.queries import influence as queries
from graph.queries import run as run_queries
from graph.queries.reader import made_of as row_of

if TYPE_CHECKING:
    from api.graphql.customer import Customer

MOST_KEYS = 1_000
INTERVAL = 0.95
LazyCustomer = Annotated["Customer", strawberry.lazy("api.graphql.customer")]


@strawberry.type(description="A number that was estimated, with the interval that it lies in.")
class Estimate:
    """A value and its interval."""

    value: float = strawberry.field(description="The estimate.")
    low: float = strawberry.field(description="Lower end of the interval.")
    high: float = strawberry.field(description="Upper end of the interval.")
    confidence: float = strawberry.field(description="How sure the interval is, 0 to 1.")


def _customer(row: Any) -> object:
    from api.graphql.customer import Customer

    return Customer.of(row)


class _Path(msgspec.Struct):
    customers: list[str]
    probability: float


@strawberry.type(description="One of the strongest ways by which a customer moves others.")
class InfluencePath:
    """A path from the customer to somebody else."""

    customer_keys: list[str] = strawberry.field(description="The keys along the path, the customer first.")
    probability: float = strawberry.field(description="Probability that the influence runs through, 0 to 1.")

    customers: list[LazyCustomer] = strawberry.field(
        resolver=several_of(customer_queries.customers_by_key, _customer, key="customer_keys"),
        description="The customers along the path; those who are gone are left out.",
    )


_EXPLAINING = 5


def _first(arguments: Mapping[str, Any]) -> tuple[int]:
    first = _EXPLAINING if arguments["first"] is None else arguments["first"]
    if not 1 <= first <= 20:
        raise bad_input(f"`first` must be from 1 to 20, not {first}.", argument="first", value=first, maximum=20)
    return (first,)


def _explanation(paths: str | None, first: int) -> list[InfluencePath]:
    found = msgspec.json.decode(paths, type=list[_Path]) if paths else []
    return [InfluencePath(customer_keys=path.customers, probability=path.probability) for path in found[:first]]


_EXPLAINED = OutOfColumn("paths", _first, _explanation)


@told_by(_EXPLAINED)
def _explained(
    self: Any, first: Annotated[int | None, strawberry.argument(description="How many, 1 to 20.")] = _EXPLAINING
):
    return _EXPLAINED.of({"first": first}, self)


def _estimate(name: str) -> Cell:
    """The number of this name and its interval."""
    return Cell(name, _interval, (f"{name}_low", f"{name}_high"))


def _interval(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, confidence=INTERVAL)


def _sum(cents: int | None, more: int | None) -> Decimal | None:
    return None if cents is None or more is None else money(cents + more)


@told_from(
    queries.InfluenceRow,
    customer_key=Cell("customer_id"),
    run_key=Cell("run_id"),
    spread=_estimate("spread"),
    revenue=_estimate("revenue"),
    credited_revenue=Cell("credited_direct_cents", _sum, ("credited_downstream_cents",)),
    credited_direct_revenue=money_of("credited_direct_cents"),
    credited_downstream_revenue=money_of("credited_downstream_cents"),
)
@strawberry.type(description="A customer's influence as one run saw it.")
class InfluenceScore:
    """A score, out of its row."""

    customer_key: str = strawberry.field(description="Key of the customer.")
    spread: Estimate = strawberry.field(description="Expected number of others moved.")
    revenue: Estimate = strawberry.field(description="Expected revenue moved, in units of the currency.")
    credited_revenue: Decimal = strawberry.field(description="Revenue credited so far: direct and downstream.")
    credited_direct_revenue: Decimal = strawberry.field(description="Revenue of those brought directly, as credited.")
    credited_downstream_revenue: Decimal = strawberry.field(description="Revenue credited from further down.")
    direct_referrals: int = strawberry.field(description="How many the customer brought.")
    downstream: int = strawberry.field(description="How many came directly or through others, at any depth.")
    rank: int = strawberry.field(description="1 for the highest spread of the run.")
    percentile: float = strawberry.field(description="Share of scored customers with a lower spread, 0 to 100.")
    run_key: strawberry.Private[str]
    paths: strawberry.Private[str | None]

    customer: LazyCustomer = strawberry.field(
        resolver=one_of(customer_queries.customers_by_key, _customer, key="customer_key", gone="customer"),
        description="The customer.",
    )
    run: ScoreRun = strawberry.field(
        resolver=one_of(run_queries.runs_by_key, ScoreRun.of, key="run_key", gone="run"),
        description="The run that made the score: algorithm, parameters, seed, log version.",
    )

    explanation: list[InfluencePath] = strawberry.field(
        resolver=_explained, description="The strongest paths by which the customer moves others, strongest first."
    )

    @classmethod
    def of(cls, row: queries.InfluenceRow) -> "InfluenceScore":
        """The score of a row."""
        return made_of(cls, row)


@strawberry.type(name="InfluenceConnection", description="One page of influence scores.")
class InfluenceConnection(Connection[InfluenceScore]):
    """Scores, page by page."""


@strawberry.enum(description="By what influencers are compared.")
class InfluenceMetric(Enum):
    """Names of the query's metrics."""

    SPREAD = strawberry.enum_value("spread", description="Expected number of others moved.")
    REVENUE = strawberry.enum_value("revenue", description="Expected revenue moved.")
    CREDITED_REVENUE = strawberry.enum_value("credited_revenue", description="Revenue credited so far.")
    DIRECT_REFERRALS = strawberry.enum_value("direct_referrals", description="How many they brought themselves.")
    DOWNSTREAM = strawberry.enum_value("downstream", description="How many came directly or through others.")


async def influence_of(info: Info, key: str, run: str | None) -> InfluenceScore | None:
    """One customer's score, read together with the other customers' scores."""
    wanted = await finished_run(info, run, ScoreKind.INFLUENCE)
    row = await info.context.load(queries.influence_of, key, wanted)
    return None if row is None else InfluenceScore.of(row)


async def influence_scores(
    info: Info,
    customer_keys: Annotated[
        list[str], strawberry.argument(description=f"The customers, at most {MOST_KEYS:,}; answered in this order.")
    ],
    run: RunArgument = None,
) -> list[InfluenceScore | None]:
    """One score for each key, in order; null where the run did not score the customer."""
    if len(customer_keys) > MOST_KEYS:
        raise bad_input(
            f"`customerKeys` takes at most {MOST_KEYS:,} keys, not {len(customer_keys):,}: ask in several requests.",
            argument="customerKeys",
            value=len(customer_keys),
            maximum=MOST_KEYS,
        )
    if not customer_keys:
        return []
    asked, columns = await finished_run(info, run, ScoreKind.INFLUENCE), info.context.needed(info)
    if columns is None and "explanation" not in selected(info):
        columns = queries.BUT_PATHS
    records = await queries.influence_records(info.context.reader, customer_keys, asked, columns)
    return Records(records, lambda record: InfluenceScore.of(row_of(queries.InfluenceRow, record)))


async def top_influencers(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[AudienceWhere | None, strawberry.argument(description="Whom to compare; all if absent.")] = None,
    metric: Annotated[
        InfluenceMetric | None, strawberry.argument(description="By what they are compared, highest first.")
    ] = InfluenceMetric.SPREAD,
    run: RunArgument = None,
) -> Connection[InfluenceScore]:
    """A page of scores, highest first."""
    by = text_of(metric or InfluenceMetric.SPREAD)
    name = f"influencers.{by}"
    audience = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    key = await finished_run(info, run, ScoreKind.INFLUENCE)
    page = await queries.top_influencers(info.context.reader, audience, queries.METRICS[by], key, wanted)
    counted = partial(queries.count_influencers, info.context.reader, audience, key)
    return connect(InfluenceConnection, page, name, InfluenceScore.of, counted)
