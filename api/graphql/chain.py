"""Chains in the API: what a purchase leads to, and which next steps lie ahead of a customer."""

from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.graphql.behaviour import Behaviour
from api.graphql.category import Category
from api.graphql.chain_where import ChainOrder, ChainWhere
from api.graphql.connection import After, Before, Connection, First, Last, PageArguments, connect, slice_of
from api.graphql.context import Info
from api.graphql.errors import ApiError, Code
from api.graphql.node import Node, global_id
from api.graphql.ordering import chosen
from api.graphql.run import RunArgument, ScoreRun, run_key, run_of
from api.graphql.scalars import money
from graph.algorithms import chains as chain_words
from graph.algorithms.chains import NAMED_GAPS
from graph.queries import chain as queries
from graph.queries.chain_steps import ChainStepRow


@strawberry.enum(description="On which days a step counts.")
class DayKind(Enum):
    """Kinds of day."""

    ANY = strawberry.enum_value("any", description="Every day.")
    WEEKDAY = strawberry.enum_value("weekday", description="Monday to Friday, and make-up workdays of the calendar.")
    WEEKEND = strawberry.enum_value("weekend", description="Saturday and Sunday.")
    HOLIDAY = strawberry.enum_value("holiday", description="A holiday of the calendar that the run was given.")


@strawberry.enum(description="How far the next step lies from the one before.")
class Gap(Enum):
    """Gaps between steps."""

    SAME_DAY = strawberry.enum_value("same_day", description="On the same day of the store's calendar.")
    NEXT_DAY = strawberry.enum_value("next_day", description="On the day after.")
    WITHIN_3_DAYS = strawberry.enum_value("within_3_days", description="On one of the three days after.")
    WITHIN_WEEK = strawberry.enum_value("within_week", description="On one of the seven days after.")
    DAYS = strawberry.enum_value("days", description="On other days after: `reach` says which.")
    HOURS = strawberry.enum_value("hours", description="So many hours after: `reach` says how many.")

    @classmethod
    def of(cls, text: str) -> "Gap":
        """The named gap, or what its reach counts."""
        return cls(text) if text in NAMED_GAPS else cls(str(chain_words.Gap(text).unit))


@strawberry.enum(description="What a reach counts.")
class GapUnit(Enum):
    """Units of gaps."""

    DAYS = strawberry.enum_value("days", description="Days of the store's calendar; 0 is the step's own day.")
    HOURS = strawberry.enum_value("hours", description="Hours between the two moments.")


@strawberry.type(description="How far the next step lies, in numbers: both ends are included.")
class GapReach:
    """Unit and ends."""

    unit: GapUnit = strawberry.field(description="What is counted.")
    start: int = strawberry.field(name="from", description="The first day or hour after the step that counts.")
    end: int = strawberry.field(name="to", description="The last one.")

    @classmethod
    def of(cls, text: str) -> "GapReach":
        """The reach of a gap's text."""
        gap = chain_words.Gap(text)
        return cls(unit=GapUnit(str(gap.unit)), start=gap.start, end=gap.end)


@strawberry.enum(description="Where a chain was looked for.")
class ChainScopeKind(Enum):
    """Kinds of scope."""

    EVERYWHERE = strawberry.enum_value("everywhere", description="Over all customers.")
    DISTRICT = strawberry.enum_value("district", description="Within a district.")
    STORE = strawberry.enum_value("store", description="Within a store.")
    SEGMENT = strawberry.enum_value("segment", description="Within a segment of customers.")
    CHANNEL = strawberry.enum_value("channel", description="Within a channel.")


@strawberry.type(description="A part of the store's own day.")
class Slot:
    """Minutes and clock times."""

    start_minute: int = strawberry.field(description="First minute of the day, 0 to 1439.")
    end_minute: int = strawberry.field(description="The minute behind the last one, 1 to 1440.")

    @strawberry.field(description="Start on the clock, such as 11:00.")
    def start(self) -> str:
        """HH:MM."""
        return _clock(self.start_minute)

    @strawberry.field(description="End on the clock, not included, such as 13:00; 24:00 for midnight.")
    def end(self) -> str:
        """HH:MM."""
        return _clock(self.end_minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@strawberry.type(description="One step of a chain.")
class ChainStep:
    """Behaviour, category, slot and kind of day."""

    behaviour: Behaviour = strawberry.field(description="What is done.")
    category: Category | None = strawberry.field(
        description="With a product of which category; null where the behaviour names none."
    )
    slot: Slot = strawberry.field(description="In which part of the day.")
    day_kind: DayKind = strawberry.field(description="On which days.")
    gap: Gap | None = strawberry.field(description="How far the next step lies; null at the last one.")
    reach: GapReach | None = strawberry.field(description="The same in numbers; null at the last one.")


@strawberry.type(description="Where a chain was looked for.")
class ChainScope:
    """Kind and key."""

    kind: ChainScopeKind = strawberry.field(description="The kind of scope.")
    key: str | None = strawberry.field(description="Which one; null for everywhere.")
    rest_lift: float | None = strawberry.field(
        description="The lift among all customers outside the scope; null for everywhere."
    )
    difference_q_value: float | None = strawberry.field(
        description="q-value of the lift being the same inside and outside; null for everywhere."
    )


@strawberry.type(description="Two to five steps that follow each other more often than the customers' own rhythm says.")
class Chain(Node):
    """A chain, out of its row."""

    rank: int = strawberry.field(description="1 for the strongest of its run: lowest q, then highest lift.")
    steps: list[ChainStep] = strawberry.field(description="The steps in order.")
    customers: int = strawberry.field(description="How many customers went through it.")
    occurrences: int = strawberry.field(description="How many times it was gone through.")
    support: float = strawberry.field(description="customers over all customers that were read, 0 to 1.")
    confidence: float = strawberry.field(
        description="How often the last step followed all that leads up to it, 0 to 1."
    )
    leverage: float | None = strawberry.field(
        description="Occurrences beyond what the customers' own rhythm would give, as a share of all customer-days (or "
        "visits) that were compared."
    )
    median_gap_hours: float | None = strawberry.field(
        description="Median time from the last step but one to the last, over the occurrences, in hours."
    )
    revenue: Decimal | None = strawberry.field(
        description="Paid for the last step's category where it followed, each payment once, refunds not taken off; "
        "null where the last step is no purchase. Chains that overlap share payments: do not add them up."
    )
    lift: float = strawberry.field(description="Confidence over what the customers' own rhythm would give.")
    lift_low: float | None = strawberry.field(description="Lower end of the lift's 95 % interval.")
    lift_high: float | None = strawberry.field(description="Upper end of the lift's 95 % interval.")
    suffix_lift: float | None = strawberry.field(
        description="Of three and more steps, the lift of the last step after the one before it alone."
    )
    new: bool = strawberry.field(
        description="Whether it says more than its last two steps alone: liftLow is above suffixLift. True for pairs."
    )
    p_value: float = strawberry.field(description="Against the null that keeps each customer's own rhythm.")
    q_value: float = strawberry.field(description="Benjamini-Hochberg over everything of as many steps that was tried.")
    held: bool | None = strawberry.field(
        description="Whether it was found in the log's earlier half and again in the later one; null where not tried."
    )
    closed: bool | None = strawberry.field(
        description="Whether no longer confirmed chain of the run that contains it has as many customers; null in "
        "scopes."
    )
    scope: ChainScope = strawberry.field(description="Where it was looked for.")
    mean_value: Decimal | None = strawberry.field(
        description="Mean paid for the last step's category in an order of its slot; null where nothing was paid."
    )
    run_key: strawberry.Private[str]

    @strawberry.field(description="The run that found it.")
    async def run(self, info: Info) -> ScoreRun:
        """Read once for all chains of the run."""
        found = await run_of(info, self.run_key)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"There is no run {self.run_key!r} any more.")
        return found

    @classmethod
    def of(cls, row: queries.ChainRow) -> "Chain":
        """The chain of a row."""
        return cls(
            id=global_id("Chain", row.key),
            rank=row.rank,
            steps=[step_of(step) for step in row.steps],
            customers=row.customers,
            occurrences=row.occurrences,
            support=row.support,
            confidence=row.confidence,
            leverage=row.leverage,
            median_gap_hours=None if row.median_gap_minutes is None else row.median_gap_minutes / 60,
            revenue=None if row.revenue_cents is None else money(row.revenue_cents),
            lift=row.lift,
            lift_low=row.lift_low,
            lift_high=row.lift_high,
            suffix_lift=row.suffix_lift,
            new=row.new,
            p_value=row.p_value,
            q_value=row.q_value,
            held=row.held,
            closed=row.closed,
            scope=_scope(row),
            mean_value=None if row.then_mean_cents is None else money(round(row.then_mean_cents)),
            run_key=row.run_id,
        )


def step_of(step: ChainStepRow) -> ChainStep:
    """The step of a row."""
    return ChainStep(
        behaviour=Behaviour(step.behaviour),
        category=None if step.category_id is None else Category.of(step.category_id),
        slot=Slot(start_minute=step.start_minute, end_minute=step.end_minute),
        day_kind=DayKind(step.day_kind),
        gap=None if step.gap is None else Gap.of(step.gap),
        reach=None if step.gap is None else GapReach.of(step.gap),
    )


def _scope(row: queries.ChainRow) -> ChainScope:
    return ChainScope(
        kind=ChainScopeKind(row.scope_kind),
        key=row.scope_key,
        rest_lift=row.rest_lift,
        difference_q_value=row.difference_q_value,
    )


async def chain(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The chain's global id.")]
) -> Chain | None:
    """One chain; null where there is none."""
    from api.graphql.node import key_of

    row = await info.context.load(queries.chains_by_key, key_of("Chain", id))
    return None if row is None else Chain.of(row)


async def chains(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[ChainWhere | None, strawberry.argument(description="Which ones; all if absent.")] = None,
    order_by: Annotated[ChainOrder | None, strawberry.argument(description="By rank if absent.")] = None,
    run: RunArgument = None,
) -> Connection[Chain]:
    """A page of chains, of the current runs or of one given run."""
    order = order_by or ChainOrder()
    name, ordering = chosen("chains", queries.ORDERINGS, order.field, order.direction)
    filters = where.filters() if where else {}
    wanted = slice_of(PageArguments(first, after, last, before), name)
    key = run_key(run)
    page = await queries.chains(info.context.reader, filters, ordering, key, wanted)
    counted = partial(queries.count_chains, info.context.reader, filters, key)
    return connect(Connection[Chain], page, name, Chain.of, counted)
