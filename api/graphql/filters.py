"""Conditions that clients write in `where`, and how they become the filters of a query."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import strawberry

from api.graphql.errors import bad_input
from api.graphql.scalars import cents

LONGEST_LIST = 1_000


@strawberry.input(description="A condition on a text that is found by its whole or its beginning.")
class TextFilter:
    """eq, in, startsWith: all given ones must hold."""

    eq: str | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    starts_with: str | None = strawberry.field(default=None, description="Begins with this.")


@strawberry.input(description="A condition on a name.")
class NameFilter:
    """As TextFilter, and contains."""

    eq: str | None = strawberry.field(default=None, description="Is exactly this.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"Is one of these, at most {LONGEST_LIST:,}."
    )
    starts_with: str | None = strawberry.field(default=None, description="Begins with this.")
    contains: str | None = strawberry.field(default=None, description="Contains this, whatever the letters' case.")


@strawberry.input(description="A condition on an instant.")
class DateTimeFilter:
    """A range."""

    gte: datetime | None = strawberry.field(default=None, description="At this instant or later.")
    gt: datetime | None = strawberry.field(default=None, description="Later than this instant.")
    lte: datetime | None = strawberry.field(default=None, description="At this instant or earlier.")
    lt: datetime | None = strawberry.field(default=None, description="Earlier than this instant.")


@strawberry.input(description="A condition on a whole number.")
class IntFilter:
    """A range."""

    gte: int | None = strawberry.field(default=None, description="This or more.")
    gt: int | None = strawberry.field(default=None, description="More than this.")
    lte: int | None = strawberry.field(default=None, description="This or less.")
    lt: int | None = strawberry.field(default=None, description="Less than this.")


@strawberry.input(description="A condition on a number.")
class FloatFilter:
    """A range."""

    gte: float | None = strawberry.field(default=None, description="This or more.")
    gt: float | None = strawberry.field(default=None, description="More than this.")
    lte: float | None = strawberry.field(default=None, description="This or less.")
    lt: float | None = strawberry.field(default=None, description="Less than this.")


@strawberry.input(description="A condition on an amount of money.")
class MoneyFilter:
    """A range, kept in hundredths."""

    gte: Decimal | None = strawberry.field(default=None, description="This amount or more.")
    gt: Decimal | None = strawberry.field(default=None, description="More than this amount.")
    lte: Decimal | None = strawberry.field(default=None, description="This amount or less.")
    lt: Decimal | None = strawberry.field(default=None, description="Less than this amount.")


Condition = TextFilter | NameFilter | DateTimeFilter | IntFilter | FloatFilter | MoneyFilter


def filters_of(conditions: Mapping[str, Condition | None]) -> dict[str, object]:
    """Name of a query's filter → value, for every condition that was given."""
    found: dict[str, object] = {}
    for name, condition in conditions.items():
        if condition is not None:
            found |= _given(name, condition)
    return found


def _given(name: str, condition: Condition) -> dict[str, object]:
    found: dict[str, object] = {}
    for field, value in vars(condition).items():
        if value is None:
            continue
        if field == "in_" and len(value) > LONGEST_LIST:
            raise bad_input(f"`in` takes at most {LONGEST_LIST:,} values, not {len(value):,}.", maximum=LONGEST_LIST)
        found[f"{name}_{field.rstrip('_')}"] = cents(value) if isinstance(value, Decimal) else value
    return found
