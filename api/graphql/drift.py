"""What changed between two runs of chains: which grew, faded, shifted slot, came or went."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.behaviour import Behaviour
from api.graphql.category import Category
from api.graphql.chain import DayKind, Gap, GapReach, Slot
from api.graphql.context import Info
from api.graphql.errors import bad_input
from api.graphql.run import run_key
from graph.jobs.drift import Drifted


@strawberry.enum(description="What became of a chain from one run to another.")
class ChainChange(Enum):
    """Changes."""

    SHIFTED = strawberry.enum_value("shifted", description="It faded in its slots and now stands in others.")
    FADED = strawberry.enum_value("faded", description="Its lift fell.")
    GREW = strawberry.enum_value("grew", description="Its lift rose.")
    CAME = strawberry.enum_value("came", description="Confirmed now; the earlier run did not try it.")
    WENT = strawberry.enum_value("went", description="Confirmed before; the later run did not try it.")


@strawberry.type(description="A step of a chain that was compared.")
class DriftedStep:
    """Behaviour, category and slot."""

    behaviour: Behaviour = strawberry.field(description="What is done.")
    category: Category | None = strawberry.field(description="With what; null where the behaviour names no product.")
    slot: Slot = strawberry.field(description="In which part of the day.")


@strawberry.type(description="A chain that is not what it was.")
class ChainDrift:
    """A change, out of the comparison."""

    change: ChainChange = strawberry.field(description="What became of it.")
    reason: str = strawberry.field(description="Why that is said, in a sentence with the figures.")
    steps: list[DriftedStep] = strawberry.field(description="The two steps.")
    first_day_kind: DayKind = strawberry.field(description="On which days the first step counts.")
    gap: Gap = strawberry.field(description="How far the second step lies.")
    reach: GapReach = strawberry.field(description="The same in numbers.")
    lift_before: float | None = strawberry.field(description="Lift in the first run; null where it was not tried.")
    lift_after: float | None = strawberry.field(description="Lift in the second run; null where it was not tried.")
    customers_before: int | None = strawberry.field(description="Customers who went through it in the first run.")
    customers_after: int | None = strawberry.field(description="Customers who went through it in the second run.")
    q_value: float | None = strawberry.field(
        description="Of both lifts being the same, over all chains compared; null where only one run tried it."
    )
    shifted_to: list[Slot] | None = strawberry.field(description="Of a shifted chain, the slots of both steps now.")

    @classmethod
    def of(cls, row: Drifted) -> "ChainDrift":
        """The change of a row."""
        ends = (
            (row.first_behaviour, row.first_category_id, row.first_slot),
            (row.then_behaviour, row.then_category_id, row.then_slot),
        )
        return cls(
            change=ChainChange(str(row.change)),
            reason=row.reason,
            steps=[_step(*end) for end in ends],
            first_day_kind=DayKind(row.first_day_kind),
            gap=Gap.of(row.gap),
            reach=GapReach.of(row.gap),
            lift_before=row.lift_before,
            lift_after=row.lift_after,
            customers_before=row.customers_before,
            customers_after=row.customers_after,
            q_value=row.q_value,
            shifted_to=None if row.shifted_to is None else [_slot(slot) for slot in row.shifted_to],
        )


def _step(behaviour: str, category: str | None, slot: tuple[int, int]) -> DriftedStep:
    known = None if category is None else Category.of(category)
    return DriftedStep(behaviour=Behaviour(behaviour), category=known, slot=_slot(slot))


def _slot(slot: tuple[int, int]) -> Slot:
    return Slot(start_minute=slot[0], end_minute=slot[1])


Before = Annotated[strawberry.ID, strawberry.argument(name="from", description="The earlier run: an id of it.")]
After = Annotated[strawberry.ID, strawberry.argument(name="to", description="The later run: an id of it.")]
First = Annotated[int, strawberry.argument(description="The surest so many, 1 to 1,000.")]


async def chain_drift(info: Info, before: Before, after: After, first: First = 100) -> list[ChainDrift]:
    """What changed from one run to another, surest first."""
    if not 1 <= first <= 1000:
        raise bad_input(f"`first` must be 1 to 1,000, not {first}.", argument="first")
    found = await info.context.services.drift.between(run_key(before) or "", run_key(after) or "")
    return [ChainDrift.of(row) for row in found[:first]]
